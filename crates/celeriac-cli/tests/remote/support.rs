//! A Redis, our worker in this process, and the programs that talk to it.

use std::io::Write;
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use celeriac::{App, Context, Shutdown, Task, TaskError, TaskResult, WorkerBuilder};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::TempDir;
use test_servers::{Celery, Process, RedisServer};

pub use test_servers::{PATIENCE, until};
use tokio::runtime::Runtime;
use tokio::task::JoinHandle;

/// A Redis and a folder for what programs print.
pub struct Bench {
    pub redis: RedisServer,
    pub dir: TempDir,
    pub runtime: Runtime,
}

impl Bench {
    pub fn new() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        Self { redis: RedisServer::start(), dir: TempDir::new().unwrap(), runtime }
    }

    pub fn app(&self) -> App<Lab> {
        let app = App::builder(&self.redis.url(0)).result_backend(&self.redis.url(1)).state(Lab::default());
        let app = self.runtime.block_on(app.open()).unwrap();
        app.register::<Add>()
            .register::<Fail>()
            .register::<Sleep>()
            .register::<Limited>()
            .register::<Refuse>()
    }

    /// Tells a program where broker and result backend are.
    pub fn told(&self, mut command: Command) -> Command {
        self.redis.tell(&mut command);
        command.env_remove("NO_COLOR");
        command
    }

    /// Runs `celery ARGUMENTS`.
    pub fn celery(&self, celery: Celery, arguments: &[&str]) -> Run {
        let mut command = self.told(celery.celery());
        command.args(["-A", "control_app"]).args(arguments);
        Run::of(command, None)
    }

    /// Runs several command lines of `celery` in one process.
    pub fn celery_many(&self, celery: Celery, lines: &[Vec<&str>]) -> Vec<Run> {
        let command = self.told(celery.python("celery_commands.py"));
        let ran = Run::of(command, Some(&serde_json::to_string(lines).unwrap()));
        assert_eq!(ran.code, 0, "{ran:?}");
        let runs: Vec<Value> = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
        let run = |run: Value| Run {
            code: i32::try_from(run["code"].as_i64().unwrap()).unwrap(),
            out: run["output"].as_str().unwrap().to_owned(),
            err: String::new(),
        };
        runs.into_iter().map(run).collect()
    }

    /// Runs `celeriac ARGUMENTS`.
    pub fn celeriac(&self, arguments: &[&str]) -> Run {
        self.celeriac_answering(arguments, None)
    }

    /// The same, with something on its standard input.
    pub fn celeriac_answering(&self, arguments: &[&str], input: Option<&str>) -> Run {
        let mut command = self.told(Command::new(env!("CARGO_BIN_EXE_celeriac")));
        command.args(arguments);
        Run::of(command, input)
    }

    /// Python's worker `NODE`, once it answers.
    pub fn python_worker(&self, celery: Celery, node: &str, arguments: &[&str]) -> Process {
        let mut command = self.told(celery.worker("control_app", node, 1));
        command.args(arguments);
        let worker = Process::spawn(command, self.dir.path().join("python.log"));
        self.until_answered(node);
        worker
    }

    pub fn until_answered(&self, node: &str) {
        let app = self.app();
        until("the worker answers", || {
            let inspect = app.inspect().timeout(Duration::from_secs(1)).destination([node]);
            !self.runtime.block_on(inspect.ping()).unwrap().is_empty()
        });
    }
}

/// How a program ended.
#[derive(Debug)]
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Run {
    pub fn of(mut command: Command, input: Option<&str>) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        drop(child.stdin.take().unwrap().write_all(input.unwrap_or_default().as_bytes()));
        let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self { code: status.code().unwrap(), out: text(stdout), err: text(stderr) }
    }
}

/// Our worker `w1@lab` in this process.
pub struct Ours {
    pub app: App<Lab>,
    shutdown: Shutdown,
    handle: Option<JoinHandle<()>>,
}

impl Ours {
    pub fn start(bench: &Bench) -> Self {
        Self::start_with(bench, |worker| worker)
    }

    pub fn start_with(
        bench: &Bench,
        settings: impl FnOnce(WorkerBuilder<Lab>) -> WorkerBuilder<Lab>,
    ) -> Self {
        let (app, shutdown) = (bench.app(), Shutdown::new());
        let worker = app.worker().hostname("w1@lab").mingle(Duration::ZERO).concurrency(2);
        let worker = settings(worker).run(shutdown.clone());
        let handle = bench.runtime.spawn(async move { worker.await.unwrap() });
        bench.until_answered("w1@lab");
        Self { app, shutdown, handle: Some(handle) }
    }

    /// Ends it at once.
    pub fn stop_cold(mut self, bench: &Bench) {
        self.shutdown.cold();
        self.ended(bench);
    }

    /// Lets it end.
    pub fn stop(mut self, bench: &Bench) {
        self.shutdown.warm();
        self.app.state().open();
        self.ended(bench);
    }

    /// Waits until it has ended.
    pub fn ended(&mut self, bench: &Bench) {
        let handle = self.handle.take().unwrap();
        bench.runtime.block_on(async { tokio::time::timeout(PATIENCE, handle).await }).unwrap().unwrap();
    }
}

/// Tasks that sleep do so until it is opened.
#[derive(Clone)]
pub struct Lab {
    gate: Arc<tokio::sync::Semaphore>,
    pub asleep: Arc<AtomicUsize>,
}

impl Default for Lab {
    fn default() -> Self {
        Self { gate: Arc::new(tokio::sync::Semaphore::new(0)), asleep: Arc::default() }
    }
}

impl Lab {
    pub fn open(&self) {
        self.gate.add_permits(10_000);
    }

    pub fn asleep(&self) -> usize {
        self.asleep.load(Ordering::SeqCst)
    }
}

#[derive(Serialize, Deserialize)]
pub struct Add {
    pub x: i64,
    pub y: i64,
}

impl Task<Lab> for Add {
    const NAME: &'static str = "tasks.add";
    type Output = i64;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<i64> {
        Ok(self.x + self.y)
    }
}

#[derive(Serialize, Deserialize)]
pub struct Fail {
    pub message: String,
}

impl Task<Lab> for Fail {
    const NAME: &'static str = "tasks.fail";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        Err(TaskError::failed("ValueError", self.message))
    }
}

#[derive(Serialize, Deserialize)]
pub struct Sleep {
    pub seconds: f64,
}

impl Task<Lab> for Sleep {
    const NAME: &'static str = "tasks.sleep";
    type Output = f64;

    async fn run(self, cx: Context<Lab>) -> TaskResult<f64> {
        cx.state().asleep.fetch_add(1, Ordering::SeqCst);
        cx.state().gate.acquire().await?.forget();
        Ok(self.seconds)
    }
}

#[derive(Serialize, Deserialize)]
pub struct Limited;

impl Task<Lab> for Limited {
    const NAME: &'static str = "tasks.limited";
    const RATE_LIMIT: Option<&'static str> = Some("30/m");
    type Output = i64;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<i64> {
        Ok(1)
    }
}

/// Never wants its message.
#[derive(Serialize, Deserialize)]
pub struct Refuse;

impl Task<Lab> for Refuse {
    const NAME: &'static str = "tasks.refuse";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        Err(TaskError::Reject { requeue: false })
    }
}
