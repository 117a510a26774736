//! Remote control, kombu's pidbox: requests that are broadcast to all workers, and their replies.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JsonMap;
use super::envelope::{DeliveryInfo, Envelope, Properties};
use super::error::ProtocolError;
use super::ids::NodeName;

/// The topic of control requests.
pub const PIDBOX_TOPIC: &str = "celery.pidbox";

/// Most bytes of a request. A worker that tells all ids that it may know to be revoked needs about half of them.
const MAX_REQUEST_BYTES: usize = 10 * 1024 * 1024;

const REPLY_EXCHANGE: &str = "reply.celery.pidbox";

/// The topic that replies for one client go to.
pub fn reply_topic(routing_key: &str) -> String {
    format!("{routing_key}.{REPLY_EXCHANGE}")
}

/// A control request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ControlRequest {
    /// The command, such as `ping`.
    pub method: String,
    /// Its arguments by name.
    #[serde(default)]
    pub arguments: JsonMap,
    /// Why it cannot be obeyed, and is to be answered nevertheless.
    #[serde(skip)]
    pub unfit: Option<Unfit>,
    /// Only these nodes are meant; an empty list means all.
    #[serde(default, deserialize_with = "one_or_many")]
    pub destination: Option<Vec<NodeName>>,
    /// Only nodes whose name matches are meant.
    #[serde(default)]
    pub pattern: Option<String>,
    /// How `pattern` is read: `glob` or `pcre`.
    #[serde(default)]
    pub matcher: Option<String>,
    /// Names the request in its replies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// Where to reply; nothing when no reply is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<ReplyTo>,
    /// The sender's Lamport clock (a header).
    #[serde(skip)]
    pub clock: u64,
    /// When the sender stops to wait, seconds since 1970; 0 for never (a header).
    #[serde(skip)]
    pub expires: f64,
}

/// What makes a request useless although it can be read.
#[derive(Debug, Clone, PartialEq)]
pub enum Unfit {
    /// A method that is no text.
    Method(Value),
    /// Arguments that have no names.
    Arguments(Value),
}

/// Where the replies to a request go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplyTo {
    /// `reply.celery.pidbox`.
    pub exchange: String,
    /// The client.
    pub routing_key: String,
}

impl ReplyTo {
    /// The address of the client with this id.
    pub fn client(id: impl Into<String>) -> Self {
        Self { exchange: REPLY_EXCHANGE.into(), routing_key: id.into() }
    }

    /// The topic to reply on.
    pub fn topic(&self) -> String {
        reply_topic(&self.routing_key)
    }
}

impl ControlRequest {
    /// A request to all nodes that wants no reply.
    pub fn new(method: impl Into<String>, arguments: JsonMap) -> Self {
        Self {
            method: method.into(),
            arguments,
            unfit: None,
            destination: None,
            pattern: None,
            matcher: None,
            ticket: None,
            reply_to: None,
            clock: 0,
            expires: 0.0,
        }
    }

    /// The payload for [`PIDBOX_TOPIC`].
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let body = crate::json::write(self)
            .map_err(|error| ProtocolError::malformed("the control request", error))?;
        let mut headers = JsonMap::new();
        headers.insert("clock".into(), self.clock.into());
        headers.insert("expires".into(), self.expires.into());
        let delivery_info = DeliveryInfo { exchange: PIDBOX_TOPIC.into(), ..DeliveryInfo::default() };
        Envelope::json(
            body,
            headers,
            Properties { delivery_mode: Some(2), delivery_info, ..Properties::default() },
        )
        .encode()
    }

    /// Reads a payload. One that is larger than any request that makes sense is refused before it is parsed.
    pub fn decode(payload: &[u8]) -> Result<Self, ProtocolError> {
        if payload.len() > MAX_REQUEST_BYTES {
            return Err(ProtocolError::TooLarge { bytes: payload.len(), limit: MAX_REQUEST_BYTES });
        }
        let envelope = Envelope::decode_unpacked(payload)?;
        let mut body: JsonMap = envelope.body_json("the control request")?;
        let unfit = Unfit::take(&mut body);
        let mut request: Self = serde_json::from_value(Value::Object(body))
            .map_err(|error| ProtocolError::malformed("the control request", error))?;
        request.unfit = unfit;
        request.clock = envelope.headers.get("clock").and_then(Value::as_u64).unwrap_or(0);
        request.expires = envelope.headers.get("expires").and_then(Value::as_f64).unwrap_or(0.0);
        Ok(request)
    }
}

impl Unfit {
    /// What is unfit of a request's body; something that fits takes its place. As in Celery, whatever is false is no
    /// arguments.
    fn take(body: &mut JsonMap) -> Option<Self> {
        let is_false = |value: &Value| match value {
            Value::Null | Value::Bool(false) => true,
            Value::Number(number) => number.as_f64() == Some(0.0),
            Value::String(text) => text.is_empty(),
            Value::Array(values) => values.is_empty(),
            Value::Bool(true) | Value::Object(_) => false,
        };
        let arguments = body.shift_remove("arguments").filter(|arguments| !is_false(arguments));
        let arguments = match arguments {
            Some(Value::Object(named)) => {
                body.insert("arguments".to_owned(), named.into());
                None
            }
            other => other.map(Self::Arguments),
        };
        let method = body.get_mut("method").filter(|method| !method.is_string());
        method.map(|method| Self::Method(std::mem::replace(method, "".into()))).or(arguments)
    }
}

