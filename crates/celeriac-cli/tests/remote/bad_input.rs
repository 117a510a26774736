//! Whatever lies in the queue or comes over remote control: the worker goes on, callers are told, and what cannot be
//! run is kept.

use base64::Engine;
use celeriac::protocol::{ControlReply, PIDBOX_TOPIC, ReplyTo};
use celeriac::{NodeName, TaskMeta, TaskState, chord};
use serde_json::{Value, json};

use crate::support::{Add, Bench, Ours, PATIENCE, until};

/// A task message as kombu wraps it, to be spoiled.
fn wire(id: &str, body: &[u8]) -> Value {
    json!({
        "body": base64::engine::general_purpose::STANDARD.encode(body),
        "content-encoding": "utf-8",
        "content-type": "application/json",
        "headers": {"lang": "py", "task": "tasks.add", "id": id, "argsrepr": "(2, 3)"},
        "properties": {
            "correlation_id": id, "delivery_mode": 2, "priority": 0, "body_encoding": "base64", "delivery_tag": id,
            "delivery_info": {"exchange": "", "routing_key": "celery"},
        },
    })
}

const GOOD: &[u8] = b"[[2, 3], {}, {}]";

fn with(mut wire: Value, part: &str, name: &str, value: Value) -> Value {
    match part {
        "" => wire[name] = value,
        part => wire[part][name] = value,
    }
    wire
}

fn push(bench: &Bench, message: &str) {
    assert!(bench.redis.command(&["LPUSH", "celery", message]).starts_with(':'));
}

/// The worker still runs tasks.
fn goes_on(bench: &Bench, ours: &Ours) {
    let sum = bench.runtime.block_on(async {
        ours.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap()
    });
    assert_eq!(sum, 2);
}

fn meta(bench: &Bench, ours: &Ours, id: &str) -> TaskMeta {
    bench
        .runtime
        .block_on(ours.app.result::<Value>(id).wait(PATIENCE))
        .unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn dead_letters(bench: &Bench, ours: &Ours) -> Vec<String> {
    let letters = bench.runtime.block_on(ours.app.broker().dead_letters(1_000)).unwrap();
    letters.into_iter().map(|letter| letter.reason).collect()
}

#[test]
fn what_cannot_be_read_is_kept_and_its_callers_are_told() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let deep = format!("[[{}1{}], {{}}, {{}}]", "[".repeat(50_000), "]".repeat(50_000));
    let nested = "[".repeat(100_000);
    // Nobody can be told of these: they tell no id.
    let nameless = [
        "garbage".to_owned(),
        "\u{0}\u{1}".to_owned(),
        "{}".to_owned(),
        "[1, 2, 3]".to_owned(),
        "null".to_owned(),
        nested,
        with(wire("n1", GOOD), "", "headers", Value::Null).to_string(),
        with(wire("n2", GOOD), "headers", "id", json!(5)).to_string(),
        with(wire("n3", GOOD), "headers", "task", json!(["tasks.add"])).to_string(),
        with(wire("n4", GOOD), "headers", "id", json!("x".repeat(5_000))).to_string(),
    ];
    let named = [
        wire("not-an-array", b"{\"args\": []}"),
        wire("too-short", b"[[2, 3], {}]"),
        wire("too-long", b"[[2, 3], {}, {}, 4]"),
        wire("not-json", b"\xff\xfe"),
        wire("deep", deep.as_bytes()),
        with(wire("not-base64", GOOD), "", "body", json!("%%%")),
        with(wire("unknown-type", GOOD), "", "content-type", json!("application/x-foo")),
        with(wire("pickle", b"\x80\x04N."), "", "content-type", json!("application/x-python-serialize")),
        with(wire("yaml", b"a: 1"), "", "content-type", json!("application/x-yaml")),
        with(wire("compressed", GOOD), "headers", "compression", json!("application/x-bz2")),
        with(wire("unknown-compression", GOOD), "headers", "compression", json!("application/x-brotli")),
        with(wire("retries", GOOD), "headers", "retries", json!("many")),
        with(wire("group", GOOD), "headers", "group", json!({"a": 1})),
        with(wire("eta-number", GOOD), "headers", "eta", json!(1_700_000_000)),
        with(wire("eta-text", GOOD), "headers", "eta", json!("tomorrow")),
        with(wire("eta-calendar", GOOD), "headers", "eta", json!("2026-13-45T99:99:99")),
        with(wire("timelimit", GOOD), "headers", "timelimit", json!({"hard": 1})),
        with(wire("stamps", GOOD), "headers", "stamps", json!([1])),
        wire("callbacks", b"[[2, 3], {}, {\"callbacks\": 5}]"),
    ];
    nameless.iter().for_each(|message| push(&bench, message));
    named.iter().for_each(|message| push(&bench, &message.to_string()));
    for message in &named {
        let id = message["headers"]["id"].as_str().unwrap();
        let meta = meta(&bench, &ours, id);
        assert_eq!(meta.status, TaskState::Failure, "{id}");
        let class = if matches!(id, "pickle" | "yaml" | "unknown-type") {
            "ContentDisallowed"
        } else {
            "DecodeError"
        };
        assert_eq!(meta.result["exc_type"], class, "{id}: {}", meta.result);
    }
    goes_on(&bench, &ours);
    until("all of them are kept", || dead_letters(&bench, &ours).len() == nameless.len() + named.len());
    ours.stop(&bench);
}

