//! The result meta: state and outcome of a task, as a result backend stores it.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::JsonMap;
use super::error::ProtocolError;
use super::ids::{GroupId, NodeName, TaskId};
use super::message::Message;
use super::signature::Signature;
use super::time::IsoTimestamp;

/// The state of a task. The words are Celery's; a task may also name states of its own.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TaskState {
    /// Nothing is known: waiting, or never sent.
    Pending,
    /// A worker has it.
    Received,
    /// It runs.
    Started,
    /// It runs and said how far it is.
    Progress,
    /// It ended well.
    Success,
    /// It ended badly.
    Failure,
    /// It will be tried again.
    Retry,
    /// It was called off, or its time to start had passed.
    Revoked,
    /// A state of the task's own.
    Custom(String),
}

impl TaskState {
    /// The word on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Pending => "PENDING",
            Self::Received => "RECEIVED",
            Self::Started => "STARTED",
            Self::Progress => "PROGRESS",
            Self::Success => "SUCCESS",
            Self::Failure => "FAILURE",
            Self::Retry => "RETRY",
            Self::Revoked => "REVOKED",
            Self::Custom(word) => word,
        }
    }

    /// Whether the task has ended.
    pub fn is_ready(&self) -> bool {
        matches!(self, Self::Success | Self::Failure | Self::Revoked)
    }

    /// Whether the result is an exception.
    pub fn is_exception(&self) -> bool {
        matches!(self, Self::Failure | Self::Retry | Self::Revoked)
    }

    /// Whether it makes what waits for it fail too (a chord's body, a chain's end).
    pub fn propagates(&self) -> bool {
        matches!(self, Self::Failure | Self::Revoked)
    }
}

impl From<&str> for TaskState {
    fn from(word: &str) -> Self {
        match word {
            "PENDING" => Self::Pending,
            "RECEIVED" => Self::Received,
            "STARTED" => Self::Started,
            "PROGRESS" => Self::Progress,
            "SUCCESS" => Self::Success,
            "FAILURE" => Self::Failure,
            "RETRY" => Self::Retry,
            "REVOKED" => Self::Revoked,
            other => Self::Custom(other.to_owned()),
        }
    }
}

impl fmt::Display for TaskState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl Serialize for TaskState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for TaskState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Self::from(String::deserialize(deserializer)?.as_str()))
    }
}

/// What is stored of a task. Keys that are not named here (with `result_extended`: name, args, kwargs, worker,
/// retries, queue, stamped_headers and the stamps themselves) are kept in `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskMeta {
    /// The state.
    pub status: TaskState,
    /// The return value, the exception ([`TaskException`]), or what the state says of itself. [`json::from_value`]
    /// reads it with the numbers that only Python's JSON has.
    ///
    /// [`json::from_value`]: crate::json::from_value
    #[serde(default)]
    pub result: Value,
    /// The traceback of a failure.
    #[serde(default)]
    pub traceback: Option<String>,
    /// What the task sent.
    #[serde(default)]
    pub children: Option<Vec<ResultTuple>>,
    /// When it ended.
    #[serde(default)]
    pub date_done: Option<IsoTimestamp>,
    /// The group that it is a member of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_id: Option<GroupId>,
    /// The task that sent it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_id: Option<TaskId>,
    /// The task.
    pub task_id: TaskId,
    /// Everything else.
    #[serde(flatten)]
    pub extra: JsonMap,
}

impl TaskMeta {
    /// A meta with this state and result and nothing else; one that has ended is dated now.
    pub fn new(task_id: TaskId, status: TaskState, result: Value) -> Self {
        let date_done = status.is_ready().then(|| super::Timestamp::now().into());
        Self {
            status,
            result,
            traceback: None,
            children: Some(Vec::new()),
            date_done,
            group_id: None,
            parent_id: None,
            task_id,
            extra: JsonMap::new(),
        }
    }

