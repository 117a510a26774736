//! Every fault that a Redis can have: a clear line in the log, and on.

use std::time::{Duration, Instant};

use celeriac::{App, AsyncResult, Signature};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use test_servers::{Process, RedisOptions, RedisServer, until};

use crate::support::{Bench, PATIENCE};

pub fn add(x: u64, y: u64) -> Signature {
    Signature::new("tasks.add").args([json!(x), json!(y)])
}

pub async fn send(client: &App, count: u64) -> Vec<AsyncResult<Value>> {
    client.send_batch((0..count).map(|n| add(n, 1))).await.unwrap()
}

/// Starts a Redis again, and waits until it has read its file: before that it tells a client to come back later.
fn start_again(redis: &mut RedisServer) {
    redis.start_again();
    until("it has read its file", || redis.command(&["PING"]).starts_with("+PONG"));
}

/// The worker runs what is sent to it now.
pub async fn works(client: &App) {
    let sent = send(client, 3).await;
    for (n, result) in sent.iter().enumerate() {
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(n + 1));
    }
}

/// The worker hears what is broadcast. A broadcast that comes while it is not connected is lost, so it is asked again.
pub async fn answers_pings(client: &App) {
    let asked = Instant::now();
    while client.inspect().timeout(Duration::from_millis(300)).limit(1).ping().await.unwrap().is_empty() {
        assert!(asked.elapsed() < PATIENCE, "it never answers");
    }
}

pub async fn ready_worker(bench: &Bench) -> Process {
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    worker
}

#[tokio::test]
async fn a_restart_under_load_loses_nothing() {
    let mut bench = Bench::with(RedisOptions { is_durable: true, ..RedisOptions::default() });
    let client = bench.client().await;
    let mut worker = ready_worker(&bench).await;
    let mut sent = Vec::new();
    for _ in 0..20 {
        sent.extend(send(&client, 50).await);
    }
    bench.redis.stop();
    start_again(&mut bench.redis);
    sent.extend(send(&client, 50).await);
    for (n, result) in sent.iter().enumerate() {
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(n % 50 + 1));
    }
    // Control and events come back as well.
    answers_pings(&client).await;
    assert!(worker.ended().is_none());
}

#[tokio::test]
async fn cut_connections_are_made_again() {
    let bench = Bench::new();
    let client = bench.client().await;
    let _worker = ready_worker(&bench).await;
    for _ in 0..3 {
        works(&client).await;
        for kind in ["normal", "pubsub"] {
            bench.redis.command(&["CLIENT", "KILL", "TYPE", kind, "SKIPME", "yes"]);
        }
    }
    works(&client).await;
    answers_pings(&client).await;
}

#[tokio::test]
async fn a_stalled_redis_is_noticed_and_waited_for() {
    let mut bench = Bench::new();
    bench.query = "?socket_timeout=0.5&socket_connect_timeout=0.5".to_owned();
    let client = bench.client().await;
    let mut worker = ready_worker(&bench).await;
    works(&client).await;
    bench.redis.signal(Signal::SIGSTOP);
    worker.until_printed("gives no answer in time");
    let error = client.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(error.contains("gives no answer in time"), "{error}");
    bench.redis.signal(Signal::SIGCONT);
    works(&client).await;
    assert!(worker.ended().is_none());
}

#[tokio::test]
async fn a_worker_waits_for_a_redis_that_is_not_there_yet() {
    let mut bench = Bench::new();
    bench.redis.stop();
    let client = bench.client().await;
    let error = client.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(
        error.contains("cannot reach Redis at redis://127.0.0.1:") && error.contains("start it"),
        "{error}"
    );
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("cannot reach Redis");
    start_again(&mut bench.redis);
    works(&client).await;
}

