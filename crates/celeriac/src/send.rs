//! Sending a typed task, with options.

use std::future::{Future, IntoFuture};
use std::marker;
use std::pin::Pin;
use std::time::Duration;

use serde_json::Value;

use crate::app::App;
use crate::async_result::AsyncResult;
use crate::context::Context;
use crate::error::AppError;
use crate::protocol::{QueueName, Signature, TaskId, Timestamp};
use crate::task::Task;

/// A task that is about to be sent: set options, then `.await` it.
#[must_use = "a task is sent when this is awaited"]
pub struct SendBuilder<'a, T, S> {
    from: Origin<'a, S>,
    signature: Result<Signature, AppError>,
    task: marker::PhantomData<fn() -> T>,
}

/// Who sends.
enum Origin<'a, S> {
    App(&'a App<S>),
    /// A running task, whose child it becomes.
    Task(&'a Context<S>),
}

impl<'a, T: Task<S>, S: Send + Sync + 'static> SendBuilder<'a, T, S> {
    pub(crate) fn new(app: &'a App<S>, task: T) -> Self {
        Self::of(Origin::App(app), task)
    }

    pub(crate) fn child(parent: &'a Context<S>, task: T) -> Self {
        Self::of(Origin::Task(parent), task)
    }

    fn of(from: Origin<'a, S>, task: T) -> Self {
        Self { from, signature: Signature::of(&task), task: marker::PhantomData }
    }

    /// Runs under this id.
    pub fn task_id(self, id: impl Into<TaskId>) -> Self {
        self.with(|signature| signature.option("task_id", id.into().as_str()))
    }

    /// Goes to this queue.
    pub fn queue(self, queue: impl Into<QueueName>) -> Self {
        self.with(|signature| signature.queue(queue.into().as_str()))
    }

    /// Runs after a pause.
    pub fn countdown(self, pause: Duration) -> Self {
        self.eta(Timestamp::now() + pause)
    }

    /// Runs not before this moment.
    pub fn eta(self, eta: Timestamp) -> Self {
        self.with(|signature| signature.eta(eta))
    }

    /// Is revoked if it has not started at this moment.
    pub fn expires_at(self, expires: Timestamp) -> Self {
        self.with(|signature| signature.expires_at(expires))
    }

    /// Is revoked if it has not started after this time.
    pub fn expires(self, after: Duration) -> Self {
        self.expires_at(Timestamp::now() + after)
    }

    /// 0 is the most urgent, 9 the least.
    pub fn priority(self, priority: u8) -> Self {
        self.with(|signature| signature.priority(priority))
    }

    /// Is dropped and fails after this time.
    pub fn time_limit(self, limit: Duration) -> Self {
        self.with(|signature| signature.time_limit(limit))
    }

    /// Is asked to stop after this time.
    pub fn soft_time_limit(self, limit: Duration) -> Self {
        self.with(|signature| signature.soft_time_limit(limit))
    }

    /// Counts as retried so often already.
    pub fn retries(self, retries: u32) -> Self {
        self.with(|signature| signature.retries(retries))
    }

    /// Stores no result.
    pub fn ignore_result(self) -> Self {
        self.with(Signature::ignore_result)
    }

    /// Calls this with the result when it succeeds.
    pub fn link(self, callback: impl Into<Signature>) -> Self {
        self.with(|signature| signature.link(callback))
    }

    /// Calls this with the task's id when it fails.
    pub fn link_error(self, errback: impl Into<Signature>) -> Self {
        self.with(|signature| signature.link_error(errback))
    }

    /// Adds a header of the caller's own.
    pub fn header(self, name: &str, value: impl Into<Value>) -> Self {
        self.with(|signature| signature.header(name, value))
    }

    fn with(mut self, change: impl FnOnce(Signature) -> Signature) -> Self {
        self.signature = self.signature.map(change);
        self
    }
}

impl<'a, T: Task<S>, S: Send + Sync + 'static> IntoFuture for SendBuilder<'a, T, S> {
    type Output = Result<AsyncResult<T::Output>, AppError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        let Self { from, signature, .. } = self;
        Box::pin(async move {
            let signature = signature?;
            // The task's constant is among the options.
            let is_ignored =
                signature.options.get("ignore_result").and_then(Value::as_bool).unwrap_or_default();
            let sent = match from {
                Origin::App(app) => app.send_signature(signature).await?,
                Origin::Task(parent) => parent.apply(signature).await?,
            };
            Ok(sent.typed().ignored(is_ignored))
        })
    }
}
