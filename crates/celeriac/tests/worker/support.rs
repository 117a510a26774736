//! An app on a fresh broker, tasks to run on it, and waiting for conditions.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use celeriac::{
    App, CancelReason, Context, Failure, RetryPolicy, Task, TaskError, TaskResult, WorkerBuilder,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use tokio::sync::Semaphore;

pub use crate::common::{PATIENCE, Running, SOON, until};

/// What the tasks do is written down here.
#[derive(Clone)]
pub struct Lab {
    /// What ran, in the order in which it ended.
    pub log: Arc<Mutex<Vec<String>>>,
    /// Tasks that wait at the gate go on when it is opened.
    pub gate: Arc<Semaphore>,
    /// How many tasks have come to the gate.
    pub at_gate: Arc<AtomicUsize>,
}

impl Default for Lab {
    fn default() -> Self {
        Self { log: Arc::default(), gate: Arc::new(Semaphore::new(0)), at_gate: Arc::default() }
    }
}

impl Lab {
    pub fn note(&self, line: impl Into<String>) {
        self.log.lock().push(line.into());
    }

    pub fn lines(&self) -> Vec<String> {
        self.log.lock().clone()
    }

    pub fn open_gate(&self) {
        self.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    }
}

/// An app on a broker in a temporary folder.
pub struct Bench {
    pub app: App<Lab>,
    pub lab: Lab,
    pub url: String,
    pub dir: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let url = format!("sqlite://{}", dir.path().join("queue.db").display());
        let lab = Lab::default();
        let app = App::builder(&url).state(lab.clone()).open().await.unwrap();
        let app = app
            .register::<Add>()
            .register::<Sum>()
            .register::<Fail>()
            .register::<Gate>()
            .register::<Flaky>()
            .register::<Note>()
            .register::<Quiet>()
            .register::<Patient>()
            .register::<Panic>()
            .register::<Hopeless>()
            .register::<Early>()
            .register::<Blocking>()
            .register::<Telling>();
        Self { app, lab, url, dir }
    }

    /// A worker that reacts quickly.
    pub fn worker(&self) -> WorkerBuilder<Lab> {
        self.app
            .worker()
            .hostname("w1@lab")
            .mingle(Duration::ZERO)
            .concurrency(4)
            .recover_every(Duration::from_millis(100))
            .heartbeat(Duration::from_millis(100))
    }
}

/// Waits until the worker of [`Bench::worker`] answers.
pub async fn worker_is_up(bench: &Bench) {
    until("the worker answers", async || {
        let inspect = bench.app.inspect().timeout(Duration::from_millis(200)).destination(["w1@lab"]);
        !inspect.ping().await.unwrap().is_empty()
    })
    .await;
}

#[derive(Serialize, Deserialize)]
pub struct Add {
    pub x: i64,
    pub y: i64,
}

impl Task<Lab> for Add {
    const NAME: &'static str = "tasks.add";
    type Output = i64;

    async fn run(self, cx: Context<Lab>) -> TaskResult<i64> {
        cx.state().note(format!("add {} {}", self.x, self.y));
        Ok(self.x + self.y)
    }
}

#[derive(Serialize, Deserialize)]
pub struct Sum {
    pub numbers: Vec<i64>,
}

impl Task<Lab> for Sum {
    const NAME: &'static str = "tasks.sum";
    type Output = i64;

    async fn run(self, cx: Context<Lab>) -> TaskResult<i64> {
        cx.state().note(format!("sum {:?}", self.numbers));
        Ok(self.numbers.iter().sum())
    }
}

/// Fails, whatever it is called with.
#[derive(Serialize, Deserialize)]
pub struct Fail {
    #[serde(default)]
    pub ignored: serde_json::Value,
}

impl Task<Lab> for Fail {
    const NAME: &'static str = "tasks.fail";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        Err(TaskError::failed("ValueError", "boom"))
    }
}

/// Waits until the test opens the gate.
#[derive(Serialize, Deserialize)]
pub struct Gate {
    pub name: String,
}

impl Task<Lab> for Gate {
    const NAME: &'static str = "tasks.gate";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        let lab = cx.state();
        lab.at_gate.fetch_add(1, Ordering::SeqCst);
        lab.gate.acquire().await?.forget();
        lab.note(format!("gate {}", self.name));
        Ok(self.name)
    }
}

