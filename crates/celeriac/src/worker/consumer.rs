//! Taking messages from the broker, as many as there is room for.

use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesOrdered;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::broker::{BrokerError, Consume, Unreadable};
use crate::protocol::{QueueName, TaskId, TaskMeta};
use crate::worker::held::Held;
use crate::worker::shared::Shared;
use crate::worker::strategy;

/// The broker is asked again after this time; it answers earlier when a message comes.
const LONGEST_WAIT: Duration = Duration::from_secs(10);
/// The same while more is asked for than the prefetch limit says, for the pace may not last.
const HURRY: Duration = Duration::from_millis(20);
/// The pause after a failure of the broker, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(5));
/// So many messages are taken at a time.
const MAX_BATCH: usize = 1_024;
/// So many takes are under way at a time while there is more.
const MAX_TAKES: usize = 2;

/// Consumes until the worker is told to stop. Each message becomes one task of `messages`.
pub(crate) async fn consume<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    messages: TaskTracker,
    unreadable: mpsc::Sender<Unreadable>,
) {
    let (to_begin, mut taken) = mpsc::unbounded_channel::<Taken>();
    let begin_all = async {
        // Until the queue was found empty once, messages may be older than this worker, and revoked before it could
        // hear.
        let mut has_backlog = true;
        while let Some(Taken { held, is_all }) = taken.recv().await {
            begin(&shared, held, has_backlog, &messages).await;
            has_backlog &= !is_all;
        }
    };
    tokio::join!(biased; take_all(&shared, &unreadable, to_begin), begin_all);
}

/// Messages that came together.
struct Taken {
    held: Vec<Arc<Held>>,
    /// There were no more.
    is_all: bool,
}

/// Takes whenever there is room. What was taken begins to run while the next is taken.
async fn take_all<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    unreadable: &mpsc::Sender<Unreadable>,
    to_begin: mpsc::UnboundedSender<Taken>,
) {
    let mut takes = FuturesOrdered::new();
    let mut are_more = false;
    let mut pause = PAUSES.0;
    loop {
        // While there is more, the next are asked for before the last have come, so that the broker is never without
        // work. A take that may wait for messages is always the only one: nothing has to wait behind it.
        while (takes.is_empty() || (are_more && takes.len() < MAX_TAKES))
            && let Some(room) = Room::find(shared)
        {
            takes.push_back(take(shared, unreadable, room, are_more));
        }
        let taken = tokio::select! {
            biased;
            () = shared.shutdown.requested() => return,
            Some(taken) = takes.next() => taken,
            () = shared.room.notified(), if takes.is_empty() || are_more => continue,
        };
        match taken {
            Ok(taken) => {
                pause = PAUSES.0;
                are_more = taken.as_ref().is_some_and(|taken| !taken.is_all);
                if let Some(taken) = taken
                    && to_begin.send(taken).is_err()
                {
                    return;
                }
            }
            Err(error) => {
                are_more = false;
                tracing::error!(target: "celery.worker", "cannot consume, trying again in {pause:?}: {error}");
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = shared.shutdown.requested() => return,
                }
                pause = (pause * 2).min(PAUSES.1);
            }
        }
    }
}

/// Room for so many messages, until they are held.
struct Room<'a, S> {
    shared: &'a Shared<S>,
    size: usize,
    queues: Vec<QueueName>,
}

impl<'a, S: Send + Sync + 'static> Room<'a, S> {
    fn find(shared: &'a Shared<S>) -> Option<Self> {
        shared.pace.measure();
        let (size, queues) = (shared.free().min(MAX_BATCH), shared.queues.lock().clone());
        if size == 0 || queues.is_empty() {
            return None;
        }
        shared.expected.fetch_add(size, Ordering::Relaxed);
        Some(Self { shared, size, queues })
    }
}

impl<S> Drop for Room<'_, S> {
    fn drop(&mut self) {
        self.shared.expected.fetch_sub(self.size, Ordering::Relaxed);
    }
}

/// Takes as many messages as there is room for; nothing when the queues have changed meanwhile.
async fn take<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    unreadable: &mpsc::Sender<Unreadable>,
    mut room: Room<'_, S>,
    are_more: bool,
) -> Result<Option<Taken>, BrokerError> {
    let want = Consume {
        queues: mem::take(&mut room.queues),
        max: room.size,
        wait: match are_more {
            true => Duration::ZERO,
            false if shared.pace.allowance() == 0 => LONGEST_WAIT,
            false => HURRY,
        },
        lease: shared.settings.lease,
        consumer: shared.node.clone(),
        unreadable: Some(unreadable.clone()),
    };
    let deliveries = tokio::select! {
        biased;
        () = shared.queues_changed.notified() => return Ok(None),
        deliveries = shared.app.broker().consume(want) => deliveries?,
    };
    let is_all = deliveries.len() < room.size;
    let held = deliveries.into_iter().map(|delivery| shared.hold(delivery)).collect();
    drop(room);
    if shared.prefetched() > shared.prefetch_limit() {
        shared.pace.exceed();
    }
    Ok(Some(Taken { held, is_all }))
}

/// Lets messages live their lives.
async fn begin<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    held: Vec<Arc<Held>>,
    has_backlog: bool,
    messages: &TaskTracker,
) {
    let mut known = look_up(shared, &held, has_backlog).await.into_iter();
    for held in held {
        let known = known.next().flatten();
        // Before the runtime mixes up their order.
        let line = strategy::line_up(shared, &held);
        messages.spawn(strategy::live(shared.clone(), held, known, line));
    }
}

/// What the result backend knows of those messages that may have ended or been revoked before; one read for all.
async fn look_up<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &[Arc<Held>],
    has_backlog: bool,
) -> Vec<Option<TaskMeta>> {
    let asked: Vec<bool> = held.iter().map(|held| strategy::needs_lookup(held, has_backlog)).collect();
    let ids: Vec<TaskId> =
        held.iter().zip(&asked).filter(|(_, asked)| **asked).map(|(held, _)| held.id().clone()).collect();
    if ids.is_empty() {
        return Vec::new();
    }
    match shared.app.backend().get_many(&ids).await {
        Ok(metas) => {
            let mut metas = metas.into_iter();
            asked.into_iter().map(|asked| if asked { metas.next().flatten() } else { None }).collect()
        }
        Err(error) => {
            tracing::warn!(target: "celery.worker", "cannot look up {} tasks: {error}", ids.len());
            Vec::new()
        }
    }
}
