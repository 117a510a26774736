//! The result backend: what became of tasks, and who ends a chord.
//!
//! Results are kept for a time (a day, unless told otherwise) and then dropped. A task that has succeeded stays so: a
//! state that arrives late never overwrites SUCCESS.

#[cfg(test)]
pub(crate) mod conformance;
mod error;
mod redis;
mod sqlite;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::Value;

pub use self::redis::RedisBackend;
pub use error::BackendError;
pub use sqlite::SqliteBackend;

use crate::protocol::{GroupId, ResultTuple, TaskId, TaskMeta, TaskState};
use crate::redis::RedisOptions;

/// How long results are kept: Celery's `result_expires`.
pub const DEFAULT_RESULT_EXPIRES: Duration = Duration::from_secs(86_400);

/// One header task of a chord that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct ChordPart {
    /// The chord, which is the group of its header.
    pub chord: GroupId,
    /// The header task.
    pub task_id: TaskId,
    /// Its place in the header.
    pub index: u64,
    /// How it ended.
    pub state: TaskState,
    /// Its result, or its exception as a [`TaskException`](crate::protocol::TaskException) value.
    pub result: Value,
}

/// How far a chord is after a part was counted.
#[derive(Debug, Clone, PartialEq)]
pub enum ChordProgress {
    /// Some header tasks have not ended, or the chord's size is not known yet.
    Waiting {
        /// Those that have ended.
        done: u64,
        /// Those that the chord waits for, when known.
        total: Option<u64>,
    },
    /// All have ended, and the caller is the one who must send the chord's body (or fail it) and then call
    /// [`ResultBackend::chord_end`]. The parts are in the order of the header. Should the caller die before that, the
    /// redelivery of its task gets the same answer again.
    Complete(Vec<ChordPart>),
    /// All have ended, and somebody else sends the body or has sent it.
    Dispatched,
}

/// Results and chords; see the [module](self).
#[async_trait]
pub trait ResultBackend: Send + Sync + 'static {
    /// Stores the metas, all durably or none, and wakes those who wait for them. One whose task has succeeded before
    /// is passed over.
    async fn store(&self, batch: Vec<TaskMeta>) -> Result<(), BackendError>;

    /// The metas of these tasks, in the same order; nothing for those of which nothing is known.
    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<TaskMeta>>, BackendError>;

    /// The meta of a task, if anything is known of it.
    async fn get(&self, id: &TaskId) -> Result<Option<TaskMeta>, BackendError> {
        Ok(self.get_many(std::slice::from_ref(id)).await?.pop().flatten())
    }

    /// Waits until the task has ended; nothing when `timeout` passes first.
    async fn wait(&self, id: &TaskId, timeout: Duration) -> Result<Option<TaskMeta>, BackendError>;

    /// Waits until the stored meta is another than `seen` (any state), for watching progress; nothing when `timeout`
    /// passes first.
    async fn wait_change(
        &self,
        id: &TaskId,
        seen: Option<&TaskMeta>,
        timeout: Duration,
    ) -> Result<Option<TaskMeta>, BackendError>;

    /// Drops what is known of these tasks.
    async fn forget(&self, ids: &[TaskId]) -> Result<(), BackendError>;

    /// Stores which results a group has (Celery's `GroupResult.save`).
    async fn save_group(&self, group: &ResultTuple) -> Result<(), BackendError>;

    /// A group that was saved.
    async fn get_group(&self, id: &GroupId) -> Result<Option<ResultTuple>, BackendError>;

    /// Says how many header tasks a chord waits for. To be called before the header is published. A chord that was
    /// run before starts anew.
    async fn chord_start(&self, chord: &GroupId, size: u64) -> Result<(), BackendError>;

    /// Makes a chord wait for `more` tasks that were added to its header later.
    async fn chord_grow(&self, chord: &GroupId, more: u64) -> Result<(), BackendError>;

    /// Counts a header task that has ended, once for each task id, however often it is delivered. Durable when it
    /// returns, so settle the task's message afterwards.
    async fn chord_part(&self, part: ChordPart) -> Result<ChordProgress, BackendError>;

    /// The body of the chord was sent: its parts are dropped, and nobody will send it again.
    async fn chord_end(&self, chord: &GroupId) -> Result<(), BackendError>;
}

/// Opens the result backend that a URL names: `sqlite:///absolute/path.db` or `sqlite://relative.db`, or a Redis in any
/// form that Celery takes. Results are kept for `expires`, or for ever.
pub async fn open(url: &str, expires: Option<Duration>) -> Result<Arc<dyn ResultBackend>, BackendError> {
    open_with(url, expires, &RedisOptions::default()).await
}

/// The same, with options for the case that it is a Redis; those in the URL override them.
pub async fn open_with(
    url: &str,
    expires: Option<Duration>,
    redis: &RedisOptions,
) -> Result<Arc<dyn ResultBackend>, BackendError> {
    if crate::redis::is_redis(url) {
        return Ok(Arc::new(RedisBackend::open(url, expires, redis)?));
    }
    match crate::sqlite::path_of(url) {
        Some(path) => Ok(Arc::new(SqliteBackend::open(path, expires).await?)),
        None => Err(BackendError::UnknownUrl { url: crate::host::without_password(url) }),
    }
}
