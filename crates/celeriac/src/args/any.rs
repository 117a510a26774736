//! Arguments of any kind, and the fields that take what no other field takes.

use serde_json::{Map, Value};

/// The name of a field that takes all further positional arguments, and those after it by name only.
pub(super) const STAR: &str = "*args";
/// The name of a field that takes all keywords that are no other field's.
pub(super) const DOUBLE_STAR: &str = "**kwargs";

/// Whatever a task is called with, as `def task(*args, **kwargs)`: for tasks that are a tuple struct around it. A task
/// may also have a field of its own that is renamed to `*args` or `**kwargs`, which takes the rest.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct AnyArguments {
    /// The positional arguments.
    #[serde(rename = "*args", default)]
    pub args: Vec<Value>,
    /// The keyword arguments.
    #[serde(rename = "**kwargs", default)]
    pub kwargs: Map<String, Value>,
}
