//! The handle of a task that was sent: its state, and its result once it has ended.

mod graph;
mod group;
mod inside;

use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::backend::{BackendError, ResultBackend};
use crate::json;
use crate::protocol::{ResultTuple, TaskException, TaskId, TaskMeta, TaskState};

pub use graph::Edge;
pub use group::GroupResult;
pub(crate) use inside::Inside;

/// Why a task gives no result.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ResultError {
    /// The task failed.
    #[error("task {id} failed: {exception}")]
    Failed {
        /// The task.
        id: TaskId,
        /// What it failed with.
        exception: TaskException,
        /// Where, as far as it is known.
        traceback: Option<String>,
    },
    /// The task was revoked, or expired.
    #[error("task {id} was revoked ({reason})")]
    Revoked {
        /// The task.
        id: TaskId,
        /// `revoked`, `expired` or `terminated`.
        reason: String,
    },
    /// It has not ended in time; it may still end.
    #[error("task {id} has not ended within {timeout:?}; look again later, its state is kept")]
    Timeout {
        /// The task.
        id: TaskId,
        /// How long was waited.
        timeout: Duration,
    },
    /// The result is not what was expected.
    #[error("the result of task {id} has another type than expected: {source}")]
    Decode {
        /// The task.
        id: TaskId,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A task must not wait for another one: it keeps its place until then, and when all places wait so, none is left
    /// for what they wait for.
    #[error(
        "never wait for a result within a task (that of {id} here): use a chain, a callback (link), a chord or \
         Context::replace; or allow it with disable_sync_subtasks(false), where no worker can run out of places"
    )]
    InsideTask {
        /// The task whose result was wanted.
        id: TaskId,
    },
    /// The task was sent so that no result is stored.
    #[error("task {id} stores no result: send it without ignore_result, and let it have no IGNORE_RESULT")]
    Ignored {
        /// The task.
        id: TaskId,
    },
    /// The backend did not answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// Where a result may be waited for.
#[derive(Debug, Clone, Copy, Default)]
struct Waiting {
    /// Also within a task.
    is_allowed_inside: bool,
    /// Nowhere: no result is stored.
    is_in_vain: bool,
}

impl Waiting {
    fn check(self, id: &TaskId) -> Result<(), ResultError> {
        if self.is_in_vain {
            return Err(ResultError::Ignored { id: id.clone() });
        }
        if !self.is_allowed_inside && inside::is_inside() {
            return Err(ResultError::InsideTask { id: id.clone() });
        }
        Ok(())
    }
}

/// The result of a task, now or later. The result of a canvas that ends with a group is the list of the group's results.
pub struct AsyncResult<T = Value> {
    /// What it is the result of, and what came before that.
    tuple: Arc<ResultTuple>,
    backend: Arc<dyn ResultBackend>,
    waiting: Waiting,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for AsyncResult<T> {
    fn clone(&self) -> Self {
        let Self { tuple, backend, waiting, .. } = self;
        Self { tuple: tuple.clone(), backend: backend.clone(), waiting: *waiting, output: PhantomData }
    }
}

impl<T> std::fmt::Debug for AsyncResult<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AsyncResult").field(&self.tuple.id).finish()
    }
}

/// The values of a result, when it has ended.
type Values<'a> = Pin<Box<dyn Future<Output = Result<Value, ResultError>> + Send + 'a>>;

impl<T> AsyncResult<T> {
    pub(crate) fn new(id: TaskId, backend: Arc<dyn ResultBackend>) -> Self {
        Self::at(ResultTuple::task(id), backend)
    }

    pub(crate) fn at(tuple: ResultTuple, backend: Arc<dyn ResultBackend>) -> Self {
        Self { tuple: Arc::new(tuple), backend, waiting: Waiting::default(), output: PhantomData }
    }

    /// Allows (`false`) to wait for it within a task too, which is an error otherwise: [`ResultError::InsideTask`].
    pub fn disable_sync_subtasks(mut self, disable: bool) -> Self {
        self.waiting.is_allowed_inside = !disable;
        self
    }

    /// Its sender wants no result stored.
    pub(crate) fn ignored(mut self, is_ignored: bool) -> Self {
        self.waiting.is_in_vain = is_ignored;
        self
    }

    /// The task's id, or the group's.
    pub fn id(&self) -> &TaskId {
        &self.tuple.id
    }

    /// The same task with another type of result.
    pub fn typed<U>(self) -> AsyncResult<U> {
        AsyncResult { tuple: self.tuple, backend: self.backend, waiting: self.waiting, output: PhantomData }
    }

    /// As Celery stores it among the children of a task, and as a task may give it as its result.
    pub fn as_tuple(&self) -> &ResultTuple {
        &self.tuple
    }

    /// What came before it in its canvas: the step before it in a chain, the header of a chord. Known of what was sent
    /// by this program.
    pub fn parent(&self) -> Option<AsyncResult<Value>> {
        self.tuple.parent.as_deref().map(|parent| AsyncResult::at(parent.clone(), self.backend.clone()))
    }

