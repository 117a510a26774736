//! How a worker is told to stop.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Three signals: a warm one (end what runs, give back the rest), a cold one (give back everything now), and a soft one
/// (a warm one for a while, then a cold one).
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, end what runs, return what waits, then stop.
    pub warm: CancellationToken,
    /// As warm, and cold when the worker's
    /// [soft shutdown timeout](crate::WorkerBuilder::soft_shutdown_timeout) has passed. Implies warm.
    pub soft: CancellationToken,
    /// Cancel what runs, return all that is unsettled, then stop. Implies warm.
    pub cold: CancellationToken,
    dump: Arc<Notify>,
}

impl Shutdown {
    /// Signals that nobody has given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives the warm signal.
    pub fn warm(&self) {
        self.warm.cancel();
    }

    /// Gives the soft signal, and the warm one with it. A worker without a soft shutdown timeout takes it for a cold one.
    pub fn soft(&self) {
        // First, so that whoever sees the warm one knows that it is not all.
        self.soft.cancel();
        self.warm.cancel();
    }

    /// Gives the cold signal, and the warm one with it.
    pub fn cold(&self) {
        self.cold.cancel();
        self.warm.cancel();
    }

    /// Has the worker write to its log what it does.
    pub fn dump(&self) {
        self.dump.notify_one();
    }

    pub(crate) async fn dump_asked(&self) {
        self.dump.notified().await;
    }

    /// Waits until the worker is to take nothing new.
    pub async fn requested(&self) {
        tokio::select! {
            () = self.warm.cancelled() => {}
            () = self.cold.cancelled() => {}
        }
    }

    /// Is the worker to stop?
    pub fn is_requested(&self) -> bool {
        self.warm.is_cancelled() || self.cold.is_cancelled()
    }
}
