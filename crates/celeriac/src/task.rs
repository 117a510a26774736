//! What a task is: its arguments, its settings, its `run`, and how a run may end other than well.

use std::future::Future;
use std::panic::Location;
use std::time::Duration;

use rand::RngExt;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::cancellation::CancelReason;
use crate::context::Context;
use crate::protocol::{Signature, TaskException};

/// How a task's run ends.
pub type TaskResult<T> = Result<T, TaskError>;

/// A task: a serialisable struct whose fields are the arguments. `S` is the state that the app's tasks share.
///
/// The constants are the task's settings; the defaults fit idempotent work.
pub trait Task<S = ()>: Serialize + DeserializeOwned + Send + 'static {
    /// The name under which messages call it, such as `tasks.add`.
    const NAME: &'static str;
    /// The queue that [`App::send`](crate::App::send) uses; `None` is the app's default queue.
    const QUEUE: Option<&'static str> = None;
    /// 0 is the most urgent, 9 the least, as Celery on Redis has it.
    const PRIORITY: u8 = 0;
    /// Acknowledge after the run (the message survives a killed worker) rather than before it.
    const ACKS_LATE: bool = true;
    /// When the run fails, the message is done (as when it succeeds). If not, and it is acknowledged late, the message
    /// goes to the dead letters.
    const ACKS_ON_FAILURE: bool = true;
    /// The same for a run that exceeds its time limit.
    const ACKS_ON_TIMEOUT: bool = true;
    /// When the process dies in which the task runs (in the prefork pool) and the message is acknowledged late, it goes
    /// back to its queue, until it has killed three processes. If not, the task fails with `WorkerLostError`, which is
    /// what Celery does unless it is told otherwise.
    const REJECT_ON_WORKER_LOST: bool = true;
    /// How often the task may be run again after `Retry`; `None` is for ever.
    const MAX_RETRIES: Option<u32> = Some(3);
    /// The pause before a retry that names none.
    const RETRY: RetryPolicy = RetryPolicy::fixed(Duration::from_secs(180));
    /// The run is dropped after this time (in the prefork pool its process is killed) and the task fails with
    /// `TimeLimitExceeded`.
    const TIME_LIMIT: Option<Duration> = None;
    /// [`Context::cancelled`] fires after this time.
    const SOFT_TIME_LIMIT: Option<Duration> = None;
    /// At most so many starts per time in one worker, in Celery's form: `"10/s"`, `"100/m"`, `"5/h"`.
    const RATE_LIMIT: Option<&'static str> = None;
    /// Store no result (failures neither).
    const IGNORE_RESULT: bool = false;
    /// Called as an errback (`link_error`) with `(request, exc, traceback)`, at once in the worker that saw the failure,
    /// like Celery's errbacks of three arguments: `request` is an object with the failed task's `id`, `task`, `args`
    /// and so on, `exc` is a [`TaskException`]. Otherwise an errback is a task that gets the failed task's id.
    const INLINE_ERRBACK: bool = false;
    /// Store `STARTED` when the run begins.
    const TRACK_STARTED: bool = false;

    /// What a run gives, stored as the result.
    type Output: Serialize + DeserializeOwned + Send + 'static;

    /// Does the work. CPU-bound work belongs into [`tokio::task::spawn_blocking`], which must look at
    /// [`Context::is_cancelled`]: dropping this future does not stop a thread.
    fn run(self, cx: Context<S>) -> impl Future<Output = TaskResult<Self::Output>> + Send;

    /// Whether a run that failed like this is to be retried by itself, as Celery's `autoretry_for` does.
    fn retries_after(_failure: &Failure) -> bool {
        false
    }
}

/// Why a run failed: the exception that is stored, and where it came from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// Class, module and arguments, as Python's client rebuilds them.
    pub exception: TaskException,
    /// What is told of the way here, if it is not the line on which the failure was made.
    pub traceback: Option<String>,
    /// Where it was made; nothing for what happens to a task from outside, such as a time limit.
    #[serde(default)]
    origin: Option<Box<Origin>>,
}

/// The line of a program on which a failure was made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Origin {
    file: String,
    line: u32,
    /// The error in words with its causes, a line each; nothing if the exception says it all.
    causes: Option<String>,
}

impl Failure {
    /// A failure with one of Python's builtin exception classes, such as `ValueError`, or any other name.
    #[track_caller]
    pub fn new(exc_type: &str, message: impl Into<String>) -> Self {
        Self::of(TaskException::new("builtins", exc_type, message.into()))
    }

