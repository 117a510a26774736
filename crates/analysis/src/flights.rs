//! One at a time for each name.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::OwnedMutexGuard;

type Lock = Arc<tokio::sync::Mutex<()>>;

/// Locks by name; a name that nobody holds takes no memory.
#[derive(Default, Clone)]
pub(crate) struct Flights(Arc<Mutex<HashMap<String, Lock>>>);

/// The right to be the only one of a name.
pub(crate) struct Alone {
    flights: Flights,
    name: String,
    guard: Option<OwnedMutexGuard<()>>,
}

impl Flights {
    /// Waits until nobody else holds the name.
    pub(crate) async fn enter(&self, name: &str) -> Alone {
        let lock = self.0.lock().entry(name.to_owned()).or_default().clone();
        let guard = Some(lock.lock_owned().await);
        Alone { flights: self.clone(), name: name.to_owned(), guard }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut held = self.flights.0.lock();
        drop(self.guard.take());
        // The map's own is the last one: nobody holds or awaits it, and none can come while the map is locked.
        if held.get(&self.name).is_some_and(|lock| Arc::strong_count(lock) == 1) {
            held.remove(&self.name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_second_waits_for_the_first_and_nothing_stays() {
        let flights = Flights::default();
        let first = flights.enter("a").await;
        let other = flights.enter("b").await;
        let mut second = Box::pin(flights.enter("a"));
        assert!(futures_util::poll!(&mut second).is_pending());
        drop(first);
        let second = second.await;
        drop((second, other));
        assert!(flights.0.lock().is_empty());
    }
}
