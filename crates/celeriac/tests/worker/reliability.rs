//! Shutdowns, killed workers, poisonous messages.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::Ordering;
use std::time::Duration;

use celeriac::{App, Context, ResultError, Shutdown, Task, TaskResult, TaskState};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::support::{Add, Bench, Blocking, Early, Gate, PATIENCE, Patient, Running, until, worker_is_up};

const URL: &str = "CELERIAC_TEST_URL";

/// In a child process it writes its process id into a file and never ends; elsewhere it ends at once.
#[derive(Serialize, Deserialize)]
struct Victim {
    folder: PathBuf,
}

impl<S: Send + Sync + 'static> Task<S> for Victim {
    const NAME: &'static str = "tasks.victim";
    type Output = String;

    async fn run(self, _cx: Context<S>) -> TaskResult<String> {
        if std::env::var_os(URL).is_some() {
            std::fs::write(self.folder.join(format!("victim-{}", std::process::id())), "")?;
            std::future::pending::<()>().await;
        }
        Ok("survived".to_owned())
    }
}

/// Not a test of its own: the worker that the tests below kill.
#[tokio::test]
#[ignore = "the child of other tests"]
async fn child_worker() {
    let Ok(url) = std::env::var(URL) else { return };
    let app = App::open(&url).await.unwrap().register::<Victim>();
    // Its lease outlasts the test: that it is dead must be seen otherwise.
    let worker = app.worker().lease(10 * PATIENCE).recover_every(Duration::from_millis(100));
    worker.mingle(Duration::ZERO).run(Shutdown::new()).await.unwrap();
}

/// Kills the child also when a test fails.
struct KilledAtLast(Child);

impl Drop for KilledAtLast {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn spawn_child(url: &str) -> KilledAtLast {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "reliability::child_worker", "--ignored", "--nocapture"])
        .env(URL, url)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    KilledAtLast(child)
}

/// Starts a worker process, waits until it runs the task, and kills it with SIGKILL.
async fn kill_in_the_middle(url: &str, folder: &Path) {
    let child = spawn_child(url);
    let mark = folder.join(format!("victim-{}", child.0.id()));
    until("the child runs the task", async || mark.exists()).await;
    drop(child);
}

#[tokio::test]
async fn a_task_whose_worker_was_killed_runs_again() {
    let bench = Bench::new().await;
    let app = bench.app.clone().register::<Victim>();
    let folder = bench.dir.path().to_owned();
    let victim = app.send(Victim { folder: folder.clone() }).await.unwrap();
    let other = app.send(Add { x: 1, y: 1 }).await.unwrap();
    kill_in_the_middle(&bench.url, &folder).await;

    let worker =
        Running::start(app.worker().mingle(Duration::ZERO).recover_every(Duration::from_millis(100)));
    assert_eq!(victim.get_timeout(PATIENCE).await.unwrap(), "survived");
    let error = other.get_timeout(PATIENCE).await.map_err(|error| error.to_string());
    assert!(error.is_ok() || error.is_err_and(|error| error.contains("NotRegistered")));
    worker.stop().await;
}

#[tokio::test]
async fn a_message_that_killed_three_workers_is_a_dead_letter() {
    let bench = Bench::new().await;
    let app = bench.app.clone().register::<Victim>();
    let folder = bench.dir.path().to_owned();
    let victim = app.send(Victim { folder: folder.clone() }).await.unwrap();
    for _ in 0..3 {
        kill_in_the_middle(&bench.url, &folder).await;
    }
    let worker =
        Running::start(app.worker().mingle(Duration::ZERO).recover_every(Duration::from_millis(100)));
    let error = victim.get_timeout(PATIENCE).await.unwrap_err();
    let ResultError::Failed { exception, .. } = error else { panic!("{error}") };
    assert_eq!(exception.exc_type, "WorkerLostError");
    let letters = app.broker().dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].message.as_ref().unwrap().id(), victim.id());
    // The worker goes on.
    assert_eq!(app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    worker.stop().await;
}

