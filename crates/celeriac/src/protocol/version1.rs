//! The task message of Celery's protocol 1, which clients of other languages still send, and Celery's own when they are
//! told to: the body is one object, and the headers are empty.

use serde::Deserialize;
use serde_json::Value;

use super::envelope::{Envelope, null_as_default};
use super::message::{Body, Embed, Headers, Message};
use super::{JsonMap, Signature};
use crate::json;

/// Where the two protocols have the same in different places.
#[derive(Deserialize)]
struct Version1 {
    #[serde(default, deserialize_with = "null_as_default")]
    args: Vec<Value>,
    #[serde(default, deserialize_with = "null_as_default")]
    kwargs: JsonMap,
    #[serde(default)]
    callbacks: Option<Vec<Signature>>,
    #[serde(default)]
    errbacks: Option<Vec<Signature>>,
    #[serde(default)]
    chord: Option<Signature>,
    #[serde(default)]
    taskset: Option<Value>,
    /// Times are in UTC or say what they are in; those that are neither are read as UTC.
    #[serde(default, rename = "utc")]
    _utc: Value,
    /// All else is named as the headers of protocol 2.
    #[serde(flatten)]
    headers: JsonMap,
}

/// The message, if it is one of protocol 1.
pub(super) fn read(bytes: &[u8]) -> Option<Message> {
    let envelope = Envelope::decode(bytes).ok()?;
    let body: JsonMap = json::parse(&envelope.body).ok()?;
    if !body.contains_key("task") || !body.contains_key("id") {
        return None;
    }
    let Version1 { args, kwargs, callbacks, errbacks, chord, taskset, mut headers, .. } =
        serde_json::from_value(Value::Object(body)).ok()?;
    if let Some(group) = taskset {
        headers.insert("group".to_owned(), group);
    }
    // A broker marks what it delivers again there.
    headers.extend(envelope.headers);
    let mut headers: Headers = serde_json::from_value(Value::Object(headers)).ok()?;
    headers.root_id.get_or_insert_with(|| headers.id.clone());
    let embed = Embed { callbacks, errbacks, chain: None, chord, extra: JsonMap::new() };
    Some(Message { headers, body: Body(args, kwargs, embed), properties: envelope.properties })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Properties, QueueName};
    use serde_json::json;

    fn wire(body: &Value, headers: Value) -> Vec<u8> {
        let Value::Object(headers) = headers else { panic!("no headers") };
        Envelope::json(body.to_string().into_bytes(), headers, Properties::default()).encode().unwrap()
    }

    #[test]
    fn a_message_of_protocol_1_is_read_and_sent_on_as_one_of_protocol_2() {
        let body = json!({
            "task": "tasks.add", "id": "a", "args": [1, 2], "kwargs": {"z": 3}, "group": null, "group_index": 4,
            "retries": 1, "eta": "2030-01-02T03:04:05+00:00", "expires": null, "utc": true, "callbacks": [
                {"task": "tasks.done", "args": [], "kwargs": {}, "options": {}, "subtask_type": null,
                 "immutable": false}],
            "errbacks": null, "timelimit": [10, null], "taskset": "g", "chord": null,
        });
        let message = Message::decode(&wire(&body, json!({"redelivered": true}))).unwrap();
        let headers = &message.headers;
        assert_eq!((headers.task.as_str(), headers.id.as_str(), headers.retries), ("tasks.add", "a", 1));
        assert_eq!(headers.group.as_ref().map(|group| group.as_str()), Some("g"));
        assert_eq!(headers.timelimit.hard, Some(std::time::Duration::from_secs(10)));
        assert_eq!((headers.redelivered, headers.root_id.as_ref()), (Some(true), Some(&headers.id)));
        assert_eq!(
            (message.body.args(), &message.body.kwargs()["z"]),
            (&[json!(1), json!(2)][..], &json!(3))
        );
        assert_eq!(message.body.embed().callbacks.as_ref().unwrap()[0].task, "tasks.done");
        let again = Message::decode(&message.encode(&QueueName::celery()).unwrap()).unwrap();
        assert_eq!((again.headers, again.body), (message.headers, message.body));
    }

    #[test]
    fn what_is_neither_is_told_as_one_of_protocol_2() {
        for body in
            [json!({"task": "t"}), json!({"task": 5, "id": "a"}), json!([]), json!({"task": "", "id": "a"})]
        {
            assert!(Message::decode(&wire(&body, json!({}))).is_err(), "{body}");
        }
    }
}
