//! Waiting for results: one look-up for everybody in the process who waits, each time the bell rings.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use sqlite_group_commit::DatabaseError;
use tokio::sync::{Notify, oneshot};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::super::BackendError;
use super::results;
use crate::protocol::{TaskId, TaskMeta};
use crate::sqlite::{Bell, FALLBACK_POLL, File, now_ms};

/// With many waiters a look-up takes its time: between two there is this many times as long a pause, so that waiting
/// never costs more than a part of one core.
const PAUSE_FACTOR: u32 = 3;

/// A look-up that took no longer needs no pause.
const SHORT_LOOK_UP: Duration = Duration::from_millis(2);

/// What somebody waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Awaited {
    /// The task's end.
    End,
    /// A stored meta other than this one.
    Change { seen: Option<Vec<u8>> },
}

struct Waiter {
    awaited: Awaited,
    answer: oneshot::Sender<Result<TaskMeta, BackendError>>,
}

/// Those who wait.
pub(super) struct Waiters {
    waiting: Arc<Waiting>,
    /// Ends the looking task.
    _end: DropGuard,
}

#[derive(Default)]
struct Waiting {
    by_task: Mutex<HashMap<TaskId, Vec<Waiter>>>,
    /// Told of each new waiter, whose result may be there already.
    joined: Notify,
}

impl Waiters {
    /// Starts the task that looks for results while anybody waits.
    pub(super) fn start(file: File) -> Arc<Self> {
        let waiting = Arc::new(Waiting::default());
        let end = CancellationToken::new();
        let (watched, ended) = (Arc::clone(&waiting), end.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = watched.serve(&file) => {}
                () = ended.cancelled() => {}
            }
        });
        Arc::new(Self { waiting, _end: end.drop_guard() })
    }

    /// Waits for the task; nothing when `timeout` passes first. Cancel safe.
    pub(super) async fn wait(
        &self,
        id: &TaskId,
        awaited: Awaited,
        timeout: Duration,
    ) -> Result<Option<TaskMeta>, BackendError> {
        let (answer, result) = oneshot::channel();
        self.waiting.by_task.lock().entry(id.clone()).or_default().push(Waiter { awaited, answer });
        self.waiting.joined.notify_one();
        match tokio::time::timeout(timeout, result).await {
            Ok(Ok(result)) => result.map(Some),
            // The looking task ended with its runtime, or the time is up.
            Ok(Err(_)) | Err(_) => Ok(None),
        }
    }
}

impl Waiting {
    async fn serve(&self, file: &File) {
        let mut bell = file.bells.listen(Bell::Result);
        loop {
            let ids = self.awaited_ids();
            if ids.is_empty() {
                self.joined.notified().await;
                continue;
            }
            let started = Instant::now();
            let look_up = move |conn: &rusqlite::Connection| {
                let found = results::find(conn, &ids, now_ms())?;
                Ok(ids.into_iter().zip(found).filter_map(|(id, meta)| Some((id, meta?))).collect::<Vec<_>>())
            };
            match file.db.read(look_up).await {
                Ok(found) => found.into_iter().for_each(|(id, meta)| self.answer(&id, &meta)),
                Err(error) => self.fail(&error),
            }
            let took = started.elapsed();
            if took > SHORT_LOOK_UP {
                tokio::time::sleep(took * PAUSE_FACTOR).await;
            }
            tokio::select! {
                () = bell.wait(FALLBACK_POLL) => {}
                () = self.joined.notified() => {}
            }
        }
    }

    /// The tasks that are waited for, without those whose waiters have all gone.
    fn awaited_ids(&self) -> Vec<TaskId> {
        let mut by_task = self.by_task.lock();
        by_task.retain(|_, waiters| {
            waiters.retain(|waiter| !waiter.answer.is_closed());
            !waiters.is_empty()
        });
        by_task.keys().cloned().collect()
    }

    /// Answers those whom this meta concerns.
    fn answer(&self, id: &TaskId, stored: &[u8]) {
        let mut by_task = self.by_task.lock();
        let Some(waiters) = by_task.get_mut(id) else { return };
        let meta = TaskMeta::decode(stored);
        let is_end = meta.as_ref().map_or(true, |meta| meta.status.is_ready());
        let satisfied = waiters.extract_if(.., |waiter| match &waiter.awaited {
            Awaited::End => is_end,
            Awaited::Change { seen } => seen.as_deref() != Some(stored),
        });
        for waiter in satisfied {
            // Who has gone meanwhile needs no answer.
            drop(waiter.answer.send(meta.clone().map_err(BackendError::from)));
        }
        if waiters.is_empty() {
            by_task.remove(id);
        }
    }

    /// Tells everybody that the look-up failed.
    fn fail(&self, error: &DatabaseError) {
        for waiter in self.by_task.lock().drain().flat_map(|(_, waiters)| waiters) {
            drop(waiter.answer.send(Err(error.clone().into())));
        }
    }
}