/// Fails so often before it succeeds.
#[derive(Serialize, Deserialize)]
pub struct Flaky {
    pub failures: u32,
}

impl Task<Lab> for Flaky {
    const NAME: &'static str = "tasks.flaky";
    const MAX_RETRIES: Option<u32> = Some(3);
    const RETRY: RetryPolicy = RetryPolicy::exponential(Duration::from_millis(10), Duration::from_millis(50));
    type Output = u32;

    async fn run(self, cx: Context<Lab>) -> TaskResult<u32> {
        let retries = cx.request().retries();
        cx.state().note(format!("flaky {retries}"));
        if retries < self.failures {
            return Err(TaskError::failed("ConnectionError", format!("try {retries}")));
        }
        Ok(retries)
    }

    fn retries_after(failure: &Failure) -> bool {
        failure.exception.exc_type == "ConnectionError"
    }
}

/// Always wants to run again, for no reason.
#[derive(Serialize, Deserialize)]
pub struct Hopeless;

impl Task<Lab> for Hopeless {
    const NAME: &'static str = "tasks.hopeless";
    const MAX_RETRIES: Option<u32> = Some(2);
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().note("hopeless");
        Err(cx.retry_in(Duration::from_millis(1)))
    }
}

/// Writes down what it is called with.
#[derive(Serialize, Deserialize)]
pub struct Note {
    pub what: serde_json::Value,
}

impl Task<Lab> for Note {
    const NAME: &'static str = "tasks.note";
    type Output = serde_json::Value;

    async fn run(self, cx: Context<Lab>) -> TaskResult<serde_json::Value> {
        cx.state().note(format!("note {}", self.what));
        Ok(self.what)
    }
}

/// Its result is ignored unless its sender wants it.
#[derive(Serialize, Deserialize)]
pub struct Quiet;

impl Task<Lab> for Quiet {
    const NAME: &'static str = "tasks.quiet";
    const IGNORE_RESULT: bool = true;
    type Output = u8;

    async fn run(self, cx: Context<Lab>) -> TaskResult<u8> {
        cx.state().note("quiet".to_owned());
        Ok(1)
    }
}

/// Runs until it is asked to stop, then says why (or, if stubborn, goes on).
#[derive(Serialize, Deserialize)]
pub struct Patient {
    #[serde(default)]
    pub is_stubborn: bool,
}

impl Task<Lab> for Patient {
    const NAME: &'static str = "tasks.patient";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        cx.state().at_gate.fetch_add(1, Ordering::SeqCst);
        let reason: CancelReason = cx.cancelled().await;
        cx.state().note(format!("asked: {reason}"));
        if self.is_stubborn {
            std::future::pending::<()>().await;
        }
        cx.checkpoint()?;
        Ok(reason.to_string())
    }
}

#[derive(Serialize, Deserialize)]
pub struct Panic;

impl Task<Lab> for Panic {
    const NAME: &'static str = "tasks.panic";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        panic!("dropped the {}", "ball");
    }
}

/// Acknowledged before it runs.
#[derive(Serialize, Deserialize)]
pub struct Early;

impl Task<Lab> for Early {
    const NAME: &'static str = "tasks.early";
    const ACKS_LATE: bool = false;
    const TRACK_STARTED: bool = true;
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().at_gate.fetch_add(1, Ordering::SeqCst);
        cx.state().gate.acquire().await?.forget();
        Ok(())
    }
}

/// Tells how far it is.
#[derive(Serialize, Deserialize)]
pub struct Telling;

impl Task<Lab> for Telling {
    const NAME: &'static str = "tasks.telling";
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.progress(serde_json::json!({"done": 1, "of": 2})).await?;
        cx.state().at_gate.fetch_add(1, Ordering::SeqCst);
        cx.state().gate.acquire().await?.forget();
        Ok(())
    }
}

/// Blocks the thread of the runtime until the test opens the gate, which no task should do.
#[derive(Serialize, Deserialize)]
pub struct Blocking;

impl Task<Lab> for Blocking {
    const NAME: &'static str = "tasks.blocking";
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        let lab = cx.state();
        lab.at_gate.fetch_add(1, Ordering::SeqCst);
        while lab.gate.try_acquire().is_err() {
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}
