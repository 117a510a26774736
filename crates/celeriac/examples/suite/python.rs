//! Values as Python's operators treat them.

use celeriac::TaskError;
use serde_json::{Value, json};

/// `a + b` for numbers, texts and lists.
pub(super) fn plus(a: &Value, b: &Value) -> Result<Value, TaskError> {
    match (a, b) {
        (Value::String(a), Value::String(b)) => Ok(json!(format!("{a}{b}"))),
        (Value::Array(a), Value::Array(b)) => Ok(json!([a.as_slice(), b.as_slice()].concat())),
        _ => arithmetic("+", a, b, i64::checked_add, |a, b| a + b),
    }
}

/// `a * b` for numbers.
pub(super) fn times(a: &Value, b: &Value) -> Result<Value, TaskError> {
    arithmetic("*", a, b, i64::checked_mul, |a, b| a * b)
}

/// `sum(values)`.
pub(super) fn sum(values: &Value) -> Result<Value, TaskError> {
    let Value::Array(values) = values else {
        let message = format!("'{}' object is not iterable", type_of(values));
        return Err(TaskError::failed("TypeError", message));
    };
    values.iter().try_fold(json!(0), |sum, value| plus(&sum, value))
}

fn arithmetic(
    operator: &str,
    a: &Value,
    b: &Value,
    whole: fn(i64, i64) -> Option<i64>,
    broken: fn(f64, f64) -> f64,
) -> Result<Value, TaskError> {
    if let (Some(a), Some(b)) = (integer(a), integer(b)) {
        let result =
            whole(a, b).ok_or_else(|| TaskError::failed("OverflowError", "the result is too large"))?;
        return Ok(json!(result));
    }
    let float = |value: &Value| value.as_f64().or_else(|| integer(value).map(|whole| whole as f64));
    match (float(a), float(b)) {
        (Some(a), Some(b)) => Ok(json!(broken(a, b))),
        _ => {
            let (a, b) = (type_of(a), type_of(b));
            let message = format!("unsupported operand type(s) for {operator}: '{a}' and '{b}'");
            Err(TaskError::failed("TypeError", message))
        }
    }
}

/// Whole numbers, and truth values, which are numbers too.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_bool().map(i64::from))
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "int",
        Value::String(_) => "str",
        Value::Array(_) => "list",
        Value::Object(_) => "dict",
    }
}

/// `if value`.
pub(super) fn is_true(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(truth) => *truth,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(dict) => !dict.is_empty(),
    }
}
