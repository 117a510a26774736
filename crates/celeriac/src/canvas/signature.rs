//! Writing canvas: chains, groups and chords of signatures, and of tasks.

use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::{compose, options};
use crate::app::App;
use crate::args;
use crate::async_result::{AsyncResult, GroupResult};
use crate::error::AppError;
use crate::protocol::{JsonMap, Signature, SubtaskType, Timestamp};
use crate::task::Task;

impl Signature {
    /// The signature of a typed task with these arguments.
    ///
    /// # Errors
    /// When the arguments cannot be written as JSON.
    pub fn of<T: Task<S>, S>(task: &T) -> Result<Self, AppError> {
        let (args, kwargs) =
            args::unbind(task).map_err(|source| AppError::Arguments { task: T::NAME, source })?;
        let mut signature = Self::new(T::NAME);
        (signature.args, signature.kwargs) = (args, kwargs);
        signature.options = constants::<T, S>();
        Ok(signature)
    }

    /// Goes to this queue.
    pub fn queue(self, queue: &str) -> Self {
        self.option("queue", queue)
    }

    /// Runs after a pause, which begins when it is sent: in a chain, when the step before it is done.
    pub fn countdown(self, pause: Duration) -> Self {
        self.option("countdown", pause.as_secs_f64())
    }

    /// Runs not before this moment.
    pub fn eta(self, eta: Timestamp) -> Self {
        self.option("eta", eta.isoformat())
    }

    /// Is revoked if it has not started so long after it was sent.
    pub fn expires(self, after: Duration) -> Self {
        self.option("expires", after.as_secs_f64())
    }

    /// Is revoked if it has not started at this moment.
    pub fn expires_at(self, expires: Timestamp) -> Self {
        self.option("expires", expires.isoformat())
    }

    /// 0 is the most urgent, 9 the least.
    pub fn priority(self, priority: u8) -> Self {
        self.option("priority", priority)
    }

    /// Is dropped and fails after this time.
    pub fn time_limit(self, limit: Duration) -> Self {
        self.option("time_limit", limit.as_secs_f64())
    }

    /// Is asked to stop after this time.
    pub fn soft_time_limit(self, limit: Duration) -> Self {
        self.option("soft_time_limit", limit.as_secs_f64())
    }

    /// Counts as retried so often already.
    pub fn retries(self, retries: u32) -> Self {
        self.option("retries", retries)
    }

    /// Stores no result.
    pub fn ignore_result(self) -> Self {
        self.option("ignore_result", true)
    }

    /// Adds a header of the caller's own.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        let headers = self.options.entry("headers").or_insert_with(|| Value::Object(Default::default()));
        if let Value::Object(headers) = headers {
            headers.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Calls `callback` with the result when the task succeeds.
    pub fn link(mut self, callback: impl Into<Signature>) -> Self {
        compose::link(&mut self, callback.into());
        self
    }

    /// Calls `errback` with the task's id when it fails.
    pub fn link_error(mut self, errback: impl Into<Signature>) -> Self {
        compose::link_error(&mut self, errback.into());
        self
    }

    /// Sends it, whatever it is; the result is that of its last task.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn apply<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<AsyncResult<Value>, AppError> {
        app.send_signature(self).await
    }
}

