//! Events: what workers and clients tell whoever watches.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::Stream;
use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::broker::{Broker, BrokerError, Subscription};
use crate::clock::LamportClock;
use crate::host;
use crate::protocol::{EVENT_TOPIC_PREFIX, Event, JsonMap, Message, NodeName, TaskId, Timestamp};

/// So many events wait for the broker; more are dropped and counted.
const MAX_WAITING: usize = 16_384;
/// So many events go into one broadcast, as in Celery.
const MAX_BATCH: usize = 24;
/// So many events are sent at once, in several broadcasts.
const MAX_AT_ONCE: usize = 20 * MAX_BATCH;
/// The pause before events are sent again when the broker was not reached, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));

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

/// Where events go.
#[async_trait]
pub(crate) trait Outlet: Send + Sync + 'static {
    async fn put(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError>;
}

#[async_trait]
impl Outlet for Arc<dyn Broker> {
    async fn put(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError> {
        self.broadcast(topic, payload).await
    }
}

/// Broadcasts a node's events until `end` is given and all that waited are sent. While the broker cannot be reached
/// they wait, as many as there is room for.
pub(crate) async fn broadcast(
    outlet: impl Outlet,
    sender: EventSender,
    mut waiting: mpsc::Receiver<Event>,
    end: CancellationToken,
) {
    let mut batch = Vec::with_capacity(MAX_AT_ONCE);
    loop {
        let got = tokio::select! {
            biased;
            got = waiting.recv_many(&mut batch, MAX_AT_ONCE) => got,
            () = end.cancelled() => 0,
        };
        if got == 0 {
            return;
        }
        let dropped = sender.0.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(target: "celery.events", "{dropped} events were dropped: the broker does not keep up");
        }
        let payloads = payloads(&mut batch);
        // Side by side, so that a broker which is asked over a network is asked once; what fails is sent again in order.
        let sent = join_all(payloads.iter().map(|(topic, payload)| outlet.put(topic, payload.clone()))).await;
        for ((topic, payload), sent) in payloads.into_iter().zip(sent) {
            if let Err(error) = sent {
                send_again(&outlet, &topic, payload, error, &end).await;
            }
        }
    }
}

/// Events of tasks go together, as Celery's `task.multi`; each other event goes alone, under its own topic.
fn payloads(batch: &mut Vec<Event>) -> Vec<(String, Vec<u8>)> {
    let mut payloads = Vec::new();
    let mut tasks: Vec<Event> = Vec::new();
    let encoded = |topic: String, payload: Result<Vec<u8>, _>| match payload {
        Ok(payload) => Some((topic, payload)),
        Err(error) => {
            tracing::warn!(target: "celery.events", "an event is lost: {error}");
            None
        }
    };
    let together = |tasks: &mut Vec<Event>| {
        let several = std::mem::take(tasks);
        let topic = || format!("{EVENT_TOPIC_PREFIX}task.multi");
        (!several.is_empty()).then(|| encoded(topic(), Event::encode_many(&several))).flatten()
    };
    for event in batch.drain(..) {
        if event.kind.starts_with("task-") {
            tasks.push(event);
            if tasks.len() == MAX_BATCH {
                payloads.extend(together(&mut tasks));
            }
        } else {
            // In order: what tasks told before this goes first.
            payloads.extend(together(&mut tasks));
            payloads.extend(encoded(Event::topic(&event.kind), event.encode()));
        }
    }
    payloads.extend(together(&mut tasks));
    payloads
}

