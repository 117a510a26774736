//! Values as Python prints them, whole: `str`, `repr`, and `json.dumps`.

use std::fmt::Write as _;

use celeriac::json::odd_number;
use celeriac::python_number;
pub use celeriac::python_repr as repr;
use serde_json::{Map, Value};

/// `str(value)`: a text stands for itself.
pub fn str(value: &Value) -> String {
    match value {
        Value::String(text) if odd_number(value).is_none() => text.clone(),
        other => repr(other),
    }
}

/// `json.dumps(value)`: one line of ASCII, with a space after each comma and colon.
pub fn json(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, None, &mut out);
    out
}

/// `json.dumps(value, sort_keys=True, indent=4)`.
pub fn json_indented(value: &Value) -> String {
    let mut out = String::new();
    write_json(value, Some(1), &mut out);
    out
}

/// `depth` is the number of indents inside of this value, if it is to be indented.
fn write_json(value: &Value, depth: Option<usize>, out: &mut String) {
    match value {
        Value::Number(number) => out.push_str(&python_number(number)),
        Value::String(text) => match odd_number(value) {
            Some(word) => out.push_str(word),
            None => write_ascii(text, out),
        },
        Value::Array(values) => {
            let entries = values.iter().map(|value| (None, value)).collect();
            write_entries('[', entries, ']', depth, out);
        }
        Value::Object(fields) => write_entries('{', sorted(fields, depth.is_some()), '}', depth, out),
        word => out.push_str(&word.to_string()),
    }
}

fn sorted(fields: &Map<String, Value>, is_sorted: bool) -> Vec<(Option<&str>, &Value)> {
    let mut entries: Vec<_> = fields.iter().map(|(key, value)| (Some(key.as_str()), value)).collect();
    if is_sorted {
        entries.sort_by_key(|(key, _)| *key);
    }
    entries
}

fn write_entries(
    open: char,
    entries: Vec<(Option<&str>, &Value)>,
    close: char,
    depth: Option<usize>,
    out: &mut String,
) {
    out.push(open);
    let is_empty = entries.is_empty();
    for (index, (key, value)) in entries.into_iter().enumerate() {
        match depth {
            Some(depth) => {
                out.push_str(if index > 0 { ",\n" } else { "\n" });
                out.push_str(&"    ".repeat(depth));
            }
            None if index > 0 => out.push_str(", "),
            None => {}
        }
        if let Some(key) = key {
            write_ascii(key, out);
            out.push_str(": ");
        }
        write_json(value, depth.map(|depth| depth + 1), out);
    }
    if let (Some(depth), false) = (depth, is_empty) {
        out.push('\n');
        out.push_str(&"    ".repeat(depth.saturating_sub(1)));
    }
    out.push(close);
}

fn write_ascii(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            ' '..='~' => out.push(c),
            c => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_printed_as_by_python() {
        let value = json!({"a": [1, 2.5, null, true], "it's": "say \"hi\"\n", "e": 1e-7, "big": 1e22});
        assert_eq!(
            repr(&value),
            r#"{'a': [1, 2.5, None, True], "it's": 'say "hi"\n', 'e': 1e-07, 'big': 1e+22}"#
        );
        assert_eq!(str(&json!("plain")), "plain");
    }

    #[test]
    fn json_is_ascii_and_spaced() {
        let value = json!({"b": ["é", "😀\t"], "a": {}});
        assert_eq!(json(&value), r#"{"b": ["\u00e9", "\ud83d\ude00\t"], "a": {}}"#);
        let indented =
            "{\n    \"a\": {},\n    \"b\": [\n        \"\\u00e9\",\n        \"\\ud83d\\ude00\\t\"\n    ]\n}";
        assert_eq!(json_indented(&value), indented);
    }
}
