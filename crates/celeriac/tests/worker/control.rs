//! Remote control and events.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Duration;

use celeriac::{Event, JsonMap, Signature, TaskState};
use serde_json::{Value, json};

use crate::support::{
    Add, Bench, Fail, Flaky, Gate, Hopeless, PATIENCE, Patient, Running, SOON, Telling, until, worker_is_up,
};

/// The answer of the one worker.
async fn ask(bench: &Bench, method: &str, arguments: Value) -> Value {
    let Value::Object(arguments) = arguments else { panic!("no arguments") };
    let inspect = bench.app.inspect().timeout(PATIENCE).destination(["w1@lab"]);
    let mut answers = inspect.call(method, arguments).await.unwrap();
    answers.remove("w1@lab").expect("no answer")
}

#[tokio::test]
async fn a_worker_answers_while_all_its_places_are_taken() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(3));
    worker_is_up(&bench).await;
    let running = bench.app.send(Gate { name: "one".into() }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let waiting = bench.app.send(Add { x: 1, y: 2 }).priority(3).await.unwrap();
    until("it waits", async || ask(&bench, "reserved", json!({})).await.as_array().unwrap().len() == 1).await;

    assert_eq!(ask(&bench, "ping", json!({})).await, json!({"ok": "pong"}));
    let active = ask(&bench, "active", json!({})).await;
    assert_eq!(active[0]["id"], json!(running.id()));
    assert_eq!(active[0]["kwargs"], json!({"name": "one"}));
    assert_eq!(active[0]["acknowledged"], json!(false));
    assert!(active[0]["time_start"].is_f64() && active[0]["worker_pid"].is_u64());
    assert_eq!(ask(&bench, "active", json!({"safe": true})).await[0]["kwargs"], json!("{'name': 'one'}"));
    let reserved = ask(&bench, "reserved", json!({})).await;
    assert_eq!(reserved[0]["name"], "tasks.add");
    assert_eq!(reserved[0]["time_start"], Value::Null);
    let delivery = json!({"exchange": "", "routing_key": "celery", "priority": 3, "redelivered": false});
    assert_eq!(reserved[0]["delivery_info"], delivery);
    let found = ask(&bench, "query_task", json!({"ids": [running.id(), waiting.id(), "nobody"]})).await;
    assert_eq!(found.as_object().unwrap().len(), 2);
    assert_eq!(found[running.id().as_str()][0], "active");
    assert_eq!(found[waiting.id().as_str()][0], "reserved");
    bench.lab.open_gate();
    worker.stop().await;
}

#[tokio::test]
async fn arguments_that_the_sender_hides_are_not_shown() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker().events(true));
    let secret = Signature::new("tasks.gate").kwarg("name", "secret").option("kwargsrepr", "<hidden>");
    bench.app.send_signature(secret).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let active = ask(&bench, "active", json!({"safe": true})).await;
    assert_eq!((&active[0]["args"], &active[0]["kwargs"]), (&json!("()"), &json!("<hidden>")));
    loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.expect("no task-received").unwrap();
        if event.kind == "task-received" {
            assert_eq!(event.fields["kwargs"], "<hidden>");
            break;
        }
    }
    bench.lab.open_gate();
    worker.stop().await;
}