    /// A failure with an exception of a named module.
    #[track_caller]
    pub fn of(exception: TaskException) -> Self {
        let place = Location::caller();
        let origin = Origin { file: place.file().to_owned(), line: place.line(), causes: None };
        Self { origin: Some(Box::new(origin)), ..Self::bare(exception) }
    }

    /// A failure that no line of a task has made.
    pub(crate) fn bare(exception: TaskException) -> Self {
        Self { exception, traceback: None, origin: None }
    }

    /// The failure of a run that panicked. Only what the panic printed tells where, so the frame has no file.
    pub(crate) fn panicked(message: &str) -> Self {
        let text = format!("the task panicked: {message}");
        let origin = Origin { file: "<panic>".to_owned(), line: 0, causes: None };
        let exception = TaskException::new("builtins", "RuntimeError", text);
        Self { origin: Some(Box::new(origin)), ..Self::bare(exception) }
    }

    /// The failure of a Rust error: the class is the error type's name, the text its chain of causes. An error without
    /// a type, such as `&*error` of a `Box<dyn Error>` or an `anyhow::Error`, has the class `Error`.
    #[track_caller]
    pub fn from_error<E: std::error::Error + ?Sized>(error: &E) -> Self {
        Self::told(error, std::any::type_name::<E>())
    }

    /// The failure of what can be boxed as an error: `anyhow::Error`, `Box<dyn Error + Send + Sync>`, an error type, a
    /// text.
    #[track_caller]
    pub fn from_boxed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> Self {
        Self::told(&*error.into(), std::any::type_name::<E>())
    }

    #[track_caller]
    fn told<E: std::error::Error + ?Sized>(error: &E, type_name: &str) -> Self {
        let path = class_path(type_name);
        let exc_type = path.rsplit("::").next().unwrap_or(path);
        let mut message = error.to_string();
        let mut lines = vec![format!("{path}: {message}")];
        let mut source = error.source();
        while let Some(cause) = source {
            let text = cause.to_string();
            if !message.ends_with(&text) {
                message = format!("{message}: {text}");
            }
            lines.push(format!("caused by: {text}"));
            source = cause.source();
        }
        // No module of this name is ever loaded, so that Python's client makes a class of that name.
        let mut failure = Self::of(TaskException::new("celeriac.errors", exc_type, message));
        if let Some(origin) = &mut failure.origin {
            origin.causes = Some(lines.join("\n"));
        }
        failure
    }

    /// With a traceback, if it can tell where it was made. It has the form of Python's, which the clients of Celery read
    /// (`task_remote_tracebacks`): the one frame is the line of the task that made the failure.
    pub(crate) fn traced(mut self, task: &str) -> Self {
        if let (None, Some(origin)) = (&self.traceback, &self.origin) {
            let Origin { file, line, causes } = origin.as_ref();
            let last = causes.clone().unwrap_or_else(|| self.exception.last_line());
            self.traceback = Some(format!(
                "Traceback (most recent call last):\n  File \"{file}\", line {line}, in {task}\n{last}\n"
            ));
        }
        self
    }

    /// As Python's `repr` shows it, at most 1024 characters.
    pub fn repr(&self) -> String {
        crate::repr::cut(self.exception.repr())
    }
}

/// The path of the class that an error of this type is told as.
fn class_path(type_name: &str) -> &str {
    const NO_ERROR_TYPES: [&str; 5] =
        ["dyn ", "&", "alloc::boxed::Box<", "alloc::string::", "alloc::borrow::"];
    if NO_ERROR_TYPES.iter().any(|start| type_name.starts_with(start)) {
        return "Error";
    }
    type_name.split('<').next().unwrap_or(type_name)
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.repr())
    }
}

/// A wish to run again.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Retry {
    /// The pause; `None` is what the task's [`RetryPolicy`] says.
    pub countdown: Option<Duration>,
    /// Why; stored with the state `RETRY`, and as the failure when no retry is left.
    pub cause: Option<Box<Failure>>,
    /// Overrides the task's `MAX_RETRIES` this time.
    pub max_retries: Option<u32>,
    /// The next run is revoked if it has not started after this time.
    #[serde(default)]
    pub expires: Option<Duration>,
}

impl Retry {
    /// Sets the pause.
    pub fn countdown(mut self, pause: Duration) -> Self {
        self.countdown = Some(pause);
        self
    }

    /// Sets the reason.
    pub fn because(mut self, cause: Failure) -> Self {
        self.cause = Some(Box::new(cause));
        self
    }

