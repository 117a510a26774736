//! Who holds a message keeps it, however long; who dies loses it soon.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use celeriac::{AsyncResult, Signature};
use serde_json::{Value, json};
use test_servers::{Celery, Process, until};

use crate::support::{Bench, PATIENCE, lines};

fn late(path: &std::path::Path, seconds: f64) -> Signature {
    Signature::new("tasks.late").args([json!(path), json!(seconds)])
}

fn python_worker(bench: &Bench, visibility_timeout: &str) -> Process {
    let mut command = Celery::V57.worker("redis_tasks", "py@lab", 1);
    command.arg("--without-gossip").env("VISIBILITY_TIMEOUT", visibility_timeout);
    bench.python(command, "python")
}

#[tokio::test]
async fn a_task_longer_than_the_visibility_timeout_runs_once() {
    let mut bench = Bench::new();
    bench.query = "?visibility_timeout=1".to_owned();
    let (client, file) = (bench.client().await, bench.file("late"));
    let mut worker = bench.worker_with_lease("w1@lab", Duration::from_millis(900));
    worker.until_printed("ready");
    let sent = client.send_signature(late(&file, 7.0)).await.unwrap();
    until("the task begins", || !lines(&file).is_empty());
    // Both look for overdue messages when they start.
    let mut python = python_worker(&bench, "1");
    let mut other = bench.worker("w2@lab");
    python.until_printed("ready.");
    other.until_printed("ready");
    let outcome = sent.get_timeout(PATIENCE).await;
    assert_eq!(outcome.ok(), Some(json!("rust")), "{}\n{}", worker.log(), other.log());
    assert_eq!(lines(&file), ["begin w1@lab", "end w1@lab"]);
    until("it is settled", || bench.redis.command(&["HLEN", "unacked"]) == ":0\r\n");
    assert_eq!(bench.redis.command(&["LLEN", "celery"]), ":0\r\n");
    assert_eq!(bench.redis.command(&["ZCARD", "unacked_index"]), ":0\r\n");
}

/// A task whose worker was killed while it ran, what it has written, and another worker, which was there before.
async fn widowed(
    bench: &Bench,
    seconds: f64,
    worker: impl Fn(&str) -> Process,
) -> (AsyncResult<Value>, PathBuf, Process) {
    let (client, file) = (bench.client().await, bench.file("late"));
    let mut doomed = worker("w1@lab");
    doomed.until_printed("ready");
    let sent = client.send_signature(late(&file, seconds)).await.unwrap();
    until("the task begins", || !lines(&file).is_empty());
    let mut other = worker("w2@lab");
    other.until_printed("ready");
    doomed.kill();
    (sent, file, other)
}

#[tokio::test]
async fn what_a_killed_worker_held_is_soon_run_by_another() {
    let bench = Bench::new();
    let (sent, file, mut other) = widowed(&bench, 1.5, |name| bench.worker(name)).await;
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust");
    assert_eq!(lines(&file), ["begin w1@lab", "begin w2@lab", "end w2@lab"]);
    other.until_printed("messages of workers that died are back in their queues");
}

/// The promise in its whole length: nothing is set to be quicker here.
#[tokio::test]
async fn what_a_killed_worker_held_is_back_within_thirty_seconds() {
    let bench = Bench::new();
    let (sent, file, other) = widowed(&bench, 3.0, |name| bench.plain_worker(name)).await;
    let killed = Instant::now();
    until("another worker runs it", || lines(&file).len() == 2);
    let passed = killed.elapsed();
    assert!(passed < Duration::from_secs(30), "it took {passed:?}: {}", other.log());
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust");
    assert_eq!(lines(&file), ["begin w1@lab", "begin w2@lab", "end w2@lab"]);
}

#[tokio::test]
async fn what_pythons_workers_hold_is_left_to_them() {
    let bench = Bench::new();
    let (client, file) = (bench.client().await, bench.file("late"));
    let mut python = python_worker(&bench, "3600");
    python.until_printed("ready.");
    let sent = client.send_signature(late(&file, 3.0)).await.unwrap();
    until("the task begins", || !lines(&file).is_empty());
    let mut worker = bench.worker_with_lease("w1@lab", Duration::from_millis(300));
    worker.until_printed("ready");
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "python");
    assert_eq!(lines(&file), ["begin python", "end python"]);
}

#[tokio::test]
async fn what_python_left_behind_is_restored_by_the_visibility_timeout() {
    let mut bench = Bench::new();
    bench.query = "?visibility_timeout=0.5".to_owned();
    let (client, file) = (bench.client().await, bench.file("late"));
    let mut python = python_worker(&bench, "3600");
    python.until_printed("ready.");
    let sent = client.send_signature(late(&file, 0.5)).await.unwrap();
    until("the task begins", || !lines(&file).is_empty());
    python.kill();
    tokio::time::sleep(Duration::from_millis(600)).await;
    let _worker = bench.worker("w1@lab");
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust");
    assert_eq!(lines(&file).last().map(String::as_str), Some("end w1@lab"));
}
