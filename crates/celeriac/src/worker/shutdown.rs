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
    /// Where the signals come from, if these are those of one run.
    owner: Option<Arc<Shutdown>>,
}

impl Shutdown {
    /// Signals that nobody has given yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same signals for one run, which may be given up without touching what else listens to them.
    pub(crate) fn of_one_run(&self) -> Self {
        Self {
            warm: self.warm.child_token(),
            soft: self.soft.child_token(),
            cold: self.cold.child_token(),
            dump: self.dump.clone(),
            owner: Some(Arc::new(self.clone())),
        }
    }

    /// Gives the cold signal to this run alone.
    pub(crate) fn give_up(&self) {
        self.cold.cancel();
        self.warm.cancel();
    }

    /// Those that everybody hears.
    fn common(&self) -> &Self {
        self.owner.as_deref().unwrap_or(self)
    }

    /// Gives the warm signal.
    pub fn warm(&self) {
        self.common().warm.cancel();
    }

    /// Gives the soft signal, and the warm one with it. A worker without a soft shutdown timeout takes it for a cold one.
    pub fn soft(&self) {
        // First, so that whoever sees the warm one knows that it is not all.
        self.common().soft.cancel();
        self.common().warm.cancel();
    }

    /// Gives the cold signal, and the warm one with it.
    pub fn cold(&self) {
        self.common().give_up();
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
