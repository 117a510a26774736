//! Waiting for results: subscribe, look, wait.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tokio::sync::Notify;

use super::super::BackendError;
use super::Inner;
use crate::backlog::Backlog;
use crate::protocol::{TaskId, TaskMeta};
use crate::redis::Topic;

/// Messages about one task that wait to be read; when there are more, a look at the result tells what was missed.
const WAITING_AT_MOST: usize = 64;

/// A result is looked at so often at least, should a message be lost.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Between two tries while Redis cannot be reached: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

impl Inner {
    /// Waits until the result is as wanted; nothing when `timeout` passes first. A Redis that goes away meanwhile is
    /// waited for as well; if it is not back in time, that is the error.
    pub(super) async fn wait_for(
        &self,
        id: &TaskId,
        timeout: Duration,
        is_wanted: impl Fn(&TaskMeta) -> bool + Send + Sync,
    ) -> Result<Option<TaskMeta>, BackendError> {
        let deadline = Instant::now().checked_add(timeout);
        let left = || deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
        let mut pause = PAUSES.0;
        // What keeps from waiting, until it has gone.
        let mut obstacle = None;
        // Most results that are asked for are there.
        match self.look(id).await {
            Ok(Some(meta)) if is_wanted(&meta) => return Ok(Some(meta)),
            Ok(_) => {}
            Err(error) => obstacle = Some(error),
        }
        loop {
            let waiting = self.subscribe_and_wait(id, &is_wanted, &mut obstacle);
            let waited = tokio::time::timeout(left(), waiting).await;
            match waited {
                Err(_) => return obstacle.map_or(Ok(None), Err),
                Ok(Ok(meta)) => return Ok(Some(meta)),
                Ok(Err(error)) if error.is_transient() && !left().is_zero() => {
                    if self.is_missed.swap(true, Ordering::Relaxed) {
                        tracing::debug!(target: "celery.redis", "waiting for {id} goes on in {pause:?}: {error}");
                    } else {
                        tracing::warn!(target: "celery.redis", "results are waited for until Redis can be reached: {error}");
                    }
                    obstacle = Some(error);
                    tokio::time::sleep(pause.min(left())).await;
                    pause = (pause * 2).min(PAUSES.1);
                }
                Ok(Err(error)) => return Err(error),
            }
        }
    }

    async fn subscribe_and_wait(
        &self,
        id: &TaskId,
        is_wanted: &(impl Fn(&TaskMeta) -> bool + Send + Sync),
        obstacle: &mut Option<BackendError>,
    ) -> Result<TaskMeta, BackendError> {
        let (sender, mut published) = Backlog::bounded(WAITING_AT_MOST, self.published.clone());
        let missed = Arc::new(Notify::new());
        let misses = missed.clone();
        let mut epochs = self.hub.epochs();
        let channel = Topic::Channel(self.result_key(id));
        let listener = move |_: &str, meta: &[u8]| {
            if !sender.try_send(meta.len(), || meta.to_vec()) {
                misses.notify_one();
            }
        };
        let _listening = self.hub.listen(vec![channel], listener).await?;
        loop {
            epochs.mark_unchanged();
            let meta = self.look(id).await?;
            *obstacle = None;
            self.is_missed.store(false, Ordering::Relaxed);
            if let Some(meta) = meta.filter(is_wanted) {
                return Ok(meta);
            }
            tokio::select! {
                Some(meta) = published.recv() => {
                    let meta = TaskMeta::decode(&meta)?;
                    if is_wanted(&meta) {
                        return Ok(meta);
                    }
                }
                // There was no room for something.
                () = missed.notified() => {}
                // Another connection: what was published in between is missed.
                _ = epochs.changed() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    async fn look(&self, id: &TaskId) -> Result<Option<TaskMeta>, BackendError> {
        Ok(self.get_many(std::slice::from_ref(id)).await?.pop().flatten())
    }
}
