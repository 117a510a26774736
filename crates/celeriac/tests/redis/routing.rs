//! Where messages go that name an exchange, and what cannot go anywhere.

use celeriac::{App, JsonMap, Signature, chain, chord};
use serde_json::json;
use test_servers::{Celery, until};

use crate::support::{Bench, PATIENCE, lines};

fn add(x: i64) -> Signature {
    Signature::new("tasks.add").args([x])
}

#[tokio::test]
async fn a_step_that_names_an_exchange_reaches_the_queue_that_is_bound_there() {
    let bench = Bench::new();
    let client = bench.client().await;
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    let control = client.control().timeout(PATIENCE).limit(1);
    let consumer = |queue: &str, exchange_type: &str, key: &str| {
        let arguments = json!({
            "queue": queue, "exchange": "news", "exchange_type": exchange_type, "routing_key": key,
        });
        control.call("add_consumer", arguments.as_object().unwrap().clone())
    };
    for (queue, exchange_type, bound, key) in
        [("one", "direct", "weather", "weather"), ("two", "topic", "sports.*", "sports.chess")]
    {
        let answers = consumer(queue, exchange_type, bound).await.unwrap();
        assert_eq!(answers["w1@lab"], json!({"ok": format!("add consumer {queue}")}));
        let step = add(3).option("exchange", "news").option("routing_key", key);
        let result = chain([add(1).args([1, 2]), step]).apply(&client).await.unwrap();
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(6), "{}", worker.log());
    }
    let answers = consumer("three", "headers", "all").await.unwrap();
    assert!(answers["w1@lab"]["error"].as_str().unwrap().contains("topic and fanout"), "{answers:?}");
}

#[tokio::test]
async fn what_python_broadcasts_runs_in_every_worker() {
    let mut bench = Bench::new();
    let client = bench.client().await;
    bench.broadcasts = Some("news");
    let mut told = [bench.worker("w1@lab"), bench.worker("w2@lab")];
    bench.broadcasts = None;
    let mut asked = bench.worker("w3@lab");
    told.iter_mut().chain([&mut asked]).for_each(|worker| worker.until_printed("ready"));
    let arguments = json!({
        "queue": "w3-news", "exchange": "news", "exchange_type": "fanout", "routing_key": "celery",
    });
    let control = client.control().timeout(PATIENCE).destination(["w3@lab"]);
    control.call("add_consumer", arguments.as_object().unwrap().clone()).await.unwrap();

    let mut script = Celery::V57.python("broadcast.py");
    script.arg(bench.file("ran"));
    let mut python = bench.python(script, "client");
    assert!(python.wait().success(), "{}", python.log());
    for way in ["ran.lists", "ran.published"] {
        let everybody = ["w1@lab", "w2@lab", "w3@lab"].map(|node| format!("end {node}"));
        until(way, || {
            let mut ended = lines(&bench.file(way));
            ended.retain(|line| line.starts_with("end"));
            ended.sort();
            ended == everybody
        });
    }
    let queues =
        client.inspect().timeout(PATIENCE).limit(3).call("active_queues", JsonMap::new()).await.unwrap();
    let shown = &queues["w1@lab"][1];
    assert_eq!((&shown["name"], &shown["exchange"]["type"]), (&json!("bcast.news.w1@lab"), &json!("fanout")));

    let cancel = JsonMap::from_iter([("queue".to_owned(), "w3-news".into())]);
    control.call("cancel_consumer", cancel).await.unwrap();
    until("it listens no longer", || {
        bench.redis.command(&["PUBSUB", "NUMSUB", "/0.news/celery"]).trim().ends_with('2')
    });
}

