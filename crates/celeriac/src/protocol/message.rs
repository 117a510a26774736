//! The task message, Celery's protocol 2. One of protocol 1 is read as if it were one of these.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

use super::JsonMap;
use super::envelope::{Envelope, Properties, Wire, WireRef, fresh_tag, null_as_default, wrap};
use super::error::ProtocolError;
use super::ids::{GroupId, QueueName, TaskId, check};
use super::signature::Signature;
use super::time::IsoTimestamp;
use super::version1;

/// A task message: what to run, with which arguments, and what follows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Identity, limits and relations of the task.
    pub headers: Headers,
    /// Arguments and what follows.
    pub body: Body,
    /// Routing and priority.
    pub properties: Properties,
}

/// The headers of a task message. Headers that are not named here, also a user's own, are kept in `extra`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Headers {
    /// The sender's language, `py` or `rs`.
    #[serde(default)]
    pub lang: Option<String>,
    /// The task's name, such as `tasks.add`.
    pub task: String,
    /// The task's id.
    pub id: TaskId,
    /// Another name to show.
    #[serde(default)]
    pub shadow: Option<String>,
    /// Not to be run before.
    #[serde(default)]
    pub eta: Option<IsoTimestamp>,
    /// Not to be run after.
    #[serde(default)]
    pub expires: Option<IsoTimestamp>,
    /// The group or chord that the task is a member of.
    #[serde(default)]
    pub group: Option<GroupId>,
    /// The task's place in its group.
    #[serde(default)]
    pub group_index: Option<u64>,
    /// How often the task was tried before.
    #[serde(default, deserialize_with = "null_as_default")]
    pub retries: u32,
    /// Time limits of this one message.
    #[serde(default, deserialize_with = "null_as_default")]
    pub timelimit: TimeLimit,
    /// The first task of the tree.
    #[serde(default)]
    pub root_id: Option<TaskId>,
    /// The task that sent this one.
    #[serde(default)]
    pub parent_id: Option<TaskId>,
    /// The positional arguments as a person reads them.
    #[serde(default)]
    pub argsrepr: Option<String>,
    /// The named arguments as a person reads them.
    #[serde(default)]
    pub kwargsrepr: Option<String>,
    /// Who sent it: `gen<pid>@<host>`.
    #[serde(default)]
    pub origin: Option<String>,
    /// Whether to store no result; nothing means that the task decides.
    #[serde(default)]
    pub ignore_result: Option<bool>,
    /// How often the task replaced itself.
    #[serde(default, deserialize_with = "null_as_default")]
    pub replaced_task_nesting: u32,
    /// Names of the headers that are stamps.
    #[serde(default)]
    pub stamped_headers: Option<Vec<String>>,
    /// The stamps.
    #[serde(default, deserialize_with = "null_as_default")]
    pub stamps: JsonMap,
    /// How the body is compressed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<String>,
    /// Whether the message came back after a worker had it already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<bool>,
    /// All other headers.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// Time limits of one message, `[hard, soft]` on the wire, in seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeLimit {
    /// After this the task is killed.
    pub hard: Option<Duration>,
    /// After this the task is asked to end.
    pub soft: Option<Duration>,
}

/// The body of a task message, `[args, kwargs, embed]` on the wire.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Body(
    /// Positional arguments.
    #[serde(deserialize_with = "null_as_default")]
    pub Vec<Value>,
    /// Named arguments.
    #[serde(deserialize_with = "null_as_default")]
    pub JsonMap,
    /// What follows the task.
    #[serde(deserialize_with = "null_as_default")]
    pub Embed,
);

impl Body {
    /// Positional arguments.
    pub fn args(&self) -> &[Value] {
        &self.0
    }

    /// Named arguments.
    pub fn kwargs(&self) -> &JsonMap {
        &self.1
    }

    /// What follows the task.
    pub fn embed(&self) -> &Embed {
        &self.2
    }
}

/// What follows a task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Embed {
    /// Run with the result when the task succeeds.
    pub callbacks: Option<Vec<Signature>>,
    /// Run when it fails.
    pub errbacks: Option<Vec<Signature>>,
    /// The rest of the chain, **reversed**: the next task is the last element.
    pub chain: Option<Vec<Signature>>,
    /// The body of the chord whose header the task is part of.
    pub chord: Option<Signature>,
    /// Everything else.
    #[serde(flatten)]
    pub extra: JsonMap,
}

