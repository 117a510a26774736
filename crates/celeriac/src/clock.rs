//! The Lamport clock that orders events of several nodes.

use std::sync::atomic::{AtomicU64, Ordering};

/// A logical clock: each event takes a tick, each message from elsewhere pushes it on.
#[derive(Debug, Default)]
pub struct LamportClock(AtomicU64);

impl LamportClock {
    /// The time of a new event.
    pub fn forward(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes another node's time into account.
    pub fn adjust(&self, other: u64) {
        // A foreign clock near the end of its range would stop ours; such a value is no clock.
        if other < u64::MAX / 2 {
            self.0.fetch_max(other, Ordering::Relaxed);
            self.forward();
        }
    }

    /// The time now.
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_only_runs_forward() {
        let clock = LamportClock::default();
        assert_eq!(clock.forward(), 1);
        clock.adjust(10);
        assert_eq!(clock.value(), 11);
        clock.adjust(3);
        assert_eq!(clock.forward(), 13);
        clock.adjust(u64::MAX);
        assert_eq!(clock.value(), 13);
    }
}
