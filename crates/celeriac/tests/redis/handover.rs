//! A worker dies or hangs while a message is on its way to it: the server has moved it, nothing is recorded yet.

use std::time::Duration;

use celeriac::{App, AsyncResult, Signature, Timestamp};
use nix::sys::signal::Signal;
use rand::RngExt;
use serde_json::{Value, json};
use test_servers::{Process, until};

use crate::support::{Bench, PATIENCE, lines};

fn on_its_way(bench: &Bench) -> bool {
    bench.redis.command(&["KEYS", "celeriac.incoming.*"]) != "*0\r\n"
}

fn is_left(bench: &Bench) -> bool {
    let keys = ["EXISTS", "celery", "unacked", "unacked_index", "celeriac.leases"];
    bench.redis.command(&keys) != ":0\r\n" || on_its_way(bench)
}

async fn send(client: &App, bench: &Bench, name: &str) -> AsyncResult<Value> {
    send_longer(client, bench, name, 0.0).await
}

async fn send_longer(client: &App, bench: &Bench, name: &str, seconds: f64) -> AsyncResult<Value> {
    let task = Signature::new("tasks.late").args([json!(bench.file(name)), json!(seconds)]);
    client.send_signature(task).await.unwrap()
}

/// A worker that the server has moved a message to, and that is stopped before it hears of that.
async fn stopped(bench: &Bench, client: &App) -> (Process, AsyncResult<Value>) {
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    until("the worker waits", || bench.redis.command(&["INFO", "clients"]).contains("blocked_clients:1\r"));
    worker.signal(Signal::SIGSTOP);
    let sent = send(client, bench, "late").await;
    until("the message is on its way", || on_its_way(bench));
    (worker, sent)
}

#[tokio::test]
async fn what_was_on_its_way_to_a_killed_worker_is_soon_run_by_another() {
    let bench = Bench::new();
    let client = bench.client().await;
    let (mut worker, sent) = stopped(&bench, &client).await;
    worker.kill();
    let other = bench.worker("w2@lab");
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust", "{}", other.log());
    assert_eq!(lines(&bench.file("late")), ["begin w2@lab", "end w2@lab"]);
    until("nothing is left", || !is_left(&bench));
}

#[tokio::test]
async fn a_worker_that_hangs_gets_what_nobody_else_has() {
    let bench = Bench::new();
    let client = bench.client().await;
    let (worker, sent) = stopped(&bench, &client).await;
    // Its lease is over, but nobody is there to take it.
    let now = || Timestamp::now().unix_ms().to_string();
    until("the lease has run out", || {
        bench.redis.command(&["ZCOUNT", "celeriac.incoming", "-inf", &now()]) == ":1\r\n"
    });
    worker.signal(Signal::SIGCONT);
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust", "{}", worker.log());
    assert_eq!(lines(&bench.file("late")), ["begin w1@lab", "end w1@lab"]);
    until("nothing is left", || !is_left(&bench));
}

#[tokio::test]
async fn a_worker_that_hung_for_too_long_does_not_run_what_another_has_run() {
    let bench = Bench::new();
    let client = bench.client().await;
    let (worker, sent) = stopped(&bench, &client).await;
    let _other = bench.worker("w2@lab");
    assert_eq!(sent.get_timeout(PATIENCE).await.unwrap(), "rust");
    worker.signal(Signal::SIGCONT);
    // It goes on working.
    let more = send(&client, &bench, "more").await;
    assert_eq!(more.get_timeout(PATIENCE).await.unwrap(), "rust");
    until("nothing is left", || !is_left(&bench));
    assert_eq!(lines(&bench.file("late")), ["begin w2@lab", "end w2@lab"]);
}

#[tokio::test]
async fn however_workers_are_killed_while_messages_trickle_in_all_are_run() {
    const KILLS: usize = 12;
    let bench = Bench::new();
    let client = bench.client().await;
    let names = ["w1@lab", "w2@lab"];
    let mut workers = names.map(|name| bench.worker(name));
    let mut sent = 0;
    for _ in 0..KILLS {
        let victim = rand::rng().random_range(0..workers.len());
        workers[victim].until_printed("ready");
        for _ in 0..rand::rng().random_range(5..30) {
            send(&client, &bench, &format!("task-{sent}")).await;
            sent += 1;
            tokio::time::sleep(Duration::from_millis(rand::rng().random_range(0..8))).await;
        }
        workers[victim].kill();
        workers[victim] = bench.worker(names[victim]);
    }
    until("all is done", || !is_left(&bench));
    for number in 0..sent {
        let lines = lines(&bench.file(&format!("task-{number}")));
        assert!(lines.iter().any(|line| line.starts_with("end")), "{number}: {lines:?}");
    }
}

#[tokio::test]
async fn a_question_that_is_asked_after_a_task_was_sent_tells_of_it() {
    let bench = Bench::new();
    let client = bench.client().await;
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    for _ in 0..8 {
        // Both are there when the worker looks again.
        worker.signal(Signal::SIGSTOP);
        let sent = send_longer(&client, &bench, "late", 3.0).await;
        let (inspect, id) = (client.inspect().timeout(PATIENCE).limit(1), sent.id().clone());
        let asked = tokio::spawn(async move { inspect.query_task([id]).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        worker.signal(Signal::SIGCONT);
        let answers = asked.await.unwrap().unwrap();
        assert!(answers["w1@lab"].get(sent.id().as_str()).is_some(), "{answers:?}");
    }
}
