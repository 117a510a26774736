//! What every result backend must do. [`backend_conformance`] makes a test of each promise, given a function that makes
//! two handles to one fresh backend, as two processes would have them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;

use super::*;

/// Long enough for everything that must happen.
const LONG: Duration = Duration::from_secs(30);

/// Makes a `#[tokio::test]` of each promise. `$make` is an async function that returns two handles to one backend and
/// something to keep until the test ends.
macro_rules! backend_conformance {
    ($make:path) => {
        $crate::backend::conformance::backend_conformance! { @each $make:
            a_result_is_seen_elsewhere_as_it_was_stored
            a_success_is_never_overwritten
            a_failure_gives_way_to_a_retry
            who_waits_is_told_of_the_end
            who_waits_in_vain_returns_in_time
            who_watches_sees_each_change
            many_wait_at_once
            what_is_forgotten_is_unknown
            groups_are_kept
            a_chord_is_complete_once_and_in_order
            a_part_that_comes_twice_counts_once
            the_dispatcher_that_died_is_told_again
            a_chord_that_ended_stays_ended_until_it_starts_anew
            a_chord_of_unknown_size_waits
            a_chord_that_grew_waits_for_more
            parts_that_end_at_once_complete_the_chord_once
        }
    };
    (@each $make:path: $($promise:ident)*) => {
        $(
            #[tokio::test]
            async fn $promise() {
                let (one, other, _kept) = $make().await;
                $crate::backend::conformance::$promise(one, other).await;
            }
        )*
    };
}
pub(crate) use backend_conformance;

type Shared = Arc<dyn ResultBackend>;

fn meta(id: &str, state: TaskState, result: impl Into<Value>) -> TaskMeta {
    TaskMeta::new(id.into(), state, result.into())
}

async fn store(backend: &Shared, meta: TaskMeta) {
    backend.store(vec![meta]).await.unwrap();
}

fn part(task: &str, index: u64) -> ChordPart {
    let result = json!(index * 10);
    ChordPart { chord: "c".into(), task_id: task.into(), index, state: TaskState::Success, result }
}

async fn count(backend: &Shared, part: ChordPart) -> ChordProgress {
    backend.chord_part(part).await.unwrap()
}

fn waiting(done: u64, total: u64) -> ChordProgress {
    ChordProgress::Waiting { done, total: Some(total) }
}

pub(crate) async fn a_result_is_seen_elsewhere_as_it_was_stored(one: Shared, other: Shared) {
    let mut stored = meta("1", TaskState::Success, json!({"n": [1, "é", null]}));
    stored.children = Some(vec![ResultTuple::task("child".into())]);
    stored.extra.insert("worker".into(), "w@h".into());
    one.store(vec![stored.clone(), meta("2", TaskState::Failure, "x")]).await.unwrap();
    assert_eq!(other.get(&"1".into()).await.unwrap(), Some(stored.clone()));
    let many = other.get_many(&["nobody".into(), "1".into()]).await.unwrap();
    assert_eq!(many, [None, Some(stored)]);
}

pub(crate) async fn a_success_is_never_overwritten(one: Shared, other: Shared) {
    store(&one, meta("1", TaskState::Started, Value::Null)).await;
    store(&one, meta("1", TaskState::Success, 5)).await;
    for late in
        [TaskState::Started, TaskState::Retry, TaskState::Failure, TaskState::Revoked, TaskState::Success]
    {
        store(&other, meta("1", late, 6)).await;
    }
    let kept = one.get(&"1".into()).await.unwrap().unwrap();
    assert_eq!((kept.status, kept.result), (TaskState::Success, json!(5)));
}

pub(crate) async fn a_failure_gives_way_to_a_retry(one: Shared, _: Shared) {
    store(&one, meta("1", TaskState::Failure, "x")).await;
    store(&one, meta("1", TaskState::Success, 1)).await;
    assert_eq!(one.get(&"1".into()).await.unwrap().unwrap().status, TaskState::Success);
}

pub(crate) async fn who_waits_is_told_of_the_end(one: Shared, other: Shared) {
    let waiting = tokio::spawn(async move { other.wait(&"1".into(), LONG).await.unwrap() });
    tokio::task::yield_now().await;
    store(&one, meta("1", TaskState::Started, Value::Null)).await;
    store(&one, meta("1", TaskState::Success, 7)).await;
    assert_eq!(waiting.await.unwrap().unwrap().result, json!(7));
    assert_eq!(one.wait(&"1".into(), LONG).await.unwrap().unwrap().result, json!(7), "it has ended already");
}

pub(crate) async fn who_waits_in_vain_returns_in_time(one: Shared, _: Shared) {
    store(&one, meta("1", TaskState::Started, Value::Null)).await;
    let (started, timeout) = (Instant::now(), Duration::from_millis(30));
    assert_eq!(one.wait(&"1".into(), timeout).await.unwrap(), None);
    assert!(started.elapsed() >= timeout);
}

pub(crate) async fn who_watches_sees_each_change(one: Shared, other: Shared) {
    let id = "1".into();
    let mut seen = None;
    for (state, result) in [(TaskState::Started, 0), (TaskState::Progress, 1), (TaskState::Progress, 2)] {
        store(&one, meta("1", state, result)).await;
        let now = other.wait_change(&id, seen.as_ref(), LONG).await.unwrap().unwrap();
        assert_eq!(now.result, json!(result));
        seen = Some(now);
    }
    let unchanged = other.wait_change(&id, seen.as_ref(), Duration::from_millis(30)).await.unwrap();
    assert_eq!(unchanged, None);
}

