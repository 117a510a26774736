//! Our client's view of its canvases, run by Python's worker.

use celeriac::{GroupResult, ResultError, TaskState, chain, chord, chunks, group, map, starmap};
use serde_json::json;
use test_servers::Celery;

use crate::random::task;
use crate::support::{Fleet, PATIENCE};

fn add(args: impl IntoIterator<Item = i64>) -> celeriac::Signature {
    task("add").args(args)
}

async fn check(celery: Celery) {
    let fleet = Fleet::new().with_pythons(celery);
    let app = fleet.client().await;
    let value = async |canvas: celeriac::Signature| {
        canvas.apply(&app).await.unwrap().get_timeout(PATIENCE).await.unwrap()
    };
    assert_eq!(value(map(task("tsum"), [json!([1, 2]), json!([3, 4])])).await, json!([3, 7]));
    assert_eq!(value(starmap(task("add"), [json!([1, 2]), json!([3, 4])])).await, json!([3, 7]));
    let pieces = chunks(task("add"), (0..5).map(|i| json!([i, i])), 2.try_into().unwrap());
    assert_eq!(value(pieces.into()).await, json!([[0, 2], [4, 6], [8]]));
    assert_eq!(value((add([1, 1]) | add([5, 5]).immutable()).into()).await, json!(10));

    // A chain: its steps are the parents, each the child of the one before.
    let last = chain([add([1, 2]), add([3]), add([4])]).apply(&app).await.unwrap();
    assert_eq!(last.get_timeout(PATIENCE).await.unwrap(), json!(10));
    let middle = last.parent().unwrap();
    let first = middle.parent().unwrap();
    assert_eq!(first.get_timeout(PATIENCE).await.unwrap(), json!(3));
    assert_eq!(first.parent().map(|parent| parent.id().clone()), None);
    let collected = first.collect(PATIENCE).await.unwrap();
    assert_eq!(collected.iter().map(|(_, value)| value.clone()).collect::<Vec<_>>(), [3, 6, 10]);
    let edges = first.graph().await.unwrap();
    assert_eq!(edges.len(), 3);
    assert_eq!((edges[2].from.as_ref(), &edges[2].to), (Some(middle.id()), last.id()));

    // A chord: its header is the parent.
    let body = chord([add([1, 1]), add([2, 2])], task("tsum")).apply(&app).await.unwrap();
    assert_eq!(body.get_timeout(PATIENCE).await.unwrap(), json!(6));
    let header = body.parent().unwrap().group().unwrap();
    assert_eq!(header.get_timeout(PATIENCE).await.unwrap(), [2, 4]);
    assert!(header.is_ready().await.unwrap() && !header.has_failed().await.unwrap());

    // A group, saved and found again.
    let sent = group([add([1, 1]), task("fail")]).apply(&app).await.unwrap();
    let error = sent.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(
        (exception.exc_type.as_str(), exception.message().as_str()),
        ("ExpectedException", "Task expected to fail")
    );
    sent.save().await.unwrap();
    let again = GroupResult::restore(&app, sent.id()).await.unwrap().unwrap();
    let states: Vec<TaskState> =
        again.metas(PATIENCE).await.unwrap().into_iter().map(|meta| meta.status).collect();
    assert_eq!(states, [TaskState::Success, TaskState::Failure]);
    assert_eq!(again.completed_count().await.unwrap(), 1);
    again.forget().await.unwrap();
    assert_eq!(again.completed_count().await.unwrap(), 0);

    // A chord whose member fails.
    let failed = chord([add([1, 1]), task("fail")], task("tsum")).apply(&app).await.unwrap();
    let error = failed.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("ChordError: Dependency ") && error.contains("Task expected to fail"), "{error}");

    // Called off before it runs.
    let waiting = group([add([1, 1]).option("countdown", 600)]).apply(&app).await.unwrap();
    waiting.revoke(&app, false).await.unwrap();
    assert_eq!(waiting.metas(PATIENCE).await.unwrap()[0].status, TaskState::Revoked);
}

#[tokio::test]
async fn results_of_celery_5_6_are_read() {
    check(Celery::V56).await;
}

#[tokio::test]
async fn results_of_celery_5_7_are_read() {
    check(Celery::V57).await;
}
