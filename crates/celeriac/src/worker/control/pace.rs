//! How fast requests are obeyed: whoever floods the worker with them slows down remote control, and nothing else.

use std::time::Duration;

use tokio::time::Instant;

/// So many requests may come at once.
const BURST: u32 = 500;
/// After that there is this time between two of them.
const INTERVAL: Duration = Duration::from_millis(4);

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the burst would be used up to the last, were all requests evenly spread.
    due: Option<Instant>,
}

impl Pace {
    /// Waits for the turn of one more request.
    pub(super) async fn wait(&mut self) {
        if let Some(pause) = self.pause(Instant::now()) {
            tokio::time::sleep(pause).await;
        }
    }

    fn pause(&mut self, now: Instant) -> Option<Duration> {
        let due = self.due.map_or(now, |due| due.max(now)) + INTERVAL;
        self.due = Some(due);
        let ahead = due.duration_since(now);
        ahead.checked_sub(INTERVAL * BURST).filter(|pause| !pause.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_flood_is_slowed_down() {
        let (mut pace, start) = (Pace::default(), Instant::now());
        for _ in 0..BURST {
            assert_eq!(pace.pause(start), None);
        }
        assert_eq!(pace.pause(start), Some(INTERVAL));
        assert_eq!(pace.pause(start), Some(INTERVAL * 2));
        assert_eq!(pace.pause(start + Duration::from_secs(5)), None);
    }
}
