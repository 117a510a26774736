//! Points in time, as Celery writes and reads them.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::error::{ProtocolError, shortened};

/// A point in time (UTC, to the microsecond, which is all that the wire carries). It is written as RFC 3339 and as Python's `isoformat()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// The present moment.
    pub fn now() -> Self {
        Self::from(jiff::Timestamp::now())
    }

    /// From milliseconds since 1970, clamped to the years that can be written.
    pub fn from_unix_ms(milliseconds: i64) -> Self {
        let nearest = if milliseconds < 0 { jiff::Timestamp::MIN } else { jiff::Timestamp::MAX };
        Self(jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(nearest))
    }

    /// From seconds since 1970 with a fraction, as events carry them.
    pub fn from_unix_seconds(seconds: f64) -> Self {
        Self::from_unix_ms((seconds * 1000.0) as i64)
    }

    /// Milliseconds since 1970.
    pub fn unix_ms(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Seconds since 1970 with a fraction, as events carry them.
    pub fn unix_seconds(self) -> f64 {
        self.0.as_microsecond() as f64 / 1e6
    }

    /// Reads ISO 8601 with an offset, with `Z`, or naive, which Celery takes for UTC.
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        let text = text.trim();
        text.parse::<jiff::Timestamp>()
            .or_else(|_| {
                let naive: jiff::civil::DateTime = text.parse()?;
                jiff::tz::Offset::UTC.to_timestamp(naive)
            })
            .or_else(|error| {
                // Python's last day is one that a moment with an offset cannot be written for here.
                let naive = text.get(..19).and_then(|naive| naive.parse::<jiff::civil::DateTime>().ok());
                naive.filter(|naive| naive.year() == 9999).map(|_| jiff::Timestamp::MAX).ok_or(error)
            })
            .map(Self::from)
            .map_err(|_| ProtocolError::Time { value: shortened(text) })
    }

    /// As Python's `datetime.isoformat()` in UTC: `2026-01-31T12:00:00.123456+00:00`, without the fraction when it
    /// is zero.
    pub fn isoformat(self) -> String {
        let micros = self.0.as_microsecond().rem_euclid(1_000_000);
        let format = if micros == 0 { "%Y-%m-%dT%H:%M:%S+00:00" } else { "%Y-%m-%dT%H:%M:%S%.6f+00:00" };
        self.0.strftime(format).to_string()
    }

    /// How long it is from now until then; zero when it has passed.
    pub fn from_now(self) -> Duration {
        Duration::try_from(self.0.duration_since(jiff::Timestamp::now())).unwrap_or_default()
    }

    /// Whether the moment has come.
    pub fn has_passed(self) -> bool {
        self <= Self::now()
    }

    /// The same as a value of jiff.
    pub fn as_jiff(self) -> jiff::Timestamp {
        self.0
    }

    /// The time from `earlier` to this one; zero when `earlier` is later.
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::try_from(self.0.duration_since(earlier.0)).unwrap_or_default()
    }
}

impl std::ops::Add<Duration> for Timestamp {
    type Output = Timestamp;

    /// Later by `rhs`, at most the last moment that can be written.
    fn add(self, rhs: Duration) -> Timestamp {
        Self(self.0.saturating_add(rhs).unwrap_or(jiff::Timestamp::MAX))
    }
}

impl std::ops::Sub<Duration> for Timestamp {
    type Output = Timestamp;

    /// Earlier by `rhs`, at least the first moment that can be written.
    fn sub(self, rhs: Duration) -> Timestamp {
        Self(self.0.saturating_sub(rhs).unwrap_or(jiff::Timestamp::MIN))
    }
}

impl From<jiff::Timestamp> for Timestamp {
    fn from(at: jiff::Timestamp) -> Self {
        Self(jiff::Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

/// A point in time that came over the wire: the moment, and the text it was written as, so that it goes out again
/// just as it came in (`2030-01-01T02:00:00+02:00` stays that).
#[derive(Debug, Clone)]
pub struct IsoTimestamp {
    at: Timestamp,
    text: String,
}

impl IsoTimestamp {
    /// Reads ISO 8601 with an offset, with `Z`, or naive (UTC).
    pub fn parse(text: &str) -> Result<Self, ProtocolError> {
        Ok(Self { at: Timestamp::parse(text)?, text: text.to_owned() })
    }

    /// The moment.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The text on the wire.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl PartialEq for IsoTimestamp {
    fn eq(&self, other: &Self) -> bool {
        self.at == other.at
    }
}

impl Eq for IsoTimestamp {}

impl From<Timestamp> for IsoTimestamp {
    fn from(at: Timestamp) -> Self {
        Self { at, text: at.isoformat() }
    }
}

impl fmt::Display for IsoTimestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for IsoTimestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

impl<'de> Deserialize<'de> for IsoTimestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_zulu_and_naive_times_are_the_same_moment() {
        let moment = Timestamp::parse("2030-01-01T02:00:00+02:00").unwrap();
        assert_eq!(Timestamp::parse("2030-01-01T00:00:00Z").unwrap(), moment);
        assert_eq!(Timestamp::parse("2030-01-01T00:00:00").unwrap(), moment);
        assert_eq!(Timestamp::parse("2030-01-01 00:00:00.000").unwrap(), moment);
        assert!(Timestamp::parse("tomorrow").is_err());
        let last = Timestamp::parse("9999-12-31T23:59:59.999999+00:00").unwrap();
        assert!(last > moment && Timestamp::parse("9999-12-31T23:59:59").unwrap() == last);
    }

    #[test]
    fn isoformat_is_pythons() {
        assert_eq!(Timestamp::from_unix_ms(0).isoformat(), "1970-01-01T00:00:00+00:00");
        assert_eq!(Timestamp::from_unix_ms(1_500).isoformat(), "1970-01-01T00:00:01.500000+00:00");
    }

    #[test]
    fn arithmetic_stays_in_range() {
        let far = Timestamp::now() + Duration::MAX;
        assert!(far > Timestamp::now() && far.from_now() > Duration::from_secs(1));
        assert_eq!((Timestamp::now() - Duration::from_secs(5)).from_now(), Duration::ZERO);
        assert_eq!(Timestamp::from_unix_seconds(f64::NAN).unix_ms(), 0);
        assert!(Timestamp::from_unix_ms(i64::MAX) > Timestamp::now());
    }

    #[test]
    fn a_time_goes_out_as_it_came_in() {
        let text = "\"2030-01-01T02:00:00+02:00\"";
        let time: IsoTimestamp = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&time).unwrap(), text);
    }
}