    /// Revokes the next run if it has not started after this time.
    pub fn expires(mut self, after: Duration) -> Self {
        self.expires = Some(after);
        self
    }

    /// Sets how often in all.
    pub fn max_retries(mut self, times: u32) -> Self {
        self.max_retries = Some(times);
        self
    }
}

/// How a run ends without a result. `?` turns any error into `Failed`; for those that are no [`std::error::Error`]
/// themselves (`anyhow::Error`, `Box<dyn Error + Send + Sync>`) there is [`OrFail`].
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum TaskError {
    /// It failed; the failure is stored.
    Failed(Failure),
    /// Run it again later, under the same id.
    Retry(Box<Retry>),
    /// It ends with no state stored and no callback called.
    Ignore,
    /// The message goes back to its queue with no state stored, or to the dead-letter queue as a failure.
    Reject {
        /// Back to the queue?
        requeue: bool,
    },
    /// Another signature takes its place; see [`Context::replace`].
    Replace(Box<Signature>),
}

impl TaskError {
    /// A failure with a class name and a message.
    #[track_caller]
    pub fn failed(exc_type: &str, message: impl Into<String>) -> Self {
        Self::Failed(Failure::new(exc_type, message))
    }

    /// A failure of what can be boxed as an error; see [`OrFail`] for a shorter way.
    #[track_caller]
    pub fn from_boxed<E: Into<Box<dyn std::error::Error + Send + Sync>>>(error: E) -> Self {
        Self::Failed(Failure::from_boxed(error))
    }
}

/// Makes a failure of the task of errors that `?` alone does not take: `anyhow::Error` and
/// `Box<dyn Error + Send + Sync>` are no [`std::error::Error`].
///
/// ```
/// use celeriac::{OrFail, TaskResult};
///
/// fn parse(text: &str) -> anyhow::Result<i64> {
///     Ok(text.trim().parse()?)
/// }
///
/// fn work(text: &str) -> TaskResult<i64> {
///     Ok(parse(text).or_fail()? + 1)
/// }
///
/// assert_eq!(work(" 41 ").unwrap(), 42);
/// assert!(work("forty").is_err());
/// ```
pub trait OrFail<T> {
    /// The value, or a [`TaskError::Failed`] with the error's text and its causes. The class is the error type's name,
    /// `Error` where there is none.
    ///
    /// # Errors
    /// When this is an error.
    fn or_fail(self) -> TaskResult<T>;
}

impl<T, E: Into<Box<dyn std::error::Error + Send + Sync>>> OrFail<T> for Result<T, E> {
    #[track_caller]
    fn or_fail(self) -> TaskResult<T> {
        // No closure: the line that is told is the caller's.
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(TaskError::from_boxed(error)),
        }
    }
}

impl<E: std::error::Error> From<E> for TaskError {
    /// `?` tells its own line.
    #[track_caller]
    fn from(error: E) -> Self {
        Self::Failed(Failure::from_error(&error))
    }
}

impl From<Failure> for TaskError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Retry> for TaskError {
    fn from(retry: Retry) -> Self {
        Self::Retry(Box::new(retry))
    }
}

impl From<CancelReason> for TaskError {
    #[track_caller]
    fn from(reason: CancelReason) -> Self {
        match reason {
            CancelReason::SoftTimeLimit => {
                let exception = TaskException {
                    exc_type: "SoftTimeLimitExceeded".to_owned(),
                    exc_message: Vec::new(),
                    exc_module: "billiard.exceptions".to_owned(),
                };
                Self::Failed(Failure::of(exception))
            }
            CancelReason::TimeLimit | CancelReason::Revoked => Self::Ignore,
            CancelReason::Shutdown => Self::Reject { requeue: true },
        }
    }
}

/// The pause before a retry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// The pause before the first retry.
    pub delay: Duration,
    /// Double the pause each time.
    pub exponential: bool,
    /// No pause is longer.
    pub max_delay: Duration,
    /// Take a random part of the pause, so that what failed together does not come back together.
    pub jitter: bool,
}

impl RetryPolicy {
    /// The same pause each time.
    pub const fn fixed(delay: Duration) -> Self {
        Self { delay, exponential: false, max_delay: delay, jitter: false }
    }

    /// `delay`, twice `delay`, four times .. up to `max_delay`, with jitter.
    pub const fn exponential(delay: Duration, max_delay: Duration) -> Self {
        Self { delay, exponential: true, max_delay, jitter: true }
    }

    /// Turns the random part off or on.
    pub const fn jitter(mut self, jitter: bool) -> Self {
        self.jitter = jitter;
        self
    }

