//! Canvases as tasks: `celery.group`, `celery.chord`, `celery.chunks`, `celery.chain`. Celery's clients send them no
//! more, but for chunks, and workers know them for those that do.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::canvas::{options, plan};
use crate::context::Context;
use crate::error::AppError;
use crate::protocol::{JsonMap, ResultTuple, Signature, TaskId};
use crate::task::{Task, TaskError, TaskResult};

/// So many tasks are made of a list before they are sent.
const PIECES_AT_A_TIME: usize = 1_000;

/// A task's result may name so many tasks, and its children beside it so many.
const MAX_PIECES: usize = 300_000;
const MAX_CHILDREN: usize = 100_000;

/// At most so many bytes of copies of the task are sent. They are not held, but a broker has to.
const MAX_SENT_BYTES: usize = 1024 * 1024 * 1024;

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
        let group = TaskId::new();
        let n = usize::try_from(self.n).unwrap_or(usize::MAX).max(1);
        let count = self.it.len().div_ceil(n);
        if count > MAX_PIECES {
            let text = format!(
                "{count} pieces are too many to be named in a result: at most {MAX_PIECES}, so make n larger"
            );
            return Err(TaskError::failed("ValueError", text));
        }
        let copies = plan::weight(&self.task).saturating_mul(count);
        if copies > MAX_SENT_BYTES {
            return Err(AppError::CanvasSize { what: "chunks", limit: MAX_SENT_BYTES }.into());
        }
        let mut pieces = self.it.into_iter().peekable();
        let mut members = Vec::new();
        // What has been sent is not held: a list of very many items is a small message, and many tasks.
        while pieces.peek().is_some() {
            cx.checkpoint()?;
            let piece =
                || Some(pieces.by_ref().take(n).collect::<Vec<_>>()).filter(|piece| !piece.is_empty());
            let starmaps = std::iter::from_fn(piece).take(PIECES_AT_A_TIME).map(|piece| {
                let starmap = options::starmap_of(self.task.clone(), piece);
                starmap.option("group_id", group.as_str())
            });
            let starmaps: Vec<Signature> = (members.len()..)
                .zip(starmaps)
                .map(|(index, starmap)| starmap.option("group_index", index))
                .collect();
            members.extend(cx.send_members(starmaps).await?);
        }
        if members.is_empty() {
            return Err(AppError::Empty("canvas").into());
        }
        let group = ResultTuple::group(group, members);
        if count <= MAX_CHILDREN {
            cx.trail().lock().push(group.clone());
        }
        Ok(group)
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
