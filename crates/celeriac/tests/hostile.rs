//! Whatever bytes come, reading them ends with a value or an error, and never otherwise.
#![allow(clippy::unwrap_used)]

use celeriac::protocol::{
    ControlReply, ControlRequest, Envelope, Event, Message, Signature, TaskException, TaskMeta,
};
use proptest::prelude::*;
use serde_json::{Value, json};

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,12}".prop_map(Value::from),
        "[0-9T:+. -]{0,30}".prop_map(Value::from),
        "[A-Za-z0-9+/=]{0,16}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key(), inner), 0..6)
                .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
        ]
    })
}

/// Mostly keys that mean something.
fn key() -> impl Strategy<Value = String> {
    let known = [
        "body",
        "content-type",
        "content-encoding",
        "headers",
        "properties",
        "task",
        "id",
        "eta",
        "expires",
        "retries",
        "timelimit",
        "priority",
        "delivery_info",
        "body_encoding",
        "compression",
        "group_index",
        "stamps",
        "status",
        "result",
        "children",
        "task_id",
        "args",
        "kwargs",
        "options",
        "subtask_type",
        "exc_type",
        "exc_message",
        "hostname",
        "timestamp",
        "type",
        "method",
        "arguments",
        "reply_to",
        "__type__",
        "__value__",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => "\\PC{0,8}"]
}

/// Reads the bytes as everything that there is.
fn read_all(bytes: &[u8]) {
    let envelope = Envelope::decode(bytes);
    let message = Message::decode(bytes);
    if let Ok(message) = &message {
        assert!(envelope.is_ok());
        let sent = message.encode(&"celery".into()).unwrap();
        assert_eq!(Message::decode(&sent).unwrap().body, message.body);
    }
    drop((
        Event::decode(bytes),
        ControlRequest::decode(bytes),
        ControlReply::decode(bytes),
        TaskMeta::decode(bytes),
    ));
}

fn envelope(body: &Value, headers: &Value, properties: &Value) -> Vec<u8> {
    json!({
        "body": body.to_string(), "content-type": "application/json", "content-encoding": "utf-8",
        "headers": headers, "properties": properties,
    })
    .to_string()
    .into_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        read_all(&bytes);
    }

    #[test]
    fn any_json_value(value in any_json()) {
        read_all(value.to_string().as_bytes());
        if let Ok(signature) = serde_json::from_value::<Signature>(value.clone()) {
            prop_assert!(serde_json::to_value(signature).is_ok());
        }
        prop_assert!(!TaskException::from_value(&value).repr().is_empty());
    }

    #[test]
    fn any_body_headers_and_properties(body in any_json(), headers in any_json(), properties in any_json()) {
        read_all(&envelope(&body, &headers, &properties));
    }

    #[test]
    fn any_value_of_one_header(value in any_json(), name in key()) {
        let mut headers = json!({"task": "t", "id": "1"});
        headers[name] = value;
        read_all(&envelope(&json!([[], {}, {}]), &headers, &json!({})));
    }

    #[test]
    fn any_arguments_survive(args in prop::collection::vec(any_json(), 0..4), value in any_json()) {
        let body = json!([args, {"k": value}, {"callbacks": null}]);
        let message = Message::decode(&envelope(&body, &json!({"task": "t", "id": "1"}), &json!({}))).unwrap();
        prop_assert_eq!(message.body.args(), &args[..]);
        let again = Message::decode(&message.encode(&"celery".into()).unwrap()).unwrap();
        prop_assert_eq!(again.body, message.body);
    }
}

#[test]
fn a_body_nested_too_deeply_is_an_error() {
    let deep = format!("[{}1{}, {{}}, {{}}]", "[".repeat(100_000), "]".repeat(100_000));
    let wire = json!({"body": deep, "content-type": "application/json", "headers": {"task": "t", "id": "1"}});
    assert!(Message::decode(wire.to_string().as_bytes()).is_err());
    assert!(Message::decode("[".repeat(1_000_000).as_bytes()).is_err());
}
