//! The conformance suites on Redis, and what only Redis promises.

mod handover;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use test_servers::RedisServer;

use super::super::conformance::broker_conformance;
use super::super::{Broker, Consume, Delivery, Publication};
use super::RedisBroker;
use crate::beat::conformance::tick_store_conformance;
use crate::protocol::{Embed, Headers, JsonMap, Message, Priority, TaskId};
use crate::redis::RedisOptions;

async fn fresh() -> (Arc<dyn Broker>, Arc<dyn Broker>, RedisServer) {
    let server = RedisServer::start();
    let broker = || Arc::new(RedisBroker::open(&server.url(0), &RedisOptions::default()).unwrap());
    (broker(), broker(), server)
}

broker_conformance!(fresh);
tick_store_conformance!(fresh);

fn publication(queue: &str, name: &str) -> Publication {
    let headers = Headers::new(name, TaskId::new());
    Publication::new(queue, Message::new(headers, Vec::new(), JsonMap::new(), Embed::default()))
}

fn want(max: usize, queues: &[&str]) -> Consume {
    let queues = queues.iter().map(|queue| (*queue).into()).collect();
    Consume { max, queues, wait: Duration::ZERO, ..Consume::new("w@h", "celery") }
}

fn tasks(deliveries: &[Delivery]) -> Vec<String> {
    deliveries.iter().map(|delivery| delivery.message().headers.task.clone()).collect()
}

/// A server, asked through its command line's protocol; what it answers, without the framing.
async fn ask<T: redis::FromRedisValue>(server: &RedisServer, words: &[&str]) -> T {
    let client = redis::Client::open(server.url(0)).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.unwrap()
}

#[tokio::test]
async fn what_is_held_is_recorded_as_kombu_does() {
    let (one, _, server) = fresh().await;
    let mut urgent = publication("celery", "t");
    urgent.message.properties.priority = Priority(7);
    one.publish(vec![urgent]).await.unwrap();
    let raw: Vec<String> = ask(&server, &["LRANGE", "celery\u{6}\u{16}6", "0", "-1"]).await;
    let held = one.consume(want(1, &["celery"])).await.unwrap();

    let records: Vec<(String, String)> = ask(&server, &["HGETALL", "unacked"]).await;
    let scores: Vec<(String, f64)> =
        ask(&server, &["ZRANGE", "unacked_index", "0", "-1", "WITHSCORES"]).await;
    assert_eq!((records.len(), scores.len()), (1, 1));
    assert_eq!(
        (records[0].0.as_str(), scores[0].0.as_str()),
        (held[0].tag().as_str(), held[0].tag().as_str())
    );
    assert!((scores[0].1 - crate::protocol::Timestamp::now().unix_seconds()).abs() < 60.0);
    let record: Value = serde_json::from_str(&records[0].1).unwrap();
    assert_eq!(record, json!([serde_json::from_str::<Value>(&raw[0]).unwrap(), "", "celery"]));
    let bound: Vec<String> = ask(&server, &["SMEMBERS", "_kombu.binding.celery"]).await;
    assert_eq!(bound, ["celery\u{6}\u{16}\u{6}\u{16}celery"]);
}

#[tokio::test]
async fn a_key_of_another_type_costs_no_message() {
    let (one, _, server) = fresh().await;
    one.publish(vec![publication("celery", "a"), publication("celery", "b")]).await.unwrap();
    for key in ["unacked", "unacked_index", "celeriac.leases"] {
        let _: () = ask(&server, &["SET", key, "x"]).await;
        assert!(one.consume(want(1, &["celery"])).await.is_err(), "{key}");
        assert_eq!(ask::<i64>(&server, &["LLEN", "celery"]).await, 2, "{key}");
        let _: () = ask(&server, &["DEL", key]).await;
    }
    let _: () = ask(&server, &["SET", "other", "x"]).await;
    let held = one.consume(want(5, &["celery", "other"])).await.unwrap();
    assert_eq!(tasks(&held), ["a", "b"]);
    assert_eq!(ask::<i64>(&server, &["HLEN", "unacked"]).await, 2);
    assert!(one.consume(want(5, &["celery", "other"])).await.is_err());
}

#[tokio::test]
async fn what_was_not_begun_comes_back_first_and_what_is_rejected_last() {
    let (one, _, _server) = fresh().await;
    one.publish(vec![publication("celery", "a"), publication("celery", "b"), publication("celery", "c")])
        .await
        .unwrap();
    let mut held = one.consume(want(2, &["celery"])).await.unwrap().into_iter();
    let (a, b) = (held.next().unwrap(), held.next().unwrap());
    one.settle(vec![a.requeue(Duration::ZERO), b.restore()]).await.unwrap();
    assert_eq!(tasks(&one.consume(want(3, &["celery"])).await.unwrap()), ["b", "c", "a"]);
}

