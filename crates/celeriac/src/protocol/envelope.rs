//! The kombu envelope: the JSON object that wraps every message, event, control request and reply.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::JsonMap;
use super::compression::{compress, decompress};
use super::error::{ProtocolError, shortened};
use super::ids::Priority;

/// Most bytes that a body may have once decoded and decompressed. Larger data belongs into a file or object store,
/// with its address in the message.
pub const MAX_BODY_BYTES: usize = 16 * 1024 * 1024;

/// Most bytes of a whole envelope: the body in base64 with room for the headers.
const MAX_ENVELOPE_BYTES: usize = MAX_BODY_BYTES / 3 * 4 + 1024 * 1024;

/// A message as kombu wraps it, its body decoded from base64 and decompressed.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// The body's bytes, JSON in UTF-8 for everything that is accepted.
    pub body: Vec<u8>,
    /// `application/json`.
    pub content_type: String,
    /// `utf-8`.
    pub content_encoding: String,
    /// The headers. `compression` among them makes [`Envelope::encode`] compress the body.
    pub headers: JsonMap,
    /// Where the message goes and how.
    pub properties: Properties,
}

/// The envelope's properties; those that are not named here are kept.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Properties {
    /// The task's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The client that wants the reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reply_to: Option<String>,
    /// 2 for durable messages (tasks, control requests), 1 for transient ones (events, replies).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_mode: Option<u8>,
    /// Exchange and routing key.
    pub delivery_info: DeliveryInfo,
    /// 0 is the most urgent.
    #[serde(deserialize_with = "priority_or_default")]
    pub priority: Priority,
    /// `base64`, or nothing when the body is text as it stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_encoding: Option<String>,
    /// Unique for each publish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delivery_tag: Option<String>,
    /// Everything else, kept as it came.
    #[serde(flatten)]
    pub extra: JsonMap,
}

/// How a message was routed.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct DeliveryInfo {
    /// Empty for the default exchange, where the routing key is the queue.
    #[serde(deserialize_with = "null_as_default")]
    pub exchange: String,
    /// The queue, or the event's topic.
    #[serde(deserialize_with = "null_as_default")]
    pub routing_key: String,
    /// Whether the message came back after a worker had it already.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redelivered: Option<bool>,
}

/// The envelope as it lies on the wire, the body still encoded.
#[derive(Deserialize)]
pub(super) struct Wire<'a, H> {
    #[serde(borrow)]
    body: Cow<'a, str>,
    #[serde(rename = "content-encoding", default, deserialize_with = "null_as_default")]
    content_encoding: String,
    #[serde(rename = "content-type", default, deserialize_with = "null_as_default")]
    content_type: String,
    #[serde(default = "Option::default")]
    pub headers: Option<H>,
    #[serde(default, deserialize_with = "null_as_default")]
    pub properties: Properties,
}

impl<'a, H: Deserialize<'a>> Wire<'a, H> {
    /// Reads an envelope whose body is JSON.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, ProtocolError> {
        if bytes.len() > MAX_ENVELOPE_BYTES {
            // What the base64 of the body stands for.
            return Err(ProtocolError::TooLarge { bytes: bytes.len() / 4 * 3, limit: MAX_BODY_BYTES });
        }
        let wire: Self =
            serde_json::from_slice(bytes).map_err(|error| ProtocolError::malformed("the envelope", error))?;
        if !matches!(wire.content_type.as_str(), "application/json" | "json") {
            return Err(ProtocolError::ContentType { content_type: shortened(&wire.content_type) });
        }
        Ok(wire)
    }
}

impl<H> Wire<'_, H> {
    /// The body's bytes, out of base64 and decompressed, within the bounds.
    pub(super) fn body(&self, compression: Option<&str>) -> Result<Vec<u8>, ProtocolError> {
        let encoded = match self.properties.body_encoding.as_deref() {
            Some("base64") => BASE64
                .decode(self.body.as_bytes())
                .map_err(|error| ProtocolError::malformed("the body's base64", error))?,
            _ => self.body.as_bytes().to_vec(),
        };
        let body = match compression {
            Some(compression) => decompress(compression, &encoded)?,
            None => encoded,
        };
        check_size(body.len())?;
        Ok(body)
    }
}

/// [`Wire`], borrowed for writing.
#[derive(Serialize)]
pub(super) struct WireRef<'a, H> {
    pub body: &'a str,
    #[serde(rename = "content-encoding")]
    pub content_encoding: &'a str,
    #[serde(rename = "content-type")]
    pub content_type: &'a str,
    pub headers: &'a H,
    pub properties: &'a Properties,
}

impl<H: Serialize> WireRef<'_, H> {
    /// The bytes for the broker.
    pub(super) fn write(&self) -> Result<Vec<u8>, ProtocolError> {
        crate::json::write(self).map_err(|error| ProtocolError::malformed("the envelope", error))
    }
}

/// The body as it lies on the wire, compressed and as text. Refuses one over [`MAX_BODY_BYTES`].
pub(super) fn wrap(body: &[u8], compression: Option<&str>, is_base64: bool) -> Result<String, ProtocolError> {
    check_size(body.len())?;
    let compressed = compression.map(|compression| compress(compression, body)).transpose()?;
    let body = compressed.as_deref().unwrap_or(body);
    if is_base64 {
        return Ok(BASE64.encode(body));
    }
    String::from_utf8(body.to_vec()).map_err(|error| ProtocolError::malformed("the body's text", error))
}

/// A delivery tag that no other publish has.
pub(super) fn fresh_tag() -> String {
    uuid::Builder::from_random_bytes(rand::random()).into_uuid().to_string()
}

