//! How a worker is told to stop.

use std::sync::Arc;

use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

/// Two signals: a warm one (end what runs, give back the rest) and a cold one (give back everything now).
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take nothing new, end what runs, return what waits, then stop.
    pub warm: CancellationToken,
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
