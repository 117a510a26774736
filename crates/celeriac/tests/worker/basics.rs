//! Tasks are sent, run, fail, are retried, and give results.

use std::time::Duration;

use celeriac::{ResultError, Signature, TaskState, Timestamp};
use serde_json::{Value, json};

use crate::support::{Add, Bench, Fail, Flaky, Hopeless, Note, PATIENCE, Panic, Quiet, Running, until};

#[tokio::test]
async fn a_task_gives_its_result() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let sum = bench.app.send(Add { x: 2, y: 3 }).await.unwrap();
    assert_eq!(sum.get_timeout(PATIENCE).await.unwrap(), 5);
    assert_eq!(sum.state().await.unwrap(), TaskState::Success);
    worker.stop().await;
    let queues = bench.app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0), "{queues:?}");
}

#[tokio::test]
async fn arguments_come_by_position_by_name_or_mixed() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let calls = [
        Signature::new("tasks.add").args([2, 3]),
        Signature::new("tasks.add").kwarg("x", 2).kwarg("y", 3),
        Signature::new("tasks.add").args([2]).kwarg("y", 3),
    ];
    for sum in bench.app.send_batch(calls).await.unwrap() {
        assert_eq!(sum.get_timeout(PATIENCE).await.unwrap(), json!(5));
    }
    let wrong = bench.app.send_signature(Signature::new("tasks.add").args([2])).await.unwrap();
    let error = wrong.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.repr(), "TypeError(\"add() missing 1 required positional argument: 'y'\")");
    worker.stop().await;
}

#[tokio::test]
async fn a_failure_and_a_panic_are_stored() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let failed = bench.app.send(Fail { ignored: Value::Null }).await.unwrap();
    let error = failed.get_timeout(PATIENCE).await.unwrap_err();
    assert!(error.to_string().ends_with("failed: ValueError: boom"), "{error}");
    let ResultError::Failed { traceback, .. } = error else { panic!("{error}") };
    let traceback = traceback.unwrap();
    let [head, frame, last] = traceback.lines().collect::<Vec<_>>()[..] else { panic!("{traceback}") };
    assert_eq!((head, last), ("Traceback (most recent call last):", "ValueError: boom"));
    assert!(frame.contains("support.rs\", line ") && frame.ends_with(", in tasks.fail"), "{frame}");
    let panicked = bench.app.send(Panic).await.unwrap();
    let error = panicked.get_timeout(PATIENCE).await.unwrap_err();
    assert!(
        error.to_string().ends_with("failed: RuntimeError: the task panicked: dropped the ball"),
        "{error}"
    );
    let ResultError::Failed { traceback, .. } = error else { panic!("{error}") };
    let traceback = traceback.unwrap();
    assert!(traceback.contains("\n  File \"<panic>\", line 0, in tasks.panic\n"), "{traceback}");
    worker.stop().await;
}

#[tokio::test]
async fn an_unknown_task_fails_and_its_message_is_kept() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let unknown = bench.app.send_signature(Signature::new("tasks.unknown")).await.unwrap();
    let error = unknown.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.repr(), "NotRegistered('tasks.unknown')");
    assert_eq!(exception.exc_module, "celery.exceptions");
    until("the message is among the dead letters", async || {
        bench.app.broker().dead_letters(10).await.unwrap().len() == 1
    })
    .await;
    worker.stop().await;
}

#[tokio::test]
async fn a_task_is_retried_until_it_succeeds() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let flaky = bench.app.send(Flaky { failures: 2 }).await.unwrap();
    assert_eq!(flaky.get_timeout(PATIENCE).await.unwrap(), 2);
    assert_eq!(bench.lab.lines(), ["flaky 0", "flaky 1", "flaky 2"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_task_that_has_no_retry_left_fails() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let flaky = bench.app.send(Flaky { failures: 99 }).await.unwrap();
    let error = flaky.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("failed: ConnectionError: try 3"), "{error}");
    assert_eq!(bench.lab.lines().len(), 4);

    let hopeless = bench.app.send(Hopeless).await.unwrap();
    let error = hopeless.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.contains("MaxRetriesExceededError: Can't retry tasks.hopeless["), "{error}");
    assert_eq!(bench.lab.lines().len(), 7);
    worker.stop().await;
}

