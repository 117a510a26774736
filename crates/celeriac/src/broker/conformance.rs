//! What every broker must do. [`broker_conformance`] makes a test of each promise, given a function that makes two
//! handles to one fresh broker, as two processes would have them.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::*;
use crate::protocol::{Embed, Headers, JsonMap, Message, Priority, TaskId};

/// Long enough for everything that must happen.
const LONG: Duration = Duration::from_secs(30);

/// A lease that ends while a test waits for it.
const SHORT_LEASE: Duration = Duration::from_millis(50);

/// Makes a `#[tokio::test]` of each promise. `$make` is an async function that returns two handles to one broker and
/// something to keep until the test ends.
macro_rules! broker_conformance {
    ($make:path) => {
        $crate::broker::conformance::broker_conformance! { @each $make:
            messages_come_by_priority_and_then_by_age
            an_acked_message_is_gone
            a_held_message_is_not_delivered_to_others
            a_consumer_is_woken_by_a_publish_elsewhere
            a_consumer_without_messages_returns_after_its_wait
            a_dropped_delivery_comes_back
            a_delivery_that_outlives_its_broker_comes_back_when_it_is_dropped
            a_requeued_message_comes_back_not_before_its_delay
            a_rejected_message_becomes_a_dead_letter_and_can_be_revived
            a_message_whose_lease_ends_comes_back_and_is_buried_at_its_third_death
            a_message_that_has_not_begun_dies_once_at_most
            a_message_that_lost_its_process_comes_back_and_is_buried_at_its_third_death
            a_renewed_lease_does_not_end
            a_lost_delivery_settles_nothing_that_another_holds
            a_consumer_that_goes_away_loses_no_message
            every_message_is_delivered_once_to_competing_consumers
            several_queues_are_consumed_together
            a_broadcast_reaches_all_subscribers_of_its_topic
            queues_tell_what_they_hold_and_are_purged
            a_batch_with_a_message_too_large_publishes_nothing
        }
    };
    (@each $make:path: $($promise:ident)*) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let (one, other, _kept) = $make().await;
                $crate::broker::conformance::$promise(one, other).await;
            }
        )*
    };
}
pub(crate) use broker_conformance;

type Shared = Arc<dyn Broker>;

fn message(name: &str) -> Message {
    Message::new(Headers::new(name, TaskId::new()), Vec::new(), JsonMap::new(), Embed::default())
}

fn with_priority(name: &str, priority: u8) -> Publication {
    let mut message = message(name);
    message.properties.priority = Priority(priority);
    Publication::new("celery", message)
}

fn want(consumer: &str, max: usize) -> Consume {
    Consume { max, wait: LONG, ..Consume::new(consumer, "celery") }
}

/// Looks once, without waiting.
fn now(consumer: &str, max: usize) -> Consume {
    Consume { wait: Duration::ZERO, ..want(consumer, max) }
}

async fn publish(broker: &Shared, names: &[&str]) {
    let batch = names.iter().map(|name| Publication::new("celery", message(name))).collect();
    broker.publish(batch).await.unwrap();
}

fn names(deliveries: &[Delivery]) -> Vec<&str> {
    deliveries.iter().map(|delivery| delivery.message().headers.task.as_str()).collect()
}

/// The one delivery that must come.
async fn one_delivery(broker: &Shared, consumer: &str) -> Delivery {
    let mut deliveries = broker.consume(want(consumer, 1)).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    deliveries.remove(0)
}

async fn settle(broker: &Shared, settlement: Settlement) {
    broker.settle(vec![settlement]).await.unwrap();
}

pub(crate) async fn messages_come_by_priority_and_then_by_age(one: Shared, _: Shared) {
    one.publish(vec![with_priority("later", 6), with_priority("first", 0), with_priority("last", 9)])
        .await
        .unwrap();
    one.publish(vec![with_priority("second", 0), with_priority("middle", 3)]).await.unwrap();
    let deliveries = one.consume(want("w@h", 10)).await.unwrap();
    assert_eq!(names(&deliveries), ["first", "second", "middle", "later", "last"]);
}

