//! `celery.chord_unlock`: how a chord ends where the result backend cannot count. Ours can; the task is there for
//! clients whose backend is another.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::context::Context;
use crate::protocol::{JsonMap, ResultTuple, Signature, TaskException, TaskId, TaskState};
use crate::task::{Failure, Retry, Task, TaskError, TaskResult};

/// Looks whether all tasks of the header have ended, and comes again later if not.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ChordUnlock {
    group_id: String,
    callback: Signature,
    #[serde(default)]
    interval: Option<f64>,
    #[serde(default)]
    max_retries: Option<u32>,
    #[serde(default)]
    result: Vec<ResultTuple>,
    #[serde(rename = "**kwargs", default)]
    others: JsonMap,
}

impl<S: Send + Sync + 'static> Task<S> for ChordUnlock {
    const NAME: &'static str = "celery.chord_unlock";
    const MAX_RETRIES: Option<u32> = None;
    const IGNORE_RESULT: bool = true;
    type Output = ();

    async fn run(self, cx: Context<S>) -> TaskResult<()> {
        let ids: Vec<TaskId> = self.result.iter().map(|result| result.id.clone()).collect();
        let metas = cx.app().backend().get_many(&ids).await?;
        let mut results = Vec::with_capacity(ids.len());
        for (id, meta) in ids.into_iter().zip(metas) {
            match meta {
                Some(meta) if meta.status == TaskState::Success => results.push(meta.result),
                Some(meta) if meta.status.propagates() => {
                    let cause = TaskException::from_value(&meta.result).repr();
                    let message = format!("Dependency {id} raised {cause}");
                    let exception = TaskException::new("celery.exceptions", "ChordError", message);
                    return Err(TaskError::Failed(Failure::of(exception)));
                }
                _ => {
                    let pause = self.interval.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
                    let mut retry = Retry::default().countdown(pause.unwrap_or(Duration::from_secs(1)));
                    retry.max_retries = self.max_retries;
                    return Err(retry.into());
                }
            }
        }
        let mut callback = self.callback;
        if !callback.immutable {
            callback.args.insert(0, json!(Value::Array(results)));
        }
        cx.apply(callback).await?;
        Ok(())
    }
}
