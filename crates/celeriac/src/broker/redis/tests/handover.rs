//! Messages that the server hands to a consumer who waits.

use std::collections::HashMap;

use rand::RngExt;
use tokio::task::JoinHandle;

use super::*;

const PATIENT: Duration = Duration::from_secs(60);

fn patient(max: usize, queues: &[&str]) -> Consume {
    Consume { wait: PATIENT, ..want(max, queues) }
}

/// Consumes in a task of its own.
fn consuming(broker: &Arc<dyn Broker>, want: Consume) -> JoinHandle<Vec<Delivery>> {
    let broker = broker.clone();
    tokio::spawn(async move { broker.consume(want).await.unwrap() })
}

async fn blocked(server: &RedisServer) -> usize {
    let clients: String = ask(server, &["INFO", "clients"]).await;
    let line = clients.lines().find_map(|line| line.strip_prefix("blocked_clients:")).unwrap();
    line.trim().parse().unwrap()
}

async fn until_blocked(server: &RedisServer, count: usize) {
    within(async || blocked(server).await == count, "so many wait").await;
}

async fn within(mut condition: impl AsyncFnMut() -> bool, what: &str) {
    for _ in 0..1_000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it never happens that {what}");
}

async fn push(server: &RedisServer, list: &str, name: &str) {
    let envelope = publication("celery", name).message.encode(&"celery".into()).unwrap();
    ask::<i64>(server, &["LPUSH", list, std::str::from_utf8(&envelope).unwrap()]).await;
}

async fn lists_on_the_way(server: &RedisServer) -> Vec<String> {
    ask(server, &["KEYS", "celeriac.incoming.*"]).await
}

#[tokio::test]
async fn it_is_recorded_and_settled_as_any_other() {
    let (one, _, server) = fresh().await;
    for round in 0..3 {
        let handed = consuming(&one, patient(8, &["celery"]));
        until_blocked(&server, 1).await;
        push(&server, "celery", "t").await;
        let held = handed.await.unwrap();
        assert_eq!(tasks(&held), ["t"], "{round}");
        assert!(!held[0].is_redelivered());
        within(async || ask::<i64>(&server, &["HLEN", "unacked"]).await == 1, "it is recorded").await;
        let scores: Vec<(String, f64)> =
            ask(&server, &["ZRANGE", "celeriac.leases", "0", "-1", "WITHSCORES"]).await;
        assert_eq!(scores[0].0, held[0].tag().as_str());
        let record: Vec<(String, String)> = ask(&server, &["HGETALL", "unacked"]).await;
        assert!(record[0].1.ends_with(",\"\",\"celery\"]"), "{record:?}");
        one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
        let left = ["EXISTS", "unacked", "unacked_index", "celeriac.leases", "celery"];
        assert_eq!(ask::<i64>(&server, &left).await, 0);
        assert_eq!(lists_on_the_way(&server).await, Vec::<String>::new());
    }
}

#[tokio::test]
async fn it_can_be_settled_before_it_is_recorded() {
    let (one, _, server) = fresh().await;
    for round in 0..200 {
        let handed = consuming(&one, patient(1, &["celery"]));
        if round % 2 == 0 {
            until_blocked(&server, 1).await;
        }
        push(&server, "celery", "t").await;
        let held = handed.await.unwrap().pop().unwrap();
        let settled = if round % 3 == 0 { held.requeue(Duration::ZERO) } else { held.ack() };
        one.settle(vec![settled]).await.unwrap();
        assert_eq!(ask::<i64>(&server, &["EXISTS", "unacked", "celeriac.leases"]).await, 0, "{round}");
        assert_eq!(ask::<usize>(&server, &["LLEN", "celery"]).await, usize::from(round % 3 == 0), "{round}");
        ask::<i64>(&server, &["DEL", "celery"]).await;
    }
}

