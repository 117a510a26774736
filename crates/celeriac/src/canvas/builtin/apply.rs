//! Canvases as tasks: `celery.group`, `celery.chord`, `celery.chunks`, `celery.chain`. Celery's clients send them no
//! more, but for chunks, and workers know them for those that do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canvas::options;
use crate::context::Context;
use crate::protocol::{JsonMap, ResultTuple, Signature, SubtaskType};
use crate::task::{Task, TaskError, TaskResult};

/// Sends a list of items to a task, `n` in each message.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApplyChunks {
    task: Value,
    it: Vec<Value>,
    n: u64,
}

impl<S: Send + Sync + 'static> Task<S> for ApplyChunks {
    const NAME: &'static str = "celery.chunks";
    type Output = ResultTuple;

    async fn run(self, cx: Context<S>) -> TaskResult<ResultTuple> {
        let mut chunks = Signature::new(<Self as Task<S>>::NAME)
            .kwarg("task", self.task)
            .kwarg("it", self.it)
            .kwarg("n", self.n);
        chunks.subtask_type = Some(SubtaskType::Chunks);
        cx.apply_tuple(chunks).await
    }
}

/// Sends the tasks of a group.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApplyGroup {
    tasks: Vec<Signature>,
    #[serde(default)]
    result: Value,
    #[serde(default)]
    group_id: Option<String>,
    #[serde(default)]
    partial_args: Vec<Value>,
    #[serde(default)]
    add_to_parent: Option<bool>,
}

impl<S: Send + Sync + 'static> Task<S> for ApplyGroup {
    const NAME: &'static str = "celery.group";
    type Output = ResultTuple;

    async fn run(self, cx: Context<S>) -> TaskResult<ResultTuple> {
        let mut group = options::group_of(self.tasks);
        group.args = self.partial_args;
        if let Some(id) = self.group_id {
            group.options.insert("task_id".to_owned(), json!(id));
        }
        cx.apply_tuple(group).await
    }
}

/// Sends the header of a chord.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApplyChord {
    header: Value,
    body: Signature,
    #[serde(default)]
    partial_args: Vec<Value>,
    /// For the tasks of the header.
    #[serde(default)]
    kwargs: JsonMap,
    #[serde(rename = "**kwargs", default)]
    others: JsonMap,
}

impl<S: Send + Sync + 'static> Task<S> for ApplyChord {
    const NAME: &'static str = "celery.chord";
    type Output = ResultTuple;

    async fn run(self, cx: Context<S>) -> TaskResult<ResultTuple> {
        let mut chord = options::chord(Signature::default(), self.body);
        chord.kwargs.insert("header".to_owned(), self.header);
        chord.kwargs.insert("kwargs".to_owned(), self.kwargs.into());
        chord.args = self.partial_args;
        cx.apply_tuple(chord).await
    }
}

/// There is no such task, and never was.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct ApplyChain(crate::args::AnyArguments);

impl<S: Send + Sync + 'static> Task<S> for ApplyChain {
    const NAME: &'static str = "celery.chain";
    type Output = ();

    async fn run(self, _cx: Context<S>) -> TaskResult<()> {
        Err(TaskError::failed("NotImplementedError", "a chain is no task that could be run"))
    }
}