impl Envelope {
    /// An envelope around a JSON body, with a fresh delivery tag.
    pub fn json(body: Vec<u8>, headers: JsonMap, mut properties: Properties) -> Self {
        properties.body_encoding = Some("base64".into());
        properties.delivery_tag.get_or_insert_with(fresh_tag);
        Self {
            body,
            content_type: "application/json".into(),
            content_encoding: "utf-8".into(),
            headers,
            properties,
        }
    }

    /// Reads an envelope. Bodies over [`MAX_BODY_BYTES`], also those that only grow so large when decompressed, are
    /// refused, and so is every serialisation but JSON.
    pub fn decode(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let wire: Wire<'_, JsonMap> = Wire::read(bytes)?;
        let body = wire.body(wire.headers.as_ref().and_then(compression))?;
        Ok(Self {
            body,
            content_type: wire.content_type,
            content_encoding: wire.content_encoding,
            headers: wire.headers.unwrap_or_default(),
            properties: wire.properties,
        })
    }

    /// The same for what Celery never compresses (control requests, replies, events): what unpacks to far more than it
    /// has on the wire is refused, for whoever reads these bounds them by that.
    pub(super) fn decode_unpacked(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let wire: Wire<'_, JsonMap> = Wire::read(bytes)?;
        let body = wire.body(None)?;
        let headers = wire.headers.unwrap_or_default();
        if let Some(compression) = compression(&headers) {
            return Err(ProtocolError::Packed { compression: shortened(compression) });
        }
        Ok(Self {
            body,
            content_type: wire.content_type,
            content_encoding: wire.content_encoding,
            headers,
            properties: wire.properties,
        })
    }

    /// The bytes for the broker. Refuses a body over [`MAX_BODY_BYTES`].
    pub fn encode(&self) -> Result<Vec<u8>, ProtocolError> {
        let is_base64 = self.properties.body_encoding.as_deref() == Some("base64");
        let wire = WireRef {
            body: &wrap(&self.body, compression(&self.headers), is_base64)?,
            content_encoding: &self.content_encoding,
            content_type: &self.content_type,
            headers: &self.headers,
            properties: &self.properties,
        };
        wire.write()
    }

    /// The body as JSON.
    pub fn body_json<T: serde::de::DeserializeOwned>(&self, what: &'static str) -> Result<T, ProtocolError> {
        crate::json::parse(&self.body).map_err(|error| ProtocolError::malformed(what, error))
    }
}

fn compression(headers: &JsonMap) -> Option<&str> {
    headers.get("compression").and_then(Value::as_str)
}

fn check_size(bytes: usize) -> Result<(), ProtocolError> {
    if bytes > MAX_BODY_BYTES {
        return Err(ProtocolError::TooLarge { bytes, limit: MAX_BODY_BYTES });
    }
    Ok(())
}

/// A missing value and `null` are the same.
pub(super) fn null_as_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// Any number is a priority: those out of range are the nearest that there is.
fn priority_or_default<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Priority, D::Error> {
    let number = Option::<f64>::deserialize(deserializer)?.unwrap_or(0.0);
    Ok(Priority(number as u8))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn envelope(body: &[u8]) -> Envelope {
        Envelope::json(body.to_vec(), JsonMap::new(), Properties::default())
    }

    #[test]
    fn an_envelope_survives_the_wire() {
        let mut sent = envelope(b"{\"a\": 1}");
        sent.properties.extra.insert("expiration".into(), "60000".into());
        assert_eq!(Envelope::decode(&sent.encode().unwrap()).unwrap(), sent);
        sent.headers.insert("compression".into(), "application/x-gzip".into());
        assert_eq!(Envelope::decode(&sent.encode().unwrap()).unwrap(), sent);
    }

    #[test]
    fn a_body_that_only_grows_when_decompressed_is_refused() {
        let mut bomb = envelope(b"");
        bomb.headers.insert("compression".into(), "gzip".into());
        let packed = compress("gzip", &vec![b' '; MAX_BODY_BYTES + 10]).unwrap();
        let mut wire: Value = serde_json::from_slice(&bomb.encode().unwrap()).unwrap();
        wire["body"] = BASE64.encode(packed).into();
        let error = Envelope::decode(wire.to_string().as_bytes()).unwrap_err();
        assert!(matches!(error, ProtocolError::TooLarge { .. }), "{error}");
    }

    #[test]
    fn a_body_over_the_bound_is_not_sent() {
        let error = envelope(&vec![b' '; MAX_BODY_BYTES + 1]).encode().unwrap_err();
        assert!(error.to_string().contains("store the data elsewhere"), "{error}");
    }

    #[test]
    fn pickle_is_refused_by_name() {
        let mut sent = envelope(b"x");
        sent.content_type = "application/x-python-serialize".into();
        let error = Envelope::decode(&sent.encode().unwrap()).unwrap_err();
        assert!(error.to_string().contains("application/x-python-serialize"), "{error}");
    }

    #[test]
    fn priorities_out_of_range_are_the_nearest() {
        let mut wire: Value = serde_json::from_slice(&envelope(b"1").encode().unwrap()).unwrap();
        for (written, read) in
            [(Value::Null, 0), (Value::from(-4), 0), (Value::from(1e9), 255), (Value::from(6), 6)]
        {
            wire["properties"]["priority"] = written;
            let properties = Envelope::decode(wire.to_string().as_bytes()).unwrap().properties;
            assert_eq!(properties.priority, Priority(read));
        }
    }
}
