//! Running a task as a future on this process's runtime.

use tokio::time::Instant;

use super::running::guarded;
use super::{End, Work};
use crate::cancellation::CancelReason;

/// Polls the run until it ends, panics, is dropped by somebody or has had its time.
pub(super) async fn run<S: Send + Sync + 'static>(work: Work<'_, S>) -> End {
    let Work { task, held, limits, cx, .. } = work;
    let run = guarded((task.run)(held.message.clone(), cx), &held.message, Some(task.name));
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

/// Waits for a moment, or for ever.
pub(super) async fn deadline(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}