#[tokio::test]
async fn queues_take_turns_within_a_priority() {
    let (one, _, _server) = fresh().await;
    for name in ["1", "2", "3", "4"] {
        one.publish(vec![publication("x", name), publication("y", name)]).await.unwrap();
    }
    let mut first = Vec::new();
    for _ in 0..4 {
        let taken = one.consume(want(1, &["x", "y"])).await.unwrap();
        first.push(taken[0].queue().as_str().to_owned());
        std::mem::forget(taken);
    }
    assert_eq!(first, ["x", "y", "x", "y"]);
    let together = one.consume(want(2, &["x", "y"])).await.unwrap();
    assert_ne!(together[0].queue(), together[1].queue(), "a batch is shared as well");
}

#[tokio::test]
async fn many_are_taken_and_settled_at_once() {
    const MANY: usize = 3_000;
    let (one, other, server) = fresh().await;
    one.publish((0..MANY).map(|_| publication("celery", "t")).collect()).await.unwrap();
    let mut taken = 0;
    while taken < MANY {
        let deliveries = other.consume(want(MANY, &["celery"])).await.unwrap();
        assert!(!deliveries.is_empty());
        taken += deliveries.len();
        let settlements = deliveries.into_iter().enumerate().map(|(n, delivery)| match n % 100 {
            0 => delivery.reject("every hundredth"),
            _ => delivery.ack(),
        });
        other.settle(settlements.collect()).await.unwrap();
    }
    assert_eq!(
        ask::<i64>(&server, &["EXISTS", "unacked", "unacked_index", "celeriac.leases", "celery"]).await,
        0
    );
    assert!(ask::<usize>(&server, &["ZCARD", "celeriac.dead_index"]).await >= MANY / 100);
}

#[tokio::test]
async fn of_too_many_dead_letters_the_oldest_go() {
    let (one, _, server) = fresh().await;
    let fill = "for n = 1, 10000 do
        redis.call('HSET', KEYS[1], n, '\"old\"') redis.call('ZADD', KEYS[2], n, n)
    end return 1";
    ask::<i64>(&server, &["EVAL", fill, "2", "celeriac.dead", "celeriac.dead_index"]).await;
    one.publish(vec![publication("celery", "new")]).await.unwrap();
    let delivery = one.consume(want(1, &["celery"])).await.unwrap().pop().unwrap();
    one.settle(vec![delivery.reject("one more")]).await.unwrap();
    for count in [["HLEN", "celeriac.dead"], ["ZCARD", "celeriac.dead_index"]] {
        assert_eq!(ask::<usize>(&server, &count).await, 10_000);
    }
    assert_eq!(ask::<i64>(&server, &["HEXISTS", "celeriac.dead", "1"]).await, 0);
    assert_eq!(ask::<i64>(&server, &["HEXISTS", "celeriac.dead", "2"]).await, 1);
}

#[tokio::test]
async fn what_is_no_envelope_becomes_a_dead_letter() {
    let (one, _, server) = fresh().await;
    for nonsense in ["no JSON", "{\"body\": ", "[1, 2]", "", "\u{0}\"\\"] {
        ask::<i64>(&server, &["LPUSH", "celery", nonsense]).await;
    }
    assert!(one.consume(want(10, &["celery"])).await.unwrap().is_empty());
    let letters = one.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 5);
    assert!(letters.iter().all(|letter| letter.reason.contains("unreadable") && letter.message.is_err()));
    assert_eq!(ask::<i64>(&server, &["HLEN", "unacked"]).await, 0);
}

#[tokio::test]
async fn a_subscriber_that_does_not_keep_up_fills_no_memory() {
    const LARGE: usize = 1024 * 1024;
    let (one, other, _server) = fresh().await;
    let mut slow = other.subscribe(&["topic"]).await.unwrap();
    let mut quick = other.subscribe(&["other"]).await.unwrap();
    for _ in 0..100 {
        one.broadcast("topic", vec![b'x'; LARGE]).await.unwrap();
    }
    // On the same connection, so all of those have come when this has.
    one.broadcast("other", b"last".to_vec()).await.unwrap();
    assert_eq!(quick.recv().await.unwrap().payload, b"last");
    let mut kept = 0;
    while let Ok(Some(broadcast)) = tokio::time::timeout(Duration::from_millis(200), slow.recv()).await {
        kept += broadcast.payload.len();
    }
    assert!((32 * LARGE..=64 * LARGE).contains(&kept), "{kept}");
    one.broadcast("topic", b"again".to_vec()).await.unwrap();
    assert_eq!(slow.recv().await.unwrap().payload, b"again");
}
