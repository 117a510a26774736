//! The results of a group.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{AsyncResult, ResultError, Waiting, tasks_of, value_of};
use crate::app::App;
use crate::backend::{BackendError, ResultBackend};
use crate::canvas::plan::{MAX_STORED_PARENTS, shortened};
use crate::error::AppError;
use crate::protocol::{GroupId, ResultTuple, TaskId, TaskMeta};

/// The results of a group, in its order.
#[derive(Clone)]
pub struct GroupResult {
    id: GroupId,
    tuple: Arc<ResultTuple>,
    results: Vec<AsyncResult<Value>>,
    backend: Arc<dyn ResultBackend>,
    waiting: Waiting,
}

impl std::fmt::Debug for GroupResult {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GroupResult").field("id", &self.id).field("results", &self.results).finish()
    }
}

impl GroupResult {
    pub(crate) fn at(tuple: ResultTuple, backend: Arc<dyn ResultBackend>) -> Self {
        let members = tuple.members.iter().flatten();
        let results = members.map(|member| AsyncResult::at(member.clone(), backend.clone())).collect();
        Self {
            id: GroupId::from(tuple.id.as_str()),
            results,
            tuple: Arc::new(tuple),
            backend,
            waiting: Waiting::default(),
        }
    }

    pub(super) fn within(mut self, waiting: Waiting) -> Self {
        self.waiting = waiting;
        self.results.iter_mut().for_each(|result| result.waiting = waiting);
        self
    }

    /// Allows (`false`) to wait for it and for its tasks within a task too; see
    /// [`AsyncResult::disable_sync_subtasks`].
    pub fn disable_sync_subtasks(self, disable: bool) -> Self {
        let waiting = Waiting { is_allowed_inside: !disable, ..self.waiting };
        self.within(waiting)
    }

    /// The group's id.
    pub fn id(&self) -> &GroupId {
        &self.id
    }

    /// Each task's result; a member that is a group itself has a list as its result.
    pub fn results(&self) -> &[AsyncResult<Value>] {
        &self.results
    }

    /// What came before the group in its canvas.
    pub fn parent(&self) -> Option<AsyncResult<Value>> {
        self.tuple.parent.as_deref().map(|parent| AsyncResult::at(parent.clone(), self.backend.clone()))
    }

    /// Waits for all of them, all together at most so long.
    ///
    /// # Errors
    /// When one failed, was revoked or has not ended in time, and within a task: [`ResultError::InsideTask`].
    pub async fn get_timeout(&self, timeout: Duration) -> Result<Vec<Value>, ResultError> {
        self.waiting.check(&self.tuple.id)?;
        match value_of(&self.tuple, &*self.backend, Instant::now(), timeout).await? {
            Value::Array(values) => Ok(values),
            single => Ok(vec![single]),
        }
    }

    /// Waits for all of them, however they end, and gives what is stored of each task.
    ///
    /// # Errors
    /// When one has not ended in time or the backend cannot be reached, and within a task:
    /// [`ResultError::InsideTask`].
    pub async fn metas(&self, timeout: Duration) -> Result<Vec<TaskMeta>, ResultError> {
        self.waiting.check(&self.tuple.id)?;
        let start = Instant::now();
        let mut metas = Vec::new();
        for id in self.tasks() {
            let left = timeout.saturating_sub(start.elapsed());
            let ended = self.backend.wait(&id, left).await?;
            metas.push(ended.ok_or(ResultError::Timeout { id, timeout })?);
        }
        Ok(metas)
    }

    /// How many of its tasks have ended well.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn completed_count(&self) -> Result<usize, BackendError> {
        let metas = self.known().await?;
        Ok(metas.iter().flatten().filter(|meta| meta.status == crate::protocol::TaskState::Success).count())
    }

    /// Have all ended, well or badly?
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn is_ready(&self) -> Result<bool, BackendError> {
        Ok(self.known().await?.iter().all(|meta| meta.as_ref().is_some_and(|meta| meta.status.is_ready())))
    }

    /// Has one of them failed, or was it revoked?
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn has_failed(&self) -> Result<bool, BackendError> {
        Ok(self.known().await?.iter().flatten().any(|meta| meta.status.propagates()))
    }

    /// Keeps which tasks the group has, for [`restore`](Self::restore) in another program, Python's too.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn save(&self) -> Result<(), BackendError> {
        self.backend.save_group(&shortened(&self.tuple, MAX_STORED_PARENTS)).await
    }

    /// A group that was saved, by this program or another, Python's too.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn restore<S: Send + Sync + 'static>(
        app: &App<S>,
        id: &GroupId,
    ) -> Result<Option<Self>, BackendError> {
        let backend = app.backend();
        Ok(backend.get_group(id).await?.map(|tuple| Self::at(tuple, backend.clone())))
    }

    /// Deletes what is stored of its tasks.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn forget(&self) -> Result<(), BackendError> {
        self.backend.forget(&self.tasks()).await
    }

    /// Calls its tasks off; see [`App::revoke`].
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn revoke<S: Send + Sync + 'static>(
        &self,
        app: &App<S>,
        terminate: bool,
    ) -> Result<(), AppError> {
        app.revoke(self.tasks(), terminate).await
    }

    /// The ids of its tasks, also of those in groups in it.
    fn tasks(&self) -> Vec<TaskId> {
        let mut ids = Vec::new();
        let alone = ResultTuple { parent: None, ..(*self.tuple).clone() };
        tasks_of(&alone, &mut ids);
        ids
    }

    async fn known(&self) -> Result<Vec<Option<TaskMeta>>, BackendError> {
        self.backend.get_many(&self.tasks()).await
    }
}
