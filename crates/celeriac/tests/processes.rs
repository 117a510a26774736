//! Several processes on one queue file: real ones, one of them killed.
#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use celeriac::broker::{Broker, Consume, Delivery, Publication, SqliteBroker};
use celeriac::protocol::{Embed, Headers, JsonMap, Message, TaskId};

const LONG: Duration = Duration::from_secs(30);
const MESSAGES: usize = 400;

/// Where the parts that run in a process of their own find the queue.
const QUEUE_VARIABLE: &str = "CELERIAC_TEST_QUEUE";

fn publication(task: &str) -> Publication {
    let message =
        Message::new(Headers::new(task, TaskId::new()), Vec::new(), JsonMap::new(), Embed::default());
    Publication::new("celery", message)
}

fn want(max: usize, lease: Duration) -> Consume {
    Consume { max, wait: LONG, lease, ..Consume::new("w@h", "celery") }
}

/// This test binary again, running only the ignored test of this name.
fn start(part: &str, queue: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", part, "--ignored", "--nocapture"])
        .env(QUEUE_VARIABLE, queue)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Reads what the process prints until it says this.
fn wait_until_it_says(child: &mut Child, words: &str) {
    let lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.map_while(Result::ok).any(|line| line.contains(words)), "it never said {words:?}");
}

async fn own_queue() -> Option<SqliteBroker> {
    Some(SqliteBroker::open(std::env::var_os(QUEUE_VARIABLE)?).await.unwrap())
}

#[tokio::test]
#[ignore = "a part that other tests run in a process of its own"]
async fn part_claims_and_hangs() {
    let Some(broker) = own_queue().await else { return };
    let held = broker.consume(want(10, Duration::from_secs(1))).await.unwrap();
    println!("claimed {}", held.len());
    std::future::pending::<()>().await;
    drop(held);
}

#[tokio::test]
#[ignore = "a part that other tests run in a process of its own"]
async fn part_publishes() {
    let Some(broker) = own_queue().await else { return };
    for _ in 0..MESSAGES / 4 {
        broker.publish((0..4).map(|_| publication("t")).collect()).await.unwrap();
    }
}

#[tokio::test]
async fn a_killed_workers_message_is_delivered_again() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("queue.db");
    let broker = SqliteBroker::open(&queue).await.unwrap();
    broker.publish(vec![publication("t")]).await.unwrap();

    let mut worker = start("part_claims_and_hangs", &queue);
    wait_until_it_says(&mut worker, "claimed 1");
    assert!(broker.consume(Consume { wait: Duration::ZERO, ..want(1, LONG) }).await.unwrap().is_empty());
    worker.kill().unwrap();
    let killed = Instant::now();
    worker.wait().unwrap();

    let again = broker.consume(want(1, LONG)).await.unwrap();
    assert_eq!(again.len(), 1, "after {:?}", killed.elapsed());
    assert!(again[0].is_redelivered());
    assert_eq!(again[0].deaths(), 1);
}

#[tokio::test]
async fn processes_share_a_queue() {
    let folder = tempfile::tempdir().unwrap();
    let queue = folder.path().join("queue.db");
    let broker = SqliteBroker::open(&queue).await.unwrap();
    let mut publishers = [start("part_publishes", &queue), start("part_publishes", &queue)];
    let mut ids = std::collections::HashSet::new();
    while ids.len() < 2 * MESSAGES {
        let deliveries = broker.consume(want(50, LONG)).await.unwrap();
        assert!(!deliveries.is_empty(), "{} of {} came", ids.len(), 2 * MESSAGES);
        assert!(
            deliveries.iter().all(|delivery| ids.insert(delivery.message().id().clone())),
            "one came twice"
        );
        broker.settle(deliveries.into_iter().map(Delivery::ack).collect()).await.unwrap();
    }
    for publisher in &mut publishers {
        assert!(publisher.wait().unwrap().success());
    }
}
