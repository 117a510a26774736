//! Time limits, rate limits, revoked tasks.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use celeriac::{ResultError, TaskState};

use crate::support::{Add, Bench, Gate, PATIENCE, Patient, Running, SOON, until};

const SHORT: Duration = Duration::from_millis(100);
const LONG: Duration = Duration::from_secs(600);

#[tokio::test]
async fn the_time_limit_drops_a_run() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let endless = bench.app.send(Gate { name: "endless".into() }).time_limit(SHORT).await.unwrap();
    let error = endless.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.repr(), "TimeLimitExceeded(0.1)");
    assert_eq!(exception.exc_module, "billiard.exceptions");
    // The place is free again.
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn the_soft_time_limit_asks_first() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let patient = bench.app.send(Patient { is_stubborn: false }).soft_time_limit(SHORT).time_limit(LONG);
    let error = patient.await.unwrap().get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.repr(), "SoftTimeLimitExceeded()");

    let stubborn = bench.app.send(Patient { is_stubborn: true }).soft_time_limit(SHORT).time_limit(2 * SHORT);
    let error = stubborn.await.unwrap().get_timeout(PATIENCE).await.unwrap_err();
    assert!(error.to_string().contains("TimeLimitExceeded"), "{error}");
    assert_eq!(bench.lab.lines(), ["asked: the soft time limit has passed"; 2]);
    worker.stop().await;
}

#[tokio::test]
async fn a_worker_has_a_limit_for_tasks_without_one() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().time_limit(Some(SHORT)));
    let endless = bench.app.send(Gate { name: "endless".into() }).await.unwrap();
    let error = endless.get_timeout(PATIENCE).await.unwrap_err();
    assert!(error.to_string().contains("TimeLimitExceeded"), "{error}");
    worker.stop().await;
}

#[tokio::test]
async fn a_running_task_is_terminated() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let running = bench.app.send(Patient { is_stubborn: true }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    bench.app.revoke([running.id().clone()], true).await.unwrap();
    let error = running.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("was revoked (terminated)"), "{error}");
    until("it is settled", async || {
        let queues = bench.app.broker().queues().await.unwrap();
        queues.iter().all(|queue| queue.ready + queue.claimed == 0)
    })
    .await;
    worker.stop().await;
}

/// As Celery's pool of processes has it; what it sends and stores was looked at there.
#[tokio::test]
async fn the_signal_of_the_soft_limit_asks_a_task_to_end() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker().events(true));
    let running = bench.app.send(Patient { is_stubborn: false }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let arguments = celeriac::JsonMap::from_iter([
        ("task_id".to_owned(), running.id().as_str().into()),
        ("terminate".to_owned(), true.into()),
        ("signal".to_owned(), "SIGUSR1".into()),
    ]);
    bench.app.control().timeout(PATIENCE).limit(1).call("revoke", arguments).await.unwrap();
    let error = running.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.repr(), "SoftTimeLimitExceeded()");
    assert_eq!(bench.lab.lines(), ["asked: the soft time limit has passed"]);
    let mut told = Vec::new();
    while told.last().is_none_or(|event: &celeriac::Event| event.kind != "task-failed") {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        if event.kind.starts_with("task-") {
            told.push(event);
        }
    }
    let kinds: Vec<&str> = told.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["task-received", "task-started", "task-revoked", "task-failed"]);
    assert_eq!((&told[2].fields["terminated"], &told[2].fields["signum"]), (&true.into(), &10.into()));
    worker.stop().await;
}

#[tokio::test]
async fn a_running_task_that_is_revoked_without_terminate_ends_by_itself() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let running = bench.app.send(Gate { name: "runs".into() }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    bench.app.revoke([running.id().clone()], false).await.unwrap();
    bench.lab.open_gate();
    until("it has succeeded", async || running.state().await.unwrap() == TaskState::Success).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_revoked_task_never_runs() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(4));
    bench.app.send(Gate { name: "blocks".into() }).await.unwrap();
    let waiting = bench.app.send(Add { x: 1, y: 1 }).await.unwrap();
    until("it waits in the worker", async || {
        let answers = bench.app.inspect().timeout(SOON).limit(1).reserved().await.unwrap();
        answers.values().any(|list| list.as_array().is_some_and(|list| list.len() == 1))
    })
    .await;
    bench.app.revoke([waiting.id().clone()], false).await.unwrap();
    let error = waiting.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("was revoked (revoked)"), "{error}");
    bench.lab.open_gate();
    until("the gate was passed", async || bench.lab.lines() == ["gate blocks"]).await;
    worker.stop().await;
    assert_eq!(bench.lab.lines(), ["gate blocks"]);
}

#[tokio::test]
async fn a_task_that_is_revoked_while_no_worker_is_up_never_runs() {
    let bench = Bench::new().await;
    let now = bench.app.send(Add { x: 1, y: 1 }).await.unwrap();
    let later = bench.app.send(Add { x: 2, y: 2 }).countdown(Duration::from_millis(300)).await.unwrap();
    bench.app.revoke([now.id().clone(), later.id().clone()], false).await.unwrap();
    let worker = Running::start(bench.worker());
    until("both were met", async || {
        let queues = bench.app.broker().queues().await.unwrap();
        queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0)
    })
    .await;
    assert_eq!(now.state().await.unwrap(), TaskState::Revoked);
    assert_eq!(later.state().await.unwrap(), TaskState::Revoked);
    worker.stop().await;
    assert!(bench.lab.lines().is_empty());
}

#[tokio::test]
async fn a_rate_limit_spreads_the_starts() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    until("the worker is there", async || {
        !bench.app.control().timeout(SOON).limit(1).rate_limit("tasks.add", "20/s").await.unwrap().is_empty()
    })
    .await;
    let start = Instant::now();
    for x in 0..6 {
        bench.app.send(Add { x, y: 0 }).await.unwrap();
    }
    until("all have run", async || bench.lab.lines().len() == 6).await;
    assert!(start.elapsed() >= Duration::from_millis(240), "{:?}", start.elapsed());

    bench.app.control().timeout(PATIENCE).limit(1).rate_limit("tasks.add", "1/h").await.unwrap();
    for x in 0..3 {
        bench.app.send(Add { x, y: 1 }).await.unwrap();
    }
    until("one was let through", async || bench.lab.lines().len() == 7).await;
    bench.app.control().timeout(PATIENCE).limit(1).rate_limit("tasks.add", "0").await.unwrap();
    until("the others are free", async || bench.lab.lines().len() == 9).await;
    worker.stop().await;
}
