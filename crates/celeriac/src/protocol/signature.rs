//! A signature: a task to be sent, as canvas passes it along inside of messages.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JsonMap;
use super::envelope::null_as_default;
use super::ids::TaskId;

/// A task with its arguments and options, not yet sent. Celery's dictionary form; keys that are not named here are
/// kept in `extra`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Signature {
    /// The task's name.
    pub task: String,
    /// Positional arguments.
    #[serde(default, deserialize_with = "null_as_default")]
    pub args: Vec<Value>,
    /// Named arguments.
    #[serde(default, deserialize_with = "null_as_default")]
    pub kwargs: JsonMap,
    /// What `apply_async` would be given: task_id, queue, priority, link, chord and so on.
    #[serde(default, deserialize_with = "null_as_default")]
    pub options: JsonMap,
    /// Which canvas this is; nothing for a plain task.
    #[serde(default)]
    pub subtask_type: Option<SubtaskType>,
    /// Whether the result of the task before it is *not* put before its arguments.
    #[serde(default, deserialize_with = "null_as_default")]
    pub immutable: bool,
    /// Everything else, such as `chord_size`.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// The kinds of canvas.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum SubtaskType {
    /// One after the other: `kwargs.tasks`.
    Chain,
    /// All at once: `kwargs.tasks`.
    Group,
    /// A group and what runs after all of it: `kwargs.header`, `kwargs.body`.
    Chord,
    /// One task over a list, inside of one task.
    Xmap,
    /// The same with several arguments each.
    Starmap,
    /// A list cut into pieces, each a starmap.
    Chunks,
    /// A kind that is not known here; it is sent on as it came.
    #[serde(untagged)]
    Other(String),
}

impl Signature {
    /// A signature of the task with this name.
    pub fn new(task: impl Into<String>) -> Self {
        Self { task: task.into(), ..Self::default() }
    }

    /// With these positional arguments.
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<Value>>) -> Self {
        self.args = args.into_iter().map(Into::into).collect();
        self
    }

    /// With these named arguments.
    pub fn kwargs(mut self, kwargs: JsonMap) -> Self {
        self.kwargs = kwargs;
        self
    }

    /// With one named argument more.
    pub fn kwarg(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.kwargs.insert(name.into(), value.into());
        self
    }

    /// Takes no result of the task before it.
    pub fn immutable(mut self) -> Self {
        self.immutable = true;
        self
    }

    /// With one option more.
    pub fn option(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.options.insert(name.into(), value.into());
        self
    }

    /// The id that the task will have, when it is fixed already.
    pub fn task_id(&self) -> Option<TaskId> {
        self.options.get("task_id").and_then(Value::as_str).map(TaskId::from)
    }

    /// How many header tasks a chord waits for, where Celery recorded it.
    pub fn chord_size(&self) -> Option<u64> {
        self.extra.get("chord_size").and_then(Value::as_u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_signature_keeps_what_it_does_not_know() {
        let wire = json!({
            "task": "celery.chord", "args": [], "kwargs": {"header": [], "body": null}, "options": {"queue": "q"},
            "subtask_type": "chord", "immutable": false, "chord_size": null, "later": 7
        });
        let signature: Signature = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(signature.subtask_type, Some(SubtaskType::Chord));
        assert_eq!(serde_json::to_value(signature).unwrap(), wire);
    }

    #[test]
    fn an_unknown_kind_is_kept() {
        let wire = json!({"task": "t", "args": [], "kwargs": {}, "options": {}, "subtask_type": "ring", "immutable": true});
        let signature: Signature = serde_json::from_value(wire.clone()).unwrap();
        assert_eq!(signature.subtask_type, Some(SubtaskType::Other("ring".into())));
        assert_eq!(serde_json::to_value(signature).unwrap(), wire);
    }
}