#[tokio::test]
async fn a_task_with_a_countdown_runs_when_its_time_has_come() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let due = Timestamp::now() + Duration::from_millis(300);
    let late = bench.app.send(Add { x: 1, y: 1 }).countdown(Duration::from_millis(300)).await.unwrap();
    let soon = bench.app.send(Add { x: 0, y: 0 }).await.unwrap();
    soon.get_timeout(PATIENCE).await.unwrap();
    late.get_timeout(PATIENCE).await.unwrap();
    assert!(due.has_passed());
    assert_eq!(bench.lab.lines(), ["add 0 0", "add 1 1"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_task_that_expired_is_revoked() {
    let bench = Bench::new().await;
    let expired = bench.app.send(Add { x: 1, y: 1 }).expires_at(Timestamp::now()).await.unwrap();
    let fresh = bench.app.send(Add { x: 2, y: 2 }).expires(Duration::from_secs(600)).await.unwrap();
    let worker = Running::start(bench.worker());
    let error = expired.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("was revoked (expired)"), "{error}");
    assert_eq!(fresh.get_timeout(PATIENCE).await.unwrap(), 4);
    assert_eq!(bench.lab.lines(), ["add 2 2"]);
    worker.stop().await;
}

#[tokio::test]
async fn urgent_tasks_run_first() {
    let bench = Bench::new().await;
    for (x, priority) in [(1, 9), (2, 0), (3, 5)] {
        bench.app.send(Add { x, y: 0 }).priority(priority).await.unwrap();
    }
    let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(1));
    until("all have run", async || bench.lab.lines().len() == 3).await;
    assert_eq!(bench.lab.lines(), ["add 2 0", "add 3 0", "add 1 0"]);
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_consumes_only_its_queues() {
    let bench = Bench::new().await;
    let mine = bench.app.send(Add { x: 1, y: 0 }).queue("a").await.unwrap();
    let also = bench.app.send(Add { x: 2, y: 0 }).queue("b").await.unwrap();
    let other = bench.app.send(Add { x: 3, y: 0 }).queue("c").await.unwrap();
    let worker = Running::start(bench.worker().queues(["a", "b"]));
    mine.get_timeout(PATIENCE).await.unwrap();
    also.get_timeout(PATIENCE).await.unwrap();
    worker.stop().await;
    assert_eq!(other.state().await.unwrap(), TaskState::Pending);
}

#[tokio::test]
async fn callbacks_get_the_result_and_errbacks_the_id() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let note = || Signature::new("tasks.note");
    bench.app.send(Add { x: 2, y: 3 }).link(note()).link_error(note().args(["never"])).await.unwrap();
    let failed = bench.app.send(Fail { ignored: Value::Null }).link_error(note()).await.unwrap();
    let expected = [json!(5), json!(failed.id())].map(|what| format!("note {what}"));
    until("both are noted", async || expected.iter().all(|line| bench.lab.lines().contains(line))).await;
    assert!(!bench.lab.lines().iter().any(|line| line.contains("never")));
    worker.stop().await;
}

#[tokio::test]
async fn a_result_that_is_ignored_is_not_stored() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let quiet = bench.app.send(Note { what: json!("quiet") }).ignore_result().await.unwrap();
    until("it has run", async || !bench.lab.lines().is_empty()).await;
    worker.stop().await;
    assert_eq!(quiet.meta().await.unwrap(), None);
}

#[tokio::test]
async fn who_sends_a_task_has_the_last_word_on_its_result() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let ignored = bench.app.send(Quiet).await.unwrap();
    until("it has run", async || !bench.lab.lines().is_empty()).await;
    let wanted = Signature::of(&Quiet).unwrap().option("ignore_result", false);
    let wanted = bench.app.send_signature(wanted).await.unwrap();
    assert_eq!(wanted.get_timeout(PATIENCE).await.unwrap(), json!(1));
    worker.stop().await;
    assert_eq!(ignored.meta().await.unwrap(), None);
}

#[tokio::test]
async fn what_is_sent_to_a_fanout_exchange_runs_in_every_worker() {
    let bench = Bench::new().await;
    let node = |name: &str| Running::start(bench.worker().hostname(name).broadcasts(["news"]));
    let workers = [node("w1@lab"), node("w2@lab")];
    until("both answer", async || {
        bench.app.inspect().timeout(Duration::from_millis(300)).limit(2).ping().await.unwrap().len() == 2
    })
    .await;
    // It goes with what goes to one worker alone.
    let everybody = Signature::new("tasks.note").args(["everybody"]).option("queue", "news");
    let one = Signature::new("tasks.note").args(["one"]);
    let sent = bench.app.send_batch([everybody, one]).await.unwrap();
    assert_eq!(sent[1].get_timeout(PATIENCE).await.unwrap(), "one");
    until("all have run", async || bench.lab.lines().len() >= 3).await;
    for worker in workers {
        worker.stop().await;
    }
    let mut lines = bench.lab.lines();
    lines.sort();
    assert_eq!(lines, ["note \"everybody\"", "note \"everybody\"", "note \"one\""]);
    let queues = bench.app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0), "{queues:?}");
}
