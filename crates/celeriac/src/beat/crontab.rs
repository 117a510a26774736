//! Moments of the calendar, written as crontab writes them and read as Celery's `crontab` reads them.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::TimeZone;
use thiserror::Error;

use crate::protocol::Timestamp;

/// The calendar repeats after 400 years, but who names the 29th of February on a Monday waits at most 40.
const SEARCH_YEARS: i16 = 41;

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// Why an expression is no crontab.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CrontabError {
    /// Not five fields.
    #[error(
        "the crontab {expression:?} has {fields} fields: write minute, hour, day of month, month and day of week"
    )]
    Fields {
        /// What was given.
        expression: String,
        /// How many fields it has.
        fields: usize,
    },
    /// A field that is not understood.
    #[error(
        "the {field} of a crontab cannot be {value:?}: write *, */n, or numbers and ranges from {min} to {max}"
    )]
    Field {
        /// Which field.
        field: &'static str,
        /// What was given.
        value: String,
        /// The least number.
        min: u8,
        /// The greatest number.
        max: u8,
    },
    /// Fields that no day matches.
    #[error("the crontab {expression:?} never matches: there is no such day")]
    Never {
        /// What was given.
        expression: String,
    },
    /// A time zone that the tz database does not know.
    #[error(
        "the time zone {name:?} is not known: write one of the tz database, such as Europe/Berlin, or UTC"
    )]
    TimeZone {
        /// What was given.
        name: String,
    },
}

/// Moments of the calendar in a time zone.
#[derive(Clone)]
pub struct Crontab {
    expression: String,
    time_zone: TimeZone,
    minutes: Set,
    hours: Set,
    days: Set,
    months: Set,
    /// 0 is Sunday.
    weekdays: Set,
    /// The moments are told by the minute alone, so they go on through an hour that a clock shows twice.
    is_every_hour: bool,
}

impl Crontab {
    /// Reads `minute hour day-of-month month day-of-week`: `*`, `*/n`, `a`, `a-b`, `a-b/n` and lists of them with
    /// commas; months and weekdays also as `jan` or `mon`; 0 and 7 are Sunday. As with Celery, and unlike cron, a day
    /// must match both its day of month and its day of week.
    ///
    /// A moment that a change of the clock skips comes when the clock goes on; one that comes twice is taken once,
    /// unless the hour is `*`.
    ///
    /// # Errors
    /// When a field is not understood, the fields together never match, or the time zone is not known.
    pub fn parse(expression: &str, time_zone: &str) -> Result<Self, CrontabError> {
        let fields: Vec<&str> = expression.split_whitespace().collect();
        let &[minutes, hours, days, months, weekdays] = fields.as_slice() else {
            return Err(CrontabError::Fields { expression: expression.to_owned(), fields: fields.len() });
        };
        let time_zone = match time_zone {
            "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| CrontabError::TimeZone { name: name.to_owned() })?,
        };
        let mut weekdays = Field { name: "day of week", min: 0, max: 7, names: &WEEKDAYS }.parse(weekdays)?;
        if weekdays.has(7) {
            weekdays.insert(0);
        }
        let crontab = Self {
            expression: fields.join(" "),
            time_zone,
            minutes: Field { name: "minute", min: 0, max: 59, names: &[] }.parse(minutes)?,
            hours: Field { name: "hour", min: 0, max: 23, names: &[] }.parse(hours)?,
            days: Field { name: "day of month", min: 1, max: 31, names: &[] }.parse(days)?,
            months: Field { name: "month", min: 1, max: 12, names: &MONTHS }.parse(months)?,
            weekdays,
            is_every_hour: hours == "*" || hours == "*/1",
        };
        let start = Date::constant(2000, 1, 1);
        match crontab.next_day(start) {
            Some(_) => Ok(crontab),
            None => Err(CrontabError::Never { expression: crontab.expression }),
        }
    }

