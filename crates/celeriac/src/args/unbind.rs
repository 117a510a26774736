//! From the task's struct to the arguments of its message.

use serde_json::{Map, Value};

use super::Arguments;
use super::any::{DOUBLE_STAR, STAR};
use crate::json;

/// Turns a task's struct into the arguments of its message.
///
/// # Errors
/// When a field cannot be written as JSON (a map with keys that are no strings, for example).
pub fn unbind<T: serde::Serialize>(task: &T) -> Result<Arguments, serde_json::Error> {
    Ok(match json::to_value(task)? {
        Value::Object(kwargs) => unbind_fields(kwargs),
        Value::Array(args) => (args, Map::new()),
        Value::Null => (Vec::new(), Map::new()),
        single => (vec![single], Map::new()),
    })
}

/// Fields before one that takes the rest of the positional arguments are positional too, unless there is no rest.
fn unbind_fields(mut fields: Map<String, Value>) -> Arguments {
    let mut args = Vec::new();
    if let Some(Value::Array(rest)) = fields.get_mut(STAR).map(Value::take) {
        if !rest.is_empty() {
            let before: Vec<String> = fields.keys().take_while(|name| *name != STAR).cloned().collect();
            args.extend(before.iter().filter_map(|name| fields.shift_remove(name)));
            args.extend(rest);
        }
        fields.shift_remove(STAR);
    }
    if let Some(Value::Object(rest)) = fields.get_mut(DOUBLE_STAR).map(Value::take) {
        fields.shift_remove(DOUBLE_STAR);
        fields.extend(rest);
    }
    (args, fields)
}
