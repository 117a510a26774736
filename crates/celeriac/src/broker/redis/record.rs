//! What lies in `unacked`: `[envelope, exchange, routing key]` as JSON, written by kombu and by us.

use serde_json::Value;

use crate::json;
use crate::protocol::{Message, NodeName, Priority, ProtocolError, QueueName};
use crate::redis::Keys;

/// The header that counts how often a message lost its holder. Python's workers pass it on.
const DEATHS: &str = "celeriac_deaths";

/// What the keys begin with by which a record tells that its task has begun; they end with the claim, since what is
/// put back by kombu keeps them.
const BEGAN: &str = "celeriac_began.";

/// What marks the record of a delivery whose task begins.
pub(super) fn began(tag: &str) -> String {
    // Without the consumer's name, which may need to be escaped.
    format!("{BEGAN}{}", tag.split('/').next().unwrap_or_default())
}

/// What the record of a message of this queue ends with.
pub(super) fn ending(queue: &QueueName) -> String {
    format!(",\"\",{}]", Value::from(queue.as_str()))
}

/// A record, read.
pub(super) struct Record {
    envelope: Value,
    queue: QueueName,
    /// The marks of tasks that began; those of earlier deliveries among them.
    began: Vec<String>,
}

impl Record {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, ProtocolError> {
        let (mut envelope, exchange, routing_key): (Value, String, String) =
            json::parse(bytes).map_err(|error| ProtocolError::malformed("the unacked record", error))?;
        // With an exchange of its own, a queue has its exchange's name as well, unless it was declared otherwise.
        let queue = if routing_key.is_empty() { exchange } else { routing_key };
        let mut began = Vec::new();
        if let Some(envelope) = envelope.as_object_mut() {
            began.extend(envelope.keys().filter(|key| key.starts_with(BEGAN)).cloned());
            began.iter().for_each(|mark| drop(envelope.shift_remove(mark)));
        }
        Ok(Self { envelope, queue: queue.into(), began })
    }

    /// Had the task begun when it was held by this delivery?
    pub(super) fn has_begun(&self, tag: &str) -> bool {
        self.began.contains(&began(tag))
    }

    pub(super) fn queue(&self) -> &QueueName {
        &self.queue
    }

    pub(super) fn deaths(&self) -> u32 {
        deaths_of(self.envelope.get("headers"))
    }

    pub(super) fn is_redelivered(&self) -> bool {
        self.envelope.pointer("/headers/redelivered") == Some(&Value::Bool(true))
    }

    /// Marks it as kombu does when it restores a message.
    pub(super) fn mark_redelivered(&mut self) {
        self.set(&["headers"], "redelivered", Value::Bool(true));
        self.set(&["properties", "delivery_info"], "redelivered", Value::Bool(true));
    }

    pub(super) fn count_death(&mut self) {
        self.set(&["headers"], DEATHS, (self.deaths() + 1).into());
    }

    pub(super) fn forget_deaths(&mut self) {
        if let Some(headers) = self.envelope.get_mut("headers").and_then(Value::as_object_mut) {
            headers.shift_remove(DEATHS);
        }
    }

    fn set(&mut self, path: &[&str], name: &str, value: Value) {
        let mut place = Some(&mut self.envelope);
        for step in path {
            place = place.and_then(|place| place.get_mut(step));
        }
        if let Some(Value::Object(place)) = place {
            place.insert(name.to_owned(), value);
        }
    }

    /// The list that it goes back to.
    pub(super) fn list(&self, keys: &Keys) -> String {
        let priority = self.envelope.pointer("/properties/priority").and_then(Value::as_f64).unwrap_or(0.0);
        keys.list_for(&self.queue, Priority(priority as u8))
    }

    /// The envelope's bytes. What was no JSON lies in the record as a text.
    pub(super) fn envelope(&self) -> Vec<u8> {
        match &self.envelope {
            Value::String(text) => text.clone().into_bytes(),
            envelope => json::write(envelope).unwrap_or_default(),
        }
    }

    /// The record's bytes.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = b"[".to_vec();
        // No value is too odd to be written.
        bytes.extend(json::write(&self.envelope).unwrap_or_default());
        bytes.extend(ending(&self.queue).into_bytes());
        bytes
    }

    pub(super) fn message(&self) -> Result<Message, ProtocolError> {
        decode(&self.envelope()).map(|(message, _)| message)
    }
}

