//! Where messages go that name an exchange, and what cannot go anywhere.

use celeriac::{Signature, chain, chord};
use serde_json::json;

use crate::support::{Bench, PATIENCE};

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
    let answers = consumer("three", "fanout", "all").await.unwrap();
    assert!(answers["w1@lab"]["error"].as_str().unwrap().contains("direct and topic"), "{answers:?}");
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
