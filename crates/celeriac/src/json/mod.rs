//! JSON as Python writes it: numbers that are none (`NaN`, `Infinity`, `-Infinity`) stand in it as bare words, which
//! neither JSON nor [`Value`] knows, and whole numbers may have any length, where a [`Value`] has 64 bits.
//!
//! On the wire and in stored results they are as Python has them. In a [`Value`] each is a text of its own kind, which
//! no other text equals, so that what is only passed on stays what it was. A task never sees that text: an `f64`
//! argument gets the number, an `i128` or `u128` the long one, and a `Value` gets what serde_json has for them: `null`,
//! and the nearest `f64`.

mod from_value;
mod to_value;
mod wire;

use serde_json::Value;

pub(crate) use from_value::Reader;
pub use from_value::from_value;
pub use to_value::to_value;
pub use wire::parse;
pub(crate) use wire::{quoted, write};

/// The character that begins such a text, one that Unicode leaves to programs for themselves.
const MARK: char = '\u{FDD0}';

/// The bare words and their texts.
const WORDS: [(&str, &str, f64); 3] = [
    ("NaN", "\u{FDD0}NaN", f64::NAN),
    ("Infinity", "\u{FDD0}Infinity", f64::INFINITY),
    ("-Infinity", "\u{FDD0}-Infinity", f64::NEG_INFINITY),
];

/// The number that a text stands for.
fn number(text: &str) -> Option<f64> {
    let written = written(text)?;
    let word = WORDS.iter().find(|(word, ..)| *word == written);
    word.map(|(_, _, number)| *number).or_else(|| written.parse().ok())
}

/// How a number is written that such a text stands for.
fn written(text: &str) -> Option<&str> {
    let written = text.strip_prefix(MARK)?;
    let is_word = WORDS.iter().any(|(word, ..)| *word == written);
    (is_word || is_long(written.as_bytes())).then_some(written)
}

/// A whole number that has no place in 64 bits.
fn is_long(digits: &[u8]) -> bool {
    let positive = digits.strip_prefix(b"-").unwrap_or(digits);
    let is_whole = !positive.is_empty() && positive.iter().all(u8::is_ascii_digit);
    is_whole
        && std::str::from_utf8(digits)
            .is_ok_and(|digits| digits.parse::<i64>().is_err() && digits.parse::<u64>().is_err())
}

/// The text that stands for a number that is none.
fn marked(number: f64) -> Option<&'static str> {
    let [nan, above, below] = WORDS.map(|(_, marked, _)| marked);
    match number {
        _ if number.is_nan() => Some(nan),
        _ if number.is_finite() => None,
        _ if number > 0.0 => Some(above),
        _ => Some(below),
    }
}

/// How Python's `json` writes a number that JSON or [`Value`] has not; nothing for all other values.
pub fn odd_number(value: &Value) -> Option<&str> {
    written(value.as_str()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde::{Deserialize, Serialize};
    use std::collections::BTreeMap;

    #[derive(Debug, Serialize, Deserialize)]
    struct Shapes {
        single: f64,
        optional: Option<f32>,
        many: Vec<f64>,
        named: BTreeMap<i64, (f64, String)>,
        either: Either,
        free: Value,
    }

    #[derive(Debug, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Either {
        Number(f64),
        Text(String),
    }

    #[test]
    fn numbers_that_are_none_come_through_every_shape() {
        let shapes = Shapes {
            single: f64::NAN,
            optional: Some(f32::INFINITY),
            many: vec![1.5, f64::NEG_INFINITY],
            named: BTreeMap::from([(7, (f64::NAN, "NaN".to_owned()))]),
            either: Either::Number(f64::INFINITY),
            free: Value::Null,
        };
        let written = write(&to_value(&shapes).unwrap()).unwrap();
        let expected =
            r#"{"single":NaN,"optional":Infinity,"many":[1.5,-Infinity],"named":{"7":[NaN,"NaN"]},"#;
        let expected = format!(r#"{expected}"either":Infinity,"free":null}}"#);
        assert_eq!(std::str::from_utf8(&written).unwrap(), expected);
        let read: Shapes = from_value(&parse::<Value>(&written).unwrap()).unwrap();
        assert!(read.single.is_nan() && read.optional == Some(f32::INFINITY));
        assert_eq!(read.many, [1.5, f64::NEG_INFINITY]);
        assert!(read.named[&7].0.is_nan() && read.named[&7].1 == "NaN");
        assert!(matches!(read.either, Either::Number(number) if number == f64::INFINITY));
    }

    #[test]
    fn long_numbers_keep_their_digits() {
        let wire =
            br#"[18446744073709551616,-9223372036854775809,18446744073709551615,1e400000000000000000000]"#;
        assert!(parse::<Value>(wire).is_err(), "what is beyond an f64 is no number");
        let wire =
            br#"[18446744073709551616,-9223372036854775809,18446744073709551615,"18446744073709551616"]"#;
        let read: Value = parse(wire).unwrap();
        assert_eq!(write(&read).unwrap(), wire);
        let typed: (u128, i128, u64, String) = from_value(&read).unwrap();
        assert_eq!(typed.0, u128::from(u64::MAX) + 1);
        assert_eq!(write(&to_value(&typed).unwrap()).unwrap(), wire);
        let (float, free, ..): (f64, Value, u64, Value) = from_value(&read).unwrap();
        assert_eq!((float, free), (18446744073709551616.0, serde_json::json!(-9223372036854775809.0)));
        assert!(from_value::<(u64, Value, Value, Value)>(&read).is_err());
    }

    fn any_value() -> impl Strategy<Value = Value> {
        let text = proptest::collection::vec(
            proptest::sample::select(vec![
                "\u{FDD0}",
                "NaN",
                "-",
                "Infinity",
                "\"",
                "\\",
                "184467440737095516160",
                "7",
                ":",
                "é",
            ]),
            0..4,
        );
        let text = text.prop_map(|parts| parts.concat());
        let leaf = prop_oneof![
            text.clone().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            Just(Value::Null),
        ];
        leaf.prop_recursive(4, 32, 5, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                proptest::collection::vec((text.clone(), inner), 0..5)
                    .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn whatever_is_written_is_read_again(value in any_value()) {
            let written = write(&value).unwrap();
            prop_assert_eq!(parse::<Value>(&written).unwrap(), value.clone(), "{}", String::from_utf8_lossy(&written));
            // Texts of other kinds are left as serde_json writes them.
            if !value.to_string().contains(MARK) {
                prop_assert_eq!(written, serde_json::to_vec(&value).unwrap());
                prop_assert_eq!(from_value::<Value>(&value).unwrap(), value.clone());
                prop_assert_eq!(to_value(&value).unwrap(), value);
            }
        }
    }

    #[test]
    fn a_value_of_a_task_has_null_for_them() {
        let read: Value = from_value(&parse::<Value>(b"[NaN, {\"a\": Infinity}]").unwrap()).unwrap();
        assert_eq!(read, serde_json::json!([null, {"a": null}]));
        assert!(from_value::<i64>(&parse::<Value>(b"NaN").unwrap()).is_err());
        assert!(from_value::<f64>(&Value::from("NaN")).is_err());
    }
}