#[tokio::test]
async fn a_long_task_keeps_its_message() {
    let bench = Bench::new().await;
    let lease = Duration::from_millis(400);
    let first = Running::start(bench.worker().lease(lease));
    let long = bench.app.send(Gate { name: "long".into() }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let second = Running::start(bench.worker().hostname("w2@lab").lease(lease));
    // Four leases, in which the second worker looks for lost messages again and again.
    tokio::time::sleep(4 * lease).await;
    bench.lab.open_gate();
    assert_eq!(long.get_timeout(PATIENCE).await.unwrap(), "long");
    first.stop().await;
    second.stop().await;
    assert_eq!(bench.lab.at_gate.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_task_that_blocks_the_runtime_keeps_its_message() {
    let bench = Bench::new().await;
    let lease = Duration::from_millis(400);
    let blocked = bench.app.send(Blocking).await.unwrap();
    // The worker has a runtime of its own with one thread, which the task blocks.
    let (worker, shutdown) = (bench.worker().lease(lease), Shutdown::new());
    let thread = std::thread::spawn({
        let shutdown = shutdown.clone();
        move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(worker.run(shutdown)).unwrap();
        }
    });
    until("it blocks", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let second = Running::start(bench.worker().hostname("w2@lab").lease(lease));
    tokio::time::sleep(4 * lease).await;
    bench.lab.open_gate();
    blocked.get_timeout(PATIENCE).await.unwrap();
    shutdown.warm();
    tokio::task::spawn_blocking(|| thread.join()).await.unwrap().unwrap();
    second.stop().await;
    assert_eq!(bench.lab.at_gate.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_warm_shutdown_ends_what_runs_and_returns_what_waits() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(4));
    let running = bench.app.send(Gate { name: "running".into() }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    for x in 0..5 {
        bench.app.send(Add { x, y: 0 }).await.unwrap();
    }
    worker.shutdown.warm();
    until("what waited is back", async || {
        let queues = bench.app.broker().queues().await.unwrap();
        (queues[0].ready, queues[0].claimed) == (5, 1)
    })
    .await;
    bench.lab.open_gate();
    worker.ended().await.unwrap();
    assert_eq!(running.state().await.unwrap(), TaskState::Success);
    assert_eq!(bench.lab.lines(), ["gate running"]);

    let next = Running::start(bench.worker());
    until("the rest has run", async || bench.lab.lines().len() == 6).await;
    next.stop().await;
}

#[tokio::test]
async fn a_cold_shutdown_returns_everything() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker().concurrency(1).prefetch_multiplier(3));
    let running = bench.app.send(Patient { is_stubborn: true }).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let waiting = bench.app.send(Add { x: 1, y: 1 }).await.unwrap();
    worker.shutdown.cold();
    worker.ended().await.unwrap();
    let queues = bench.app.broker().queues().await.unwrap();
    assert_eq!((queues[0].ready, queues[0].claimed), (2, 0), "{queues:?}");
    assert_eq!(running.state().await.unwrap(), TaskState::Pending);

    let next = Running::start(bench.worker());
    assert_eq!(waiting.get_timeout(PATIENCE).await.unwrap(), 2);
    until("it runs again", async || bench.lab.at_gate.load(Ordering::SeqCst) == 2).await;
    next.shutdown.cold();
    next.ended().await.unwrap();
}

#[tokio::test]
async fn a_task_that_was_acknowledged_early_is_lost_with_its_worker() {
    let bench = Bench::new().await;
    let worker = Running::start(bench.worker());
    let early = bench.app.send(Early).await.unwrap();
    until("it runs", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1).await;
    let started = early.meta().await.unwrap().unwrap();
    assert_eq!((started.status, &started.result["hostname"]), (TaskState::Started, &json!("w1@lab")));
    let queues = bench.app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready + queue.claimed == 0), "{queues:?}");
    worker.shutdown.cold();
    worker.ended().await.unwrap();
    assert_eq!(early.state().await.unwrap(), TaskState::Retry);
}

#[tokio::test]
async fn many_tasks_survive_workers_that_come_and_go() {
    let bench = Bench::new().await;
    let tasks: Vec<_> = (0..200).map(|x| celeriac::Signature::new("tasks.add").args([x, 1])).collect();
    let sent = bench.app.send_batch(tasks).await.unwrap();
    for round in 0..5 {
        let worker = Running::start(bench.worker().concurrency(2).prefetch_multiplier(8));
        let enough = 20 * (round + 1);
        until("some have run", async || bench.lab.lines().len() >= enough).await;
        if round % 2 == 0 {
            worker.shutdown.warm();
        } else {
            worker.shutdown.cold();
        }
        worker.ended().await.unwrap();
    }
    let last = Running::start(bench.worker());
    for (x, result) in sent.iter().enumerate() {
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), json!(x + 1));
    }
    last.stop().await;
    let queues = bench.app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0), "{queues:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_worker_whose_future_is_dropped_gives_everything_back() {
    let bench = Bench::new().await;
    let shutdown = Shutdown::new();
    let run = tokio::spawn(bench.worker().concurrency(1).run(shutdown.clone()));
    worker_is_up(&bench).await;
    for name in ["runs", "waits", "waits, too"] {
        bench.app.send(Gate { name: name.into() }).await.unwrap();
    }
    let counts = async || {
        let queues = bench.app.broker().queues().await.unwrap();
        queues.iter().fold((0, 0), |(ready, held), queue| (ready + queue.ready, held + queue.claimed))
    };
    until("all are held", async || bench.lab.at_gate.load(Ordering::SeqCst) == 1 && counts().await == (0, 3))
        .await;

    run.abort();
    until("all are back", async || counts().await == (3, 0)).await;
    assert!(!shutdown.is_requested());
    until("nobody answers", async || {
        let inspect = bench.app.inspect().timeout(Duration::from_millis(200)).destination(["w1@lab"]);
        inspect.ping().await.unwrap().is_empty()
    })
    .await;
    assert_eq!((bench.lab.at_gate.load(Ordering::SeqCst), bench.lab.lines()), (1, vec![]));

    bench.lab.open_gate();
    let worker = Running::start(bench.worker());
    until("all have run", async || bench.lab.lines().len() == 3).await;
    worker.stop().await;
}
