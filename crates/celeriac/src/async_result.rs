//! The handle of a task that was sent: its state, and its result once it has ended.

use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use thiserror::Error;

use crate::backend::{BackendError, ResultBackend};
use crate::protocol::{GroupId, TaskException, TaskId, TaskMeta, TaskState};

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
    /// The backend did not answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
}

/// The result of a task, now or later.
pub struct AsyncResult<T = Value> {
    id: TaskId,
    backend: Arc<dyn ResultBackend>,
    output: PhantomData<fn() -> T>,
}

impl<T> Clone for AsyncResult<T> {
    fn clone(&self) -> Self {
        Self { id: self.id.clone(), backend: self.backend.clone(), output: PhantomData }
    }
}

impl<T> std::fmt::Debug for AsyncResult<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("AsyncResult").field(&self.id).finish()
    }
}

impl<T> AsyncResult<T> {
    pub(crate) fn new(id: TaskId, backend: Arc<dyn ResultBackend>) -> Self {
        Self { id, backend, output: PhantomData }
    }

    /// The task's id.
    pub fn id(&self) -> &TaskId {
        &self.id
    }

    /// The same task with another type of result.
    pub fn typed<U>(self) -> AsyncResult<U> {
        AsyncResult::new(self.id, self.backend)
    }

    /// All that is stored of it; nothing while it waits.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn meta(&self) -> Result<Option<TaskMeta>, BackendError> {
        self.backend.get(&self.id).await
    }

    /// Its state; `Pending` also when nobody has ever heard of it.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn state(&self) -> Result<TaskState, BackendError> {
        Ok(self.meta().await?.map_or(TaskState::Pending, |meta| meta.status))
    }

    /// Deletes what is stored of it.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn forget(&self) -> Result<(), BackendError> {
        self.backend.forget(std::slice::from_ref(&self.id)).await
    }

    /// Waits until it has ended, at most so long, and gives all that is stored of it.
    ///
    /// # Errors
    /// When it has not ended in time or the backend cannot be reached.
    pub async fn wait(&self, timeout: Duration) -> Result<TaskMeta, ResultError> {
        let ended = self.backend.wait(&self.id, timeout).await?;
        ended.ok_or_else(|| ResultError::Timeout { id: self.id.clone(), timeout })
    }
}

impl<T: DeserializeOwned> AsyncResult<T> {
    /// Waits until it has ended, however long that takes, and gives its result.
    ///
    /// # Errors
    /// When it failed or was revoked.
    pub async fn get(&self) -> Result<T, ResultError> {
        loop {
            match self.get_timeout(Duration::from_secs(60 * 60)).await {
                Err(ResultError::Timeout { .. }) => {}
                ended => return ended,
            }
        }
    }

    /// Waits for its result, at most so long.
    ///
    /// # Errors
    /// When it failed, was revoked or has not ended in time.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<T, ResultError> {
        let meta = self.wait(timeout).await?;
        let id = self.id.clone();
        match meta.status {
            TaskState::Success => {
                serde_json::from_value(meta.result).map_err(|source| ResultError::Decode { id, source })
            }
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
}

/// The results of a group, in its order.
#[derive(Debug, Clone)]
pub struct GroupResult {
    id: GroupId,
    results: Vec<AsyncResult<Value>>,
}

impl GroupResult {
    pub(crate) fn new(id: GroupId, results: Vec<AsyncResult<Value>>) -> Self {
        Self { id, results }
    }

    /// The group's id.
    pub fn id(&self) -> &GroupId {
        &self.id
    }

    /// Each task's result.
    pub fn results(&self) -> &[AsyncResult<Value>] {
        &self.results
    }

    /// Waits for all of them, each at most so long.
    ///
    /// # Errors
    /// When one failed, was revoked or has not ended in time.
    pub async fn get_timeout(&self, timeout: Duration) -> Result<Vec<Value>, ResultError> {
        let mut values = Vec::with_capacity(self.results.len());
        for result in &self.results {
            values.push(result.get_timeout(timeout).await?);
        }
        Ok(values)
    }
}