#[tokio::test]
async fn questions_are_answered_in_the_shapes_of_celery() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    worker_is_up(&bench).await;
    bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap();

    let registered = ask(&bench, "registered", json!({})).await;
    assert!(registered.as_array().unwrap().contains(&json!("tasks.add")));
    assert!(!registered.as_array().unwrap().iter().any(|name| name.as_str().unwrap().starts_with("celery.")));
    let stats = ask(&bench, "stats", json!({})).await;
    assert_eq!(stats["total"], json!({"tasks.add": 1}));
    assert_eq!(stats["pool"]["max-concurrency"], 4);
    assert_eq!(stats["prefetch_count"], 16);
    assert_eq!(stats["broker"]["transport"], "sqlite");
    assert_eq!(stats["rusage"].as_object().unwrap().len(), 16);
    assert!(stats["clock"].is_string());
    let queues = ask(&bench, "active_queues", json!({})).await;
    assert_eq!((&queues[0]["name"], &queues[0]["routing_key"]), (&json!("celery"), &json!("celery")));
    assert_eq!(queues[0]["exclusive"], false);
    assert!(ask(&bench, "clock", json!({})).await["clock"].as_u64().unwrap() > 0);
    assert!(ask(&bench, "report", json!({})).await["ok"].as_str().unwrap().contains("celeriac"));
    assert_eq!(ask(&bench, "conf", json!({})).await["worker_concurrency"], 4);
    assert_eq!(ask(&bench, "scheduled", json!({})).await, json!([]));
    assert_eq!(ask(&bench, "heartbeat", json!({})).await, Value::Null);
    assert_eq!(ask(&bench, "no_such_cmd", json!({})).await, json!({"error": "KeyError('no_such_cmd')"}));

    let revoke = json!({"task_id": "gone", "terminate": false, "signal": null});
    assert_eq!(ask(&bench, "revoke", revoke).await, json!({"ok": "tasks {'gone'} flagged as revoked"}));
    assert_eq!(ask(&bench, "revoked", json!({})).await, json!(["gone"]));
    assert_eq!(bench.app.result::<Value>("gone").state().await.unwrap(), TaskState::Revoked);
    let hello = ask(&bench, "hello", json!({"from_node": "w2@lab", "revoked": {"old": [1.5]}})).await;
    assert_eq!(hello["revoked"], json!(["gone", "old"]));
    assert_eq!(ask(&bench, "hello", json!({"from_node": "w1@lab", "revoked": []})).await, Value::Null);
    let terminate = json!({"task_id": ["nobody"], "signal": "SIGTERM"});
    assert_eq!(ask(&bench, "terminate", terminate).await, json!({"ok": "terminate: tasks unknown"}));
    for (signal, raised) in [
        (json!("BOGUS"), r#"AttributeError("module 'signal' has no attribute 'SIGBOGUS'")"#),
        (json!("term"), "TypeError('signal name must be uppercase string.')"),
    ] {
        let terminate = json!({"task_id": ["nobody"], "signal": signal});
        assert_eq!(ask(&bench, "terminate", terminate).await, json!({"error": raised}));
    }
    worker.stop().await;
}

/// What Celery's worker answers to the same requests.
#[tokio::test]
async fn a_queue_is_shown_as_it_was_first_declared() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    worker_is_up(&bench).await;
    let add = async |queue: &str, exchange: &str, kind: &str, key: &str| {
        let arguments =
            json!({"queue": queue, "exchange": exchange, "exchange_type": kind, "routing_key": key});
        assert_eq!(
            ask(&bench, "add_consumer", arguments).await,
            json!({"ok": format!("add consumer {queue}")})
        );
    };
    add("q1", "ex1", "topic", "a.#").await;
    ask(&bench, "add_consumer", json!({"queue": "q2"})).await;
    ask(&bench, "add_consumer", json!({"queue": "q3", "exchange": "ex3"})).await;
    // What is known keeps what it has, also when it was not consumed meanwhile.
    add("q1", "ex2", "direct", "b").await;
    add("celery", "ex2", "direct", "b").await;
    ask(&bench, "cancel_consumer", json!({"queue": "q3"})).await;
    ask(&bench, "add_consumer", json!({"queue": "q3", "exchange": "other"})).await;
    let queues = ask(&bench, "active_queues", json!({})).await;
    let shown: Vec<String> = queues
        .as_array()
        .unwrap()
        .iter()
        .map(|queue| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            let exchange = &queue["exchange"];
            [&queue["name"], &exchange["name"], &exchange["type"], &queue["routing_key"]].map(text).join(" ")
        })
        .collect();
    assert_eq!(
        shown,
        ["celery celery direct celery", "q1 ex1 topic a.#", "q2 q2 direct q2", "q3 ex3 direct q3"]
    );
    worker.stop().await;
}

