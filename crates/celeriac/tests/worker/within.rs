//! What tasks do with canvases while they run, and what is done with their failures.

use std::collections::BTreeSet;

use celeriac::broker::Publication;
use celeriac::protocol::{GroupId, Message};
use celeriac::{
    AnyArguments, Context, ResultError, Signature, Task, TaskError, TaskResult, chain, chord, group, map,
    starmap,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::support::{Bench, Lab, PATIENCE, Running, until};

fn add(args: impl IntoIterator<Item = i64>) -> Signature {
    Signature::new("tasks.add").args(args)
}

fn task(name: &str) -> Signature {
    Signature::new(format!("tasks.{name}"))
}

/// Puts into its place what it is told.
#[derive(Serialize, Deserialize)]
struct Replaced {
    n: i64,
    by: String,
}

impl Task<Lab> for Replaced {
    const NAME: &'static str = "tasks.replaced";
    type Output = Value;

    async fn run(self, cx: Context<Lab>) -> TaskResult<Value> {
        let ten = add([self.n, 10]);
        Err(cx.replace(match self.by.as_str() {
            "task" => ten,
            "chain" => (ten | add([100])).into(),
            "group" => group([ten, add([self.n, 20])]).into(),
            "chord" => chord([ten, add([self.n, 20])], task("sum")).into(),
            "split" => chord([ten, add([self.n, 20])], group([task("sum"), task("sum")])).into(),
            "failure" => (ten | task("fail")).into(),
            _ => chain(Vec::<Signature>::new()).into(),
        }))
    }
}

/// Adds two more to the header that it is in.
#[derive(Serialize, Deserialize)]
struct Grow;

impl Task<Lab> for Grow {
    const NAME: &'static str = "tasks.grow";
    type Output = i64;

    async fn run(self, cx: Context<Lab>) -> TaskResult<i64> {
        cx.add_to_chord(add([10, 0])).await?;
        cx.add_to_chord(group([add([20, 0]), add([30, 0])]) | task("sum")).await?;
        Ok(1)
    }
}

/// Adds a chain that ends with a group to the header that it is in.
#[derive(Serialize, Deserialize)]
struct GrowWide;

impl Task<Lab> for GrowWide {
    const NAME: &'static str = "tasks.grow_wide";
    type Output = Vec<i64>;

    async fn run(self, cx: Context<Lab>) -> TaskResult<Vec<i64>> {
        cx.add_to_chord(add([1, 1]) | group([add([10]), add([20])])).await?;
        Ok(vec![1])
    }
}

/// Writes down what it is called with as an errback.
#[derive(Serialize, Deserialize)]
struct Errback {
    request: Value,
    exc: Value,
    traceback: Value,
}

impl Task<Lab> for Errback {
    const NAME: &'static str = "tasks.errback";
    const INLINE_ERRBACK: bool = true;
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        let Self { request, exc, .. } = self;
        cx.state().note(format!("{} of {}: {}", exc["exc_type"], request["id"], exc["exc_message"][0]));
        Ok(())
    }
}

/// Tells its stamps.
#[derive(Serialize, Deserialize)]
struct Stamped(AnyArguments);

impl Task<Lab> for Stamped {
    const NAME: &'static str = "tasks.stamped";
    type Output = Value;

    async fn run(self, cx: Context<Lab>) -> TaskResult<Value> {
        Ok(json!([cx.request().stamps(), self.0.args.len()]))
    }
}

/// Sends a child.
#[derive(Serialize, Deserialize)]
struct Parent;

impl Task<Lab> for Parent {
    const NAME: &'static str = "tasks.parent";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        let child =
            cx.apply(add([1, 1])).await.map_err(|error| TaskError::failed("OSError", error.to_string()))?;
        Ok(child.id().to_string())
    }
}

/// Adds numbers and lists of numbers, as a task of the recorded clients.
#[derive(Serialize, Deserialize)]
struct Xsum {
    nums: Vec<Value>,
}

impl Task<Lab> for Xsum {
    const NAME: &'static str = "tasks.xsum";
    type Output = i64;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<i64> {
        let flat =
            self.nums.iter().flat_map(|num| num.as_array().cloned().unwrap_or_else(|| vec![num.clone()]));
        Ok(flat.filter_map(|num| num.as_i64()).sum())
    }
}