/// The options that the constants of a task stand for.
pub(crate) fn constants<T: Task<S>, S>() -> JsonMap {
    let options = [
        ("queue", T::QUEUE.map(Value::from)),
        ("priority", (T::PRIORITY != 0).then(|| T::PRIORITY.into())),
        ("ignore_result", T::IGNORE_RESULT.then(|| true.into())),
    ];
    options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// Tasks one after the other, each called with the result of the one before it.
#[must_use = "a canvas does nothing until it is applied"]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Chain(pub(crate) Signature);

/// Tasks side by side.
#[must_use = "a canvas does nothing until it is applied"]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Group(pub(crate) Signature);

/// Tasks side by side, and one that is called with the list of their results.
#[must_use = "a canvas does nothing until it is applied"]
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Chord(pub(crate) Signature);

/// A chain of these steps, which is what `a | b | c` makes too: a group that is followed by a step becomes a chord with
/// it, and what follows a chord follows its body.
pub fn chain(steps: impl IntoIterator<Item = impl Into<Signature>>) -> Chain {
    Chain(compose::chain_of(steps.into_iter().map(Into::into)))
}

/// A group of these tasks.
pub fn group(tasks: impl IntoIterator<Item = impl Into<Signature>>) -> Group {
    Group(options::group_of(tasks.into_iter().map(Into::into).collect()))
}

/// A chord: `body` is called with the list of the header's results, in the header's order.
pub fn chord(header: impl IntoIterator<Item = impl Into<Signature>>, body: impl Into<Signature>) -> Chord {
    let header = options::group_of(header.into_iter().map(Into::into).collect());
    Chord(options::chord(header, body.into()))
}

/// Runs the task once for each item, one after the other, in one message; the result is the list of results.
pub fn map(task: impl Into<Signature>, items: impl IntoIterator<Item = impl Into<Value>>) -> Signature {
    let items: Vec<Value> = items.into_iter().map(Into::into).collect();
    let mut signature =
        Signature::new("celery.map").kwarg("task", task_of(task.into())).kwarg("it", items).immutable();
    signature.subtask_type = Some(SubtaskType::Xmap);
    signature
}

/// Like [`map`], each item being the list of the task's arguments.
pub fn starmap(task: impl Into<Signature>, items: impl IntoIterator<Item = impl Into<Value>>) -> Signature {
    options::starmap_of(task_of(task.into()), items.into_iter().map(Into::into).collect())
}

/// Like [`starmap`], cut into pieces of `n` items, which run side by side.
pub fn chunks(
    task: impl Into<Signature>,
    items: impl IntoIterator<Item = impl Into<Value>>,
    n: std::num::NonZeroUsize,
) -> Group {
    let task = task_of(task.into());
    let items: Vec<Value> = items.into_iter().map(Into::into).collect();
    let pieces = items.chunks(n.get()).map(|piece| options::starmap_of(task.clone(), piece.to_vec()));
    Group(options::group_of(pieces.collect()))
}

fn task_of(task: Signature) -> Value {
    serde_json::json!(task)
}

impl<R: Into<Signature>> std::ops::BitOr<R> for Signature {
    type Output = Chain;

    /// `right` runs after this, with its result.
    fn bitor(self, right: R) -> Chain {
        Chain(compose::or(self, right.into()))
    }
}

macro_rules! canvas {
    ($name:ident) => {
        impl<R: Into<Signature>> std::ops::BitOr<R> for $name {
            type Output = Chain;

            /// `right` runs after this, with its result.
            fn bitor(self, right: R) -> Chain {
                Chain(compose::or(self.0, right.into()))
            }
        }

        impl From<$name> for Signature {
            fn from(canvas: $name) -> Self {
                canvas.0
            }
        }

        impl $name {
            /// Calls `callback` with the result when all of it succeeds.
            pub fn link(self, callback: impl Into<Signature>) -> Self {
                Self(self.0.link(callback))
            }

            /// Calls `errback` with the failed task's id when it fails.
            pub fn link_error(self, errback: impl Into<Signature>) -> Self {
                Self(self.0.link_error(errback))
            }

            /// Marks all of its tasks; see [`Signature::stamp`].
            pub fn stamp(self, name: &str, value: impl Into<Value>) -> Self {
                Self(self.0.stamp(name, value))
            }

            /// Sets an option, such as `task_id`, `queue` or `priority`.
            pub fn option(self, name: &str, value: impl Into<Value>) -> Self {
                Self(self.0.option(name, value))
            }
        }
    };
}

canvas!(Chain);
canvas!(Group);
canvas!(Chord);

impl Chain {
    /// Sends the first task; the result is the last one's.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn apply<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<AsyncResult<Value>, AppError> {
        app.send_signature(self.0).await
    }
}

impl Chord {
    /// A keyword argument for each task of the header that is not immutable; of a chain it is the first one's. The body
    /// does not get it.
    pub fn kwarg(mut self, name: &str, value: impl Into<Value>) -> Self {
        let mut keywords = options::take_keywords(&mut self.0);
        keywords.insert(name.to_owned(), value.into());
        self.0.kwargs.insert("kwargs".to_owned(), keywords.into());
        self
    }

    /// Sends the header; the result is the body's.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn apply<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<AsyncResult<Value>, AppError> {
        app.send_signature(self.0).await
    }
}

impl Group {
    /// Sends all tasks.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn apply<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<GroupResult, AppError> {
        app.send_group(self.0).await
    }
}
