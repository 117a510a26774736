//! The places in which tasks run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// A number of places that may grow and shrink while tasks run.
#[derive(Debug)]
pub(crate) struct Pool {
    places: Arc<Semaphore>,
    size: AtomicUsize,
    /// Places that are to go as soon as what runs there has ended.
    surplus: AtomicUsize,
}

/// One place, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    pool: &'a Pool,
    permit: Option<OwnedSemaphorePermit>,
}

impl Pool {
    pub(crate) fn new(size: usize) -> Self {
        Self {
            places: Arc::new(Semaphore::new(size)),
            size: AtomicUsize::new(size),
            surplus: AtomicUsize::new(0),
        }
    }

    /// Waits for a free place; first come, first served.
    pub(crate) async fn place(&self) -> Place<'_> {
        let permit = self.places.clone().acquire_owned().await.ok();
        Place { pool: self, permit }
    }

    /// How many tasks may run side by side.
    pub(crate) fn size(&self) -> usize {
        self.size.load(Ordering::Relaxed)
    }

    /// Adds places.
    pub(crate) fn grow(&self, n: usize) {
        let n = n.min(Semaphore::MAX_PERMITS / 2 - self.size());
        self.size.fetch_add(n, Ordering::Relaxed);
        let kept = self.take_surplus(n);
        self.places.add_permits(n - kept);
    }

    /// Takes places away, at most all but one. Returns how many.
    pub(crate) fn shrink(&self, n: usize) -> usize {
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

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if self.pool.surplus.load(Ordering::Relaxed) > 0
            && self.pool.take_surplus(1) == 1
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
        let pool = Pool::new(2);
        let (one, two) = (pool.place().await, pool.place().await);
        assert_eq!(pool.shrink(5), 1);
        drop(one);
        assert_eq!((pool.size(), pool.places.available_permits()), (1, 0));
        drop(two);
        assert_eq!(pool.places.available_permits(), 1);
        pool.grow(3);
        assert_eq!((pool.size(), pool.places.available_permits()), (4, 4));
    }

    #[tokio::test]
    async fn growing_takes_back_a_shrink_that_still_waits() {
        let pool = Pool::new(2);
        let both = (pool.place().await, pool.place().await);
        pool.shrink(1);
        pool.grow(1);
        drop(both);
        assert_eq!((pool.size(), pool.places.available_permits()), (2, 2));
    }
}