pub(crate) async fn many_wait_at_once(one: Shared, other: Shared) {
    let mut waiters = tokio::task::JoinSet::new();
    for index in 0..200 {
        let backend = Arc::clone(if index % 2 == 0 { &one } else { &other });
        waiters.spawn(async move {
            backend.wait(&TaskId::from(format!("t{index}")), LONG).await.unwrap().is_some()
        });
    }
    tokio::task::yield_now().await;
    for index in 0..200 {
        store(&one, meta(&format!("t{index}"), TaskState::Revoked, "x")).await;
    }
    while let Some(answered) = waiters.join_next().await {
        assert!(answered.unwrap());
    }
}

pub(crate) async fn what_is_forgotten_is_unknown(one: Shared, other: Shared) {
    store(&one, meta("1", TaskState::Success, 1)).await;
    other.forget(&["1".into(), "never known".into()]).await.unwrap();
    assert_eq!(one.get(&"1".into()).await.unwrap(), None);
    store(&one, meta("1", TaskState::Failure, 1)).await;
    assert!(other.get(&"1".into()).await.unwrap().is_some());
}

pub(crate) async fn groups_are_kept(one: Shared, other: Shared) {
    let members = vec![ResultTuple::task("a".into()), ResultTuple::task("b".into())];
    let group = ResultTuple::group("g".into(), members).with_parent(ResultTuple::task("p".into()));
    one.save_group(&group).await.unwrap();
    assert_eq!(other.get_group(&"g".into()).await.unwrap(), Some(group));
    assert_eq!(other.get_group(&"h".into()).await.unwrap(), None);
}

pub(crate) async fn a_chord_is_complete_once_and_in_order(one: Shared, other: Shared) {
    one.chord_start(&"c".into(), 3).await.unwrap();
    assert_eq!(count(&other, part("z", 2)).await, waiting(1, 3));
    assert_eq!(count(&one, part("y", 0)).await, waiting(2, 3));
    let failed = ChordPart { state: TaskState::Failure, result: json!({"exc_type": "E"}), ..part("x", 1) };
    let progress = count(&other, failed.clone()).await;
    assert_eq!(progress, ChordProgress::Complete(vec![part("y", 0), failed, part("z", 2)]));
    assert_eq!(count(&one, part("y", 0)).await, ChordProgress::Dispatched, "another part's redelivery");
}

pub(crate) async fn a_part_that_comes_twice_counts_once(one: Shared, other: Shared) {
    one.chord_start(&"c".into(), 2).await.unwrap();
    assert_eq!(count(&one, part("a", 0)).await, waiting(1, 2));
    assert_eq!(count(&other, part("a", 0)).await, waiting(1, 2));
    assert_eq!(count(&other, part("b", 1)).await, ChordProgress::Complete(vec![part("a", 0), part("b", 1)]));
}

pub(crate) async fn the_dispatcher_that_died_is_told_again(one: Shared, other: Shared) {
    one.chord_start(&"c".into(), 1).await.unwrap();
    let complete = ChordProgress::Complete(vec![part("a", 0)]);
    assert_eq!(count(&one, part("a", 0)).await, complete);
    assert_eq!(count(&other, part("a", 0)).await, complete);
}

pub(crate) async fn a_chord_that_ended_stays_ended_until_it_starts_anew(one: Shared, other: Shared) {
    let chord = "c".into();
    one.chord_start(&chord, 1).await.unwrap();
    count(&one, part("a", 0)).await;
    one.chord_end(&chord).await.unwrap();
    assert_eq!(count(&other, part("a", 0)).await, ChordProgress::Dispatched);
    other.chord_start(&chord, 2).await.unwrap();
    assert_eq!(count(&one, part("a", 0)).await, waiting(1, 2));
}

pub(crate) async fn a_chord_of_unknown_size_waits(one: Shared, _: Shared) {
    assert_eq!(count(&one, part("a", 0)).await, ChordProgress::Waiting { done: 1, total: None });
}

pub(crate) async fn a_chord_that_grew_waits_for_more(one: Shared, other: Shared) {
    one.chord_start(&"c".into(), 1).await.unwrap();
    other.chord_grow(&"c".into(), 1).await.unwrap();
    assert_eq!(count(&one, part("a", 0)).await, waiting(1, 2));
    assert!(matches!(count(&one, part("b", 1)).await, ChordProgress::Complete(_)));
}

pub(crate) async fn parts_that_end_at_once_complete_the_chord_once(one: Shared, other: Shared) {
    const SIZE: u64 = 60;
    one.chord_start(&"c".into(), SIZE).await.unwrap();
    let mut parts = tokio::task::JoinSet::new();
    for index in 0..SIZE {
        let backend = Arc::clone(if index % 2 == 0 { &one } else { &other });
        parts.spawn(async move { count(&backend, part(&format!("t{index}"), index)).await });
    }
    let mut complete = 0;
    while let Some(progress) = parts.join_next().await {
        match progress.unwrap() {
            ChordProgress::Complete(parts) => {
                complete += 1;
                assert!(parts.iter().map(|part| part.index).eq(0..SIZE));
            }
            ChordProgress::Waiting { done, total } => assert!(done < SIZE && total == Some(SIZE)),
            ChordProgress::Dispatched => panic!("no part came twice"),
        }
    }
    assert_eq!(complete, 1);
}
