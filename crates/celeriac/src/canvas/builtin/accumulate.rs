//! `celery.accumulate` and `celery.backend_cleanup`.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::args::AnyArguments;
use crate::context::Context;
use crate::task::{Task, TaskError, TaskResult};

/// Gives back what it is called with, or the argument that `index` picks: the body of chords that only collect.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Accumulate(AnyArguments);

impl<S: Send + Sync + 'static> Task<S> for Accumulate {
    const NAME: &'static str = "celery.accumulate";
    type Output = Value;

    async fn run(self, _cx: Context<S>) -> TaskResult<Value> {
        let Self(AnyArguments { mut args, kwargs }) = self;
        match kwargs.get("index").filter(|index| !index.is_null()) {
            None => Ok(Value::Array(args)),
            Some(index) => match index.as_u64().and_then(|index| usize::try_from(index).ok()) {
                Some(index) if index < args.len() => Ok(args.swap_remove(index)),
                _ => Err(TaskError::failed("IndexError", "tuple index out of range")),
            },
        }
    }
}

/// Removes results that have expired, which the result backends do by themselves.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct BackendCleanup;

impl<S: Send + Sync + 'static> Task<S> for BackendCleanup {
    const NAME: &'static str = "celery.backend_cleanup";
    type Output = ();

    async fn run(self, _cx: Context<S>) -> TaskResult<()> {
        Ok(())
    }
}