#[tokio::test]
async fn a_running_worker_is_changed() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    worker_is_up(&bench).await;
    let ok = |text: &str| json!({"ok": text});
    let error = |text: &str| json!({"error": text});
    assert_eq!(ask(&bench, "pool_grow", json!({"n": 3})).await, ok("pool will grow"));
    assert_eq!(ask(&bench, "pool_shrink", json!({"n": 1})).await, ok("pool will shrink"));
    assert_eq!(ask(&bench, "stats", json!({})).await["pool"]["max-concurrency"], 6);

    assert_eq!(ask(&bench, "add_consumer", json!({"queue": "extra"})).await, ok("add consumer extra"));
    let extra = bench.app.send(Add { x: 1, y: 1 }).queue("extra").await.unwrap();
    assert_eq!(extra.get_timeout(PATIENCE).await.unwrap(), 2);
    assert_eq!(
        ask(&bench, "cancel_consumer", json!({"queue": "extra"})).await,
        ok("no longer consuming from extra")
    );
    assert_eq!(ask(&bench, "active_queues", json!({})).await.as_array().unwrap().len(), 1);
    assert!(ask(&bench, "add_consumer", json!({"queue": ""})).await["error"].is_string());

    let limit = |name: &str, rate: &str| json!({"task_name": name, "rate_limit": rate});
    assert_eq!(
        ask(&bench, "rate_limit", limit("tasks.add", "10/m")).await,
        ok("new rate limit set successfully")
    );
    assert_eq!(ask(&bench, "rate_limit", limit("tasks.zzz", "10/m")).await, error("unknown task"));
    let wrong = "Invalid rate limit string: ValueError(\"could not convert string to float: 'xx'\")";
    assert_eq!(ask(&bench, "rate_limit", limit("tasks.add", "xx")).await, error(wrong));

    let limits = json!({"task_name": "tasks.gate", "hard": 0.1, "soft": null});
    assert_eq!(ask(&bench, "time_limit", limits).await, ok("time limits set successfully"));
    let endless = bench.app.send(Gate { name: "endless".into() }).await.unwrap();
    assert!(endless.get_timeout(PATIENCE).await.unwrap_err().to_string().contains("TimeLimitExceeded"));
    assert_eq!(ask(&bench, "time_limit", json!({"task_name": "tasks.zzz"})).await, error("unknown task"));

    assert_eq!(ask(&bench, "enable_events", json!({})).await, ok("task events enabled"));
    assert_eq!(ask(&bench, "enable_events", json!({})).await, ok("task events already enabled"));
    assert_eq!(ask(&bench, "disable_events", json!({})).await, ok("task events disabled"));
    bench.app.control().shutdown().await.unwrap();
    worker.ended().await.unwrap();
}

#[tokio::test]
async fn a_pool_that_scales_by_itself_is_given_bounds_only() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().autoscale(4, 1));
    worker_is_up(&bench).await;
    let refused = ask(&bench, "pool_grow", json!({"n": 3})).await;
    let text = "pool_grow is not supported with autoscale. Adjust autoscale range instead.";
    assert_eq!(refused, json!({"error": text}));
    let bounds = json!({"max": 6, "min": 2});
    assert_eq!(ask(&bench, "autoscale", bounds).await, json!({"ok": "autoscale now max=6 min=2"}));
    let stats = ask(&bench, "stats", json!({})).await;
    assert_eq!((&stats["autoscaler"]["max"], &stats["autoscaler"]["min"]), (&json!(6), &json!(2)));
    let senseless = ask(&bench, "autoscale", json!({"max": 1_000_000, "min": 2})).await;
    assert!(
        senseless["error"].as_str().unwrap().starts_with("ValueError('max=1000000 and min=2"),
        "{senseless}"
    );
    worker.stop().await;
}

#[tokio::test]
async fn workers_share_what_is_revoked_and_avoid_each_others_names() {
    let bench = Bench::new().await;
    let first = Running::start(bench.app.worker().mingle(Duration::ZERO));
    until("it is up", async || !bench.app.inspect().timeout(SOON).limit(1).ping().await.unwrap().is_empty())
        .await;
    bench.app.control().timeout(PATIENCE).limit(1).call("revoke", revoke_arguments("gone")).await.unwrap();

    let second = Running::start(bench.app.worker().mingle(Duration::from_secs(1)));
    let mut nodes = Default::default();
    until("both answer under their own names", async || {
        nodes = bench.app.inspect().timeout(Duration::from_millis(500)).revoked().await.unwrap();
        nodes.len() == 2
    })
    .await;
    assert!(nodes.values().all(|revoked| *revoked == json!(["gone"])), "{nodes:?}");
    first.stop().await;
    second.stop().await;
}

fn revoke_arguments(id: &str) -> JsonMap {
    JsonMap::from_iter([("task_id".to_owned(), json!(id))])
}