#[test]
fn what_is_read_but_makes_no_sense_ends_as_it_should() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let past = ["0001-01-01T00:00:00", "1970-01-01T00:00:00+00:00", "2026-01-01"];
    let messages = [
        with(wire("unknown", GOOD), "headers", "task", json!("tasks.nope")),
        wire("missing", b"[[2], {}, {}]"),
        wire("surplus", b"[[2, 3, 4], {\"z\": 1}, {}]"),
        wire("wrong-type", b"[[\"a\", {}], {}, {}]"),
        with(wire("expired", GOOD), "headers", "expires", json!("2001-01-01T00:00:00+00:00")),
        with(wire("priority", GOOD), "properties", "priority", json!(-7)),
        with(wire("limits", GOOD), "headers", "timelimit", json!([-1, 1e300])),
        with(wire("nesting", GOOD), "headers", "replaced_task_nesting", Value::Null),
        with(wire("reply", GOOD), "properties", "reply_to", json!("nobody")),
    ];
    messages.iter().for_each(|message| push(&bench, &message.to_string()));
    for (index, eta) in past.iter().enumerate() {
        push(&bench, &with(wire(&format!("past{index}"), GOOD), "headers", "eta", json!(eta)).to_string());
    }
    let far = with(wire("far", GOOD), "headers", "eta", json!("9999-12-31T23:59:59.999999+00:00"));
    push(&bench, &far.to_string());

    for (id, class) in [
        ("unknown", "NotRegistered"),
        ("missing", "TypeError"),
        ("surplus", "TypeError"),
        ("wrong-type", "TypeError"),
        ("expired", "TaskRevokedError"),
    ] {
        let meta = meta(&bench, &ours, id);
        assert_eq!(meta.result["exc_type"], class, "{id}: {}", meta.result);
    }
    for id in ["priority", "limits", "nesting", "reply", "past0", "past1", "past2"] {
        let meta = meta(&bench, &ours, id);
        assert_eq!((meta.status, meta.result), (TaskState::Success, json!(5)), "{id}");
    }
    goes_on(&bench, &ours);
    until("the one of a far day waits for it", || {
        let scheduled = bench.runtime.block_on(ours.app.inspect().limit(1).scheduled()).unwrap();
        scheduled.values().any(|tasks| tasks[0]["request"]["id"] == "far")
    });
    assert_eq!(dead_letters(&bench, &ours), ["no task is registered as tasks.nope"]);
    ours.stop(&bench);
}

#[test]
fn a_message_of_a_hundred_megabytes_is_refused() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let huge = with(wire("huge", GOOD), "", "body", json!("A".repeat(100_000_000)));
    push(&bench, &huge.to_string());
    let meta = meta(&bench, &ours, "huge");
    assert!(meta.result.to_string().contains("a message may have 16777216"), "{}", meta.result);
    goes_on(&bench, &ours);
    ours.stop(&bench);
}

