//! Requests as Celery's clients sent them, played to our worker: it answers as Celery's workers did.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use celeriac::protocol::{ControlReply, ControlRequest, PIDBOX_TOPIC};
use serde_json::{Value, json};

use crate::support::{Add, Bench, Gate, PATIENCE, Running, until, worker_is_up};

const VERSIONS: [&str; 2] = ["v56", "v57"];

/// The recorded case; nothing when it was not recorded with this version.
fn recorded(version: &str, case: &str) -> Option<Value> {
    let path = format!("{}/tests/vectors/{version}/{case}.json", env!("CARGO_MANIFEST_DIR"));
    // Python writes a number that JSON does not know.
    let text = std::fs::read_to_string(path).ok()?.replace(": Infinity", ": \"Infinity\"");
    Some(serde_json::from_str(&text).unwrap())
}

/// All recorded cases of remote control.
fn cases(version: &str) -> BTreeSet<String> {
    let folder = format!("{}/tests/vectors/{version}", env!("CARGO_MANIFEST_DIR"));
    let names =
        std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let cases = names.filter(|name| name.starts_with("inspect_") || name.starts_with("control_"));
    cases.map(|name| name.trim_end_matches(".json").to_owned()).collect()
}

/// What w1@lab answered.
fn recorded_answer(case: &Value) -> Option<Value> {
    let replies = case["replies"].as_array().unwrap();
    replies.iter().find_map(|reply| reply[1]["__body_decoded__"].get("w1@lab").cloned())
}

/// The bytes of the request, and where its replies go.
fn request(case: &Value) -> (Vec<u8>, ControlRequest) {
    let mut envelope = case["requests"][0].clone();
    envelope.as_object_mut().unwrap().remove("__body_decoded__");
    let payload = envelope.to_string().into_bytes();
    let request = ControlRequest::decode(&payload).unwrap();
    (payload, request)
}

/// Plays the request, and waits for what our w1@lab answers.
async fn play(bench: &Bench, case: &Value) -> Value {
    let (payload, request) = request(case);
    let topic = request.reply_to.unwrap().topic();
    let mut replies = bench.app.broker().subscribe(&[&topic]).await.unwrap();
    bench.app.broker().broadcast(PIDBOX_TOPIC, payload).await.unwrap();
    let reply = tokio::time::timeout(PATIENCE, replies.recv()).await.expect("no answer").unwrap();
    let reply = ControlReply::decode(&reply.payload).unwrap();
    assert_eq!(reply.ticket, request.ticket);
    assert!(reply.clock > request.clock, "the clock of the request is taken over");
    reply.answers.into_iter().find(|(node, _)| node.as_str() == "w1@lab").unwrap().1
}

/// Where our answer lacks something that the recorded one has, or has it in another type.
fn lacks(recorded: &Value, ours: &Value, at: &str, found: &mut Vec<String>) {
    match (recorded, ours) {
        (Value::Object(recorded), Value::Object(ours)) => {
            for (key, value) in recorded {
                match ours.get(key) {
                    Some(own) => lacks(value, own, &format!("{at}.{key}"), found),
                    None => found.push(format!("{at}.{key} is missing")),
                }
            }
        }
        (Value::Array(recorded), Value::Array(ours)) => {
            if let (Some(recorded), Some(ours)) = (recorded.first(), ours.first()) {
                lacks(recorded, ours, &format!("{at}[]"), found);
            }
        }
        (Value::Null, _) | (_, Value::Null) => {}
        (recorded, ours) if std::mem::discriminant(recorded) != std::mem::discriminant(ours) => {
            found.push(format!("{at} is {ours}, recorded was {recorded}"));
        }
        _ => {}
    }
}

#[tokio::test]
async fn fixed_answers_are_the_recorded_ones() {
    let exact = [
        "control_add_consumer",
        "control_active_queues_after",
        "control_add_consumer_again",
        "control_cancel_consumer",
        "control_cancel_consumer_unknown",
        "control_autoscale_off",
        "control_disable_events",
        "control_disable_events_again",
        "control_enable_events",
        "control_enable_events_again",
        "control_heartbeat",
        "control_pool_grow",
        "control_pool_restart",
        "control_pool_shrink",
        "control_rate_limit",
        "control_rate_limit_bad",
        "control_rate_limit_off",
        "control_rate_limit_unknown",
        "control_revoke",
        "control_revoke_by_stamped_headers",
        "control_terminate",
        "control_time_limit",
        "control_time_limit_unknown",
        "inspect_active_queues",
        "inspect_bad_args",
        "inspect_objgraph",
        "inspect_pattern",
        "inspect_ping",
        "inspect_unknown_command",
    ];
    for version in VERSIONS {
        let bench = Bench::new().await;
        let worker = Running::start(bench.worker().queues(["analysis"]).events(true));
        worker_is_up(&bench).await;
        for case in exact {
            let recorded = recorded(version, case).unwrap();
            let ours = play(&bench, &recorded).await;
            assert_eq!(Some(ours), recorded_answer(&recorded), "{version}/{case}");
        }
        // A set has no order, and the recorded one differs from run to run.
        let many = play(&bench, &recorded(version, "control_revoke_many").unwrap()).await;
        assert_eq!(many, json!({"ok": "tasks {'aaa', 'bbb'} flagged as revoked"}));
        worker.stop().await;
    }
}