async fn bench() -> (Bench, Running) {
    let Bench { app, lab, url, dir } = Bench::new().await;
    let app = app
        .register::<Replaced>()
        .register::<Grow>()
        .register::<GrowWide>()
        .register::<Errback>()
        .register::<Stamped>()
        .register::<Parent>()
        .register::<Xsum>();
    let bench = Bench { app, lab, url, dir };
    let worker = Running::start(bench.worker());
    (bench, worker)
}

async fn value(bench: &Bench, canvas: impl Into<Signature>) -> Result<Value, String> {
    let result = bench.app.send_signature(canvas).await.unwrap();
    result.get_timeout(PATIENCE).await.map_err(|error| error.to_string())
}

fn replaced(by: &str) -> Signature {
    task("replaced").kwarg("by", by)
}

#[tokio::test]
async fn what_replaces_a_task_has_its_place() {
    let (bench, worker) = bench().await;
    for (by, expected) in [
        ("task", json!(11)),
        ("chain", json!(111)),
        ("group", json!([11, 21])),
        ("chord", json!(32)),
        ("split", json!([32, 32])),
    ] {
        let alone = replaced(by).args([1]).option("task_id", format!("by-{by}"));
        assert_eq!(value(&bench, alone).await, Ok(expected.clone()), "{by} alone");
        let stored = bench.app.result::<Value>(format!("by-{by}")).get_timeout(PATIENCE).await.unwrap();
        assert_eq!(stored, expected, "{by} under the task's id");
        let header = chord([replaced(by).args([1]), add([0, 0])], task("note"));
        assert_eq!(value(&bench, header).await, Ok(json!([expected, 0])), "{by} in a header");
        let mut next = if expected.is_array() { task("sum") } else { add([1000]) };
        next = next.link(task("note"));
        let total = |list: &Value| list.as_array().unwrap().iter().filter_map(Value::as_i64).sum();
        let sum: i64 = expected.as_i64().map_or_else(|| total(&expected), |number| number + 1000);
        let canvas = chain([add([0, 1]), replaced(by), next]);
        assert_eq!(value(&bench, canvas).await, Ok(json!(sum)), "{by} in a chain");
        until("the callback runs", async || bench.lab.lines().contains(&format!("note {sum}"))).await;
    }
    worker.stop().await;
}