    /// Adds what `result_extended` has of the task whose message this is: its name, arguments, worker, retries, queue,
    /// and its stamps. A stamp that is named like a key of every meta is left out.
    pub(crate) fn extend(&mut self, message: &Message, worker: &NodeName) {
        const KEYS: [&str; 8] =
            ["status", "result", "traceback", "children", "date_done", "group_id", "parent_id", "task_id"];
        let (headers, body) = (&message.headers, &message.body);
        let mut add = |key: &str, value: Value| drop(self.extra.insert(key.to_owned(), value));
        add("name", headers.task.as_str().into());
        add("args", body.args().into());
        add("kwargs", Value::Object(body.kwargs().clone()));
        add("worker", worker.as_str().into());
        add("retries", headers.retries.into());
        add("queue", message.properties.delivery_info.routing_key.as_str().into());
        if headers.stamps.is_empty() {
            return;
        }
        let names = headers.stamped_headers.as_deref().unwrap_or_default();
        add("stamped_headers", names.into());
        for name in names.iter().filter(|name| !KEYS.contains(&name.as_str())) {
            if let Some(stamp) = headers.stamps.get(name) {
                add(name, stamp.clone());
            }
        }
    }

    /// The same of a task that was never sent: what its signature has.
    pub(crate) fn extend_unsent(&mut self, signature: &Signature) {
        let retries = signature.options.get("retries").cloned().unwrap_or_else(|| 0.into());
        self.extra.extend([
            ("name".to_owned(), signature.task.as_str().into()),
            ("args".to_owned(), signature.args.clone().into()),
            ("kwargs".to_owned(), signature.kwargs.clone().into()),
            ("worker".to_owned(), Value::Null),
            ("retries".to_owned(), retries),
            ("queue".to_owned(), Value::Null),
        ]);
    }

    /// Reads a stored meta.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        crate::json::parse(bytes).map_err(|error| ProtocolError::malformed("the result meta", error))
    }

    /// The bytes to store.
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let bytes =
            crate::json::write(self).map_err(|error| ProtocolError::malformed("the result meta", error))?;
        if bytes.len() > super::MAX_BODY_BYTES {
            return Err(ProtocolError::TooLarge { bytes: bytes.len(), limit: super::MAX_BODY_BYTES });
        }
        Ok(bytes)
    }

    /// The exception, when the state is one that has one.
    pub fn exception(&self) -> Option<TaskException> {
        self.status.is_exception().then(|| TaskException::from_value(&self.result))
    }
}

/// An exception as Celery stores it. A Python client makes an instance of the class that module and type name, so
/// use those that Python knows: `builtins`, `celery.exceptions`, `billiard.exceptions`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskException {
    /// The class, such as `ValueError`.
    pub exc_type: String,
    /// The arguments of its constructor.
    pub exc_message: Vec<Value>,
    /// The module of the class.
    pub exc_module: String,
}

impl TaskException {
    /// An exception with one argument, its message.
    pub fn new(module: &str, kind: &str, message: impl Into<Value>) -> Self {
        Self { exc_type: kind.into(), exc_message: vec![message.into()], exc_module: module.into() }
    }

    /// Reads what is stored, of whatever shape it is.
    pub fn from_value(value: &Value) -> Self {
        let text = |key: &str, otherwise: &str| {
            value.get(key).and_then(Value::as_str).unwrap_or(otherwise).to_owned()
        };
        let exc_message = match value.get("exc_message") {
            Some(Value::Array(args)) => args.clone(),
            Some(single) => vec![single.clone()],
            None => vec![value.clone()],
        };
        Self {
            exc_type: text("exc_type", "Exception"),
            exc_message,
            exc_module: text("exc_module", "builtins"),
        }
    }

    /// The value to store as a meta's result.
    pub fn into_value(self) -> Value {
        serde_json::json!({
            "exc_type": self.exc_type, "exc_message": self.exc_message, "exc_module": self.exc_module,
        })
    }