pub(crate) async fn an_acked_message_is_gone(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let delivery = one_delivery(&other, "w@h").await;
    assert!(!delivery.is_redelivered());
    settle(&other, delivery.ack()).await;
    assert!(one.consume(now("w@h", 1)).await.unwrap().is_empty());
    assert!(one.queues().await.unwrap().iter().all(|queue| queue.ready + queue.claimed == 0));
}

pub(crate) async fn a_held_message_is_not_delivered_to_others(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let _held = one_delivery(&one, "a@h").await;
    assert!(other.consume(now("b@h", 1)).await.unwrap().is_empty());
    assert_eq!(other.recover().await.unwrap(), Recovered::default());
}

pub(crate) async fn a_consumer_is_woken_by_a_publish_elsewhere(one: Shared, other: Shared) {
    let consumer = tokio::spawn(async move { one_delivery(&other, "w@h").await });
    tokio::task::yield_now().await;
    publish(&one, &["t"]).await;
    assert_eq!(consumer.await.unwrap().message().headers.task, "t");
}

pub(crate) async fn a_consumer_without_messages_returns_after_its_wait(one: Shared, _: Shared) {
    let wait = Duration::from_millis(30);
    let started = Instant::now();
    assert!(one.consume(Consume { wait, ..now("w@h", 1) }).await.unwrap().is_empty());
    assert!(started.elapsed() >= wait);
}

pub(crate) async fn a_dropped_delivery_comes_back(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    drop(one_delivery(&one, "a@h").await);
    let again = one_delivery(&other, "b@h").await;
    assert!(again.is_redelivered());
    assert_eq!(again.deaths(), 0, "nobody died");
    assert_eq!(again.message().headers.redelivered, Some(true));
    assert_eq!(again.message().properties.delivery_info.redelivered, Some(true));
}

pub(crate) async fn a_delivery_that_outlives_its_broker_comes_back_when_it_is_dropped(
    one: Shared,
    other: Shared,
) {
    publish(&one, &["first", "second"]).await;
    let mut held = one.consume(Consume { lease: LONG, ..want("gone@h", 2) }).await.unwrap();
    let last = held.pop();
    // Neither what is dropped with the broker nor what is dropped later waits for its lease.
    drop(held);
    drop(one);
    let soon = Consume { wait: LONG / 3, ..want("w@h", 1) };
    let first = other.consume(soon.clone()).await.unwrap();
    assert_eq!(names(&first), ["first"]);
    drop(last);
    assert_eq!(names(&other.consume(soon).await.unwrap()), ["second"]);
}

pub(crate) async fn a_requeued_message_comes_back_not_before_its_delay(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let delivery = one_delivery(&one, "w@h").await;
    let requeued = Instant::now();
    let delay = Duration::from_millis(120);
    settle(&one, delivery.requeue(delay)).await;
    let again = one_delivery(&other, "w@h").await;
    assert!(requeued.elapsed() >= delay - Duration::from_millis(1));
    assert!(again.is_redelivered());
}

pub(crate) async fn a_rejected_message_becomes_a_dead_letter_and_can_be_revived(one: Shared, other: Shared) {
    publish(&one, &["kept", "dropped"]).await;
    for delivery in one.consume(want("w@h", 2)).await.unwrap() {
        settle(&one, delivery.reject("no such task")).await;
    }
    assert!(other.consume(now("w@h", 1)).await.unwrap().is_empty());
    let letters = other.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 2);
    for letter in &letters {
        assert_eq!((letter.queue.as_str(), letter.reason.as_str()), ("celery", "no such task"));
    }
    let task = |letter: &DeadLetter| letter.message.as_ref().unwrap().headers.task.clone();
    let id = |name: &str| letters.iter().find(|letter| task(letter) == name).unwrap().id.clone();
    assert_eq!(other.discard(&[id("dropped")]).await.unwrap(), 1);
    assert_eq!(other.revive(&[id("kept")]).await.unwrap(), 1);
    assert_eq!(other.revive(&[id("kept")]).await.unwrap(), 0);
    assert_eq!(names(&one.consume(want("w@h", 2)).await.unwrap()), ["kept"]);
    assert!(one.dead_letters(10).await.unwrap().is_empty());
}

