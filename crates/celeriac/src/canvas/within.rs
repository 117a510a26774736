//! What a running task may do with canvases: send them as its children, take one's place, enlarge its chord.

use std::sync::Arc;

use serde_json::{Value, json};

use super::plan::{Applied, Plan};
use super::{freeze, options};
use crate::async_result::AsyncResult;
use crate::context::Context;
use crate::error::AppError;
use crate::protocol::{Body, Embed, JsonMap, Message, ResultTuple, Signature, TaskException};
use crate::repr;
use crate::task::{Failure, TaskError};

impl<S: Send + Sync + 'static> Context<S> {
    /// Sends a signature of any kind as a child of this task: it knows this task as its parent, and is among the
    /// children in this task's result.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached, or an option is wrong.
    pub async fn apply(&self, signature: impl Into<Signature>) -> Result<AsyncResult<Value>, AppError> {
        let applied = self.send_child(signature.into()).await?;
        Ok(AsyncResult::at(applied.result, self.app().backend().clone()))
    }

    /// Ends the run, and lets the signature take its place: `return Err(cx.replace(signature))`. It has this task's
    /// id, callbacks and errbacks, its place in a chain and in a chord's header; its result becomes this task's. The
    /// results of a group come as one list.
    pub fn replace(&self, signature: impl Into<Signature>) -> TaskError {
        TaskError::Replace(Box::new(signature.into()))
    }

    /// Adds a signature to the header of the chord that this task is a member of: the chord's body waits for it too,
    /// and gets its result among the others.
    ///
    /// # Errors
    /// When this task is no member of a chord, or broker or result backend cannot be reached.
    pub async fn add_to_chord(
        &self,
        signature: impl Into<Signature>,
    ) -> Result<AsyncResult<Value>, TaskError> {
        let message = &self.request().message;
        let (Some(body), Some(group)) = (&message.body.embed().chord, &message.headers.group) else {
            return Err(TaskError::failed("ValueError", "Current task is not member of any chord"));
        };
        // It counts as one more, so it must complete once.
        let mut signature = freeze::one_completion(options::unrolled_chunks(signature.into()));
        let mut set = |key: &str, value: Value| drop(signature.options.insert(key.to_owned(), value));
        set("chord", json!(body));
        set("group_id", json!(group));
        set("group_index", json!(message.headers.group_index));
        self.app().backend().chord_grow(group, 1).await?;
        Ok(self.apply(signature).await?)
    }

    /// Sends a signature, and gives what Celery's clients make a result of.
    pub(super) async fn apply_tuple(&self, signature: Signature) -> Result<ResultTuple, TaskError> {
        Ok(self.send_child(signature).await?.result)
    }

    /// Sends signatures that are members of a group of this task's; the group is for the caller to tell of.
    pub(super) async fn send_members(
        &self,
        signatures: Vec<Signature>,
    ) -> Result<Vec<ResultTuple>, AppError> {
        let mut plan = Plan::default();
        let sent = signatures.into_iter().map(|signature| plan.apply(self.as_child(signature), &[]));
        let sent: Option<Vec<Applied>> = sent.collect();
        let sent = sent.ok_or_else(|| plan.refusal("canvas"))?;
        self.app().core().carry_out(plan).await?;
        Ok(sent.into_iter().map(|applied| applied.result).collect())
    }

    async fn send_child(&self, signature: Signature) -> Result<Applied, AppError> {
        let mut plan = Plan::default();
        let applied = plan.apply(self.as_child(signature), &[]).ok_or_else(|| plan.refusal("canvas"))?;
        self.app().core().carry_out(plan).await?;
        self.trail().lock().push(applied.sent.clone());
        Ok(applied)
    }

    fn as_child(&self, mut signature: Signature) -> Signature {
        let headers = &self.request().message.headers;
        for (key, id) in
            [("root_id", headers.root_id.as_ref().unwrap_or(&headers.id)), ("parent_id", &headers.id)]
        {
            signature.options.entry(key).or_insert_with(|| json!(id));
        }
        signature
    }

    /// Runs another task in the caller's place, as a part of its run.
    pub(super) async fn run_here(&self, task: &str, args: Vec<Value>) -> Result<Value, TaskError> {
        let Some(registered) = self.app().registry().get(task) else {
            let exception = TaskException::new("celery.exceptions", "NotRegistered", task);
            return Err(TaskError::Failed(Failure::of(exception)));
        };
        let request = self.request();
        let mut headers = request.message.headers.clone();
        headers.task = task.to_owned();
        headers.argsrepr = Some(repr::args(&args));
        headers.kwargsrepr = None;
        let message = Arc::new(Message {
            headers,
            body: Body(args, JsonMap::new(), Embed::default()),
            properties: request.message.properties.clone(),
        });
        match (registered.run)(message.clone(), self.part(message)).await {
            Err(TaskError::Retry(wish)) => {
                Err(TaskError::Failed(wish.cause.map(|cause| *cause).unwrap_or_else(|| {
                    Failure::of(TaskException::new(
                        "celery.exceptions",
                        "Retry",
                        "a part of a task cannot be retried",
                    ))
                })))
            }
            end => end,
        }
    }
}