fn deaths_of(headers: Option<&Value>) -> u32 {
    let deaths = headers.and_then(|headers| headers.get(DEATHS)).and_then(Value::as_u64);
    deaths.and_then(|deaths| u32::try_from(deaths).ok()).unwrap_or(0)
}

/// The message in an envelope, and its deaths.
pub(super) fn decode(envelope: &[u8]) -> Result<(Message, u32), ProtocolError> {
    let mut message = Message::decode(envelope)?;
    // No header of the task's: it must not go on to its retries.
    let deaths = message.headers.extra.shift_remove(DEATHS).and_then(|deaths| deaths.as_u64());
    Ok((message, deaths.and_then(|deaths| u32::try_from(deaths).ok()).unwrap_or(0)))
}

/// The queue that a record names, read from its end alone.
pub(super) fn queue_of(record: &[u8]) -> Option<QueueName> {
    let text = record.strip_suffix(b"\"]")?;
    let begin = text.iter().rposition(|byte| *byte == b'"')? + 1;
    let name = std::str::from_utf8(text.get(begin..)?).ok()?;
    if name.contains('\\') || text.get(begin.checked_sub(2)?) == Some(&b'\\') {
        return Record::read(record).ok().map(|record| record.queue);
    }
    Some(name.into())
}

/// A dead letter as it is stored: a note, a line's end, the record.
pub(super) struct Note {
    pub(super) reason: String,
}

impl Note {
    pub(super) fn write(reason: &str) -> String {
        Value::from(reason).to_string()
    }

    pub(super) fn split(stored: &[u8]) -> Option<(Self, &[u8])> {
        let end = stored.iter().position(|byte| *byte == b'\n')?;
        let reason = serde_json::from_slice(stored.get(..end)?).ok()?;
        Some((Self { reason }, stored.get(end + 1..)?))
    }
}

/// What the names of deliveries begin and end with: unique for each claim of this kind, and telling who holds it.
pub(super) fn tag_parts(kind: &str, consumer: &NodeName) -> (String, String) {
    (format!("{kind}{:016x}.", rand::random::<u64>()), format!("/{consumer}"))
}

/// Who holds the delivery of this name; nothing when it is not one of ours.
pub(super) fn holder(tag: &str) -> Option<NodeName> {
    let (claim, node) = tag.split_once('/')?;
    claim.contains('.').then(|| node.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redis::RedisOptions;

    const KOMBUS: &str = r#"[{"body": "W10=", "content-type": "application/json", "headers": {"stamps": {}, "n": 1.50}, "properties": {"priority": 6, "delivery_info": {"exchange": "", "routing_key": "q"}}}, "", "q"]"#;

    #[test]
    fn kombus_records_are_read_and_marked() {
        let mut record = Record::read(KOMBUS.as_bytes()).unwrap();
        let keys = Keys::new(&RedisOptions::default(), 0);
        assert_eq!(record.list(&keys), "q\u{6}\u{16}6");
        record.mark_redelivered();
        record.count_death();
        let envelope: Value = serde_json::from_slice(&record.envelope()).unwrap();
        assert_eq!(
            envelope["headers"],
            serde_json::json!({"stamps": {}, "n": 1.5, "redelivered": true, "celeriac_deaths": 1})
        );
        assert_eq!(envelope["properties"]["delivery_info"]["redelivered"], true);
        assert_eq!(Record::read(&record.bytes()).unwrap().deaths(), 1);
    }

    #[test]
    fn the_mark_of_a_task_that_began_is_of_one_delivery_and_goes_no_further() {
        let (tag, later) = ("00ab.1/w@\"lab\"", "00cd.1/w@lab");
        let marked = KOMBUS.replacen('{', &format!("{{\"{}\":true,", began(tag)), 1);
        let record = Record::read(marked.as_bytes()).unwrap();
        assert!(record.has_begun(tag) && !record.has_begun(later));
        let unmarked = Record::read(KOMBUS.as_bytes()).unwrap();
        assert!(!unmarked.has_begun(tag));
        assert_eq!(record.bytes(), unmarked.bytes());
    }

    #[test]
    fn the_queue_is_read_from_the_end() {
        assert_eq!(queue_of(KOMBUS.as_bytes()).unwrap().as_str(), "q");
        for name in ["celery", "a\"b", "x\\", "é"] {
            let record = format!("[{{}}{}", ending(&name.into()));
            assert_eq!(queue_of(record.as_bytes()).unwrap().as_str(), name, "{record}");
        }
        assert_eq!(queue_of(b"nonsense"), None);
    }
}