#[tokio::test]
async fn events_tell_the_life_of_tasks_and_workers() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker().events(true));
    bench.app.send(Add { x: 2, y: 3 }).task_id("good").await.unwrap();
    bench.app.send(Fail { ignored: Value::Null }).task_id("bad").await.unwrap();
    bench.app.send(Flaky { failures: 1 }).task_id("flaky").await.unwrap();
    bench.app.send(Patient { is_stubborn: true }).task_id("stubborn").await.unwrap();
    bench.app.send(Telling).task_id("telling").await.unwrap();
    bench.app.send(Hopeless).task_id("hopeless").await.unwrap();
    until("two run", async || bench.lab.at_gate.load(Ordering::SeqCst) == 2).await;
    bench.app.revoke(["stubborn"], true).await.unwrap();
    assert_eq!(bench.app.result::<()>("telling").state().await.unwrap(), TaskState::Progress);
    bench.lab.open_gate();
    let results = ["good", "bad", "flaky", "stubborn", "telling", "hopeless"];
    for id in results {
        bench.app.result::<Value>(id).wait(PATIENCE).await.unwrap();
    }

    let mut seen: Vec<Event> = Vec::new();
    while seen.last().is_none_or(|event| event.kind != "worker-heartbeat") {
        seen.push(tokio::time::timeout(PATIENCE, events.recv()).await.expect("no worker-heartbeat").unwrap());
    }
    worker.stop().await;
    while seen.last().is_none_or(|event| event.kind != "worker-offline") {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.expect("no worker-offline").unwrap();
        seen.push(event);
    }
    let kinds = |id: &str| -> Vec<&str> {
        let of_task = seen.iter().filter(|event| event.uuid.as_ref().is_some_and(|uuid| uuid.as_str() == id));
        of_task.map(|event| event.kind.as_str()).collect()
    };
    assert_eq!(kinds("good"), ["task-received", "task-started", "task-succeeded"]);
    assert_eq!(kinds("bad"), ["task-received", "task-started", "task-failed"]);
    // That it is tried again is told once it is sure, and then it may have been received again.
    let mut twice = kinds("flaky");
    let retried = twice.iter().position(|kind| *kind == "task-retried").expect("no task-retried");
    twice.remove(retried);
    assert!(retried >= 2, "{twice:?}");
    assert_eq!(twice, ["task-received", "task-started", "task-received", "task-started", "task-succeeded"]);
    assert_eq!(kinds("stubborn"), ["task-received", "task-started", "task-revoked"]);
    assert_eq!(kinds("telling"), ["task-received", "task-started", "task-progress", "task-succeeded"]);
    assert_eq!(seen[0].kind, "worker-online");

    let find = |id: &str, kind: &str| {
        seen.iter()
            .find(|event| event.kind == kind && event.uuid.as_ref().is_some_and(|uuid| uuid.as_str() == id))
    };
    let received = find("good", "task-received").unwrap();
    assert_eq!(received.fields["name"], "tasks.add");
    assert_eq!(received.fields["kwargs"], "{'x': 2, 'y': 3}");
    assert_eq!(find("good", "task-succeeded").unwrap().fields["result"], "5");
    assert_eq!(find("bad", "task-failed").unwrap().fields["exception"], "ValueError('boom')");
    assert_eq!(find("flaky", "task-retried").unwrap().fields["exception"], "ConnectionError('try 0')");
    // Nothing but its own wish causes this one.
    let wished = &find("hopeless", "task-retried").unwrap().fields;
    assert_eq!((&wished["exception"], &wished["traceback"]), (&json!("None"), &Value::Null));
    let revoked = &find("stubborn", "task-revoked").unwrap().fields;
    assert_eq!((&revoked["terminated"], &revoked["signum"]), (&json!(true), &json!(15)));
    assert_eq!(find("telling", "task-progress").unwrap().fields["done"], 1);
    let clocks: BTreeSet<u64> = seen.iter().map(|event| event.clock).collect();
    assert_eq!(clocks.len(), seen.len());
    assert!(seen.iter().all(|event| event.hostname.as_str() == "w1@lab"));
}

#[tokio::test]
async fn a_task_is_shown_by_the_name_that_its_sender_gave() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker().events(true));
    let signature = Signature::new("tasks.add").args([1, 2]).option("shadow", "sum of one and two");
    assert_eq!(signature.apply(&bench.app).await.unwrap().get_timeout(PATIENCE).await.unwrap(), json!(3));
    loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.expect("no task-received").unwrap();
        if event.kind == "task-received" {
            assert_eq!(event.fields["name"], "sum of one and two");
            break;
        }
    }
    worker.stop().await;
}

#[tokio::test]
async fn an_app_may_tell_of_what_it_sends() {
    let bench = Bench::new().await;
    let app = celeriac::App::builder(&bench.url).sent_events(true).open().await.unwrap();
    let mut events = bench.app.events().await.unwrap();
    app.send_signature(Signature::new("tasks.add").args([1, 2]).queue("q")).await.unwrap();
    let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
    assert_eq!((event.kind.as_str(), &event.fields["queue"]), ("task-sent", &json!("q")));
    assert_eq!(event.fields["args"], "(1, 2)");
}
