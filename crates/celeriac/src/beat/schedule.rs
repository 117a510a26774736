//! When an entry is due.

use std::time::Duration;

use super::crontab::{Crontab, CrontabError};
use crate::protocol::Timestamp;

/// When an entry is due.
#[derive(Debug, Clone)]
pub enum Schedule {
    /// Each time this much has passed since the tick before.
    Every(Duration),
    /// At moments of the calendar.
    Crontab(Box<Crontab>),
}

impl Schedule {
    /// Each time this much has passed, at least a millisecond.
    pub fn every(period: Duration) -> Self {
        Self::Every(period.max(Duration::from_millis(1)))
    }

    /// `minute hour day-of-month month day-of-week`, in UTC; see [`Crontab::parse`].
    ///
    /// # Errors
    /// When a field is not understood, or the fields together never match.
    pub fn crontab(expression: &str) -> Result<Self, CrontabError> {
        Ok(Self::Crontab(Box::new(Crontab::parse(expression, "UTC")?)))
    }

    /// The same in a time zone of the tz database (`Europe/Berlin`).
    ///
    /// # Errors
    /// As [`Schedule::crontab`], and when the time zone is not known.
    pub fn crontab_in(expression: &str, time_zone: &str) -> Result<Self, CrontabError> {
        Ok(Self::Crontab(Box::new(Crontab::parse(expression, time_zone)?)))
    }

    /// The first due time after `tick`; nothing when the calendar has no more.
    pub fn next_after(&self, tick: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Every(period) => Some(tick + *period),
            Self::Crontab(crontab) => crontab.next_after(tick),
        }
    }

    /// The last due time after `tick` and not after `limit`, or `tick` when there is none.
    pub(super) fn last_until(&self, tick: Timestamp, limit: Timestamp) -> Timestamp {
        match self {
            Self::Every(period) => {
                let periods = limit.since(tick).as_millis() / period.as_millis().max(1);
                let passed = u64::try_from(periods * period.as_millis()).unwrap_or(u64::MAX);
                tick + Duration::from_millis(passed)
            }
            Self::Crontab(crontab) => {
                // The calendar can only be walked forwards: look back in growing steps until something is found.
                let mut step = Duration::from_secs(3600);
                loop {
                    let from = (limit - step).max(tick);
                    let mut last = None;
                    let mut at = from;
                    while let Some(next) = crontab.next_after(at).filter(|next| *next <= limit) {
                        last = Some(next);
                        at = next;
                    }
                    match last {
                        Some(last) => return last,
                        None if from == tick => return tick,
                        None => step *= 24,
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse(text).unwrap()
    }

    #[test]
    fn an_interval_counts_from_the_tick_before() {
        let schedule = Schedule::every(Duration::from_secs(30));
        let start = at("2026-03-01T00:00:00Z");
        assert_eq!(schedule.next_after(start), Some(at("2026-03-01T00:00:30Z")));
        assert_eq!(schedule.last_until(start, at("2026-03-01T00:02:45Z")), at("2026-03-01T00:02:30Z"));
        assert_eq!(schedule.last_until(start, at("2026-03-01T00:00:29Z")), start);
    }

    #[test]
    fn the_last_of_many_missed_moments_is_found() {
        let schedule = Schedule::crontab("0 4 * * *").unwrap();
        let start = at("2026-01-01T04:00:00Z");
        assert_eq!(schedule.last_until(start, at("2026-03-01T12:00:00Z")), at("2026-03-01T04:00:00Z"));
        assert_eq!(schedule.last_until(start, at("2026-01-01T20:00:00Z")), start);
        let leap = Schedule::crontab("0 0 29 2 *").unwrap();
        let limit = at("2027-12-01T00:00:00Z");
        assert_eq!(leap.last_until(at("2020-01-01T00:00:00Z"), limit), at("2024-02-29T00:00:00Z"));
    }
}
