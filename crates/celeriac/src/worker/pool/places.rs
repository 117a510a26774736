//! How many tasks run side by side.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of places that may grow and shrink while tasks run.
#[derive(Debug)]
pub(super) struct Places {
    places: Arc<Semaphore>,
    size: AtomicUsize,
    /// Places that are to go as soon as what runs there has ended.
    surplus: AtomicUsize,
}

/// The right to one place, which is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Permit {
    places: Arc<Places>,
    permit: Option<OwnedSemaphorePermit>,
}

impl Places {
    pub(super) fn new(size: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(size)),
            size: AtomicUsize::new(size),
            surplus: AtomicUsize::new(0),
        }
    }

    /// Waits for a free place; first come, first served.
    pub(super) async fn permit(self: Arc<Self>) -> Permit {
        let permit = self.places.clone().acquire_owned().await.ok();
        Permit { places: self, permit }
    }

    /// How many tasks may run side by side.
    pub(super) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Adds places.
    pub(super) fn grow(&self, n: usize) {
        let n = n.min(Semaphore::MAX_PERMITS / 2 - self.size());
        self.size.fetch_add(n, Ordering::Relaxed);
        let kept = self.take_surplus(n);
        self.places.add_permits(n - kept);
    }

    /// Takes places away, at most all but one. Returns how many.
    pub(super) fn shrink(&self, n: usize) -> usize {
        let gone = n.min(self.size().saturating_sub(1));
        self.size.fetch_sub(gone, Ordering::Relaxed);
        let free = self.places.forget_permits(gone);
        self.surplus.fetch_add(gone - free, Ordering::Relaxed);
        gone
    }

    fn take_surplus(&self, wanted: usize) -> usize {
        let mut taken = 0;
        let _ = self.surplus.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |surplus| {
            taken = surplus.min(wanted);
            Some(surplus - taken)
        });
        taken
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if self.places.surplus.load(Ordering::Relaxed) > 0
            && self.places.take_surplus(1) == 1
            && let Some(permit) = self.permit.take()
        {
            permit.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_pool_shrinks_when_what_runs_has_ended() {
        let places = Arc::new(Places::new(2));
        let (one, two) = (places.clone().permit().await, places.clone().permit().await);
        assert_eq!(places.shrink(5), 1);
        drop(one);
        assert_eq!((places.size(), places.places.available_permits()), (1, 0));
        drop(two);
        assert_eq!(places.places.available_permits(), 1);
        places.grow(3);
        assert_eq!((places.size(), places.places.available_permits()), (4, 4));
    }

    #[tokio::test]
    async fn growing_takes_back_a_shrink_that_still_waits() {
        let places = Arc::new(Places::new(2));
        let both = (places.clone().permit().await, places.clone().permit().await);
        places.shrink(1);
        places.grow(1);
        drop(both);
        assert_eq!((places.size(), places.places.available_permits()), (2, 2));
    }
}
