//! The result backend on a SQLite file, usually the broker's, so that a result and the end of its message are one commit.

mod chord;
mod results;
#[cfg(test)]
mod tests;
mod waiters;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::{BackendError, ChordPart, ChordProgress, ResultBackend};
use crate::protocol::{GroupId, ProtocolError, ResultTuple, TaskId, TaskMeta, TaskState};
use crate::sqlite::{Bell, File, ms, now_ms};
use results::Row;
use waiters::{Awaited, Waiters};

/// How often expired results are looked for.
const SWEEP_EVERY: Duration = Duration::from_secs(30);

/// A result backend on a SQLite file; cheap to clone.
#[derive(Clone)]
pub struct SqliteBackend {
    file: File,
    /// How long results are kept; nothing for ever.
    expires: Option<Duration>,
    /// Those who wait for results in this process.
    waiters: Arc<Waiters>,
    /// When expired results are to be looked for next.
    next_sweep: Arc<Mutex<Instant>>,
}

impl SqliteBackend {
    /// Opens the results in a file, which is made when it is not there (its folder must be). They are kept for
    /// `expires`, or for ever. To be called on a Tokio runtime that lives as long as the backend.
    pub async fn open(path: impl Into<PathBuf>, expires: Option<Duration>) -> Result<Self, BackendError> {
        Ok(Self::on(File::open(path.into()).await?, expires))
    }

    fn on(file: File, expires: Option<Duration>) -> Self {
        let waiters = Waiters::start(file.clone());
        Self { file, expires, waiters, next_sweep: Arc::new(Mutex::new(Instant::now())) }
    }

    fn expires_at(&self) -> Option<i64> {
        self.expires.map(|expires| now_ms().saturating_add(ms(expires)))
    }

    /// Whether the change that is about to be made shall drop expired results too.
    fn is_sweep_due(&self) -> bool {
        let mut next = self.next_sweep.lock();
        let is_due = *next <= Instant::now();
        if is_due {
            *next = Instant::now() + SWEEP_EVERY;
        }
        is_due
    }

    /// After a sweep that found as much as one sweep drops, the next comes at once.
    fn swept(&self, dropped: usize) {
        if dropped >= results::SWEPT_AT_ONCE {
            *self.next_sweep.lock() = Instant::now();
        }
    }
}

#[async_trait]
impl ResultBackend for SqliteBackend {
    async fn store(&self, batch: Vec<TaskMeta>) -> Result<(), BackendError> {
        if batch.is_empty() {
            return Ok(());
        }
        let expires_at = self.expires_at();
        let rows = batch.iter().map(Row::new).collect::<Result<Vec<_>, ProtocolError>>()?;
        let sweeps = self.is_sweep_due();
        let ring = self.file.bells.when_dropped(Bell::Result);
        // Where a task stands while it runs is worth no wait for the disk.
        let is_passing = |meta: &TaskMeta| !meta.status.is_ready() && meta.status != TaskState::Retry;
        let is_lazy = batch.iter().all(is_passing);
        let change = move |conn: &rusqlite::Connection| {
            results::store(conn, &rows, expires_at)?;
            let dropped = if sweeps { results::sweep(conn, now_ms())? } else { 0 };
            Ok((dropped, ring))
        };
        let stored =
            if is_lazy { self.file.db.write_lazily(change).await } else { self.file.db.write(change).await };
        let (dropped, ring) = stored?;
        drop(ring);
        self.swept(dropped);
        Ok(())
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<TaskMeta>>, BackendError> {
        let ids = ids.to_vec();
        let found = self.file.db.read(move |conn| results::find(conn, &ids, now_ms())).await?;
        let decode = |bytes: Option<Vec<u8>>| bytes.map(|bytes| TaskMeta::decode(&bytes)).transpose();
        Ok(found.into_iter().map(decode).collect::<Result<Vec<_>, _>>()?)
    }

    async fn wait(&self, id: &TaskId, timeout: Duration) -> Result<Option<TaskMeta>, BackendError> {
        self.waiters.wait(id, Awaited::End, timeout).await
    }

    async fn wait_change(
        &self,
        id: &TaskId,
        seen: Option<&TaskMeta>,
        timeout: Duration,
    ) -> Result<Option<TaskMeta>, BackendError> {
        let seen = seen.map(TaskMeta::encode).transpose()?;
        self.waiters.wait(id, Awaited::Change { seen }, timeout).await
    }

    async fn forget(&self, ids: &[TaskId]) -> Result<(), BackendError> {
        let ids = ids.to_vec();
        Ok(self.file.db.write(move |conn| results::forget(conn, &ids)).await?)
    }

    async fn save_group(&self, group: &ResultTuple) -> Result<(), BackendError> {
        let id = group.id.clone();
        let body = serde_json::to_vec(group).map_err(|error| ProtocolError::malformed("the group", error))?;
        let expires_at = self.expires_at();
        Ok(self.file.db.write(move |conn| results::save_group(conn, id.as_str(), &body, expires_at)).await?)
    }

    async fn get_group(&self, id: &GroupId) -> Result<Option<ResultTuple>, BackendError> {
        let id = id.clone();
        let body = self.file.db.read(move |conn| results::find_group(conn, id.as_str(), now_ms())).await?;
        let decode = |body: Vec<u8>| serde_json::from_slice(&body);
        Ok(body.map(decode).transpose().map_err(|error| ProtocolError::malformed("the group", error))?)
    }

    async fn chord_start(&self, chord: &GroupId, size: u64) -> Result<(), BackendError> {
        let (chord, expires_at) = (chord.clone(), self.expires_at());
        Ok(self.file.db.write(move |conn| chord::start(conn, &chord, size, expires_at)).await?)
    }

    async fn chord_grow(&self, chord: &GroupId, more: u64) -> Result<(), BackendError> {
        let (chord, expires_at) = (chord.clone(), self.expires_at());
        Ok(self.file.db.write(move |conn| chord::grow(conn, &chord, more, expires_at)).await?)
    }

    async fn chord_part(&self, part: ChordPart) -> Result<ChordProgress, BackendError> {
        let expires_at = self.expires_at();
        let result = crate::json::write(&part.result)
            .map_err(|error| ProtocolError::malformed("the chord's part", error))?;
        let counted = self.file.db.write(move |conn| chord::count(conn, &part, &result, expires_at)).await?;
        Ok(counted.into_progress()?)
    }

    async fn chord_end(&self, chord: &GroupId) -> Result<(), BackendError> {
        let chord = chord.clone();
        Ok(self.file.db.write(move |conn| chord::end(conn, &chord)).await?)
    }
}