    /// The message in words: the arguments, joined.
    pub fn message(&self) -> String {
        let words = self.exc_message.iter().map(|arg| match arg {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    /// As the last line of Python's tracebacks has it: `ValueError: bad`, `celery.exceptions.Retry: now`.
    pub(crate) fn last_line(&self) -> String {
        let module = match self.exc_module.as_str() {
            "builtins" | "__main__" => String::new(),
            module => format!("{module}."),
        };
        let said = match self.exc_message.as_slice() {
            [] => String::new(),
            [Value::String(text)] => format!(": {text}"),
            [single] => format!(": {}", crate::repr::whole(single)),
            several => format!(": {}", crate::repr::args(several)),
        };
        format!("{module}{}{said}", self.exc_type)
    }

    /// As Python's `repr()` shows it: `ValueError('bad')`.
    pub fn repr(&self) -> String {
        crate::repr::exception(&self.exc_type, &self.exc_message)
    }
}

impl fmt::Display for TaskException {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.exc_type, self.message())
    }
}

/// A task or group that was sent, as it stands among a meta's children: `[[id, parent], null]` for a task,
/// `[[id, parent], [members]]` for a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultTuple {
    /// The task's or group's id.
    pub id: TaskId,
    /// What sent it.
    pub parent: Option<Box<ResultTuple>>,
    /// The members of a group.
    pub members: Option<Vec<ResultTuple>>,
}

impl ResultTuple {
    /// A task without a parent.
    pub fn task(id: TaskId) -> Self {
        Self { id, parent: None, members: None }
    }

    /// A group of tasks.
    pub fn group(id: TaskId, members: Vec<ResultTuple>) -> Self {
        Self { id, parent: None, members: Some(members) }
    }

    /// With what sent it.
    pub fn with_parent(mut self, parent: ResultTuple) -> Self {
        self.parent = Some(Box::new(parent));
        self
    }
}

impl Serialize for ResultTuple {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        ((&self.id, &self.parent), &self.members).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ResultTuple {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        type Parts = ((TaskId, Option<Box<ResultTuple>>), Option<Vec<ResultTuple>>);
        let ((id, parent), members) = Parts::deserialize(deserializer)?;
        Ok(Self { id, parent, members })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_meta_with_children_and_extended_keys_survives() {
        let wire = json!({
            "status": "SUCCESS", "result": 5, "traceback": null,
            "children": [[["c1", [["p", null], null]], null], [["g", null], [[["m", null], null]]]],
            "date_done": "2026-11-23T20:31:00.394155+00:00", "task_id": "1", "worker": "w1@lab", "retries": 0
        });
        let meta = TaskMeta::decode(wire.to_string().as_bytes()).unwrap();
        assert_eq!(meta.children.as_ref().unwrap()[1].members.as_ref().unwrap()[0].id.as_str(), "m");
        let again: Value = serde_json::from_slice(&meta.encode().unwrap()).unwrap();
        assert_eq!(again, wire);
    }

    #[test]
    fn states_keep_their_words() {
        for word in ["PENDING", "STARTED", "PROGRESS", "SUCCESS", "FAILURE", "RETRY", "REVOKED", "MY_STATE"] {
            assert_eq!(TaskState::from(word).as_str(), word);
        }
        assert!(TaskState::Revoked.is_ready() && !TaskState::Retry.is_ready());
    }

    #[test]
    fn an_exception_of_any_shape_is_read() {
        let stored = json!({"exc_type": "KeyError", "exc_message": "x", "exc_module": "builtins"});
        assert_eq!(TaskException::from_value(&stored).repr(), "KeyError('x')");
        assert_eq!(TaskException::from_value(&json!("boom")).to_string(), "Exception: boom");
        let own = TaskException::new("builtins", "ValueError", "it's");
        assert_eq!(TaskException::from_value(&own.clone().into_value()), own);
        assert_eq!(own.repr(), "ValueError(\"it's\")");
    }

    #[test]
    fn a_stamp_does_not_take_the_place_of_the_state() {
        let id = TaskId::from("1");
        let mut headers = crate::protocol::Headers::new("tasks.add", id.clone());
        headers.stamps =
            JsonMap::from_iter([("status".to_owned(), "SUCCESS".into()), ("who".to_owned(), 7.into())]);
        headers.stamped_headers = Some(vec!["status".to_owned(), "who".to_owned(), "none".to_owned()]);
        let embed = crate::protocol::Embed::default();
        let message = Message::new(headers, vec![1.into()], JsonMap::new(), embed);
        let mut meta = TaskMeta::new(id, TaskState::Retry, Value::Null);
        meta.extend(&message, &NodeName::from("w1@lab"));
        let read = TaskMeta::decode(&meta.encode().unwrap()).unwrap();
        assert_eq!((read.status, &read.extra["who"]), (TaskState::Retry, &7.into()));
        assert_eq!(read.extra["worker"], "w1@lab");
    }
}