pub(crate) async fn a_message_whose_lease_ends_comes_back_and_is_buried_at_its_third_death(
    one: Shared,
    other: Shared,
) {
    publish(&one, &["t"]).await;
    for deaths in 0..MAX_DEATHS {
        let delivery =
            one.consume(Consume { lease: SHORT_LEASE, ..want("dying@h", 1) }).await.unwrap().remove(0);
        assert_eq!((delivery.deaths(), delivery.is_redelivered()), (deaths, deaths > 0));
        if deaths > 0 {
            one.begin(std::slice::from_ref(delivery.tag())).await.unwrap();
        }
        let is_last = u64::from(deaths + 1 == MAX_DEATHS);
        assert_eq!(death_of(delivery, &other).await, Recovered { requeued: 1 - is_last, dead: is_last });
    }
    assert!(one.consume(now("w@h", 1)).await.unwrap().is_empty());
    let letters = one.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].deaths, MAX_DEATHS);
    assert!(letters[0].reason.contains("dying@h"), "{}", letters[0].reason);
}

/// The worker that holds it dies: nobody settles, nobody gives back, and its lease ends.
async fn death_of(delivery: Delivery, other: &Shared) -> Recovered {
    std::mem::forget(delivery);
    loop {
        let recovered = other.recover().await.unwrap();
        if recovered != Recovered::default() {
            return recovered;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) async fn a_message_that_has_not_begun_dies_once_at_most(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let put_back = Recovered { requeued: 1, dead: 0 };
    let take = || async {
        one.consume(Consume { lease: SHORT_LEASE, ..want("dying@h", 1) }).await.unwrap().remove(0)
    };
    for deaths in [0, 1, 1] {
        let delivery = take().await;
        assert_eq!(delivery.deaths(), deaths);
        assert_eq!(death_of(delivery, &other).await, put_back);
    }
    // What began and was given back has not begun when it is taken again.
    let delivery = take().await;
    one.begin(std::slice::from_ref(delivery.tag())).await.unwrap();
    settle(&one, delivery.requeue(Duration::ZERO)).await;
    assert_eq!(death_of(take().await, &other).await, put_back);
    let delivery = take().await;
    assert_eq!((delivery.deaths(), delivery.is_redelivered()), (1, true));
    one.begin(std::slice::from_ref(delivery.tag())).await.unwrap();
    assert_eq!(death_of(delivery, &other).await, put_back);
    assert_eq!(take().await.deaths(), 2, "this one had begun");
}

pub(crate) async fn a_message_that_lost_its_process_comes_back_and_is_buried_at_its_third_death(
    one: Shared,
    other: Shared,
) {
    publish(&one, &["t"]).await;
    for deaths in 0..MAX_DEATHS {
        let delivery = one_delivery(&other, "w@h").await;
        assert_eq!((delivery.deaths(), delivery.is_redelivered()), (deaths, deaths > 0));
        settle(&other, delivery.lost("signal 9 (SIGKILL)")).await;
    }
    assert!(one.consume(now("w@h", 1)).await.unwrap().is_empty());
    let letters = one.dead_letters(10).await.unwrap();
    assert_eq!((letters.len(), letters[0].deaths), (1, MAX_DEATHS));
    assert!(letters[0].reason.contains("SIGKILL"), "{}", letters[0].reason);
}

pub(crate) async fn a_renewed_lease_does_not_end(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let delivery = one.consume(Consume { lease: SHORT_LEASE, ..want("w@h", 1) }).await.unwrap().remove(0);
    assert!(one.extend(&[delivery.tag().clone()], LONG).await.unwrap().is_empty());
    tokio::time::sleep(SHORT_LEASE * 2).await;
    assert_eq!(other.recover().await.unwrap(), Recovered::default());
    let tag = delivery.tag().clone();
    settle(&one, delivery.ack()).await;
    assert_eq!(
        one.extend(std::slice::from_ref(&tag), LONG).await.unwrap(),
        [tag],
        "it is settled: it is lost"
    );
}

pub(crate) async fn a_lost_delivery_settles_nothing_that_another_holds(one: Shared, other: Shared) {
    publish(&one, &["t"]).await;
    let lost = one.consume(Consume { lease: SHORT_LEASE, ..want("a@h", 1) }).await.unwrap().remove(0);
    while other.recover().await.unwrap() == Recovered::default() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let held = one_delivery(&other, "b@h").await;
    assert_eq!(one.extend(&[lost.tag().clone()], LONG).await.unwrap(), [lost.tag().clone()]);
    let tag = lost.tag().clone();
    for outcome in
        [Outcome::Ack, Outcome::Reject { reason: "late".into() }, Outcome::Requeue { delay: Duration::ZERO }]
    {
        settle(&one, Settlement { tag: tag.clone(), outcome }).await;
    }
    assert!(one.dead_letters(1).await.unwrap().is_empty());
    assert!(one.consume(now("c@h", 1)).await.unwrap().is_empty());
    assert!(other.extend(&[held.tag().clone()], LONG).await.unwrap().is_empty(), "it is still held");
}

pub(crate) async fn a_consumer_that_goes_away_loses_no_message(one: Shared, other: Shared) {
    for round in 0..20 {
        let name = format!("t{round}");
        let consuming = Arc::clone(&one);
        let gone = tokio::spawn(async move { consuming.consume(want("gone@h", 1)).await.map(drop) });
        let publishing = async { publish(&other, &[&name]).await };
        let going = async {
            for _ in 0..round {
                tokio::task::yield_now().await;
            }
            gone.abort();
        };
        tokio::join!(publishing, going);
        let delivery = one_delivery(&other, "w@h").await;
        assert_eq!(delivery.message().headers.task, name);
        settle(&other, delivery.ack()).await;
    }
}

pub(crate) async fn every_message_is_delivered_once_to_competing_consumers(one: Shared, other: Shared) {
    const MESSAGES: usize = 300;
    let mut consumers = tokio::task::JoinSet::new();
    for (index, broker) in [&one, &other, &one, &other].into_iter().enumerate() {
        let broker = Arc::clone(broker);
        consumers.spawn(async move {
            let mut seen = Vec::new();
            let consumer = format!("w{index}@h");
            loop {
                let deliveries = broker.consume(want(&consumer, 7)).await.unwrap();
                let last = deliveries.iter().any(|delivery| delivery.message().headers.task == "last");
                seen.extend(deliveries.iter().map(|delivery| delivery.message().id().clone()));
                broker.settle(deliveries.into_iter().map(Delivery::ack).collect()).await.unwrap();
                if last {
                    return seen;
                }
            }
        });
    }
    for _ in 0..MESSAGES / 10 {
        publish(&one, &["t"; 5]).await;
        publish(&other, &["t"; 5]).await;
    }
    // One end for each consumer, delivered after everything else.
    one.publish(vec![with_priority("last", 9), with_priority("last", 9)]).await.unwrap();
    other.publish(vec![with_priority("last", 9), with_priority("last", 9)]).await.unwrap();
    let mut seen = Vec::new();
    while let Some(ended) = consumers.join_next().await {
        seen.extend(ended.unwrap());
        // A consumer may have taken several ends; the others are told again.
        publish(&one, &["last"]).await;
    }
    let distinct: HashSet<_> = seen.iter().collect();
    assert_eq!(distinct.len(), seen.len(), "no message twice");
    assert!(seen.len() >= MESSAGES, "{} of {MESSAGES}", seen.len());
}

pub(crate) async fn several_queues_are_consumed_together(one: Shared, _: Shared) {
    one.publish(vec![
        Publication::new("a", message("1")),
        Publication::new("b", message("2")),
        Publication::new("a", message("3")),
        Publication::new("other", message("4")),
    ])
    .await
    .unwrap();
    let queues = vec!["a".into(), "b".into(), "a".into()];
    let deliveries = one.consume(Consume { queues, ..now("w@h", 10) }).await.unwrap();
    let mut got: Vec<_> =
        deliveries.iter().map(|d| (d.queue().as_str(), d.message().headers.task.as_str())).collect();
    got.sort_unstable();
    assert_eq!(got, [("a", "1"), ("a", "3"), ("b", "2")]);
}

pub(crate) async fn a_broadcast_reaches_all_subscribers_of_its_topic(one: Shared, other: Shared) {
    one.broadcast("celeryev/task.multi", b"before".to_vec()).await.unwrap();
    let mut all = one.subscribe(&["celeryev/*"]).await.unwrap();
    let mut workers = other.subscribe(&["celeryev/worker.*", "celery.pidbox"]).await.unwrap();
    for (topic, payload) in [
        ("celeryev/task.multi", "1"),
        ("celeryev/worker.online", "2"),
        ("celery.pidbox", "3"),
        ("x.reply.celery.pidbox", "4"),
        ("celeryev/worker.offline", "5"),
    ] {
        other.broadcast(topic, payload.into()).await.unwrap();
    }
    async fn take(subscription: &mut Subscription, count: usize) -> Vec<String> {
        let mut payloads = Vec::new();
        while payloads.len() < count {
            let next = tokio::time::timeout(LONG, subscription.recv()).await.unwrap().unwrap();
            payloads.push(String::from_utf8(next.payload).unwrap());
        }
        payloads
    }
    assert_eq!(take(&mut all, 3).await, ["1", "2", "5"]);
    assert_eq!(take(&mut workers, 3).await, ["2", "3", "5"]);
}

pub(crate) async fn queues_tell_what_they_hold_and_are_purged(one: Shared, other: Shared) {
    publish(&one, &["held", "a", "b"]).await;
    let mut later = message("later");
    later.headers.eta = Some((crate::protocol::Timestamp::now() + LONG * 100).into());
    let _held = one_delivery(&one, "w@h").await;
    one.publish(vec![Publication::new("celery", later)]).await.unwrap();
    let queues = other.queues().await.unwrap();
    let queue = queues.iter().find(|queue| queue.name.as_str() == "celery").unwrap();
    assert_eq!((queue.ready + queue.delayed, queue.claimed, queue.consumers), (3, 1, 1));
    assert_eq!(queue.priorities.values().sum::<u64>(), queue.ready);
    assert!(queue.oldest.is_some_and(|sent| sent.has_passed()), "{queue:?}");

    let peeked = other.peek(&"celery".into(), 10).await.unwrap();
    let tasks: Vec<_> =
        peeked.iter().map(|peeked| peeked.message.as_ref().unwrap().headers.task.as_str()).collect();
    assert_eq!(tasks[..2], ["a", "b"]);
    assert_eq!(other.peek(&"celery".into(), 1).await.unwrap().len(), 1);

    assert_eq!(other.purge(&"celery".into()).await.unwrap(), 3);
    assert!(one.consume(now("w@h", 1)).await.unwrap().is_empty());
    let queues = other.queues().await.unwrap();
    let queue = queues.iter().find(|queue| queue.name.as_str() == "celery").unwrap();
    assert_eq!((queue.ready, queue.delayed, queue.claimed), (0, 0, 1), "what is held is not purged");
}

pub(crate) async fn a_batch_with_a_message_too_large_publishes_nothing(one: Shared, _: Shared) {
    let mut large = message("large");
    large.body.0.push("x".repeat(crate::protocol::MAX_BODY_BYTES).into());
    let batch = vec![Publication::new("celery", message("small")), Publication::new("celery", large)];
    let error = one.publish(batch).await.unwrap_err().to_string();
    assert!(error.contains("16777216") && error.contains("store the data elsewhere"), "{error}");
    assert!(one.consume(now("w@h", 1)).await.unwrap().is_empty());
}
