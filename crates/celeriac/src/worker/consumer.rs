//! Taking messages from the broker, as many as there is room for.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

use crate::broker::{Consume, Unreadable};
use crate::protocol::{TaskId, TaskMeta};
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

/// Consumes until the worker is told to stop. Each message becomes one task of `messages`.
pub(crate) async fn consume<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    messages: TaskTracker,
    unreadable: mpsc::Sender<Unreadable>,
) {
    let mut consumer = Consumer { shared: &shared, unreadable, pause: PAUSES.0 };
    // Until the queue was found empty once, messages may be older than this worker, and revoked before it could hear.
    let mut has_backlog = true;
    let mut taken = Taken::default();
    while !shared.shutdown.is_requested() {
        // What was taken begins to run while the next is taken.
        let begun = begin(&shared, taken.held, has_backlog, &messages);
        let (_, next) = tokio::join!(begun, consumer.take());
        has_backlog &= !taken.is_all;
        taken = next;
    }
    begin(&shared, taken.held, has_backlog, &messages).await;
}

/// Messages that came together.
#[derive(Default)]
struct Taken {
    held: Vec<Arc<Held>>,
    /// There were no more.
    is_all: bool,
}

struct Consumer<'a, S> {
    shared: &'a Shared<S>,
    unreadable: mpsc::Sender<Unreadable>,
    /// The pause after the next failure.
    pause: Duration,
}

impl<S: Send + Sync + 'static> Consumer<'_, S> {
    /// Takes as many messages as there is room for; none when something has changed meanwhile.
    async fn take(&mut self) -> Taken {
        let shared = self.shared;
        let changed = shared.room.notified();
        shared.pace.measure();
        let (max, queues) = (shared.free().min(MAX_BATCH), shared.queues.lock().clone());
        if max == 0 || queues.is_empty() {
            tokio::select! {
                () = changed => {}
                () = shared.shutdown.requested() => {}
            }
            return Taken::default();
        }
        let want = Consume {
            queues,
            max,
            wait: if shared.pace.allowance() == 0 { LONGEST_WAIT } else { HURRY },
            lease: shared.settings.lease,
            consumer: shared.node.clone(),
            unreadable: Some(self.unreadable.clone()),
        };
        let taken = tokio::select! {
            biased;
            () = shared.shutdown.requested() => return Taken::default(),
            () = shared.queues_changed.notified() => return Taken::default(),
            taken = shared.app.broker().consume(want) => taken,
        };
        match taken {
            Ok(deliveries) => {
                self.pause = PAUSES.0;
                let is_all = deliveries.len() < max;
                let held = deliveries.into_iter().map(|delivery| shared.hold(delivery)).collect();
                if shared.prefetched() > shared.prefetch_limit() {
                    shared.pace.exceed();
                }
                Taken { held, is_all }
            }
            Err(error) => {
                tracing::error!(target: "celery.worker", "cannot consume, trying again in {:?}: {error}", self.pause);
                tokio::select! {
                    () = tokio::time::sleep(self.pause) => {}
                    () = shared.shutdown.requested() => {}
                }
                self.pause = (self.pause * 2).min(PAUSES.1);
                Taken::default()
            }
        }
    }
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
        messages.spawn(strategy::live(shared.clone(), held, known));
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
