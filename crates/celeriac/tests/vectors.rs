//! Every recorded task message of Celery 5.6 and 5.7 is read, and goes out again as the same JSON.
#![allow(clippy::unwrap_used)]

use celeriac::protocol::{Message, QueueName};
use serde_json::Value;

/// The envelopes in `tests/vectors`, each with its file's name, queue and raw bytes.
fn recorded() -> Vec<(String, String, String, Value)> {
    let mut found = Vec::new();
    for version in ["v56", "v57"] {
        let folder = format!("{}/tests/vectors/{version}", env!("CARGO_MANIFEST_DIR"));
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if !path.file_name().is_some_and(|name| name.to_string_lossy().starts_with("msg_")) {
                continue;
            }
            let name = format!("{version}/{}", path.file_stem().unwrap().to_string_lossy());
            let vector: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            for (key, list) in vector["queues"].as_object().unwrap() {
                if list["type"] != "list" {
                    continue;
                }
                let raw = list["raw"].as_array().unwrap();
                for (raw, value) in raw.iter().zip(list["value"].as_array().unwrap()) {
                    let raw = raw.as_str().unwrap().to_owned();
                    let queue = key.split('\u{6}').next().unwrap().to_owned();
                    found.push((name.clone(), queue, raw, value["__body_decoded__"].clone()));
                }
            }
        }
    }
    found
}

/// The envelope without what is new at each publish or depends on the compressor.
fn comparable(envelope: &str) -> Value {
    let mut envelope: Value = serde_json::from_str(envelope).unwrap();
    envelope["properties"].as_object_mut().unwrap().remove("delivery_tag").unwrap();
    if envelope["headers"].get("compression").is_some() {
        envelope["body"].take();
    } else {
        let body = envelope["body"].take();
        envelope["body"] = decode_base64(body.as_str().unwrap());
    }
    envelope
}

/// The body's JSON; its spacing is the serialiser's own.
fn decode_base64(body: &str) -> Value {
    use base64::Engine;
    serde_json::from_slice(&base64::engine::general_purpose::STANDARD.decode(body).unwrap()).unwrap()
}

#[test]
fn every_recorded_message_round_trips() {
    let recorded = recorded();
    assert_eq!(recorded.len(), 80, "the vectors hold 80 messages");
    for (name, queue, raw, body) in recorded {
        let message = Message::decode(raw.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        let read = serde_json::to_value(&message.body).unwrap();
        assert_eq!(read, body, "{name}: body");

        let sent = message.encode(&QueueName::from(queue)).unwrap();
        assert_eq!(comparable(std::str::from_utf8(&sent).unwrap()), comparable(&raw), "{name}: envelope");
        assert_eq!(Message::decode(&sent).unwrap().body, message.body, "{name}: body read again");
    }
}

#[test]
fn compressed_and_typed_bodies_are_among_the_vectors() {
    let recorded = recorded();
    assert_eq!(recorded.iter().filter(|(name, ..)| name.ends_with("msg_gzip")).count(), 2);
    for kind in ["datetime", "date", "time", "decimal", "uuid", "base64"] {
        let marker = serde_json::json!({ "__type__": kind }).to_string();
        let marker = marker.trim_matches(['{', '}']);
        assert!(recorded.iter().any(|(.., body)| body.to_string().contains(marker)), "{kind}");
    }
}
