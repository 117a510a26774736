//! Tasks that every worker knows under Celery's names.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::context::Context;
use crate::task::{Task, TaskResult};

/// `celery.accumulate`: gives back the list that it is called with; the body of chords that only collect.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Accumulate {
    values: Value,
    /// Python picks one of several arguments by it; there is only one here.
    #[serde(default)]
    index: Option<usize>,
}

impl<S: Send + Sync + 'static> Task<S> for Accumulate {
    const NAME: &'static str = "celery.accumulate";
    type Output = Value;

    async fn run(self, _cx: Context<S>) -> TaskResult<Value> {
        Ok(match self.index {
            Some(_) => self.values,
            None => Value::Array(vec![self.values]),
        })
    }
}