impl Headers {
    /// Headers of a fresh task: a root with no parent.
    pub fn new(task: impl Into<String>, id: TaskId) -> Self {
        Self {
            lang: Some("rs".into()),
            task: task.into(),
            root_id: Some(id.clone()),
            id,
            shadow: None,
            eta: None,
            expires: None,
            group: None,
            group_index: None,
            retries: 0,
            timelimit: TimeLimit::default(),
            parent_id: None,
            argsrepr: None,
            kwargsrepr: None,
            origin: None,
            ignore_result: None,
            replaced_task_nesting: 0,
            stamped_headers: None,
            stamps: JsonMap::new(),
            compression: None,
            redelivered: None,
            extra: JsonMap::new(),
        }
    }
}

impl Headers {
    /// The name that logs, events and remote control show: the sender may have given another one than the task's.
    pub fn shown_name(&self) -> &str {
        let shadow = self.shadow.as_deref().filter(|shadow| check("task name", shadow).is_ok());
        shadow.unwrap_or(&self.task)
    }
}

impl Message {
    /// A message with these headers and arguments for the default queue; set `properties` for more.
    pub fn new(headers: Headers, args: Vec<Value>, kwargs: JsonMap, embed: Embed) -> Self {
        let properties = Properties {
            correlation_id: Some(headers.id.to_string()),
            delivery_mode: Some(2),
            body_encoding: Some("base64".into()),
            ..Properties::default()
        };
        Self { headers, body: Body(args, kwargs, embed), properties }
    }

    /// The task's id.
    pub fn id(&self) -> &TaskId {
        &self.headers.id
    }

    /// Reads a message from a broker's bytes, a kombu envelope.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let wire: Wire<'_, Headers> = match Wire::read(bytes) {
            Ok(wire) => wire,
            // The envelope's own fault is told first: that its body is pickled says more than that a header is missing.
            Err(error) => {
                let is_malformed = matches!(error, ProtocolError::Malformed { .. });
                if is_malformed && let Some(quoted) = crate::json::quoted(bytes) {
                    return Self::decode(&quoted);
                }
                return match version1::read(bytes).filter(|_| is_malformed) {
                    Some(message) => message.checked(),
                    None => Err(Envelope::decode(bytes).err().unwrap_or(error)),
                };
            }
        };
        let body =
            wire.body(wire.headers.as_ref().and_then(|headers: &Headers| headers.compression.as_deref()))?;
        let body: Body = crate::json::parse(&body)
            .map_err(|error| ProtocolError::malformed("the body [args, kwargs, embed]", error))?;
        let Some(headers) = wire.headers else {
            return Err(ProtocolError::malformed("the task headers", "there are none"));
        };
        Self { headers, body, properties: wire.properties }.checked()
    }

    fn checked(mut self) -> Result<Self, ProtocolError> {
        check("task name", &self.headers.task)?;
        self.headers.id = self.headers.id.checked()?;
        Ok(self)
    }

    /// The task that a message is for which cannot be read otherwise.
    pub(crate) fn identify(bytes: &[u8]) -> Option<TaskId> {
        #[derive(Deserialize)]
        struct Loose {
            headers: Option<LooseHeaders>,
            properties: Option<LooseProperties>,
        }
        #[derive(Deserialize)]
        struct LooseProperties {
            correlation_id: Option<Value>,
        }
        #[derive(Deserialize)]
        struct LooseHeaders {
            id: Option<Value>,
            task: Option<Value>,
        }
        // All else is passed over without being kept, however large and deep it is.
        let Loose { headers, properties } = crate::json::parse(bytes).ok()?;
        // Protocol 1 has all of it in the body.
        let id = match headers.and_then(|headers| Some((headers.task?, headers.id))) {
            Some((task, id)) => id.filter(|_| task.is_string()),
            None => properties.and_then(|properties| properties.correlation_id),
        };
        TaskId::from(id.as_ref()?.as_str()?).checked().ok()
    }

    /// The bytes for a broker, addressed to `queue`, with a fresh delivery tag.
    pub fn encode(&self, queue: &QueueName) -> Result<Vec<u8>, ProtocolError> {
        let mut properties = self.properties.clone();
        properties.delivery_info.routing_key = queue.to_string();
        properties.delivery_tag = Some(fresh_tag());
        properties.body_encoding = Some("base64".into());
        let body =
            crate::json::write(&self.body).map_err(|error| ProtocolError::malformed("the body", error))?;
        let wire = WireRef {
            body: &wrap(&body, self.headers.compression.as_deref(), true)?,
            content_encoding: "utf-8",
            content_type: "application/json",
            headers: &self.headers,
            properties: &properties,
        };
        wire.write()
    }

    /// Marks a message that a worker had before, as kombu does.
    pub fn mark_redelivered(&mut self) {
        self.headers.redelivered = Some(true);
        self.properties.delivery_info.redelivered = Some(true);
    }
}

