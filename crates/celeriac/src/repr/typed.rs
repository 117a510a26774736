//! The values for which kombu's JSON has a form of its own (`{"__type__": …, "__value__": …}`), as Python shows them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::civil;
use serde_json::{Map, Value};

/// What Python shows in the place of this object, so many characters of a long value; nothing if it is one like any other.
pub(super) fn shown(object: &Map<String, Value>, bound: usize) -> Option<String> {
    let value = object.get("__value__").filter(|_| object.len() == 2)?;
    match (object.get("__type__")?.as_str()?, value) {
        ("datetime", Value::String(text)) => datetime(text),
        ("date", Value::String(text)) => {
            let date: civil::Date = text.get(..10)?.parse().ok()?;
            Some(format!("datetime.date({})", day(date)))
        }
        ("time", Value::String(text)) => {
            let (time, zone) = clock(text)?;
            Some(format!("datetime.time({time}{zone})"))
        }
        ("decimal", Value::String(text)) => Some(format!("Decimal({})", super::text(text, bound))),
        ("uuid", Value::Object(parts)) => {
            let uuid: uuid::Uuid = parts.get("hex")?.as_str()?.parse().ok()?;
            Some(format!("UUID('{uuid}')"))
        }
        ("bytes", Value::String(text)) => Some(format!("b{}", super::text(text, bound))),
        // Celery shows bytes that are no text in hexadecimal digits.
        ("base64", Value::String(text)) => {
            // Four characters stand for three bytes.
            let text = text.get(..bound / 4 * 4).unwrap_or(text);
            let mut shown = String::from("b'");
            for byte in BASE64.decode(text).ok()? {
                shown.extend(
                    [byte >> 4, byte & 15].map(|digit| char::from_digit(digit.into(), 16).unwrap_or('0')),
                );
            }
            shown.push('\'');
            Some(shown)
        }
        _ => None,
    }
}

/// `2030-01-02T03:04:05+02:00`.
fn datetime(text: &str) -> Option<String> {
    let date: civil::Date = text.get(..10)?.parse().ok()?;
    let (time, zone) = match text.get(11..) {
        Some(time) => clock(time)?,
        None => ("0, 0".to_owned(), String::new()),
    };
    Some(format!("datetime.datetime({}, {time}{zone})", day(date)))
}

fn day(date: civil::Date) -> String {
    format!("{}, {}, {}", date.year(), date.month(), date.day())
}

/// A time of day with the offset behind it. Seconds and microseconds are told where they are something.
fn clock(text: &str) -> Option<(String, String)> {
    let (time, offset) = match text.find(['+', '-', 'Z']) {
        Some(at) => text.split_at(at),
        None => (text, ""),
    };
    let time: civil::Time = time.parse().ok()?;
    let mut shown = format!("{}, {}", time.hour(), time.minute());
    let micros = time.subsec_nanosecond() / 1_000;
    if time.second() != 0 || micros != 0 {
        shown.push_str(&format!(", {}", time.second()));
    }
    if micros != 0 {
        shown.push_str(&format!(", {micros}"));
    }
    Some((shown, zone(offset)?))
}

/// `+02:00`, with seconds perhaps.
fn zone(offset: &str) -> Option<String> {
    let (sign, digits) = match offset.split_at_checked(1) {
        None => return Some(String::new()),
        Some(("Z", "")) => (1, "0"),
        Some(("+", digits)) => (1, digits),
        Some(("-", digits)) => (-1, digits),
        Some(_) => return None,
    };
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([3_600, 60, 1]) {
        seconds += sign * unit * part.parse::<u8>().ok().map(i32::from)?;
    }
    Some(match seconds {
        0 => ", tzinfo=datetime.timezone.utc".to_owned(),
        _ => {
            // A timedelta has negative days and nothing else that is negative.
            let days = if seconds < 0 { "days=-1, " } else { "" };
            let seconds = seconds.rem_euclid(86_400);
            format!(", tzinfo=datetime.timezone(datetime.timedelta({days}seconds={seconds}))")
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::python;

    /// What Celery's `saferepr` shows of what kombu's JSON makes of these.
    #[test]
    fn values_of_kombus_own_types_look_as_in_python() {
        for (kind, value, expected) in [
            ("datetime", json!("2030-01-02T03:04:00"), "datetime.datetime(2030, 1, 2, 3, 4)"),
            (
                "datetime",
                json!("2030-01-02T03:04:00.000007+00:00"),
                "datetime.datetime(2030, 1, 2, 3, 4, 0, 7, tzinfo=datetime.timezone.utc)",
            ),
            (
                "datetime",
                json!("2030-01-02T00:00:00+02:00"),
                "datetime.datetime(2030, 1, 2, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(seconds=7200)))",
            ),
            (
                "datetime",
                json!("2030-01-02T00:00:00-05:30"),
                "datetime.datetime(2030, 1, 2, 0, 0, tzinfo=datetime.timezone(datetime.timedelta(days=-1, seconds=66600)))",
            ),
            ("date", json!("2030-01-02"), "datetime.date(2030, 1, 2)"),
            ("time", json!("00:00:00"), "datetime.time(0, 0)"),
            (
                "time",
                json!("03:04:05.000006+00:00"),
                "datetime.time(3, 4, 5, 6, tzinfo=datetime.timezone.utc)",
            ),
            ("decimal", json!("1.5"), "Decimal('1.5')"),
            (
                "uuid",
                json!({"hex": "00000000000000000000000000000005"}),
                "UUID('00000000-0000-0000-0000-000000000005')",
            ),
            ("bytes", json!("abc"), "b'abc'"),
            ("base64", json!("YSdi/wo="), "b'612762ff0a'"),
        ] {
            let typed = json!([{"__type__": kind, "__value__": value}]);
            assert_eq!(python(&typed), format!("[{expected}]"));
        }
    }

    #[test]
    fn of_long_values_no_more_is_written_than_is_shown() {
        for (kind, value) in [("bytes", "x"), ("decimal", "1"), ("base64", "////")] {
            let typed = json!({"__type__": kind, "__value__": value.repeat(100_000)});
            let mut written = String::new();
            super::super::write(&typed, super::super::BOUND, &mut written);
            assert!(written.len() <= 2 * super::super::BOUND, "{kind}: {}", written.len());
            assert!(python(&typed).ends_with("..."), "{kind}");
            assert!(super::super::whole(&typed).len() > 100_000, "{kind}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_a_dict() {
        for object in [
            json!({"__type__": "datetime", "__value__": "tomorrow"}),
            json!({"__type__": "datetime", "__value__": "2030-01-02T03:04+é"}),
            json!({"__type__": "ring", "__value__": 1}),
            json!({"__type__": "uuid", "__value__": "5"}),
            json!({"__type__": "decimal", "__value__": "1", "more": 2}),
        ] {
            assert!(python(&object).starts_with("{'__type__': '"), "{object}");
        }
    }
}
