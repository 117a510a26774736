//! Running a task as a future on this process's runtime.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::time::Instant;

use super::{End, Work};
use crate::cancellation::CancelReason;
use crate::registry::Run;
use crate::task::{Failure, TaskError};

/// Polls the run until it ends, panics, is dropped by somebody or has had its time.
pub(super) async fn run<S: Send + Sync + 'static>(work: Work<'_, S>) -> End {
    let Work { task, held, limits, cx, .. } = work;
    let run = guarded((task.run)(held.message.clone(), cx));
    tokio::pin!(run);
    let start = Instant::now();
    let mut soft = limits.soft;
    loop {
        let next = soft.or(limits.hard);
        tokio::select! {
            biased;
            reason = held.cancellation.dropped() => return End::Dropped(reason),
            end = &mut run => return End::Returned(end),
            () = deadline(next.map(|limit| start + limit)) => match soft.take() {
                Some(limit) => held.exceed_soft_limit(limit),
                None => {
                    held.cancellation.cancel(CancelReason::TimeLimit);
                    return End::Dropped(CancelReason::TimeLimit);
                }
            },
        }
    }
}

/// The run, whose panic is a failure.
pub(super) async fn guarded(run: Run) -> Result<serde_json::Value, TaskError> {
    let end = AssertUnwindSafe(run).catch_unwind().await;
    end.unwrap_or_else(|panic| Err(TaskError::Failed(panicked(panic.as_ref()))))
}

/// Waits for a moment, or for ever.
pub(super) async fn deadline(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
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