    /// The group, if this is the result of one.
    pub fn group(&self) -> Option<GroupResult> {
        let group = || GroupResult::at((*self.tuple).clone(), self.backend.clone());
        self.tuple.members.is_some().then(group).map(|group| group.within(self.waiting))
    }

    /// What the task has sent while it ran, its callbacks and the next step of its chain, once it has ended well.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn children(&self) -> Result<Vec<AsyncResult<Value>>, BackendError> {
        let children = match &self.tuple.members {
            Some(members) => members.clone(),
            None => self.meta().await?.and_then(|meta| meta.children).unwrap_or_default(),
        };
        Ok(children.into_iter().map(|child| AsyncResult::at(child, self.backend.clone())).collect())
    }

    /// All that is stored of it; nothing while it waits, and nothing of a group.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn meta(&self) -> Result<Option<TaskMeta>, BackendError> {
        self.backend.get(&self.tuple.id).await
    }

    /// Its state; `Pending` also when nobody has ever heard of it.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn state(&self) -> Result<TaskState, BackendError> {
        Ok(self.meta().await?.map_or(TaskState::Pending, |meta| meta.status))
    }

    /// Deletes what is stored of it, and of what came before it.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn forget(&self) -> Result<(), BackendError> {
        let mut ids = Vec::new();
        tasks_of(&self.tuple, &mut ids);
        self.backend.forget(&ids).await
    }

    /// Waits until it has ended, at most so long, and gives all that is stored of it, well or badly ended. For a
    /// group, use [`GroupResult::metas`].
    ///
    /// # Errors
    /// When it has not ended in time or the backend cannot be reached, and where no result comes or must be waited
    /// for: [`ResultError::Ignored`], [`ResultError::InsideTask`].
    pub async fn wait(&self, timeout: Duration) -> Result<TaskMeta, ResultError> {
        self.waiting.check(&self.tuple.id)?;
        let ended = self.backend.wait(&self.tuple.id, timeout).await?;
        ended.ok_or_else(|| ResultError::Timeout { id: self.tuple.id.clone(), timeout })
    }
}

impl<T: DeserializeOwned> AsyncResult<T> {
    /// Waits until it has ended, however long that takes, and gives its result. A backend that cannot be reached is
    /// waited for too, with a warning in the log: it may come back. Who wants to hear of it takes
    /// [`get_timeout`](Self::get_timeout).
    ///
    /// # Errors
    /// When it failed or was revoked, and where no result comes or must be waited for: [`ResultError::Ignored`],
    /// [`ResultError::InsideTask`].
    pub async fn get(&self) -> Result<T, ResultError> {
        const PIECE: Duration = Duration::from_secs(60 * 60);
        loop {
            let start = Instant::now();
            match self.get_timeout(PIECE).await {
                Err(ResultError::Timeout { .. }) => {}
                // It is still away at the end of a piece.
                Err(ResultError::Backend(error)) if error.is_transient() && start.elapsed() >= PIECE => {}
                ended => return ended,
            }
        }
    }

    /// Waits for its result, at most so long.
    ///
    /// # Errors
    /// As of [`get`](Self::get), and when it has not ended in time: [`ResultError::Timeout`], or the backend's error if
    /// that cannot be reached.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError> {
        self.waiting.check(&self.tuple.id)?;
        let value = value_of(&self.tuple, &*self.backend, Instant::now(), timeout).await?;
        json::from_value(&value).map_err(|source| ResultError::Decode { id: self.tuple.id.clone(), source })
    }
}

/// Waits for the value of a task, or for the list of a group's values.
fn value_of<'a>(
    tuple: &'a ResultTuple,
    backend: &'a dyn ResultBackend,
    start: Instant,
    timeout: Duration,
) -> Values<'a> {
    Box::pin(async move {
        match &tuple.members {
            Some(members) => {
                let mut values = Vec::with_capacity(members.len());
                for member in members {
                    values.push(value_of(member, backend, start, timeout).await?);
                }
                Ok(Value::Array(values))
            }
            None => {
                let left = timeout.saturating_sub(start.elapsed());
                let ended = backend.wait(&tuple.id, left).await?;
                value(ended.ok_or_else(|| ResultError::Timeout { id: tuple.id.clone(), timeout })?)
            }
        }
    })
}

/// The value of a task that has ended well, or the error of one that has not.
fn value(meta: TaskMeta) -> Result<Value, ResultError> {
    let id = meta.task_id;
    match meta.status {
        TaskState::Success => Ok(meta.result),
        TaskState::Revoked => {
            Err(ResultError::Revoked { id, reason: TaskException::from_value(&meta.result).message() })
        }
        _ => Err(ResultError::Failed {
            id,
            exception: TaskException::from_value(&meta.result),
            traceback: meta.traceback,
        }),
    }
}

/// The ids of all tasks of a result: those of a group's members, and of what came before.
fn tasks_of(tuple: &ResultTuple, ids: &mut Vec<TaskId>) {
    match &tuple.members {
        Some(members) => members.iter().for_each(|member| tasks_of(member, ids)),
        None => ids.push(tuple.id.clone()),
    }
    if let Some(parent) = &tuple.parent {
        tasks_of(parent, ids);
    }
}
