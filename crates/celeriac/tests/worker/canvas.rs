//! Chains, groups and chords, in each other.

use celeriac::{ResultError, Signature, TaskState, chain, chord, group};
use serde_json::{Value, json};

use crate::support::{Bench, PATIENCE, Running, until};

fn add(args: impl IntoIterator<Item = i64>) -> Signature {
    Signature::new("tasks.add").args(args)
}

fn sum() -> Signature {
    Signature::new("tasks.sum")
}

fn note() -> Signature {
    Signature::new("tasks.note")
}

fn fail() -> Signature {
    Signature::new("tasks.fail")
}

#[tokio::test]
async fn a_chain_hands_each_result_on() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result = chain([add([1, 2]), add([3]), add([4])]).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(10));
    assert_eq!(bench.lab.lines(), ["add 1 2", "add 3 3", "add 6 4"]);
    worker.stop().await;
}

#[tokio::test]
async fn an_immutable_step_takes_no_result() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result = chain([add([1, 2]), add([5, 5]).immutable()]).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(10));
    worker.stop().await;
}

#[tokio::test]
async fn a_group_gives_its_results_in_order() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result = group((0..20).map(|x| add([x, x]))).apply(&bench.app).await.unwrap();
    let expected: Vec<Value> = (0..20).map(|x| json!(2 * x)).collect();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), expected);
    worker.stop().await;
}

#[tokio::test]
async fn a_chord_calls_its_body_with_the_results_in_order() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result = chord((0..30).map(|x| add([x, 0])), note()).apply(&bench.app).await.unwrap();
    let expected: Value = (0..30).collect();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), expected);
    worker.stop().await;
}

#[tokio::test]
async fn an_empty_chord_calls_its_body_at_once() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result = chord(Vec::<Signature>::new(), sum()).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(0));
    worker.stop().await;
}

#[tokio::test]
async fn a_group_in_a_chain_is_joined_by_the_next_step() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let pipeline = chain([add([1, 1]), group([add([10]), add([20])]).into(), sum(), add([100])]);
    let result = pipeline.apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(134));
    worker.stop().await;
}

#[tokio::test]
async fn a_group_at_the_end_of_a_chain_runs() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    chain([add([1, 1]), group([add([10]), add([20])]).into()]).apply(&bench.app).await.unwrap();
    until("both have run", async || {
        let lines = bench.lab.lines();
        ["add 2 10", "add 2 20"].iter().all(|line| lines.iter().any(|seen| seen == line))
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn a_chain_of_chords_ends() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let one = chord([add([1, 1]), add([2, 2])], sum());
    let two = chord([add([1]), add([2])], sum());
    let three = chord([add([3]), add([4])], sum());
    // 6 -> 7 + 8 = 15 -> 18 + 19 = 37
    let result = chain([one, two, three]).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(37));
    worker.stop().await;
}

#[tokio::test]
async fn a_header_takes_chains_chords_and_groups_apart_as_celery_does() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let header: Vec<Signature> = vec![
        chain([add([1, 1]), add([1])]).into(),
        chord([add([1, 0]), add([2, 0])], sum()).into(),
        group([add([5, 0]), add([6, 0])]).into(),
        chain([add([1, 0]), group([add([1]), add([2])]).into()]).into(),
        add([9, 0]),
    ];
    let result = chord(header, note()).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!([3, 3, 5, 6, [2, 3], 9]));
    worker.stop().await;
}

#[tokio::test]
async fn a_body_may_be_a_chain() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let result =
        chord([add([1, 1]), add([2, 2])], chain([sum(), add([10])])).apply(&bench.app).await.unwrap();
    assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(16));
    worker.stop().await;
}

#[tokio::test]
async fn a_failing_member_fails_the_chord() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let body = sum().link_error(note());
    let result = chord([add([1, 1]), fail(), add([2, 2])], body).apply(&bench.app).await.unwrap();
    let error = result.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(
        (exception.exc_type.as_str(), exception.exc_module.as_str()),
        ("ChordError", "celery.exceptions")
    );
    let message = exception.message();
    assert!(
        message.starts_with("Dependency ") && message.ends_with(" raised ValueError('boom')"),
        "{message}"
    );
    let expected = format!("note {}", json!(result.id()));
    until("the errback has run", async || bench.lab.lines().contains(&expected)).await;
    assert!(!bench.lab.lines().iter().any(|line| line.starts_with("sum")));
    assert_eq!(result.meta().await.unwrap().unwrap().group_id, None, "as in Celery");
    worker.stop().await;
}

#[tokio::test]
async fn a_failure_reaches_the_end_of_a_chain_and_the_chord_around_it() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let broken = chain([add([1, 1]), fail(), add([1]), chord([add([1])], sum()).into()]);
    let end = broken.clone().apply(&bench.app).await.unwrap();
    let error = end.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("ValueError: boom"), "{error}");

    let around = chord(vec![broken.into(), add([1, 1])], sum()).apply(&bench.app).await.unwrap();
    let error = around.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("ChordError: Dependency "), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn a_revoked_member_fails_the_chord() {
    let bench = Bench::new().await;
    let member = add([1, 1]).option("task_id", "the-member");
    let result = chord([member, add([2, 2])], sum()).apply(&bench.app).await.unwrap();
    bench.app.revoke(["the-member"], false).await.unwrap();
    let worker = Running::start(bench.worker());
    let error = result.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("TaskRevokedError('revoked')"), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn children_are_told_in_the_result() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let first = add([1, 1]).option("task_id", "parent").link(note().option("task_id", "callback"));
    let end = chain([first, add([1]).option("task_id", "next")]).apply(&bench.app).await.unwrap();
    end.get_timeout(PATIENCE).await.unwrap();
    let parent = bench.app.result::<i64>("parent").meta().await.unwrap().unwrap();
    assert_eq!(json!(parent.children), json!([[["callback", null], null], [["next", null], null]]));
    let next = bench.app.result::<i64>("next").meta().await.unwrap().unwrap();
    assert_eq!(
        (next.status, next.parent_id.map(String::from)),
        (TaskState::Success, Some("parent".to_owned()))
    );
    worker.stop().await;
}