#[tokio::test]
async fn answers_about_tasks_have_all_that_the_recorded_ones_have() {
    let shaped = [
        "inspect_active",
        "inspect_active_safe",
        "inspect_clock",
        "inspect_conf",
        "inspect_memdump",
        "inspect_memsample",
        "inspect_query_task",
        "inspect_registered",
        "inspect_registered_args",
        "inspect_report",
        "inspect_reserved",
        "inspect_revoked",
        "inspect_scheduled",
        "inspect_stats",
        "control_stats_after_grow",
    ];
    for version in VERSIONS {
        let bench = Bench::new().await;
        let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(4));
        worker_is_up(&bench).await;
        bench.app.send(Gate { name: "one".into() }).await.unwrap();
        until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
        bench.app.send(Add { x: 1, y: 2 }).await.unwrap();
        bench.app.send(Add { x: 1, y: 2 }).countdown(Duration::from_secs(300)).await.unwrap();
        let reserved = recorded(version, "inspect_reserved").unwrap();
        until("one waits", async || play(&bench, &reserved).await.as_array().unwrap().len() == 1).await;

        let mut found = Vec::new();
        for case in shaped {
            let recorded = recorded(version, case).unwrap();
            let ours = play(&bench, &recorded).await;
            // Tasks that ran there do not run here, nor do we have all settings of Python.
            let mut expected = recorded_answer(&recorded).unwrap();
            if let Some(total) = expected.get_mut("total") {
                *total = json!({});
                // Only children that are processes are replaced after so many tasks.
                expected["pool"].as_object_mut().unwrap().remove("max-tasks-per-child");
            }
            for setting in [
                "task_track_started",
                "worker_max_tasks_per_child",
                "result_extended",
                "worker_disable_prefetch",
                "include",
                "task_default_queue",
                "worker_send_task_events",
                "task_send_sent_event",
                "broker_connection_retry_on_startup",
                "worker_prefetch_multiplier",
                "task_time_limit",
                "task_soft_time_limit",
            ] {
                expected.as_object_mut().and_then(|settings| settings.remove(setting));
            }
            lacks(&expected, &ours, &format!("{version}/{case}"), &mut found);
        }
        assert!(found.is_empty(), "{found:#?}");
        bench.lab.open_gate();
        worker.stop().await;
    }
}

#[test]
fn every_recorded_request_and_reply_goes_out_as_it_came_in() {
    let decoded = |envelope: &Value| {
        use base64::Engine;
        let body = envelope["body"].as_str().unwrap();
        let body = base64::engine::general_purpose::STANDARD.decode(body).unwrap();
        let mut body = String::from_utf8(body).unwrap();
        for written in [": Infinity", ":Infinity"] {
            body = body.replace(written, ":\"Infinity\"");
        }
        let body: Value = serde_json::from_str(&body).unwrap();
        let mut properties = envelope["properties"].clone();
        properties.as_object_mut().unwrap().remove("delivery_tag");
        (body, envelope["headers"].clone(), properties)
    };
    let mut count = 0;
    for version in VERSIONS {
        for name in cases(version) {
            let case = recorded(version, &name).unwrap();
            for raw in case["requests"].as_array().into_iter().flatten() {
                let sent = ControlRequest::decode(raw.to_string().as_bytes()).unwrap().encode().unwrap();
                assert_eq!(
                    decoded(&serde_json::from_slice(&sent).unwrap()),
                    decoded(raw),
                    "{version}/{name}"
                );
                count += 1;
            }
            for reply in case["replies"].as_array().into_iter().flatten() {
                let to = request(&case).1.reply_to.unwrap();
                let read = ControlReply::decode(reply[1].to_string().as_bytes()).unwrap();
                let sent = read.encode(&to).unwrap();
                assert_eq!(
                    decoded(&serde_json::from_slice(&sent).unwrap()),
                    decoded(&reply[1]),
                    "{version}/{name}"
                );
                count += 1;
            }
        }
    }
    assert!(count > 250, "only {count} messages are recorded");
}
