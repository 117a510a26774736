//! How often something happened in the last seconds.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The time that rates are taken over.
const WINDOW: Duration = Duration::from_secs(10);
/// The window is divided into so many slots.
const SLOTS: u32 = 20;

/// Counts over a window that moves on.
#[derive(Debug)]
pub(super) struct Rate {
    since: Instant,
    /// The number of each slot, and what was counted in it; oldest first.
    slots: VecDeque<(u64, u64)>,
}

impl Rate {
    pub(super) fn new(now: Instant) -> Self {
        Self { since: now, slots: VecDeque::new() }
    }

    pub(super) fn count(&mut self, now: Instant) {
        let slot = self.slot(now);
        match self.slots.back_mut() {
            Some((last, count)) if *last == slot => *count += 1,
            _ => self.slots.push_back((slot, 1)),
        }
        while self.slots.front().is_some_and(|(first, _)| first + u64::from(SLOTS) <= slot) {
            self.slots.pop_front();
        }
    }

    /// How many per second, over the window or the time since the start if that is shorter.
    pub(super) fn per_second(&self, now: Instant) -> f64 {
        let slot = self.slot(now);
        let counted: u64 =
            self.slots.iter().filter(|(at, _)| at + u64::from(SLOTS) > slot).map(|(_, count)| count).sum();
        let over = now.duration_since(self.since).clamp(Duration::from_secs(1), WINDOW);
        counted as f64 / over.as_secs_f64()
    }

    fn slot(&self, now: Instant) -> u64 {
        (now.duration_since(self.since).as_secs_f64() / (WINDOW / SLOTS).as_secs_f64()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_forgets_what_is_long_ago() {
        let start = Instant::now();
        let mut rate = Rate::new(start);
        (0..50).for_each(|_| rate.count(start));
        assert_eq!(rate.per_second(start), 50.0);
        assert_eq!(rate.per_second(start + Duration::from_secs(5)), 10.0);
        (0..20).for_each(|_| rate.count(start + Duration::from_secs(12)));
        assert_eq!(rate.per_second(start + Duration::from_secs(12)), 2.0);
        assert_eq!(rate.per_second(start + Duration::from_secs(60)), 0.0);
    }
}
