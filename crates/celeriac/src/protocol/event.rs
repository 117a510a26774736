//! Events: what workers and clients tell whoever watches.

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::JsonMap;
use super::envelope::{DeliveryInfo, Envelope, Properties, null_as_default};
use super::error::ProtocolError;
use super::ids::{NodeName, TaskId};

/// Topics of events begin so; the routing key follows: `celeryev/task.multi`, `celeryev/worker.heartbeat`.
/// Subscribe to `celeryev/*` for all of them.
pub const EVENT_TOPIC_PREFIX: &str = "celeryev/";

/// Most events in one payload that are read; the rest is dropped.
const MAX_EVENTS_PER_PAYLOAD: usize = 10_000;

/// One event. What depends on its kind is in `fields`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// The node that sent it.
    pub hostname: NodeName,
    /// The sender's offset from UTC in hours, negated as Python's `time.timezone` has it. Celery 5.6 writes a whole
    /// number, 5.7 one with a fraction.
    #[serde(default = "zero", deserialize_with = "null_as_zero")]
    pub utcoffset: Number,
    /// The sender's process.
    #[serde(default, deserialize_with = "null_as_default")]
    pub pid: u32,
    /// The sender's Lamport clock.
    #[serde(default, deserialize_with = "null_as_default")]
    pub clock: u64,
    /// Seconds since 1970.
    pub timestamp: f64,
    /// The kind: `task-started`, `worker-heartbeat`, or a task's own.
    #[serde(rename = "type")]
    pub kind: String,
    /// The task, for kinds that begin with `task-`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uuid: Option<TaskId>,
    /// Everything else.
    #[serde(flatten)]
    pub fields: JsonMap,
}

impl Event {
    /// The topic that an event of this kind goes to alone: `task-started` to `celeryev/task.started`.
    pub fn topic(kind: &str) -> String {
        format!("{EVENT_TOPIC_PREFIX}{}", kind.replace('-', "."))
    }

    /// The payload of one event, for its own topic.
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let body = crate::json::write(self).map_err(|error| ProtocolError::malformed("the event", error))?;
        envelope(body, &self.hostname, &self.kind.replace('-', ".")).encode()
    }

    /// The payload of several events of one node, for the topic `celeryev/task.multi`.
    pub fn encode_many(events: &[Event]) -> Result<Vec<u8>, ProtocolError> {
        let body =
            crate::json::write(&events).map_err(|error| ProtocolError::malformed("the events", error))?;
        let hostname = events.first().map_or(NodeName::from(""), |event| event.hostname.clone());
        envelope(body, &hostname, "task.multi").encode()
    }

    /// Reads a payload of one event or several. Events that cannot be read (no hostname, no timestamp) are left out.
    pub fn decode(payload: &[u8]) -> Result<Vec<Event>, ProtocolError> {
        let envelope = Envelope::decode_unpacked(payload)?;
        let events = match envelope.body_json::<Value>("the event")? {
            Value::Array(events) => events,
            single => vec![single],
        };
        let read = events.into_iter().take(MAX_EVENTS_PER_PAYLOAD);
        Ok(read.filter_map(|event| serde_json::from_value(event).ok()).collect())
    }
}

fn zero() -> Number {
    Number::from(0)
}

fn null_as_zero<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
    Ok(Option::<Number>::deserialize(deserializer)?.unwrap_or_else(zero))
}

fn envelope(body: Vec<u8>, hostname: &NodeName, routing_key: &str) -> Envelope {
    let mut headers = JsonMap::new();
    headers.insert("hostname".into(), hostname.as_str().into());
    let properties = Properties {
        delivery_mode: Some(1),
        delivery_info: DeliveryInfo {
            exchange: "celeryev".into(),
            routing_key: routing_key.into(),
            redelivered: None,
        },
        ..Properties::default()
    };
    Envelope::json(body, headers, properties)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(kind: &str) -> Event {
        let mut fields = JsonMap::new();
        fields.insert("runtime".into(), 0.5.into());
        Event {
            hostname: "w1@lab".into(),
            utcoffset: zero(),
            pid: 7,
            clock: 3,
            timestamp: 1795466047.25,
            kind: kind.into(),
            uuid: Some("u".into()),
            fields,
        }
    }

    #[test]
    fn one_event_and_several_are_read() {
        let one = event("task-started");
        assert_eq!(Event::decode(&one.encode().unwrap()).unwrap(), std::slice::from_ref(&one));
        let both = [one, event("task-succeeded")];
        assert_eq!(Event::decode(&Event::encode_many(&both).unwrap()).unwrap(), both);
        assert_eq!(Event::topic("task-succeeded"), "celeryev/task.succeeded");
    }

    #[test]
    fn an_event_without_hostname_is_left_out() {
        let body =
            br#"[{"type": "task-sent", "timestamp": 1}, {"type": "x", "timestamp": 1, "hostname": "h"}]"#;
        let payload = envelope(body.to_vec(), &"h".into(), "task.multi").encode().unwrap();
        assert_eq!(Event::decode(&payload).unwrap().len(), 1);
    }
}
