//! Values as Python's `repr` shows them, for logs, events and `argsrepr`.

use serde_json::{Map, Number, Value};

use crate::json;

mod typed;

/// No text in logs and events is longer, as in Celery.
const MAX_CHARS: usize = 1024;

/// What need not be written, for it is cut off; the bound also ends the recursion's work on huge values.
const BOUND: usize = 4 * MAX_CHARS;

/// A JSON value in Python's notation, at most 1024 characters.
pub fn python(value: &Value) -> String {
    let mut out = String::new();
    write(value, BOUND, &mut out);
    cut(out)
}

/// A JSON value in Python's notation, however long it is.
pub fn whole(value: &Value) -> String {
    let mut out = String::new();
    write(value, usize::MAX, &mut out);
    out
}

/// Positional arguments as a tuple: `(1, 'a')`, `(1,)`, `()`.
pub fn args(values: &[Value]) -> String {
    let mut out = String::from("(");
    write_list(values, BOUND, &mut out);
    if values.len() == 1 && out.len() < MAX_CHARS {
        out.push(',');
    }
    out.push(')');
    cut(out)
}

/// Keyword arguments as a dict.
pub fn kwargs(values: &Map<String, Value>) -> String {
    let mut out = String::new();
    write_dict(values, BOUND, &mut out);
    cut(out)
}

/// An exception of this class with these arguments, however long: `ValueError('bad', 1)`.
pub fn exception(class: &str, args: &[Value]) -> String {
    let mut out = format!("{class}(");
    write_list(args, usize::MAX, &mut out);
    out.push(')');
    out
}

/// Shortens a text to 1024 characters, the last three of which are dots when something was left out.
pub fn cut(mut text: String) -> String {
    if text.len() > MAX_CHARS
        && let Some((end, _)) = text.char_indices().nth(MAX_CHARS - 3)
        && text[end..].chars().nth(3).is_some()
    {
        text.truncate(end);
        text.push_str("...");
    }
    text
}

/// A number as Python writes it: very small and very large ones have an exponent with a sign and two digits.
pub fn number(value: &Number) -> String {
    let Some(float) = value.as_f64().filter(|_| value.is_f64()) else { return value.to_string() };
    let scientific = format!("{float:e}");
    match scientific.split_once('e').and_then(|(digits, power)| Some((digits, power.parse::<i32>().ok()?))) {
        Some((digits, power)) if !(-4..16).contains(&power) => {
            let sign = if power < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", power.unsigned_abs())
        }
        _ if float.fract() == 0.0 => format!("{float:.1}"),
        _ => float.to_string(),
    }
}

fn text(text: &str, bound: usize) -> String {
    let mut out = String::new();
    write_text(text, bound, &mut out);
    out
}

fn write(value: &Value, bound: usize, out: &mut String) {
    if out.len() > bound {
        return;
    }
    match value {
        Value::Null => out.push_str("None"),
        Value::Bool(true) => out.push_str("True"),
        Value::Bool(false) => out.push_str("False"),
        Value::Number(value) => out.push_str(&number(value)),
        Value::String(text) => match json::odd_number(value) {
            Some("NaN") => out.push_str("nan"),
            Some("Infinity") => out.push_str("inf"),
            Some("-Infinity") => out.push_str("-inf"),
            Some(long) => out.push_str(long),
            None => write_text(text, bound, out),
        },
        Value::Array(values) => {
            out.push('[');
            write_list(values, bound, out);
            out.push(']');
        }
        Value::Object(values) => match typed::shown(values, bound) {
            Some(shown) => out.push_str(&shown),
            None => write_dict(values, bound, out),
        },
    }
}

fn write_list(values: &[Value], bound: usize, out: &mut String) {
    for (index, value) in values.iter().enumerate() {
        if out.len() > bound {
            return;
        }
        if index > 0 {
            out.push_str(", ");
        }
        write(value, bound, out);
    }
}

fn write_dict(values: &Map<String, Value>, bound: usize, out: &mut String) {
    out.push('{');
    for (index, (key, value)) in values.iter().enumerate() {
        if out.len() > bound {
            return;
        }
        if index > 0 {
            out.push_str(", ");
        }
        write_text(key, bound, out);
        out.push_str(": ");
        write(value, bound, out);
    }
    out.push('}');
}

fn write_text(text: &str, bound: usize, out: &mut String) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for c in text.chars().take(bound) {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32)),
            c => out.push(c),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_look_as_in_python() {
        let value = json!({"a": [1, 2.5, null, true], "it's": "say \"hi\"\n"});
        assert_eq!(python(&value), r#"{'a': [1, 2.5, None, True], "it's": 'say "hi"\n'}"#);
        assert_eq!(args(&[json!(1)]), "(1,)");
        assert_eq!(args(&[json!(1), json!("x")]), "(1, 'x')");
        assert_eq!(args(&[]), "()");
    }

    #[test]
    fn numbers_have_exponents_where_python_writes_them() {
        let shown = |value: f64| python(&json!(value));
        for (value, expected) in [
            (3.7e-5, "3.7e-05"),
            (0.0001, "0.0001"),
            (1e16, "1e+16"),
            (9e15, "9000000000000000.0"),
            (-1.5e300, "-1.5e+300"),
            (0.0, "0.0"),
            (1795466209.6072853, "1795466209.6072853"),
        ] {
            assert_eq!(shown(value), expected);
        }
        assert_eq!(python(&json!(u64::MAX)), "18446744073709551615");
    }

    #[test]
    fn long_values_are_cut_at_1024_characters() {
        let long = python(&json!("é".repeat(5000)));
        assert_eq!(long.chars().count(), 1024);
        assert!(long.ends_with("..."));
        let exact = cut("x".repeat(1024));
        assert_eq!(exact, "x".repeat(1024));
    }
}