impl Serialize for TimeLimit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.hard.map(seconds), self.soft.map(seconds)).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for TimeLimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (hard, soft) = <(Value, Value)>::deserialize(deserializer)?;
        // A limit that is no duration (negative, not finite) limits nothing.
        let duration = |seconds: Value| Duration::try_from_secs_f64(seconds.as_f64()?).ok();
        Ok(Self { hard: duration(hard), soft: duration(soft) })
    }
}

/// Whole seconds are written without a fraction, as Python writes an int.
fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 { duration.as_secs().into() } else { duration.as_secs_f64().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Priority, Timestamp};

    #[test]
    fn a_message_survives_the_wire() {
        let mut headers = Headers::new("tasks.add", TaskId::new());
        headers.eta = Some(Timestamp::from_unix_ms(1_900_000_000_123).into());
        headers.timelimit =
            TimeLimit { hard: Some(Duration::from_secs(9)), soft: Some(Duration::from_millis(8500)) };
        headers.extra.insert("x-mine".into(), "kept".into());
        let mut sent = Message::new(headers, vec![1.into()], JsonMap::new(), Embed::default());
        sent.properties.priority = Priority(6);
        let received = Message::decode(&sent.encode(&QueueName::celery()).unwrap()).unwrap();
        assert_eq!(received.headers, sent.headers);
        assert_eq!(received.body, sent.body);
        assert_eq!(received.properties.priority, Priority(6));
        assert_eq!(received.properties.delivery_info.routing_key, "celery");
    }

    #[test]
    fn a_body_of_another_shape_is_refused() {
        for body in ["[1, 2]", "{}", "[[], {}, {}, 4]", "[1, {}, {}]"] {
            let headers = serde_json::json!({"task": "t", "id": "1"}).as_object().unwrap().clone();
            let bytes = Envelope::json(body.into(), headers, Properties::default()).encode().unwrap();
            let error = Message::decode(&bytes).unwrap_err();
            assert!(error.to_string().contains("[args, kwargs, embed]"), "{error}");
        }
    }

    #[test]
    fn a_header_may_be_a_number_that_is_none() {
        let wire = br#"{"body": "[[NaN], {}, {}]", "content-type": "application/json",
            "headers": {"id": "a", "task": "t", "x": NaN, "timelimit": [null, Infinity]}, "properties": {}}"#;
        let message = Message::decode(wire).unwrap();
        assert_eq!(crate::json::odd_number(&message.headers.extra["x"]), Some("NaN"));
        assert_eq!(crate::json::odd_number(&message.body.args()[0]), Some("NaN"));
        assert_eq!(message.headers.timelimit, TimeLimit::default());
        let again = message.encode(&QueueName::celery()).unwrap();
        assert_eq!(Message::decode(&again).unwrap().headers, message.headers);
        assert!(again.windows(7).any(|bytes| bytes == b"\"x\":NaN"));
    }

    #[test]
    fn a_message_that_cannot_be_read_may_still_tell_whose_it_is() {
        let id = |wire: &str| Message::identify(wire.as_bytes()).map(String::from);
        let deep = "[".repeat(5_000) + &"]".repeat(5_000);
        let wire =
            format!(r#"{{"body": {deep}, "headers": {{"x": {deep}, "id": "a", "task": "t", "eta": 5}}}}"#);
        assert_eq!(id(&wire), Some("a".to_owned()));
        for nobody in [
            "",
            "{",
            r#"{"headers": null}"#,
            r#"{"headers": {"id": 5, "task": "t"}}"#,
            r#"{"headers": {"id": ""}}"#,
        ] {
            assert_eq!(id(nobody), None, "{nobody}");
        }
    }

    #[test]
    fn a_name_that_would_forge_lines_of_the_log_is_refused() {
        for name in ["", "a\nb", "\u{1b}[31m", &"x".repeat(2_000)] {
            let headers = serde_json::json!({"task": name, "id": "1"}).as_object().unwrap().clone();
            let bytes = Envelope::json("[[],{},{}]".into(), headers, Properties::default()).encode().unwrap();
            assert!(Message::decode(&bytes).unwrap_err().to_string().contains("no task name"), "{name}");
            let headers = Headers { shadow: Some(name.to_owned()), ..Headers::new("t", TaskId::new()) };
            assert_eq!(headers.shown_name(), "t");
        }
    }

    #[test]
    fn a_message_without_task_or_id_is_refused() {
        let headers = serde_json::json!({"task": "t"}).as_object().unwrap().clone();
        let bytes = Envelope::json("[[],{},{}]".into(), headers, Properties::default()).encode().unwrap();
        assert!(Message::decode(&bytes).unwrap_err().to_string().contains("`id`"));
    }
}
