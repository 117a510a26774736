//! How a running task learns that it is to stop.

use std::sync::atomic::{AtomicU8, Ordering};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

/// Why a running task is to stop. It is no error of its own kind, so that `?` can turn it into the right
/// [`TaskError`](crate::TaskError).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CancelReason {
    /// The soft time limit has passed; the task may still end by itself.
    SoftTimeLimit,
    /// The time limit has passed; the run is dropped.
    TimeLimit,
    /// Somebody revoked the task with `terminate`; the run is dropped.
    Revoked,
    /// The worker stops at once; the run is dropped and the message goes back to its queue.
    Shutdown,
}

impl std::fmt::Display for CancelReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SoftTimeLimit => "the soft time limit has passed",
            Self::TimeLimit => "the time limit has passed",
            Self::Revoked => "the task was revoked",
            Self::Shutdown => "the worker shuts down",
        })
    }
}

/// The signals of one run: `soft` asks it to stop, `hard` drops it.
#[derive(Debug, Default)]
pub(crate) struct Cancellation {
    /// Seen by the task.
    soft: CancellationToken,
    /// Seen by the worker, which drops the run.
    hard: CancellationToken,
    /// The last reason given, 0 for none.
    reason: AtomicU8,
}

impl Cancellation {
    /// Asks the run to stop, and drops it unless the reason is the soft limit.
    pub(crate) fn cancel(&self, reason: CancelReason) {
        let code = match reason {
            CancelReason::SoftTimeLimit => 1,
            CancelReason::TimeLimit => 2,
            CancelReason::Revoked => 3,
            CancelReason::Shutdown => 4,
        };
        self.reason.fetch_max(code, Ordering::SeqCst);
        self.soft.cancel();
        if reason != CancelReason::SoftTimeLimit {
            self.hard.cancel();
        }
    }

    /// Why the run is to stop, if it is.
    pub(crate) fn reason(&self) -> Option<CancelReason> {
        match self.reason.load(Ordering::SeqCst) {
            1 => Some(CancelReason::SoftTimeLimit),
            2 => Some(CancelReason::TimeLimit),
            3 => Some(CancelReason::Revoked),
            4 => Some(CancelReason::Shutdown),
            _ => None,
        }
    }

    /// Waits until the run is asked to stop.
    pub(crate) async fn asked(&self) -> CancelReason {
        self.soft.cancelled().await;
        self.reason().unwrap_or(CancelReason::Shutdown)
    }

    /// Waits until the run is to be dropped.
    pub(crate) async fn dropped(&self) -> CancelReason {
        self.hard.cancelled().await;
        self.reason().unwrap_or(CancelReason::Shutdown)
    }
}