#[tokio::test]
async fn what_replaces_a_task_fails_in_its_place() {
    let (bench, worker) = bench().await;
    let canvas = chain([replaced("failure").args([1]).link_error(task("note")), add([1])]);
    let error = value(&bench, canvas).await.unwrap_err();
    assert!(error.ends_with("ValueError: boom"), "{error}");
    until("the errback runs", async || bench.lab.lines().iter().any(|line| line.starts_with("note "))).await;
    let error = value(&bench, replaced("nothing").args([1])).await.unwrap_err();
    assert!(error.ends_with("ImproperlyConfigured: Cannot replace with an empty chain"), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn a_header_grows_while_it_runs() {
    let (bench, worker) = bench().await;
    assert_eq!(value(&bench, chord([task("grow"), add([2, 0])], task("sum"))).await, Ok(json!(63)));
    let wide = chord([task("grow_wide"), task("grow_wide")], task("note"));
    let grown = value(&bench, wide).await.unwrap();
    assert_eq!(grown.as_array().unwrap().len(), 4, "{grown}");
    assert_eq!(grown.to_string().matches("[12,22]").count(), 2, "{grown}");
    let error = value(&bench, task("grow")).await.unwrap_err();
    assert!(error.ends_with("ValueError: Current task is not member of any chord"), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn an_inline_errback_gets_the_exception() {
    let (bench, worker) = bench().await;
    let failing = task("fail").option("task_id", "one").link_error(task("errback"));
    assert!(value(&bench, failing).await.is_err());
    let body = task("sum").option("task_id", "two").link_error(task("errback"));
    assert!(value(&bench, chord([task("fail").option("task_id", "member")], body)).await.is_err());
    until("both have run", async || bench.lab.lines().len() == 2).await;
    let lines = bench.lab.lines();
    assert_eq!(lines[0], r#""ValueError" of "one": "boom""#);
    assert_eq!(lines[1], r#""ChordError" of "two": "Dependency member raised ValueError('boom')""#);
    worker.stop().await;
}

#[tokio::test]
async fn an_errback_of_nested_chords_is_called_once() {
    let (bench, worker) = bench().await;
    let inner = chord([add([1, 1]), task("fail")], task("sum"));
    let outer =
        chord(vec![inner.into(), add([1, 1])], task("sum")).link_error(task("note").args(["!"]).immutable());
    let error = value(&bench, outer).await.unwrap_err();
    assert!(error.contains("ChordError: Dependency "), "{error}");
    until("it has run", async || bench.lab.lines().contains(&"note \"!\"".to_owned())).await;
    worker.stop().await;
    assert_eq!(bench.lab.lines().iter().filter(|line| line.starts_with("note")).count(), 1);
}

#[tokio::test]
async fn a_task_is_run_for_each_item() {
    let (bench, worker) = bench().await;
    assert_eq!(value(&bench, map(task("sum"), [json!([1, 2]), json!([3])])).await, Ok(json!([3, 3])));
    let pairs = (0..3).map(|i| json!([i, i]));
    assert_eq!(value(&bench, starmap(task("add"), pairs.clone())).await, Ok(json!([0, 2, 4])));
    let chunks = celeriac::chunks(task("add"), pairs, 2.try_into().unwrap());
    assert_eq!(value(&bench, chunks).await, Ok(json!([[0, 2], [4]])));
    let error = value(&bench, map(task("fail"), [1, 2])).await.unwrap_err();
    assert!(error.ends_with("ValueError: boom"), "{error}");
    let error = value(&bench, map(task("nobody"), [1])).await.unwrap_err();
    assert!(error.ends_with("NotRegistered: tasks.nobody"), "{error}");
    assert!(bench.app.task_names().iter().all(|name| !name.starts_with("celery.")));
    worker.stop().await;
}

#[tokio::test]
async fn chunks_are_sent_little_by_little() {
    let (bench, worker) = bench().await;
    let items: Vec<Value> = (0..2_003).map(|i| json!([i, 1])).collect();
    let chunks = Signature::new("celery.chunks").args([json!(task("add")), json!(items), json!(2)]);
    let sent = bench.app.send_signature(chunks).await.unwrap();
    let result: celeriac::protocol::ResultTuple =
        serde_json::from_value(sent.get_timeout(PATIENCE).await.unwrap()).unwrap();
    assert_eq!(sent.children().await.unwrap()[0].as_tuple(), &result);
    let members = result.members.unwrap();
    assert_eq!(members.len(), 1_002);
    for (index, expected) in [(0, json!([1, 2])), (1_000, json!([2001, 2002])), (1_001, json!([2003]))] {
        let member = bench.app.result::<Value>(members[index].id.clone());
        assert_eq!(member.get_timeout(PATIENCE).await.unwrap(), expected);
        assert_eq!(member.meta().await.unwrap().unwrap().group_id.unwrap().as_str(), result.id.as_str());
    }
    worker.stop().await;
}

#[tokio::test]
async fn chunks_that_no_result_could_name_are_refused_before_any_is_sent() {
    let (bench, worker) = bench().await;
    let items = vec![Value::from(1); 300_001];
    let chunks = Signature::new("celery.chunks").args([json!(task("add")), json!(items), json!(1)]);
    let error = value(&bench, chunks).await.unwrap_err();
    assert!(error.contains("300001 pieces are too many"), "{error}");
    worker.stop().await;
}

/// As Celery's clients send it when their backend cannot count.
#[tokio::test]
async fn a_chord_is_unlocked_by_its_task() {
    let (bench, worker) = bench().await;
    let header = bench.app.send_batch([add([1, 2]), add([3, 4])]).await.unwrap();
    let results: Vec<Value> = header.iter().map(|result| json!([[result.id(), null], null])).collect();
    let unlock = Signature::new("celery.chord_unlock")
        .args([json!("header"), json!(task("sum").option("task_id", "body"))])
        .kwarg("interval", 0.05)
        .kwarg("max_retries", Value::Null)
        .kwarg("result", results);
    bench.app.send_signature(unlock).await.unwrap();
    assert_eq!(bench.app.result::<Value>("body").get_timeout(PATIENCE).await.unwrap(), json!(10));
    let header = json!([add([1, 2]), add([3, 4])]);
    let body = task("sum").option("task_id", "other");
    let chord = Signature::new("celery.chord").args([header, json!(body)]);
    bench.app.send_signature(chord).await.unwrap();
    assert_eq!(bench.app.result::<Value>("other").get_timeout(PATIENCE).await.unwrap(), json!(10));
    worker.stop().await;
}

#[tokio::test]
async fn stamps_come_to_all_tasks() {
    let (bench, worker) = bench().await;
    let canvas = chord([task("stamped"), task("stamped")], task("note")).stamp("who", "me").stamp("n", 1);
    let stamps = json!([{"who": "me", "n": 1}, 0]);
    assert_eq!(value(&bench, canvas).await, Ok(json!([stamps, stamps])));
    worker.stop().await;
}

#[tokio::test]
async fn children_know_their_parent() {
    let (bench, worker) = bench().await;
    let parent = bench.app.send_signature(task("parent").option("task_id", "parent")).await.unwrap();
    let child = parent.get_timeout(PATIENCE).await.unwrap();
    let children = parent.children().await.unwrap();
    assert_eq!(json!(children[0].id()), child);
    assert_eq!(children[0].get_timeout(PATIENCE).await.unwrap(), json!(2));
    let meta = children[0].meta().await.unwrap().unwrap();
    assert_eq!(meta.parent_id.map(String::from).as_deref(), Some("parent"));
    let collected = parent.collect(PATIENCE).await.unwrap();
    assert_eq!(collected.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), [child, json!(2)]);
    worker.stop().await;
}

#[tokio::test]
async fn what_cannot_be_sent_fails() {
    let (bench, worker) = bench().await;
    let canvas = chain([add([1, 1]), add([1]).option("countdown", json!({"no": "time"}))]);
    let result = canvas.apply(&bench.app).await.unwrap();
    let error = result.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert!(
        exception.message().contains("the option countdown of tasks.add is {'no': 'time'}"),
        "{exception}"
    );
    worker.stop().await;
}

/// What the clients of Celery 5.6 and 5.7 sent, taken from their recorded messages and run here.
#[tokio::test]
async fn recorded_canvases_of_python_are_run() {
    for version in ["v56", "v57"] {
        for (case, expected) in [
            ("msg_chain", json!([10])),
            ("msg_chain_group", json!([6, 7])),
            ("msg_chain_of_chords", json!([7])),
            ("msg_chord", json!([6])),
            ("msg_chunks_starmap", json!([[0, 2], [1, 2], [2, 4], [4, 6]])),
        ] {
            let (bench, worker) = bench().await;
            let path = format!("{}/tests/vectors/{version}/{case}.json", env!("CARGO_MANIFEST_DIR"));
            let recorded: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
            let mut values = Vec::new();
            for id in play(&bench, &recorded).await {
                values.push(bench.app.result::<Value>(id).get_timeout(PATIENCE).await.unwrap());
            }
            values.sort_by_key(ToString::to_string);
            assert_eq!(json!(values), expected, "{version} {case}");
            worker.stop().await;
        }
    }
}

/// Sends the recorded messages; gives the ids of the tasks that end them.
async fn play(bench: &Bench, recorded: &Value) -> BTreeSet<String> {
    for key in recorded["backend_db1"].as_object().unwrap().keys() {
        if let Some(group) = key.strip_prefix("celery-taskset-meta-").and_then(|key| key.strip_suffix(".s")) {
            let size = recorded["backend_db1"][key]["value"].as_str().unwrap().parse().unwrap();
            bench.app.backend().chord_start(&GroupId::from(group), size).await.unwrap();
        }
    }
    let mut ends = BTreeSet::new();
    let queues = recorded["queues"].as_object().unwrap().values();
    for raw in
        queues.filter(|queue| queue["type"] == "list").flat_map(|queue| queue["raw"].as_array().unwrap())
    {
        let message = Message::decode(raw.as_str().unwrap().as_bytes()).unwrap();
        let embed = json!(message.body.embed());
        match (&embed["chain"][0], &embed["chord"]) {
            (Value::Null, Value::Null) => drop(ends.insert(message.headers.id.to_string())),
            (Value::Null, body) => end_of(body, &mut ends),
            (last, _) => end_of(last, &mut ends),
        }
        bench.app.broker().publish(vec![Publication::new("celery", message)]).await.unwrap();
    }
    ends
}

/// The ids of the tasks that end a recorded signature.
fn end_of(signature: &Value, ends: &mut BTreeSet<String>) {
    let members = signature["kwargs"]["tasks"].as_array();
    let follows = &signature["options"]["chain"][0];
    if !follows.is_null() {
        return end_of(follows, ends);
    }
    match signature["subtask_type"].as_str() {
        Some("chain") => end_of(members.unwrap().last().unwrap(), ends),
        Some("group") => members.unwrap().iter().for_each(|member| end_of(member, ends)),
        Some("chord") => end_of(&signature["kwargs"]["body"], ends),
        _ => drop(ends.insert(signature["options"]["task_id"].as_str().unwrap().to_owned())),
    }
}