#[test]
fn remote_control_that_makes_no_sense_is_answered_or_passed_over() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let publish = |payload: &str| bench.redis.command(&["PUBLISH", "/0.celery.pidbox", payload]);
    let request =
        |body: Value| with(wire("c", body.to_string().as_bytes()), "", "headers", json!({"clock": "x"}));
    for body in [
        json!(null),
        json!([1, 2]),
        json!({"method": 5}),
        json!({"method": "ping", "arguments": [1]}),
        json!({"method": "ping", "destination": {"a": 1}}),
        json!({"method": "ping", "pattern": "(((", "matcher": "pcre"}),
        json!({"method": "x".repeat(1_000_000)}),
        json!({"method": "revoke", "arguments": {"task_id": {"a": 1}}}),
        json!({"method": "pool_grow", "arguments": {"n": u64::MAX}}),
        json!({"method": "pool_shrink", "arguments": {"n": -5}}),
        json!({"method": "add_consumer", "arguments": {"queue": "a\u{0}b"}}),
        json!({"method": "rate_limit", "arguments": {"task_name": [], "rate_limit": {}}}),
        json!({"method": "time_limit", "arguments": {"task_name": "tasks.add", "hard": -1, "soft": "x"}}),
        json!({"method": "ping", "reply_to": {"exchange": "reply.celery.pidbox", "routing_key": "nobody"}, "ticket": "t"}),
        json!({"method": "ping", "reply_to": {"exchange": 5}}),
        json!({"method": "hello", "arguments": {"from_node": "w9@lab", "revoked": "all"}}),
    ] {
        publish(&request(body).to_string());
    }
    publish("garbage");
    publish(&"[".repeat(200_000));
    publish(&with(wire("c", b"{}"), "", "body", json!("A".repeat(12_000_000))).to_string());
    // As many ids as fit into a request.
    let ids: Vec<String> = (0..150_000).map(|n| format!("00000000-0000-4000-8000-{n:012}")).collect();
    publish(&request(json!({"method": "query_task", "arguments": {"ids": ids}})).to_string());
    publish(
        &request(json!({"method": "revoke", "arguments": {"task_id": ids, "terminate": true}})).to_string(),
    );
    // A flood of questions without an address.
    let flood = request(json!({"method": "stats"})).to_string();
    (0..200).for_each(|_| drop(publish(&flood)));

    let answers =
        bench.runtime.block_on(ours.app.inspect().timeout(PATIENCE).destination(["w1@lab"]).stats());
    assert_eq!(answers.unwrap()["w1@lab"]["pool"]["max-concurrency"], 2);
    assert_eq!(bench.redis.command(&["EXISTS", "nobody.reply.celery.pidbox"]), ":0\r\n", "nobody reads it");
    goes_on(&bench, &ours);
    ours.stop(&bench);
}

/// Celery's worker answers the first so too; the others it passes over, and who asks waits in vain.
#[test]
fn a_request_that_cannot_be_obeyed_is_answered() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    for (method, arguments, expected) in [
        (json!(5), json!({}), "KeyError('5')"),
        (json!("ping"), json!([1]), "TypeError('ping() argument after ** must be a mapping, not list')"),
        (json!("ping"), json!("x"), "TypeError('ping() argument after ** must be a mapping, not str')"),
    ] {
        let reply_to = ReplyTo::client(format!("{method}{arguments}"));
        let body = json!({"method": method, "arguments": arguments, "reply_to": reply_to, "ticket": "t"});
        let answer = bench.runtime.block_on(async {
            let mut replies = ours.app.broker().subscribe(&[&reply_to.topic()]).await.unwrap();
            let payload = wire("c", body.to_string().as_bytes()).to_string().into_bytes();
            ours.app.broker().broadcast(PIDBOX_TOPIC, payload).await.unwrap();
            tokio::time::timeout(PATIENCE, replies.recv()).await.unwrap().unwrap()
        });
        let answer = ControlReply::decode(&answer.payload).unwrap().answers;
        assert_eq!(answer[&NodeName::from("w1@lab")], json!({"error": expected}));
    }
    ours.stop(&bench);
}

#[test]
fn a_chord_whose_results_are_gone_does_not_hold_up_the_worker() {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    bench.runtime.block_on(async {
        let header = [
            celeriac::Signature::new("tasks.add").args([1, 1]),
            celeriac::Signature::new("tasks.sleep").args([1.0]),
        ];
        chord(header, celeriac::Signature::new("tasks.fail")).apply(&ours.app).await.unwrap();
    });
    until("one part runs", || ours.app.state().asleep() == 1);
    bench.redis.command(&["SELECT", "1"]);
    assert_eq!(bench.redis.command(&["FLUSHALL"]), "+OK\r\n");
    ours.app.state().open();
    goes_on(&bench, &ours);

    // A result that has expired is one that is not there.
    let gone = bench.celeriac(&["result", "gone", "--timeout", "0.1"]);
    assert!(gone.code == 1 && gone.err.contains("has not ended within"), "{gone:?}");
    ours.stop(&bench);
}