/// One name or several: those of a list, or the keys of an object.
fn one_or_many<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<NodeName>>, D::Error> {
    let name = |value: Value| match value {
        Value::String(name) => Some(NodeName::from(name)),
        _ => None,
    };
    let names: Vec<NodeName> = match Value::deserialize(deserializer)? {
        Value::Array(names) => {
            let is_for_some = !names.is_empty();
            let names: Vec<_> = names.into_iter().filter_map(name).collect();
            if names.is_empty() && is_for_some {
                return Err(serde::de::Error::custom("a destination without a name"));
            }
            names
        }
        Value::Object(names) => names.into_iter().map(|(name, _)| name.into()).collect(),
        Value::Null => Vec::new(),
        one @ Value::String(_) => name(one).into_iter().filter(|name| !name.as_str().is_empty()).collect(),
        other => return Err(serde::de::Error::custom(format!("{other} is no destination"))),
    };
    Ok(Some(names).filter(|names| !names.is_empty()))
}

/// The reply of one node to a control request.
#[derive(Debug, Clone, PartialEq)]
pub struct ControlReply {
    /// The request's ticket.
    pub ticket: Option<String>,
    /// The replier's Lamport clock.
    pub clock: u64,
    /// What each node answers; one node in each reply.
    pub answers: BTreeMap<NodeName, Value>,
}

impl ControlReply {
    /// The reply of `node`.
    pub fn new(ticket: Option<String>, clock: u64, node: NodeName, answer: Value) -> Self {
        Self { ticket, clock, answers: BTreeMap::from([(node, answer)]) }
    }

    /// The payload for [`ReplyTo::topic`].
    pub fn encode(&self, to: &ReplyTo) -> Result<Vec<u8>, ProtocolError> {
        let body = crate::json::write(&self.answers)
            .map_err(|error| ProtocolError::malformed("the control reply", error))?;
        let mut headers = JsonMap::new();
        headers.insert("ticket".into(), self.ticket.clone().into());
        headers.insert("clock".into(), self.clock.into());
        let delivery_info = DeliveryInfo {
            exchange: to.exchange.clone(),
            routing_key: to.routing_key.clone(),
            redelivered: None,
        };
        Envelope::json(
            body,
            headers,
            Properties { delivery_mode: Some(1), delivery_info, ..Properties::default() },
        )
        .encode()
    }

    /// Reads a payload.
    pub fn decode(payload: &[u8]) -> Result<Self, ProtocolError> {
        let envelope = Envelope::decode_unpacked(payload)?;
        Ok(Self {
            ticket: envelope.headers.get("ticket").and_then(Value::as_str).map(str::to_owned),
            clock: envelope.headers.get("clock").and_then(Value::as_u64).unwrap_or(0),
            answers: envelope.body_json("the control reply")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(body: Value) -> Result<ControlRequest, ProtocolError> {
        let body = serde_json::to_vec(&body).unwrap();
        ControlRequest::decode(&Envelope::json(body, JsonMap::new(), Properties::default()).encode().unwrap())
    }

    #[test]
    fn what_is_unfit_is_kept_for_the_answer() {
        use serde_json::json;
        let unfit = |body| request(body).unwrap().unfit;
        for none in [json!(null), json!([]), json!(0), json!(""), json!(false), json!({}), json!({"a": 1})] {
            assert_eq!(unfit(json!({"method": "ping", "arguments": none})), None);
        }
        for wrong in [json!([1]), json!(5), json!("a"), json!(true)] {
            let read = unfit(json!({"method": "ping", "arguments": wrong}));
            assert_eq!(read, Some(Unfit::Arguments(wrong)));
        }
        assert_eq!(unfit(json!({"method": ["x"]})), Some(Unfit::Method(json!(["x"]))));
        assert!(request(json!({"arguments": {}})).is_err());
    }

    #[test]
    fn a_request_or_reply_that_is_packed_is_refused_unread() {
        let mut headers = JsonMap::new();
        headers.insert("compression".into(), "bzip2".into());
        let bomb = vec![b' '; super::super::MAX_BODY_BYTES];
        let packed = Envelope::json(bomb, headers, Properties::default()).encode().unwrap();
        assert!(packed.len() < 1_000);
        let refused =
            |error: ProtocolError| assert!(matches!(error, ProtocolError::Packed { .. }), "{error}");
        refused(ControlRequest::decode(&packed).unwrap_err());
        refused(ControlReply::decode(&packed).unwrap_err());
        refused(crate::protocol::Event::decode(&packed).unwrap_err());
    }

    #[test]
    fn a_destination_is_one_name_or_several() {
        use serde_json::json;
        let destination =
            |names: Value| Some(request(json!({"method": "m", "destination": names})).ok()?.destination);
        let both: Option<Vec<NodeName>> = Some(vec!["a".into(), "b".into()]);
        assert_eq!(destination(json!(["a", 7, "b"])), Some(both.clone()));
        assert_eq!(destination(json!({"a": 1, "b": 2})), Some(both));
        assert_eq!(destination(json!("a")), Some(Some(vec!["a".into()])));
        assert_eq!(destination(json!([])), Some(None));
        // What names nobody is not for everybody.
        assert!(destination(json!(7)).is_none() && destination(json!([7])).is_none());
    }

    #[test]
    fn a_request_and_its_reply_survive_the_wire() {
        let mut request = ControlRequest::new("ping", JsonMap::new());
        request.destination = Some(vec!["w1@lab".into()]);
        request.ticket = Some("t".into());
        request.reply_to = Some(ReplyTo::client("oid"));
        (request.clock, request.expires) = (5, 1.5);
        let received = ControlRequest::decode(&request.encode().unwrap()).unwrap();
        assert_eq!(received, request);

        let to = received.reply_to.unwrap();
        assert_eq!(to.topic(), "oid.reply.celery.pidbox");
        let reply = ControlReply::new(received.ticket, 6, "w1@lab".into(), serde_json::json!({"ok": "pong"}));
        assert_eq!(ControlReply::decode(&reply.encode(&to).unwrap()).unwrap(), reply);
    }
}