/// Python's workers hear a `Broadcast` queue only if it is published; ours also get what is in their lists, and must get
/// nothing twice.
#[tokio::test]
async fn what_we_broadcast_runs_once_in_every_worker_of_both_languages() {
    let mut bench = Bench::new();
    let client = bench.client().await;
    bench.broadcasts = Some("news");
    let mut ours = [bench.worker("w1@lab"), bench.worker("w2@lab")];
    let mut python = [(Celery::V56, "py56@lab"), (Celery::V57, "py57@lab")].map(|(version, node)| {
        let mut command = version.worker("broadcast_tasks", node, 1);
        command.args(["--without-gossip", "--without-mingle"]);
        bench.python(command, node)
    });
    ours.iter_mut().for_each(|worker| worker.until_printed("ready"));
    python.iter_mut().for_each(|worker| worker.until_printed("ready."));
    // A moment after it said so a worker of Python's has two subscriptions, to what is broadcast and to control requests,
    // each over a connection of its own.
    until("all listen", || bench.redis.command(&["CLIENT", "LIST"]).matches(" psub=1 ").count() == 4);

    let late = |way: &str| Signature::new("tasks.late").args([json!(bench.file(way)), json!(0)]);
    let knowing = App::builder(&bench.broker_url())
        .result_backend(&bench.backend_url())
        .broadcasts(["news"])
        .open()
        .await
        .unwrap();
    knowing.send_signature(late("queue").option("queue", "news")).await.unwrap();
    knowing.send_signature(late("exchange").option("exchange", "news")).await.unwrap();
    let typed = late("typed").option("exchange", "news").option("exchange_type", "fanout");
    client.send_signature(typed).await.unwrap();
    // A worker of ours that listens knows what it listens to.
    let callback = late("link").immutable().option("queue", "news");
    let followed = add(1).args([1, 2]).link(callback).option("queue", "ours");
    knowing.send_signature(followed).await.unwrap();
    let control = client.control().timeout(PATIENCE).destination(["w1@lab"]);
    control.call("add_consumer", JsonMap::from_iter([("queue".to_owned(), "ours".into())])).await.unwrap();

    for way in ["queue", "exchange", "typed", "link"] {
        let everybody = ["end python", "end python", "end w1@lab", "end w2@lab"];
        until(way, || {
            let mut ended = lines(&bench.file(way));
            ended.retain(|line| line.starts_with("end"));
            ended.sort();
            ended == everybody
        });
    }
    let lists = bench.redis.command(&["KEYS", "*bcast*"]);
    assert!(!lists.lines().any(|key| key.starts_with("bcast")), "{lists}");
}

#[tokio::test]
async fn a_queue_that_is_cancelled_while_it_is_being_bound_is_not_listened_for() {
    let bench = Bench::new();
    let client = bench.client().await;
    let mut worker = bench.worker("w1@lab");
    worker.until_printed("ready");
    let control = client.control().timeout(PATIENCE).limit(1);
    let consumer = json!({
        "queue": "w1-news", "exchange": "news", "exchange_type": "fanout", "routing_key": "celery",
    });
    let consumer = consumer.as_object().unwrap();
    let cancel = JsonMap::from_iter([("queue".to_owned(), "w1-news".into())]);
    let subscribers = || {
        let told = bench.redis.command(&["PUBSUB", "NUMSUB", "/0.news/celery"]);
        told.trim().chars().last().and_then(|digit| digit.to_digit(10)).unwrap()
    };
    // Which of two requests that are sent together comes first is not ours to say.
    for turn in 0.. {
        assert!(turn < 100, "{}", worker.log());
        let add = control.call("add_consumer", consumer.clone());
        let end = control.call("cancel_consumer", cancel.clone());
        let (one, other) = if turn % 2 == 0 { tokio::join!(add, end) } else { tokio::join!(end, add) };
        assert!(one.unwrap().contains_key("w1@lab") && other.unwrap().contains_key("w1@lab"));
        let queues = control.call("active_queues", JsonMap::new()).await.unwrap();
        if queues["w1@lab"].as_array().unwrap().len() == 1 {
            break;
        }
        control.call("cancel_consumer", cancel.clone()).await.unwrap();
    }
    until("nobody listens", || subscribers() == 0);

    control.call("add_consumer", consumer.clone()).await.unwrap();
    control.call("add_consumer", consumer.clone()).await.unwrap();
    assert_eq!(subscribers(), 1, "{}", worker.log());
    bench.redis.command(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    until("it listens again", || subscribers() == 1);
}

#[tokio::test]
async fn a_routing_key_alone_names_no_queue() {
    let bench = Bench::new();
    let client = bench.client().await;
    let _worker = bench.worker("w1@lab");
    let step = add(3).option("routing_key", "some.key");
    let result = chain([add(1).args([1, 2]), step]).apply(&client).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(6));
}

#[tokio::test]
async fn a_step_that_became_too_large_to_be_sent_fails_and_its_callers_are_told() {
    let bench = Bench::new();
    let client = bench.client().await;
    let _worker = bench.worker("w1@lab");
    let part = || Signature::new("tasks.add").args(["y".repeat(3_000_000), "y".repeat(3_000_000)]);
    let body = chain([add(1), add(2)]);
    let result = chord([part(), part(), part()], body).apply(&client).await.unwrap();
    let error = result.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("a message may have"), "{error}");
}