#[tokio::test]
async fn a_wrong_password_is_told_and_never_shown() {
    let mut bench = Bench::new();
    bench.redis.command(&["ACL", "SETUSER", "app", "on", ">s3cret", "~*", "&*", "+@all"]);
    bench.login = "app:wr0ng@".to_owned();
    let error = bench.client().await.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(error.contains("refuses the login") && !error.contains("wr0ng"), "{error}");
    bench.login = "app:s3cret@".to_owned();
    let spoil = ["ACL", "SETUSER", "app", "resetpass", ">other"];
    let mend = ["ACL", "SETUSER", "app", "resetpass", ">s3cret"];
    works_once_it_can(&bench, "refuses the login", &spoil, &mend).await;
}

/// The worker says what is wrong while it is, and works when it no longer is.
async fn works_once_it_can(bench: &Bench, said: &str, spoil: &[&str], mend: &[&str]) {
    let client = bench.client().await;
    let mut worker = ready_worker(bench).await;
    works(&client).await;
    bench.redis.command(spoil);
    // What stands keeps its login.
    bench.redis.command(&["CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes"]);
    worker.until_printed(said);
    bench.redis.command(mend);
    works(&client).await;
    assert!(!worker.log().contains("s3cret"), "{}", worker.log());
}

#[tokio::test]
async fn a_replica_is_told_from_a_primary() {
    let bench = Bench::new();
    works_once_it_can(
        &bench,
        "read-only replica",
        &["REPLICAOF", "127.0.0.1", "1"],
        &["REPLICAOF", "NO", "ONE"],
    )
    .await;
}

#[tokio::test]
async fn a_full_redis_is_told_and_waited_for() {
    let bench = Bench::new();
    let client = bench.client().await;
    let mut worker = ready_worker(&bench).await;
    works(&client).await;
    bench.redis.command(&["CONFIG", "SET", "maxmemory", "1"]);
    let error = client.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(error.contains("out of memory") && error.contains("maxmemory"), "{error}");
    bench.redis.command(&["CONFIG", "SET", "maxmemory", "0"]);
    works(&client).await;
    assert!(worker.ended().is_none());
}

/// A Redis that takes its time to load what it has, until it is told to hurry: what it answers meanwhile is LOADING.
fn loading_redis() -> RedisServer {
    // It waits at each key, and answers after each, for none is smaller than the interval.
    let slow = ["--key-load-delay", "100000", "--loading-process-events-interval-bytes", "1024"];
    let arguments = slow.iter().chain(&["--rdbcompression", "no"]).map(|&word| word.to_owned()).collect();
    let redis = RedisServer::start_with(RedisOptions { arguments, ..RedisOptions::default() });
    for n in 0..1_000 {
        redis.command(&["SET", &format!("key{n}"), &"x".repeat(2_000)]);
    }
    redis.command(&["SAVE"]);
    redis
}

#[tokio::test]
async fn a_redis_that_loads_its_data_is_waited_for() {
    let mut bench = Bench::on(loading_redis());
    let client = bench.client().await;
    let mut worker = ready_worker(&bench).await;
    works(&client).await;
    bench.redis.start_again();
    let is_loading = |bench: &Bench| bench.redis.command(&["PING"]).starts_with("-LOADING");
    assert!(is_loading(&bench));
    // One that ran, and one that starts now: both say what they wait for, less and less often.
    let mut late = bench.worker("w2@lab");
    // Redis or Valkey.
    let loading = "is loading the dataset in memory): it will be tried again";
    worker.until_printed(loading);
    for pause in ["200ms", "400ms", "800ms"] {
        late.until_printed(&format!("cannot start yet, trying again in {pause}: "));
    }
    late.until_printed(loading);
    let error = client.send_signature(add(1, 1)).await.err().unwrap().to_string();
    assert!(error.contains(loading), "{error}");
    assert!(is_loading(&bench), "it was loading all the time");
    bench.redis.command(&["CONFIG", "SET", "key-load-delay", "0"]);
    late.until_printed("ready.");
    works(&client).await;
    answers_pings(&client).await;
    assert!(worker.ended().is_none() && late.ended().is_none());
}
