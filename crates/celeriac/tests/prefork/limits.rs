//! Limits and calls to stop, as a child sees them.

use std::time::Duration;

use celeriac::TaskState;

use crate::support::{Add, Bench, Block, Hold, PATIENCE, Patient, Running, exception, is_alive, until};

const SHORT: Duration = Duration::from_millis(200);
const LONG: Duration = Duration::from_secs(600);

fn pid_in(bench: &Bench, file: &str) -> u64 {
    bench.lab.lines(file)[0].parse().unwrap()
}

#[tokio::test]
async fn the_time_limit_kills_the_process() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let endless = bench.app.send(Block { stubborn: true }).time_limit(SHORT).await.unwrap();
    let error = exception(endless.get_timeout(PATIENCE).await.unwrap_err());
    assert_eq!(error, "billiard.exceptions.TimeLimitExceeded(0.2)");
    let pid = pid_in(&bench, "blocks");
    until("its process has ended", async || !is_alive(pid)).await;
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn the_soft_time_limit_is_seen_by_the_task() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let asked = bench.app.send(Patient).soft_time_limit(SHORT).time_limit(LONG).await.unwrap();
    assert_eq!(asked.get_timeout(PATIENCE).await.unwrap(), "the soft time limit has passed");
    // Also by one that blocks the runtime of its process.
    let blocks = bench.app.send(Block { stubborn: false }).soft_time_limit(SHORT).await.unwrap();
    let error = exception(blocks.get_timeout(PATIENCE).await.unwrap_err());
    assert_eq!(error, "billiard.exceptions.SoftTimeLimitExceeded()");
    worker.stop().await;
}

#[tokio::test]
async fn a_terminated_task_sees_it_and_its_process_ends() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let running = bench.app.send(Patient).await.unwrap();
    until("it runs", async || bench.lab.read("waits").is_some()).await;
    bench.app.revoke([running.id().clone()], true).await.unwrap();
    let error = running.get_timeout(PATIENCE).await.unwrap_err().to_string();
    assert!(error.ends_with("was revoked (terminated)"), "{error}");
    until("the task has seen it", async || bench.lab.lines("saw") == ["the task was revoked"]).await;
    until("its process has ended", async || !is_alive(pid_in(&bench, "waits"))).await;

    let stubborn = bench.app.send(Block { stubborn: true }).await.unwrap();
    until("it runs", async || bench.lab.read("blocks").is_some()).await;
    bench.app.revoke([stubborn.id().clone()], true).await.unwrap();
    assert!(stubborn.get_timeout(PATIENCE).await.is_err());
    until("its process has ended", async || !is_alive(pid_in(&bench, "blocks"))).await;
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn the_signal_of_the_soft_limit_asks_and_leaves_the_process() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1));
    let ask = async |id: &str| {
        let arguments = celeriac::JsonMap::from_iter([
            ("task_id".to_owned(), id.into()),
            ("signal".to_owned(), "SIGUSR1".into()),
        ]);
        bench.app.control().timeout(PATIENCE).limit(1).call("terminate", arguments).await.unwrap();
    };
    let running = bench.app.send(Patient).await.unwrap();
    until("it runs", async || bench.lab.read("waits").is_some()).await;
    ask(running.id().as_str()).await;
    assert_eq!(running.get_timeout(PATIENCE).await.unwrap(), "the soft time limit has passed");

    let blocks = bench.app.send(Block { stubborn: false }).await.unwrap();
    until("it runs", async || bench.lab.read("blocks").is_some()).await;
    ask(blocks.id().as_str()).await;
    let error = exception(blocks.get_timeout(PATIENCE).await.unwrap_err());
    assert_eq!(error, "billiard.exceptions.SoftTimeLimitExceeded()");
    assert!(is_alive(pid_in(&bench, "blocks")), "the process goes on");
    worker.stop().await;
}

#[tokio::test]
async fn kill_leaves_no_time_and_is_told() {
    let bench = Bench::new().await;
    let mut events = bench.app.events().await.unwrap();
    let worker = Running::start(bench.worker().concurrency(1).events(true));
    let stubborn = bench.app.send(Block { stubborn: true }).await.unwrap();
    until("it runs", async || bench.lab.read("blocks").is_some()).await;
    let arguments = celeriac::JsonMap::from_iter([
        ("task_id".to_owned(), stubborn.id().as_str().into()),
        ("terminate".to_owned(), true.into()),
        ("signal".to_owned(), "KILL".into()),
    ]);
    bench.app.control().timeout(PATIENCE).limit(1).call("revoke", arguments).await.unwrap();
    let revoked = loop {
        let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
        if event.kind == "task-revoked" {
            break event;
        }
    };
    assert_eq!((&revoked.fields["terminated"], &revoked.fields["signum"]), (&true.into(), &9.into()));
    until("its process has ended", async || !is_alive(pid_in(&bench, "blocks"))).await;
    worker.stop().await;
}

#[tokio::test]
async fn a_cold_shutdown_ends_the_processes_and_returns_their_tasks() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(2));
    let held = bench.app.send(Hold { name: "held".into() }).await.unwrap();
    bench.app.send(Block { stubborn: true }).await.unwrap();
    until("both run", async || bench.lab.read("held").is_some() && bench.lab.read("blocks").is_some()).await;
    let pids = [pid_in(&bench, "held"), pid_in(&bench, "blocks")];
    worker.shutdown.cold();
    worker.ended().await.unwrap();
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
    let queues = bench.app.broker().queues().await.unwrap();
    assert_eq!((queues[0].ready, queues[0].claimed), (2, 0), "{queues:?}");
    assert_eq!(held.state().await.unwrap(), TaskState::Started);
}
