//! Python's client and our worker, our client and Python's worker.

use celeriac::{Signature, TaskState};
use serde_json::{Value, json};
use test_servers::Celery;

use crate::support::{Bench, Numbers, PATIENCE};

fn python_calls_our_worker(celery: Celery, query: &str, prefix: &str) {
    let mut bench = Bench::new();
    bench.query = query.to_owned();
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    let mut script = celery.python("redis_client.py");
    script.env("KEYPREFIX", prefix);
    let mut client = bench.python(script, "client");
    assert!(client.wait().success(), "{}\n{}", client.log(), worker.log());
    let log = client.log();
    let said: Value =
        log.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("{log}"));
    assert_eq!(said["first"], json!({"value": 5}));
    assert_eq!(said["named"], json!({"value": 6}));
    let numbers: Vec<Value> = (0..10).map(|n| json!({"value": n})).collect();
    assert_eq!(said["urgent"], json!(numbers));
    assert_eq!(said["soon"], json!({"value": 2}));
    assert_eq!(said["failing"], json!({"error": "ValueError", "args": ["no good"]}));
    let frame = said["frame"].as_str().unwrap();
    assert!(frame.contains("support.rs\", line ") && frame.ends_with(", in tasks.fail"), "{frame}");
    assert_eq!(said["unknown"]["error"], "NotRegistered");
    assert_eq!((&said["packed"], &said["state"]), (&json!([2001, 2001, 2001]), &json!("SUCCESS")));
    assert_eq!(said["ping"], json!([{"w1@lab": {"ok": "pong"}}]));
    assert_eq!(said["queues"], true);
    // `repr` of what Python gets: its own numbers, and `None` where our task had no type for them.
    assert_eq!(said["numbers"], "[nan, [inf, -inf, 0.5], None]");
    assert_eq!(said["numbers_in_a_chain"], "[nan, [nan, inf], None]");
    assert_eq!(said["numbers_in_a_chord"], "[[nan, [], None], [inf, [], None]]");
    let two_to_the_200 = "1606938044258990275541962092341162602522202993782792835301376";
    assert_eq!(said["long_number"], two_to_the_200);
    assert_eq!(said["chunks_of_numbers"], "[[[nan, [inf], None]]]");
    assert_eq!(said["numbers_in_headers"], "[1.0, [], None]");
}

#[test]
fn celery_5_6_calls_our_worker() {
    python_calls_our_worker(Celery::V56, "", "");
}

#[test]
fn celery_5_7_calls_our_worker() {
    python_calls_our_worker(Celery::V57, "", "");
}

#[test]
fn a_global_key_prefix_is_shared_with_python() {
    python_calls_our_worker(Celery::V57, "?global_keyprefix=team-", "team-");
}

async fn we_call_pythons_worker(celery: Celery) {
    let bench = Bench::new();
    let mut command = celery.worker("redis_tasks", "py@lab", 2);
    command.arg("--without-gossip");
    let mut worker = bench.python(command, "python");
    let client = bench.client().await;
    worker.until_printed("ready.");
    let sum = client.send_signature(Signature::new("tasks.add").args([json!(2), json!(3)])).await.unwrap();
    assert_eq!(sum.get_timeout(PATIENCE).await.unwrap(), json!(5));
    let failing = client.send_signature(Signature::new("tasks.fail").args([json!("no good")])).await.unwrap();
    let error = failing.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("ValueError") && error.contains("no good"), "{error}");
    assert_eq!(failing.state().await.unwrap(), TaskState::Failure);
    let numbers = Numbers { one: f64::NAN, many: vec![f64::INFINITY, 0.5], value: json!(["NaN"]) };
    let numbers = client.send(numbers).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert!(numbers.0.is_nan(), "{numbers:?}");
    assert_eq!((numbers.1, numbers.2), (vec![f64::INFINITY, 0.5], json!(["NaN"])));
    let mut answers =
        client.inspect().timeout(std::time::Duration::from_secs(5)).limit(1).ping().await.unwrap();
    assert_eq!(answers.remove("py@lab"), Some(json!({"ok": "pong"})));
    let queues = client.broker().queues().await.unwrap();
    assert!(queues.iter().any(|queue| queue.name.as_str() == "celery"), "{queues:?}");
    worker.signal(nix::sys::signal::Signal::SIGTERM);
    worker.wait();
}

#[tokio::test]
async fn we_call_a_worker_of_celery_5_6() {
    we_call_pythons_worker(Celery::V56).await;
}

#[tokio::test]
async fn we_call_a_worker_of_celery_5_7() {
    we_call_pythons_worker(Celery::V57).await;
}
