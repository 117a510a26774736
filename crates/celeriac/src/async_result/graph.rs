//! What a task has led to: its children, and theirs.

use std::collections::{HashSet, VecDeque};
use std::time::Duration;

use serde_json::Value;

use super::{AsyncResult, ResultError, value};
use crate::backend::BackendError;
use crate::protocol::TaskId;

/// So many tasks are looked at, at most.
const MAX_TASKS: usize = 100_000;

/// One step of the way from a task to what it has led to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The task or group that sent the other; nothing for where it begins.
    pub from: Option<TaskId>,
    /// The task or group.
    pub to: TaskId,
}

impl<T> AsyncResult<T> {
    /// All that the task has led to so far, breadth first: itself, its children, and theirs.
    ///
    /// # Errors
    /// When the backend cannot be reached.
    pub async fn graph(&self) -> Result<Vec<Edge>, BackendError> {
        let mut edges = Vec::new();
        let mut seen = HashSet::new();
        let mut next = VecDeque::from([(None, self.clone().typed::<Value>())]);
        while let Some((from, result)) = next.pop_front() {
            let to = result.id().clone();
            edges.push(Edge { from, to: to.clone() });
            if seen.len() < MAX_TASKS && seen.insert(to.clone()) {
                next.extend(result.children().await?.into_iter().map(|child| (Some(to.clone()), child)));
            }
        }
        Ok(edges)
    }

    /// Waits for the results of the task and of all that it leads to, each task at most so long.
    ///
    /// # Errors
    /// When one failed, was revoked or has not ended in time.
    pub async fn collect(&self, timeout: Duration) -> Result<Vec<(TaskId, Value)>, ResultError> {
        self.waiting.check(self.id())?;
        let allowed = self.waiting.is_allowed_inside;
        let mut values = Vec::new();
        let mut seen = HashSet::new();
        let mut next = VecDeque::from([self.clone().typed::<Value>()]);
        while let Some(result) = next.pop_front() {
            if seen.len() >= MAX_TASKS || !seen.insert(result.id().clone()) {
                continue;
            }
            if result.group().is_none() {
                values.push((result.id().clone(), value(result.wait(timeout).await?)?));
            }
            let children = result.children().await?.into_iter();
            next.extend(children.map(|child| child.disable_sync_subtasks(!allowed)));
        }
        Ok(values)
    }
}
