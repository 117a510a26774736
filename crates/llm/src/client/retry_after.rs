//! How long a provider asks us to wait.

use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::header::HeaderMap;

/// The wait that the headers ask for: `retry-after-ms`, or `retry-after` in seconds or as a date.
/// Never longer than `cap`; `None` when there is no header or it makes no sense.
pub(super) fn retry_after(headers: &HeaderMap, now: Timestamp, cap: Duration) -> Option<Duration> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
    let milliseconds = text("retry-after-ms").and_then(seconds).map(|ms| ms / 1000.0);
    let wait = milliseconds
        .or_else(|| text("retry-after").and_then(|value| seconds(value).or_else(|| until(value, now))))?;
    Some(Duration::try_from_secs_f64(wait).unwrap_or(cap).min(cap))
}

fn seconds(value: &str) -> Option<f64> {
    value.parse::<f64>().ok().filter(|number| *number >= 0.0)
}

/// Seconds until an HTTP date; 0 when it has passed.
fn until(value: &str, now: Timestamp) -> Option<f64> {
    let date = DateTimeParser::new().parse_timestamp(value).ok()?;
    Some(date.duration_since(now).as_secs_f64().max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wait(name: &'static str, value: &str) -> Option<Duration> {
        let now: Timestamp = "2026-11-24T06:00:00Z".parse().unwrap();
        let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
        retry_after(&headers, now, Duration::from_secs(300))
    }

    #[test]
    fn reads_seconds_milliseconds_and_dates() {
        assert_eq!(wait("retry-after", "7"), Some(Duration::from_secs(7)));
        assert_eq!(wait("retry-after", " 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(wait("retry-after-ms", "120"), Some(Duration::from_millis(120)));
        assert_eq!(wait("retry-after", "Tue, 24 Nov 2026 06:00:20 GMT"), Some(Duration::from_secs(20)));
        assert_eq!(wait("retry-after", "Tue, 24 Nov 2026 05:00:20 GMT"), Some(Duration::ZERO));
    }

    #[test]
    fn what_makes_no_sense_is_capped_or_ignored() {
        assert_eq!(wait("retry-after", "1e300"), Some(Duration::from_secs(300)));
        assert_eq!(wait("retry-after", "86400"), Some(Duration::from_secs(300)));
        for nonsense in ["", "soon", "-1", "NaN", "Tue, 99 Nov 2026"] {
            assert_eq!(wait("retry-after", nonsense), None, "{nonsense}");
        }
        assert_eq!(wait("x-other", "1"), None);
    }
}
