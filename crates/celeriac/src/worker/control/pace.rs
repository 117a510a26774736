//! How fast requests are obeyed: whoever floods the worker with them slows down remote control, and nothing else.

use std::time::Duration;

use tokio::time::Instant;

/// So many requests may come at once.
const BURST: u32 = 500;
/// After that there is this time between two of them.
const INTERVAL: Duration = Duration::from_millis(4);
/// A request counts as one more for each of these, for large ones take longer to be read.
const BYTES_OF_ONE: usize = 64 * 1024;

#[derive(Debug, Default)]
pub(super) struct Pace {
    /// When the burst would be used up to the last, were all requests evenly spread.
    due: Option<Instant>,
}

impl Pace {
    /// Waits for the turn of one more request, of so many bytes.
    pub(super) async fn wait(&mut self, bytes: usize) {
        if let Some(pause) = self.pause(Instant::now(), bytes) {
            tokio::time::sleep(pause).await;
        }
    }

    fn pause(&mut self, now: Instant, bytes: usize) -> Option<Duration> {
        let turns = 1 + u32::try_from(bytes / BYTES_OF_ONE).unwrap_or(u32::MAX).min(BURST);
        let due = self.due.map_or(now, |due| due.max(now)) + INTERVAL * turns;
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
            assert_eq!(pace.pause(start, 100), None);
        }
        assert_eq!(pace.pause(start, 100), Some(INTERVAL));
        assert_eq!(pace.pause(start, 100), Some(INTERVAL * 2));
        let later = start + Duration::from_secs(5);
        assert_eq!(pace.pause(later, 100), None);
        // Large ones are a flood sooner.
        let large = BYTES_OF_ONE * (BURST as usize / 2);
        assert_eq!(pace.pause(later, large), None);
        assert_eq!(pace.pause(later, large), Some(INTERVAL * 3));
    }
}