    /// The first moment after `moment`, in whole minutes.
    pub fn next_after(&self, moment: Timestamp) -> Option<Timestamp> {
        let moment = moment.as_jiff();
        let local = self.time_zone.to_datetime(moment);
        // Within an hour that the clock shows twice, the second one comes after the first in time but not on the clock.
        if self.is_every_hour && self.is_day(local.date()) {
            let from = local.with().second(0).subsec_nanosecond(0).build().ok()?;
            let into_minute = local.duration_since(from);
            let mut next = moment.checked_sub(into_minute).ok()?;
            for _ in 0..60 {
                next = next.checked_add(1.minute()).ok()?;
                let local = self.time_zone.to_datetime(next);
                if self.minutes.has(local.minute() as u8) && self.is_day(local.date()) {
                    return Some(Timestamp::from(next));
                }
            }
        }
        let mut date = local.date();
        loop {
            date = self.next_day(date)?;
            // The least one: a time that the clock skips may lie after one that is later on the clock.
            let moments = self
                .times(date)
                .filter_map(|time| self.time_zone.to_ambiguous_timestamp(time).compatible().ok());
            if let Some(next) = moments.filter(|at| *at > moment).min() {
                return Some(Timestamp::from(next));
            }
            date = date.tomorrow().ok()?;
        }
    }

    fn times(&self, date: Date) -> impl Iterator<Item = DateTime> {
        self.hours.iter().flat_map(move |hour| {
            self.minutes.iter().map(move |minute| date.at(hour as i8, minute as i8, 0, 0))
        })
    }

    /// The first day that matches, from `date` on.
    fn next_day(&self, date: Date) -> Option<Date> {
        let last = date.year().saturating_add(SEARCH_YEARS);
        let mut date = date;
        while date.year() <= last {
            if !self.months.has(date.month() as u8) {
                date = date.last_of_month().tomorrow().ok()?;
            } else if self.is_day(date) {
                return Some(date);
            } else {
                date = date.tomorrow().ok()?;
            }
        }
        None
    }

    fn is_day(&self, date: Date) -> bool {
        let weekday = match date.weekday() {
            Weekday::Sunday => 0,
            other => other.to_monday_one_offset() as u8,
        };
        self.months.has(date.month() as u8) && self.days.has(date.day() as u8) && self.weekdays.has(weekday)
    }
}

impl fmt::Display for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

impl fmt::Debug for Crontab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Crontab({}, {:?})", self.expression, self.time_zone.iana_name())
    }
}

/// Numbers below 64.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
struct Set(u64);

impl Set {
    fn has(self, number: u8) -> bool {
        self.0 >> number & 1 == 1
    }

    fn insert(&mut self, number: u8) {
        self.0 |= 1 << number;
    }

    fn iter(self) -> impl Iterator<Item = u8> {
        (0..64).filter(move |number| self.has(*number))
    }
}

/// What one field may hold.
struct Field {
    name: &'static str,
    min: u8,
    max: u8,
    /// Names of the numbers, from `min` on.
    names: &'static [&'static str],
}

impl Field {
    fn parse(&self, text: &str) -> Result<Set, CrontabError> {
        let mut set = Set::default();
        for part in text.split(',') {
            self.part(part, &mut set).ok_or_else(|| CrontabError::Field {
                field: self.name,
                value: text.to_owned(),
                min: self.min,
                max: self.max,
            })?;
        }
        Ok(set)
    }

