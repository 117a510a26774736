//! Autoscaling: as many places as there is work for, between two bounds.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::worker::shared::Shared;

/// How long places are kept that have no work, unless `AUTOSCALE_KEEPALIVE` says otherwise.
const KEEPALIVE: Duration = Duration::from_secs(30);
/// How often it is looked whether there are too many.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The bounds, which remote control may move.
#[derive(Debug)]
pub(crate) struct Autoscaler {
    bounds: Mutex<Bounds>,
    /// There is more work.
    look: Notify,
    keepalive: Duration,
}

/// At most and at least so many places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) max: usize,
    pub(crate) min: usize,
}

impl Autoscaler {
    pub(crate) fn new(bounds: Bounds) -> Self {
        let keepalive = std::env::var("AUTOSCALE_KEEPALIVE").ok().and_then(|seconds| seconds.parse().ok());
        let keepalive = keepalive.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        Self { bounds: Mutex::new(bounds), look: Notify::new(), keepalive: keepalive.unwrap_or(KEEPALIVE) }
    }

    pub(crate) fn bounds(&self) -> Bounds {
        *self.bounds.lock()
    }

    /// Moves the bounds; what the pool must have or must not have then is done at once.
    pub(crate) fn set_bounds(&self, bounds: Bounds) {
        *self.bounds.lock() = bounds;
        self.look.notify_one();
    }

    /// There may be more work than before.
    pub(crate) fn look(&self) {
        self.look.notify_one();
    }
}

/// How many places there shall be: more at once, fewer only after the others had no work for a while.
fn wanted(bounds: Bounds, places: usize, work: usize, has_rested: bool) -> usize {
    let Bounds { max, min } = bounds;
    let needed = work.clamp(min, max);
    if needed > places || has_rested { needed } else { places.clamp(min, max) }
}

/// Grows and shrinks the pool until the worker ends.
pub(crate) async fn scale<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    autoscaler: Arc<Autoscaler>,
    end: CancellationToken,
) {
    let mut needed_since = Instant::now();
    loop {
        tokio::select! {
            () = autoscaler.look.notified() => {}
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = end.cancelled() => return,
        }
        let (places, work) = (shared.pool.size(), shared.prefetched());
        if work >= places {
            needed_since = Instant::now();
        }
        let has_rested = needed_since.elapsed() >= autoscaler.keepalive;
        let wanted = wanted(autoscaler.bounds(), places, work, has_rested);
        if wanted > places {
            tracing::info!(target: "celery.worker", "Scaling up {} processes.", wanted - places);
            shared.pool.grow(wanted - places);
            shared.room.notify_one();
        } else if wanted < places {
            let gone = shared.pool.shrink(places - wanted);
            tracing::info!(target: "celery.worker", "Scaling down {gone} processes.");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_follow_the_work_between_the_bounds() {
        let bounds = Bounds { max: 10, min: 2 };
        assert_eq!(wanted(bounds, 2, 0, false), 2);
        assert_eq!(wanted(bounds, 2, 5, false), 5);
        assert_eq!(wanted(bounds, 5, 50, false), 10);
        assert_eq!(wanted(bounds, 10, 3, false), 10, "not at once");
        assert_eq!(wanted(bounds, 10, 3, true), 3);
        assert_eq!(wanted(bounds, 10, 0, true), 2);
        assert_eq!(wanted(Bounds { max: 4, min: 2 }, 10, 10, false), 4, "the bound was moved");
    }
}