/// Sends a payload again and again while the broker cannot be reached; at the end only once.
async fn send_again(
    outlet: &impl Outlet,
    topic: &str,
    payload: Vec<u8>,
    mut error: BrokerError,
    end: &CancellationToken,
) {
    let mut pause = PAUSES.0;
    while error.is_transient() && !end.is_cancelled() {
        tracing::warn!(target: "celery.events", "cannot send events, trying again in {pause:?}: {error}");
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = end.cancelled() => {}
        }
        pause = (pause * 2).min(PAUSES.1);
        match outlet.put(topic, payload.clone()).await {
            Ok(()) => return,
            Err(again) => error = again,
        }
    }
    tracing::warn!(target: "celery.events", "events are lost: {error}");
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
        utcoffset: host::utc_offset(),
        pid: std::process::id(),
        clock: clock.forward(),
        timestamp: Timestamp::now().unix_seconds(),
        kind: kind.to_owned(),
        uuid,
        fields,
    }
}
/// What `task-sent` and `task-received` tell of a task, one by its name, the other by the name that is to be shown.
pub(crate) fn task_fields(message: &Message, name: &str) -> JsonMap {
    let headers = &message.headers;
    let text = |text: Option<&str>| text.map_or(Value::Null, Value::from);
    let repr = |repr: &Option<String>, otherwise: fn(&Message) -> String| {
        Value::String(repr.clone().map_or_else(|| otherwise(message), crate::repr::cut))
    };
    JsonMap::from_iter([
        ("name".to_owned(), name.into()),
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

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use parking_lot::Mutex;

    use super::*;
    use crate::redis::RedisError;

    /// Fails so often, then keeps what it is given.
    #[derive(Default)]
    struct Unsteady {
        failures: AtomicUsize,
        kept: Mutex<Vec<(String, Vec<Event>)>>,
    }

    #[async_trait]
    impl Outlet for Arc<Unsteady> {
        async fn put(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError> {
            let left = self.failures.load(Ordering::Relaxed);
            if left > 0 {
                self.failures.store(left - 1, Ordering::Relaxed);
                return Err(BrokerError::Redis(RedisError::TimedOut { server: "lab".into() }));
            }
            self.kept.lock().push((topic.to_owned(), Event::decode(&payload)?));
            Ok(())
        }
    }

    fn line(events: usize) -> (EventSender, mpsc::Receiver<Event>) {
        let (sender, waiting) = EventSender::new("w1@lab".into(), Arc::default(), true);
        sender.send("worker-online", None, JsonMap::new());
        for n in 0..events {
            sender.task("task-started", &TaskId::from(n.to_string()), JsonMap::new);
        }
        sender.send("worker-heartbeat", None, JsonMap::new());
        (sender, waiting)
    }

    #[tokio::test(start_paused = true)]
    async fn events_wait_for_a_broker_that_is_away_and_keep_their_order() {
        let outlet = Arc::new(Unsteady::default());
        // All of the first try, and some of the second.
        outlet.failures.store(9, Ordering::Relaxed);
        let (sender, waiting) = line(60);
        let end = CancellationToken::new();
        let sending = tokio::spawn(broadcast(outlet.clone(), sender.clone(), waiting, end.clone()));
        while outlet.kept.lock().iter().map(|(_, events)| events.len()).sum::<usize>() < 62 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        end.cancel();
        sending.await.unwrap();

        let kept = outlet.kept.lock();
        let topics: Vec<&str> = kept.iter().map(|(topic, _)| topic.as_str()).collect();
        let multi = "celeryev/task.multi";
        let expected = ["celeryev/worker.online", multi, multi, multi, "celeryev/worker.heartbeat"];
        assert_eq!(topics, expected);
        assert!(kept.iter().all(|(_, events)| events.len() <= MAX_BATCH));
        let clocks: Vec<u64> = kept.iter().flat_map(|(_, events)| events).map(|event| event.clock).collect();
        assert!(clocks.is_sorted() && clocks.len() == 62, "{clocks:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_that_ends_does_not_wait_for_its_events() {
        let outlet = Arc::new(Unsteady::default());
        outlet.failures.store(usize::MAX, Ordering::Relaxed);
        let (sender, waiting) = line(3);
        let end = CancellationToken::new();
        let sending = tokio::spawn(broadcast(outlet.clone(), sender.clone(), waiting, end.clone()));
        tokio::time::sleep(Duration::from_secs(60)).await;
        assert!(!sending.is_finished());
        end.cancel();
        sending.await.unwrap();
    }

    #[test]
    fn what_waits_is_bounded_and_what_is_lost_is_counted() {
        let (sender, _waiting) = line(MAX_WAITING + 10);
        assert_eq!(sender.0.dropped.load(Ordering::Relaxed), 12);
    }
}