    fn part(&self, part: &str, set: &mut Set) -> Option<()> {
        let (range, step) = match part.split_once('/') {
            Some((range, step)) => (range, step.parse::<u8>().ok().filter(|step| *step > 0)?),
            None => (part, 1),
        };
        let (first, last) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max.min(if self.max == 7 { 6 } else { self.max })),
            Some((first, last)) => (self.number(first)?, self.number(last)?),
            None if step > 1 => (self.number(range)?, self.max),
            None => (self.number(range)?, self.number(range)?),
        };
        if first <= last {
            (first..=last).step_by(usize::from(step)).for_each(|number| set.insert(number));
        } else {
            // As with Celery, `fri-mon` goes over the end.
            let count = u16::from(self.max) - u16::from(self.min) + u16::from(self.max != 7);
            let span = (u16::from(last) + count - u16::from(first)) % count;
            for offset in (0..=span).step_by(usize::from(step)) {
                let number = (u16::from(first) - u16::from(self.min) + offset) % count + u16::from(self.min);
                set.insert(u8::try_from(number).ok()?);
            }
        }
        Some(())
    }

    fn number(&self, text: &str) -> Option<u8> {
        let lower = text.to_ascii_lowercase();
        let named = self.names.iter().position(|name| lower == *name).and_then(|at| u8::try_from(at).ok());
        let number = match named {
            Some(at) => at + self.min,
            None if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            None => return None,
        };
        (self.min..=self.max).contains(&number).then_some(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments after `from`, in UTC.
    fn next(expression: &str, time_zone: &str, from: &str, count: usize) -> Vec<String> {
        let crontab = Crontab::parse(expression, time_zone).unwrap();
        let mut at = Timestamp::parse(from).unwrap();
        let step = |_| {
            at = crontab.next_after(at).unwrap();
            at.to_string()
        };
        (0..count).map(step).collect()
    }

    #[test]
    fn minutes_and_hours() {
        assert_eq!(
            next("*/15 * * * *", "UTC", "2026-11-24T23:31:07Z", 3),
            ["2026-11-24T23:45:00Z", "2026-11-25T00:00:00Z", "2026-11-25T00:15:00Z"]
        );
        assert_eq!(
            next("5,35 8-17/3 * * *", "UTC", "2026-11-24T14:05:00Z", 3),
            ["2026-11-24T14:35:00Z", "2026-11-24T17:05:00Z", "2026-11-24T17:35:00Z"]
        );
    }

    #[test]
    fn days_months_and_weekdays_must_all_match() {
        // Friday the 13th.
        assert_eq!(
            next("0 0 13 * fri", "UTC", "2026-01-01T00:00:00Z", 2),
            ["2026-02-13T00:00:00Z", "2026-03-13T00:00:00Z"]
        );
        assert_eq!(next("0 7 * jan,Dec 7", "UTC", "2026-11-24T00:00:00Z", 1), ["2026-12-06T07:00:00Z"]);
        assert_eq!(next("0 0 29 feb mon", "UTC", "2026-01-01T00:00:00Z", 1), ["2044-02-29T00:00:00Z"]);
        let over_the_end = Crontab::parse("0 0 * * fri-mon", "UTC").unwrap();
        assert_eq!(over_the_end.weekdays.iter().collect::<Vec<_>>(), [0, 1, 5, 6]);
    }

    #[test]
    fn a_moment_that_the_clock_skips_comes_when_it_goes_on() {
        // On 29 March 2026 the clocks of Berlin go from 2:00 to 3:00, which is 1:00 UTC.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2),
            ["2026-03-29T01:30:00Z", "2026-03-30T00:30:00Z"]
        );
    }

    #[test]
    fn a_moment_that_comes_twice_is_taken_once_unless_the_hour_is_free() {
        // On 25 October 2026 the clocks of Berlin show 2:00 to 3:00 twice: from 0:00 and from 1:00 UTC.
        assert_eq!(
            next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2),
            ["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"]
        );
        assert_eq!(
            next("30 * * * *", "Europe/Berlin", "2026-10-24T23:45:00Z", 3),
            ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:30:00Z"]
        );
    }

    #[test]
    fn nonsense_is_named() {
        let error = |expression: &str| Crontab::parse(expression, "UTC").unwrap_err().to_string();
        assert!(error("* * * *").contains("has 4 fields"));
        assert!(error("60 * * * *").contains("the minute of a crontab cannot be \"60\""));
        assert!(error("* * 0 * *").contains("from 1 to 31"));
        assert!(error("*/0 * * * *").contains("minute"));
        assert!(error("+5 * * * *").contains("minute"));
        assert!(error("0 0 30 feb *").contains("never matches"));
        assert!(matches!(Crontab::parse("* * * * *", "Mars/Base"), Err(CrontabError::TimeZone { .. })));
    }

    proptest::proptest! {
        #[test]
        fn anything_is_read_or_refused(expression in "[0-9*/,a-z -]{0,40}") {
            if let Ok(crontab) = Crontab::parse(&expression, "UTC") {
                let from = Timestamp::from_unix_ms(1_800_000_000_000);
                let next = crontab.next_after(from);
                proptest::prop_assert!(next.is_none_or(|next| next > from));
            }
        }
    }
}
