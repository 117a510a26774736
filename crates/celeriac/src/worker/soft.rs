//! A soft shutdown: tasks that run may go on for a while before the worker gives them back.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::worker::held::Stage;
use crate::worker::settings::SoftShutdown;
use crate::worker::shared::Shared;

/// Turns the soft signal into the cold one: when the timeout has passed, or at once when there is none, or nothing to
/// wait for.
pub(crate) async fn soften<S: Send + Sync + 'static>(shared: Arc<Shared<S>>, end: CancellationToken) {
    let shutdown = &shared.shutdown;
    tokio::select! {
        () = shutdown.soft.cancelled() => {}
        () = end.cancelled() => return,
    }
    let SoftShutdown { timeout, on_idle } = shared.settings.soft_shutdown;
    if !timeout.is_zero() && (on_idle || !shared.at(Stage::Active).is_empty()) {
        let seconds = timeout.as_secs_f64();
        tracing::warn!(target: "celery.worker", "Initiating Soft Shutdown, terminating in {seconds:?} seconds");
        tokio::select! {
            () = tokio::time::sleep(timeout) => {}
            () = shutdown.cold.cancelled() => {}
            () = end.cancelled() => {}
        }
    }
    shutdown.cold();
}