    /// The pause after `retries` retries have been made.
    pub fn pause(&self, retries: u32) -> Duration {
        let factor = if self.exponential { 2_u32.saturating_pow(retries.min(31)) } else { 1 };
        let full = self.delay.saturating_mul(factor).min(self.max_delay.max(self.delay));
        if self.jitter && !full.is_zero() {
            // Celery draws from the whole span; half of it stays here, so that a retry is never immediate.
            full.mul_f64(rand::rng().random_range(0.5..=1.0))
        } else {
            full
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_its_limit() {
        let policy = RetryPolicy::exponential(Duration::from_secs(1), Duration::from_secs(10)).jitter(false);
        let pauses: Vec<u64> = (0..6).map(|retries| policy.pause(retries).as_secs()).collect();
        assert_eq!(pauses, [1, 2, 4, 8, 10, 10]);
        assert_eq!(policy.pause(u32::MAX), Duration::from_secs(10));
    }

    #[test]
    fn jitter_stays_within_the_pause() {
        let policy = RetryPolicy::exponential(Duration::from_secs(8), Duration::from_secs(8));
        for _ in 0..100 {
            let pause = policy.pause(3);
            assert!((Duration::from_secs(4)..=Duration::from_secs(8)).contains(&pause), "{pause:?}");
        }
    }

    #[test]
    fn a_traceback_names_the_line_that_failed_and_the_causes() {
        #[derive(Debug, thiserror::Error)]
        #[error("cannot read the settings")]
        struct Settings(#[source] std::num::ParseIntError);
        let read = || -> TaskResult<i64> { Ok("x".parse().map_err(Settings)?) };
        let line = line!() - 1;
        let TaskError::Failed(failure) = read().unwrap_err() else { panic!("not failed") };
        let expected = format!(
            "Traceback (most recent call last):\n  File \"{}\", line {line}, in tasks.read\n\
             {}: cannot read the settings\ncaused by: invalid digit found in string\n",
            file!(),
            std::any::type_name::<Settings>(),
        );
        assert_eq!(failure.traced("tasks.read").traceback, Some(expected));

        let shown = |failure: Failure| failure.traced("t").traceback.unwrap_or_default();
        let TaskError::Failed(failed) = TaskError::failed("ValueError", "no good") else { panic!() };
        let line = line!() - 1;
        let expected = format!("  File \"{}\", line {line}, in t\nValueError: no good\n", file!());
        assert_eq!(shown(failed), format!("Traceback (most recent call last):\n{expected}"));
        let own = Failure { traceback: Some("my own".into()), ..Failure::new("E", "e") };
        assert_eq!(shown(own), "my own");
        assert_eq!(shown(Failure::bare(TaskException::new("m", "E", "e"))), "");
    }

    #[test]
    fn errors_without_a_type_become_failures_with_their_causes() {
        use anyhow::Context as _;
        type Boxed = Box<dyn std::error::Error + Send + Sync>;
        let failed = |result: TaskResult<i64>| match result {
            Err(TaskError::Failed(failure)) => failure.traced("t"),
            other => panic!("{other:?}"),
        };
        let anyhow = || "x".parse::<i64>().context("cannot read the price");
        let expected = "Error('cannot read the price: invalid digit found in string')";
        let line = line!() + 1;
        let failure = failed(anyhow().or_fail());
        assert_eq!(failure.repr(), expected);
        let traceback = failure.traceback.unwrap();
        assert!(traceback.contains(&format!("line {line}, in t")), "{traceback}");
        assert!(traceback.contains("caused by: invalid digit"), "{traceback}");
        assert_eq!(Failure::from_error(&*anyhow().unwrap_err()).repr(), expected);

        let boxed = || -> Result<i64, Boxed> { Err("no price".into()) };
        assert_eq!(failed(boxed().or_fail()).repr(), "Error('no price')");
        assert_eq!(failed(boxed().map_err(TaskError::from_boxed)).repr(), "Error('no price')");
        assert_eq!(failed(Err("no price").or_fail()).repr(), "Error('no price')");
        assert!(failed("x".parse().or_fail()).repr().starts_with("ParseIntError("));
    }

    #[test]
    fn an_error_becomes_a_failure_that_python_can_show() {
        let error = "x".parse::<i64>().unwrap_err();
        let TaskError::Failed(failure) = TaskError::from(error) else { panic!("not failed") };
        assert_eq!(failure.repr(), "ParseIntError('invalid digit found in string')");
        assert_eq!(TaskException::from_value(&failure.exception.clone().into_value()), failure.exception);
    }
}
