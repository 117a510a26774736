//! Events: what workers and clients tell whoever watches.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};

use futures_util::Stream;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, Subscription};
use crate::clock::LamportClock;
use crate::protocol::{EVENT_TOPIC_PREFIX, Event, JsonMap, Message, NodeName, TaskId, Timestamp};

/// So many events wait for the broker; more are dropped and counted.
const MAX_WAITING: usize = 16_384;
/// So many events go into one broadcast.
const MAX_BATCH: usize = 256;

/// Puts events into the line of one node. Cheap to clone, never waits.
#[derive(Debug, Clone)]
pub(crate) struct EventSender(Arc<Line>);

#[derive(Debug)]
struct Line {
    node: NodeName,
    clock: Arc<LamportClock>,
    waiting: mpsc::Sender<Event>,
    /// Are events of tasks wanted (`-E`, `enable_events`)?
    task_events: AtomicBool,
    dropped: AtomicU64,
}

impl EventSender {
    /// The line of a node, and its end for [`broadcast`].
    pub(crate) fn new(
        node: NodeName,
        clock: Arc<LamportClock>,
        task_events: bool,
    ) -> (Self, mpsc::Receiver<Event>) {
        let (waiting, receiver) = mpsc::channel(MAX_WAITING);
        let line = Line {
            node,
            clock,
            waiting,
            task_events: AtomicBool::new(task_events),
            dropped: AtomicU64::new(0),
        };
        (Self(Arc::new(line)), receiver)
    }

    /// Sends an event, whatever is switched on.
    pub(crate) fn send(&self, kind: &str, uuid: Option<&TaskId>, fields: JsonMap) {
        let line = &self.0;
        let event = event(line.node.clone(), &line.clock, kind, uuid.cloned(), fields);
        if line.waiting.try_send(event).is_err() {
            line.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Sends an event of a task's life if those are switched on; `fields` is only called then.
    pub(crate) fn task(&self, kind: &str, uuid: &TaskId, fields: impl FnOnce() -> JsonMap) {
        if self.wants_task_events() {
            self.send(kind, Some(uuid), fields());
        }
    }

    pub(crate) fn wants_task_events(&self) -> bool {
        self.0.task_events.load(Ordering::Relaxed)
    }

    /// Switches task events; says whether that changed anything.
    pub(crate) fn set_task_events(&self, wanted: bool) -> bool {
        self.0.task_events.swap(wanted, Ordering::Relaxed) != wanted
    }
}

/// Broadcasts a node's events until `end` is given and all that waited are sent.
pub(crate) async fn broadcast(
    broker: Arc<dyn Broker>,
    sender: EventSender,
    mut waiting: mpsc::Receiver<Event>,
    end: CancellationToken,
) {
    let mut batch = Vec::with_capacity(MAX_BATCH);
    loop {
        let got = tokio::select! {
            biased;
            got = waiting.recv_many(&mut batch, MAX_BATCH) => got,
            () = end.cancelled() => 0,
        };
        if got == 0 {
            return;
        }
        let dropped = sender.0.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(target: "celery.events", "{dropped} events were dropped: the broker does not keep up");
        }
        if let Err(error) = broadcast_batch(broker.as_ref(), &mut batch).await {
            tracing::warn!(target: "celery.events", "{got} events are lost: {error}");
            batch.clear();
        }
    }
}

/// Events of tasks go together, as Celery's `task.multi`; each other event goes alone, under its own topic.
async fn broadcast_batch(broker: &dyn Broker, batch: &mut Vec<Event>) -> Result<(), crate::error::AppError> {
    let mut tasks: Vec<Event> = Vec::new();
    for event in batch.drain(..) {
        if event.kind.starts_with("task-") {
            tasks.push(event);
        } else {
            // In order: what tasks told before this goes first.
            send_together(broker, &mut tasks).await?;
            broker.broadcast(&Event::topic(&event.kind), event.encode()?).await?;
        }
    }
    send_together(broker, &mut tasks).await
}

async fn send_together(broker: &dyn Broker, tasks: &mut Vec<Event>) -> Result<(), crate::error::AppError> {
    if !tasks.is_empty() {
        let payload = Event::encode_many(tasks)?;
        tasks.clear();
        broker.broadcast(&format!("{EVENT_TOPIC_PREFIX}task.multi"), payload).await?;
    }
    Ok(())
}

/// An event of this moment.
pub(crate) fn event(
    hostname: NodeName,
    clock: &LamportClock,
    kind: &str,
    uuid: Option<TaskId>,
    fields: JsonMap,
) -> Event {
    Event {
        hostname,
        utcoffset: 0.0,
        pid: std::process::id(),
        clock: clock.forward(),
        timestamp: Timestamp::now().unix_seconds(),
        kind: kind.to_owned(),
        uuid,
        fields,
    }
}

/// What `task-sent` and `task-received` tell of a task.
pub(crate) fn task_fields(message: &Message) -> JsonMap {
    let headers = &message.headers;
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let repr = |repr: &Option<String>, otherwise: fn(&Message) -> String| {
        Value::String(repr.clone().map_or_else(|| otherwise(message), crate::repr::cut))
    };
    JsonMap::from_iter([
        ("name".to_owned(), headers.task.as_str().into()),
        ("args".to_owned(), repr(&headers.argsrepr, |message| crate::repr::args(message.body.args()))),
        (
            "kwargs".to_owned(),
            repr(&headers.kwargsrepr, |message| crate::repr::kwargs(message.body.kwargs())),
        ),
        ("root_id".to_owned(), text(headers.root_id.as_ref().map(TaskId::as_str))),
        ("parent_id".to_owned(), text(headers.parent_id.as_ref().map(TaskId::as_str))),
        ("retries".to_owned(), headers.retries.into()),
        ("eta".to_owned(), text(headers.eta.as_ref().map(|eta| eta.as_str()))),
        ("expires".to_owned(), text(headers.expires.as_ref().map(|expires| expires.as_str()))),
    ])
}

/// The events of all nodes, as they come. A reader that does not keep up loses the oldest.
#[derive(Debug)]
pub struct EventStream {
    subscription: Subscription,
    /// Events of the last payload that were not given out yet, last first.
    pending: Vec<Event>,
}

impl EventStream {
    pub(crate) fn new(subscription: Subscription) -> Self {
        Self { subscription, pending: Vec::new() }
    }

    /// The next event; nothing when the broker has gone. Cancel safe.
    pub async fn recv(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Some(event);
            }
            let payload = self.subscription.recv().await?.payload;
            self.unpack(&payload);
        }
    }

    fn unpack(&mut self, payload: &[u8]) {
        match Event::decode(payload) {
            Ok(events) => self.pending.extend(events.into_iter().rev()),
            Err(error) => tracing::debug!(target: "celery.events", "an event cannot be read: {error}"),
        }
    }
}

impl Stream for EventStream {
    type Item = Event;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Event>> {
        loop {
            if let Some(event) = self.pending.pop() {
                return Poll::Ready(Some(event));
            }
            match Pin::new(&mut self.subscription).poll_next(cx) {
                Poll::Ready(Some(broadcast)) => self.unpack(&broadcast.payload),
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }
}
