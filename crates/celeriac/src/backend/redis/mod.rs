//! The result backend on Redis, with Celery's keys: Python's clients wait for our results, and ours for theirs.
//!
//! A result is stored and published by one script, for many tasks at once; a SUCCESS is never overwritten. Whoever
//! waits is subscribed to the result's channel, over one connection for all.

mod chord;
mod scripts;
#[cfg(test)]
mod tests;
mod wait;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use async_trait::async_trait;

use super::{BackendError, ChordPart, ChordProgress, ResultBackend};
use crate::backlog::Room;
use crate::protocol::{GroupId, ProtocolError, ResultTuple, TaskId, TaskMeta};
use crate::redis::{Hub, Keys, Link, RedisError, RedisOptions, Server};
use scripts::Scripts;

/// So many results are stored or read with one command.
const MAX_AT_ONCE: usize = 500;

/// Bytes of results that may wait for all who wait for results.
const PUBLISHED_BYTES: u32 = 64 * 1024 * 1024;

/// A result backend on Redis; cheap to clone.
#[derive(Clone)]
pub struct RedisBackend(Arc<Inner>);

struct Inner {
    link: Link,
    hub: Hub,
    keys: Keys,
    scripts: Scripts,
    /// Room for results that were published and wait for those who wait for them.
    published: Room,
    /// How long results are kept, in seconds; 0 for ever.
    expires: u64,
    /// It was said that Redis cannot be reached by those who wait.
    is_missed: AtomicBool,
}

impl RedisBackend {
    /// The results at a URL of any form that Celery takes. They are kept for `expires`, or for ever. It is connected
    /// to when it is first needed. To be called on a Tokio runtime that lives as long as the backend.
    ///
    /// # Errors
    /// When the URL or an option in it cannot be used.
    pub fn open(url: &str, expires: Option<Duration>, options: &RedisOptions) -> Result<Self, BackendError> {
        Ok(Self::on(crate::redis::parse(url, options)?, expires))
    }

    fn on(server: Server, expires: Option<Duration>) -> Self {
        Self(Arc::new(Inner {
            link: Link::new(server.clone(), Scripts::all()),
            keys: Keys::new(server.options(), server.db()),
            hub: Hub::start(server),
            scripts: Scripts::new(),
            published: Room::new(PUBLISHED_BYTES),
            expires: expires.map_or(0, |expires| expires.as_secs().max(1)),
            is_missed: AtomicBool::new(false),
        }))
    }
}

impl Inner {
    /// The key of a task's result, which is also the name of its channel.
    fn result_key(&self, id: &TaskId) -> String {
        self.keys.key(&format!("celery-task-meta-{id}"))
    }

    /// The key of a group, or of a part of a chord's state.
    fn group_key(&self, id: &GroupId, part: &str) -> String {
        self.keys.key(&format!("celery-taskset-meta-{id}{part}"))
    }

    async fn store(&self, batch: &[TaskMeta]) -> Result<(), BackendError> {
        let metas = batch.iter().map(TaskMeta::encode).collect::<Result<Vec<_>, _>>()?;
        let mut commands = redis::pipe();
        for (batch, metas) in batch.chunks(MAX_AT_ONCE).zip(metas.chunks(MAX_AT_ONCE)) {
            let keys: Vec<String> = batch.iter().map(|meta| self.result_key(&meta.task_id)).collect();
            let mut store = self.scripts.store.call(&keys);
            store.arg(self.expires).arg(metas);
            commands.add_command(store);
        }
        match batch.len() {
            0 => Ok(()),
            1..=MAX_AT_ONCE => Ok(self.link.ask_all(&commands).await.map(drop)?),
            _ => Ok(self.link.transact::<()>("a store of results", &mut commands).await?),
        }
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<TaskMeta>>, BackendError> {
        let mut metas = Vec::with_capacity(ids.len());
        for some in ids.chunks(MAX_AT_ONCE) {
            let mut get = redis::cmd("MGET");
            for id in some {
                get.arg(self.result_key(id));
            }
            let found: Vec<Option<Vec<u8>>> = self.link.ask("MGET", &get).await?;
            for meta in found {
                metas.push(meta.map(|meta| TaskMeta::decode(&meta)).transpose()?);
            }
        }
        Ok(metas)
    }

    async fn set(&self, key: String, value: impl redis::ToRedisArgs) -> Result<(), RedisError> {
        let mut set = redis::cmd("SET");
        set.arg(key).arg(value);
        if self.expires > 0 {
            set.arg("EX").arg(self.expires);
        }
        self.link.ask("SET", &set).await
    }
}

#[async_trait]
impl ResultBackend for RedisBackend {
    async fn store(&self, batch: Vec<TaskMeta>) -> Result<(), BackendError> {
        self.0.store(&batch).await
    }

    async fn get_many(&self, ids: &[TaskId]) -> Result<Vec<Option<TaskMeta>>, BackendError> {
        self.0.get_many(ids).await
    }

    async fn wait(&self, id: &TaskId, timeout: Duration) -> Result<Option<TaskMeta>, BackendError> {
        self.0.wait_for(id, timeout, |meta| meta.status.is_ready()).await
    }

    async fn wait_change(
        &self,
        id: &TaskId,
        seen: Option<&TaskMeta>,
        timeout: Duration,
    ) -> Result<Option<TaskMeta>, BackendError> {
        self.0.wait_for(id, timeout, |meta| Some(meta) != seen).await
    }

    async fn forget(&self, ids: &[TaskId]) -> Result<(), BackendError> {
        for some in ids.chunks(MAX_AT_ONCE) {
            let keys: Vec<String> = some.iter().map(|id| self.0.result_key(id)).collect();
            let mut forget = redis::cmd("DEL");
            forget.arg(keys);
            self.0.link.ask::<i64>("DEL", &forget).await?;
        }
        Ok(())
    }

    async fn save_group(&self, group: &ResultTuple) -> Result<(), BackendError> {
        let value = serde_json::to_vec(&serde_json::json!({"result": group}))
            .map_err(|error| ProtocolError::malformed("the group", error))?;
        Ok(self.0.set(self.0.group_key(&group.id.as_str().into(), ""), value).await?)
    }

    async fn get_group(&self, id: &GroupId) -> Result<Option<ResultTuple>, BackendError> {
        #[derive(serde::Deserialize)]
        struct Saved {
            result: ResultTuple,
        }
        let mut get = redis::cmd("GET");
        get.arg(self.0.group_key(id, ""));
        let saved: Option<Vec<u8>> = self.0.link.ask("GET", &get).await?;
        let saved = saved.map(|saved| serde_json::from_slice::<Saved>(&saved)).transpose();
        Ok(saved.map_err(|error| ProtocolError::malformed("the group", error))?.map(|saved| saved.result))
    }

    async fn chord_start(&self, chord: &GroupId, size: u64) -> Result<(), BackendError> {
        Ok(self.0.chord_start(chord, size).await?)
    }

    async fn chord_grow(&self, chord: &GroupId, more: u64) -> Result<(), BackendError> {
        Ok(self.0.chord_grow(chord, more).await?)
    }

    async fn chord_part(&self, part: ChordPart) -> Result<ChordProgress, BackendError> {
        self.0.chord_part(&part).await
    }

    async fn chord_end(&self, chord: &GroupId) -> Result<(), BackendError> {
        Ok(self.0.chord_end(chord).await?)
    }
}

impl From<RedisError> for BackendError {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}