#[tokio::test]
async fn an_idle_consumer_asks_nothing() {
    let (one, _, server) = fresh().await;
    let handed = consuming(&one, patient(1, &["celery"]));
    let calls = async || {
        let stats: String = ask(&server, &["INFO", "commandstats"]).await;
        let counted = |line: &&str| !line.starts_with("cmdstat_info") && !line.starts_with("cmdstat_client");
        let calls = stats.lines().filter(counted).filter_map(|line| line.split(',').next());
        calls.map(str::to_owned).collect::<Vec<_>>()
    };
    until_blocked(&server, 1).await;
    calls().await;
    let before = calls().await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let told = |calls: Vec<String>| -> Vec<String> {
        calls.into_iter().filter(|call| !call.contains("hello") && !call.contains("select")).collect()
    };
    assert_eq!(told(calls().await), told(before), "it waits to be told");
    push(&server, "celery", "foreign").await;
    assert_eq!(tasks(&handed.await.unwrap()), ["foreign"]);
}

#[tokio::test]
async fn what_no_line_waits_for_comes_as_well() {
    let (one, _, server) = fresh().await;
    let queues = ["celery", "a", "b", "c", "d", "e"];
    for (max, lines) in [(8, 4), (1, 1)] {
        for list in ["e", "celery\u{6}\u{16}9", "celery", "a", "b"] {
            let handed = consuming(&one, patient(max, &queues));
            until_blocked(&server, lines).await;
            push(&server, list, "t").await;
            let held = handed.await.unwrap();
            assert_eq!(tasks(&held), ["t"], "{list:?}");
            one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_queue_that_there_is_no_place_to_wait_for_is_looked_at() {
    let (one, _, server) = fresh().await;
    let queues = ["celery", "b"];
    let handed = consuming(&one, patient(2, &queues));
    until_blocked(&server, 2).await;
    push(&server, "b", "first").await;
    let first = handed.await.unwrap();
    // One place is left, and the other queue is still waited for.
    let handed = consuming(&one, patient(1, &queues));
    tokio::time::sleep(Duration::from_millis(50)).await;
    push(&server, "b", "second").await;
    let second =
        tokio::time::timeout(Duration::from_secs(2), handed).await.expect("it comes at once").unwrap();
    assert_eq!(tasks(&second), ["second"]);
    one.settle(first.into_iter().chain(second).map(Delivery::ack).collect()).await.unwrap();
}

#[tokio::test]
async fn another_message_in_its_list_is_not_taken_for_it() {
    let (one, _, server) = fresh().await;
    let handed = consuming(&one, patient(1, &["celery"]));
    until_blocked(&server, 1).await;
    let members: Vec<String> = ask(&server, &["ZRANGE", "celeriac.incoming", "0", "-1"]).await;
    let list = format!("celeriac.incoming.{}", members[0].split('\n').next().unwrap());
    push(&server, &list, "stray").await;
    push(&server, "celery", "told").await;
    let held = handed.await.unwrap();
    assert_eq!(tasks(&held), ["told"]);
    one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
    assert_eq!(ask::<i64>(&server, &["HLEN", "unacked"]).await, 0);
    assert_eq!(ask::<i64>(&server, &["LLEN", &list]).await, 1, "it is still there");
    one.leave(&"w@h".into()).await.unwrap();
    assert_eq!(tasks(&one.consume(want(5, &["celery"])).await.unwrap()), ["stray"]);
}

#[test]
fn a_runtime_ends_while_somebody_waits() {
    for is_multi in [false, true] {
        let mut runtime = match is_multi {
            true => tokio::runtime::Builder::new_multi_thread(),
            false => tokio::runtime::Builder::new_current_thread(),
        };
        let runtime = runtime.enable_all().build().unwrap();
        let server = runtime.block_on(async {
            let (one, _, server) = fresh().await;
            drop(consuming(&one, patient(8, &["celery"])));
            until_blocked(&server, 1).await;
            server
        });
        drop(runtime);
        drop(server);
    }
}

#[tokio::test]
async fn who_goes_away_gets_nothing() {
    let (one, other, server) = fresh().await;
    let handed = consuming(&one, patient(8, &["celery", "a"]));
    until_blocked(&server, 2).await;
    handed.abort();
    until_blocked(&server, 0).await;
    push(&server, "celery", "t").await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(ask::<i64>(&server, &["LLEN", "celery"]).await, 1);
    let held = other.consume(want(1, &["celery"])).await.unwrap();
    assert!(!held[0].is_redelivered());
}

#[tokio::test]
async fn who_leaves_is_forgotten() {
    let (one, _, server) = fresh().await;
    let handed = consuming(&one, patient(8, &["celery"]));
    until_blocked(&server, 1).await;
    assert_eq!(one.queues().await.unwrap()[0].consumers, 1);
    handed.abort();
    drop(handed.await);
    one.leave(&"w@h".into()).await.unwrap();
    assert_eq!(blocked(&server).await, 0);
    assert_eq!(ask::<i64>(&server, &["EXISTS", "celeriac.incoming", "celeriac.consumers"]).await, 0);
}

#[tokio::test]
async fn what_was_on_its_way_to_a_dead_consumer_comes_back() {
    let (one, _, server) = fresh().await;
    ask::<i64>(&server, &["ZADD", "celeriac.incoming", "1000", "abc\nq\nw@h"]).await;
    ask::<i64>(&server, &["ZADD", "celeriac.incoming", "9999999999999", "def\nq\nalive@h"]).await;
    push(&server, "celeriac.incoming.abc", "t").await;
    push(&server, "celeriac.incoming.def", "u").await;
    assert_eq!(one.recover().await.unwrap().requeued, 1);
    let held = one.consume(want(5, &["celery", "q"])).await.unwrap();
    assert_eq!(tasks(&held), ["t"]);
    assert!(held[0].is_redelivered());
    assert_eq!((held[0].queue().as_str(), held[0].deaths()), ("q", 0), "it may never have begun");
    assert_eq!(lists_on_the_way(&server).await, ["celeriac.incoming.def"]);
    // The second time it is taken for what kills its workers.
    one.settle(held.into_iter().map(|held| held.requeue(Duration::ZERO)).collect()).await.unwrap();
    ask::<i64>(&server, &["ZADD", "celeriac.incoming", "1000", "ghi\nq\nw@h"]).await;
    ask::<String>(&server, &["LMOVE", "q", "celeriac.incoming.ghi", "RIGHT", "LEFT"]).await;
    assert_eq!(one.recover().await.unwrap().requeued, 1);
    let held = one.consume(want(5, &["q"])).await.unwrap();
    assert_eq!((tasks(&held)[0].as_str(), held[0].deaths()), ("t", 1));
    // It is forgotten when nothing can come for it any more: its last wait has long ended.
    one.recover().await.unwrap();
    let members: Vec<String> = ask(&server, &["ZRANGE", "celeriac.incoming", "0", "-1"]).await;
    assert_eq!(members, ["def\nq\nalive@h"]);
}

#[tokio::test]
async fn what_was_moved_without_a_word_comes_nevertheless() {
    let (one, _, server) = fresh().await;
    let lease = Duration::from_millis(500);
    let handed = consuming(&one, Consume { lease, ..patient(8, &["celery"]) });
    until_blocked(&server, 1).await;
    // As when the connection that waits has died, and neither side knows.
    let members: Vec<String> = ask(&server, &["ZRANGE", "celeriac.incoming", "0", "-1"]).await;
    let id = members[0].split('\n').next().unwrap();
    push(&server, &format!("celeriac.incoming.{id}"), "t").await;
    assert_eq!(tasks(&handed.await.unwrap()), ["t"]);
}

#[tokio::test]
async fn a_connection_that_is_lost_costs_nothing() {
    let (one, _, server) = fresh().await;
    for _ in 0..3 {
        let handed = consuming(&one, patient(8, &["celery"]));
        if blocked(&server).await == 0 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let clients: String = ask(&server, &["CLIENT", "LIST"]).await;
        let waiting = clients.lines().find(|line| line.contains("cmd=blmove"));
        let id = waiting.and_then(|line| line.strip_prefix("id=")?.split(' ').next());
        if let Some(id) = id {
            ask::<i64>(&server, &["CLIENT", "KILL", "ID", id]).await;
        }
        push(&server, "celery", "t").await;
        let held = handed.await.unwrap();
        assert_eq!(tasks(&held), ["t"]);
        one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
    }
}

#[tokio::test]
async fn where_nobody_may_wait_they_look() {
    let (_, _, server) = fresh().await;
    for forbidden in ["-blmove", "-client|unblock", "-client|id"] {
        let user = ["ACL", "SETUSER", "some", "on", ">pass", "~*", "&*", "+@all", forbidden];
        ask::<String>(&server, &user).await;
        let url = server.url(0).replace("redis://", "redis://some:pass@");
        let one: Arc<dyn Broker> = Arc::new(RedisBroker::open(&url, &RedisOptions::default()).unwrap());
        for _ in 0..2 {
            let handed = consuming(&one, patient(8, &["celery"]));
            tokio::time::sleep(Duration::from_millis(50)).await;
            push(&server, "celery\u{6}\u{16}9", "urgent").await;
            let held = handed.await.unwrap();
            assert_eq!(tasks(&held), ["urgent"], "{forbidden}");
            one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
        }
    }
}

#[tokio::test]
async fn of_two_over_one_broker_each_gets_its_share() {
    let (one, _, server) = fresh().await;
    let first = consuming(&one, patient(1, &["celery"]));
    until_blocked(&server, 1).await;
    let second = consuming(&one, Consume { consumer: "other@h".into(), ..patient(1, &["celery"]) });
    until_blocked(&server, 0).await;
    push(&server, "celery", "t").await;
    push(&server, "celery", "u").await;
    let mut both = [tasks(&first.await.unwrap()), tasks(&second.await.unwrap())];
    both.sort();
    assert_eq!(both, [["t"], ["u"]]);
}

#[tokio::test]
async fn beside_others_who_wait_it_is_served_in_turn() {
    let (one, _, server) = fresh().await;
    let client = redis::Client::open(server.url(0)).unwrap();
    let config = redis::AsyncConnectionConfig::new().set_response_timeout(None);
    let mut other = client.get_multiplexed_async_connection_with_config(&config).await.unwrap();
    let foreign = tokio::spawn(async move {
        loop {
            let pop = redis::cmd("BRPOP").arg("celery").arg(1).to_owned();
            drop(pop.query_async::<redis::Value>(&mut other).await);
        }
    });
    let mut handed = consuming(&one, patient(64, &["celery"]));
    let mut ours = 0;
    for _ in 0..20 {
        until_blocked(&server, 2).await;
        push(&server, "celery", "t").await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        if handed.is_finished() {
            ours += 1;
            let held = handed.await.unwrap();
            one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
            handed = consuming(&one, patient(64, &["celery"]));
        }
    }
    foreign.abort();
    assert!((5..=15).contains(&ours), "{ours} of 20");
}

#[tokio::test]
async fn however_they_come_and_go_each_message_is_delivered_once() {
    const MESSAGES: usize = 400;
    let (one, other, server) = fresh().await;
    let publisher = {
        let other = other.clone();
        tokio::spawn(async move {
            for number in 0..MESSAGES {
                let queue = if number % 3 == 0 { "a" } else { "celery" };
                let mut new = publication(queue, &number.to_string());
                new.message.properties.priority = Priority(if number % 7 == 0 { 9 } else { 0 });
                other.publish(vec![new]).await.unwrap();
                let pause = rand::rng().random_range(0..12);
                tokio::time::sleep(Duration::from_millis(pause)).await;
            }
        })
    };
    let mut delivered: HashMap<String, usize> = HashMap::new();
    let begun = std::time::Instant::now();
    while delivered.len() < MESSAGES && begun.elapsed() < Duration::from_secs(30) {
        let queues: &[&str] = if rand::random_ratio(1, 5) { &["celery"] } else { &["celery", "a"] };
        let max = rand::rng().random_range(1..5);
        let wait = if rand::random_ratio(1, 4) { Duration::ZERO } else { PATIENT };
        let taking = one.consume(Consume { wait, ..want(max, queues) });
        let stay = Duration::from_micros(rand::rng().random_range(100..20_000));
        let Ok(held) = tokio::time::timeout(stay, taking).await else { continue };
        let held = held.unwrap();
        assert!(held.len() <= max);
        for name in tasks(&held) {
            *delivered.entry(name).or_default() += 1;
        }
        one.settle(held.into_iter().map(Delivery::ack).collect()).await.unwrap();
    }
    publisher.await.unwrap();
    one.leave(&"w@h".into()).await.unwrap();
    assert_eq!(delivered.len(), MESSAGES, "all come, and at once");
    assert!(delivered.values().all(|times| *times == 1), "{delivered:?}");
    for key in ["celery", "a", "unacked", "unacked_index", "celeriac.leases", "celeriac.incoming"] {
        assert_eq!(ask::<i64>(&server, &["EXISTS", key]).await, 0, "{key}");
    }
    assert_eq!(lists_on_the_way(&server).await, Vec::<String>::new());
}
