//! `celery.map` and `celery.starmap`: another task, run here for each item.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::protocol::Signature;
use crate::task::{Task, TaskError, TaskResult};

/// The task is called with each item.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Map {
    task: Signature,
    it: Vec<Value>,
}

/// The task is called with each item's elements.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Starmap {
    task: Signature,
    it: Vec<Value>,
}

impl<S: Send + Sync + 'static> Task<S> for Map {
    const NAME: &'static str = "celery.map";
    type Output = Vec<Value>;

    async fn run(self, cx: Context<S>) -> TaskResult<Vec<Value>> {
        run_all(&cx, &self.task.task, self.it.into_iter().map(|item| Ok(vec![item]))).await
    }
}

impl<S: Send + Sync + 'static> Task<S> for Starmap {
    const NAME: &'static str = "celery.starmap";
    type Output = Vec<Value>;

    async fn run(self, cx: Context<S>) -> TaskResult<Vec<Value>> {
        let calls = self.it.into_iter().map(|item| match item {
            Value::Array(args) => Ok(args),
            other => {
                let message =
                    format!("argument after * must be an iterable, not {}", crate::repr::python(&other));
                Err(TaskError::failed("TypeError", message))
            }
        });
        run_all(&cx, &self.task.task, calls).await
    }
}

async fn run_all<S: Send + Sync + 'static>(
    cx: &Context<S>,
    task: &str,
    calls: impl Iterator<Item = Result<Vec<Value>, TaskError>> + Send,
) -> TaskResult<Vec<Value>> {
    let mut results = Vec::new();
    for args in calls {
        cx.checkpoint()?;
        results.push(cx.run_here(task, args?).await?);
    }
    Ok(results)
}
