//! A task's code as both pools poll it.

use std::any::Any;
use std::collections::BTreeSet;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use parking_lot::Mutex;
use serde_json::Value;
use tracing::Span;

use crate::async_result::Inside;
use crate::protocol::Message;
use crate::registry::Run;
use crate::task::{Failure, TaskError};

/// Who keeps a thread of the runtime for so long keeps others waiting.
const LONGEST_POLL: Duration = Duration::from_millis(500);

/// The tasks of which it was said that they block.
static BLOCKING: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// A run: its log lines carry the task, waits for results in it are refused, and its panic is a failure. `sharing` names
/// a task that shares its thread with others, to whom it must not be blocked.
pub(super) async fn guarded(
    run: Run,
    message: &Message,
    sharing: Option<&'static str>,
) -> Result<Value, TaskError> {
    let headers = &message.headers;
    // Costs nothing where nobody listens: the fields are not looked at then.
    let span = tracing::info_span!(
        target: "celery.task", "task",
        id = %headers.id, name = headers.shown_name(), retries = headers.retries,
    );
    let end = AssertUnwindSafe(Running { run, span, sharing }).catch_unwind().await;
    end.unwrap_or_else(|panic| Err(TaskError::Failed(panicked(panic.as_ref()))))
}

struct Running {
    run: Run,
    span: Span,
    /// The task, if its thread is not its own.
    sharing: Option<&'static str>,
}

impl Future for Running {
    type Output = Result<Value, TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { run, span, sharing } = &mut *self;
        let _span = span.enter();
        let _inside = Inside::enter();
        let Some(task) = *sharing else { return run.as_mut().poll(context) };
        let start = Instant::now();
        let polled = run.as_mut().poll(context);
        let took = start.elapsed();
        if took > LONGEST_POLL {
            complain(task, took);
        }
        polled
    }
}

/// Says once of each task that it keeps a thread to itself.
fn complain(task: &'static str, took: Duration) {
    if BLOCKING.lock().insert(task) {
        tracing::warn!(
            target: "celery.worker",
            "{task} kept a thread of the runtime for {took:.1?} without an await, and others waited: put what blocks or \
             computes into tokio::task::spawn_blocking, or use the prefork pool",
        );
    }
}

fn panicked(panic: &(dyn Any + Send)) -> Failure {
    let message = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    Failure::panicked(&message)
}
