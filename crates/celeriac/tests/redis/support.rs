//! A Redis, workers in processes of their own, and waiting for conditions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use celeriac::{App, Context, Shutdown, Task, TaskError, TaskResult};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use test_servers::{Process, RedisOptions, RedisServer};

pub use test_servers::PATIENCE;

const BROKER_VARIABLE: &str = "CELERY_BROKER_URL";
const BACKEND_VARIABLE: &str = "CELERY_RESULT_BACKEND";
const NODE_VARIABLE: &str = "CELERIAC_TEST_NODE";
const LEASE_VARIABLE: &str = "CELERIAC_TEST_LEASE_MS";

const EXTENDED_VARIABLE: &str = "RESULT_EXTENDED";
const BROADCASTS_VARIABLE: &str = "CELERIAC_TEST_BROADCASTS";

/// A Redis, and a folder for what the processes write.
pub struct Bench {
    pub redis: RedisServer,
    pub dir: TempDir,
    /// Added to the URLs.
    pub query: String,
    /// Who logs in: `USER:PASSWORD@`, or nothing.
    pub login: String,
    /// Another way to the same Redis; `{db}` stands for the database.
    pub way: Option<String>,
    /// Do workers store with each result what the task was?
    pub result_extended: bool,
    /// A fanout exchange that workers listen to.
    pub broadcasts: Option<&'static str>,
}

impl Bench {
    pub fn new() -> Self {
        Self::with(RedisOptions::default())
    }

    pub fn with(options: RedisOptions) -> Self {
        Self::on(RedisServer::start_with(options))
    }

    pub fn on(redis: RedisServer) -> Self {
        Self {
            redis,
            dir: TempDir::new().unwrap(),
            query: String::new(),
            login: String::new(),
            way: None,
            result_extended: false,
            broadcasts: None,
        }
    }

    pub fn broker_url(&self) -> String {
        self.url(0)
    }

    pub fn backend_url(&self) -> String {
        self.url(1)
    }

    fn url(&self, database: u32) -> String {
        if let Some(way) = &self.way {
            return way.replace("{db}", &database.to_string());
        }
        format!("redis://{}127.0.0.1:{}/{database}{}", self.login, self.redis.port(), self.query)
    }

    /// An app without tasks, for sending.
    pub async fn client(&self) -> App {
        App::builder(&self.broker_url()).result_backend(&self.backend_url()).open().await.unwrap()
    }

    /// Our worker in a process of its own.
    pub fn worker(&self, node: &str) -> Process {
        self.worker_with_lease(node, Duration::from_secs(2))
    }

    pub fn worker_with_lease(&self, node: &str, lease: Duration) -> Process {
        let mut command = part(node);
        command.env(LEASE_VARIABLE, lease.as_millis().to_string());
        self.spawn(command, node)
    }

    /// Our worker with the settings that it has when nobody sets any.
    pub fn plain_worker(&self, node: &str) -> Process {
        self.spawn(part(node), node)
    }

    fn spawn(&self, mut command: Command, name: &str) -> Process {
        command.env(BROKER_VARIABLE, self.broker_url()).env(BACKEND_VARIABLE, self.backend_url());
        if self.result_extended {
            command.env(EXTENDED_VARIABLE, "1");
        }
        if let Some(exchange) = self.broadcasts {
            command.env(BROADCASTS_VARIABLE, exchange);
        }
        Process::spawn(command, self.dir.path().join(format!("{name}.log")))
    }

    /// A program of Python's, told where broker and backend are. It takes options otherwise than by URL.
    pub fn python(&self, mut command: Command, name: &str) -> Process {
        let plain = |url: String| url.split('?').next().unwrap_or_default().to_owned();
        command
            .env(BROKER_VARIABLE, plain(self.broker_url()))
            .env(BACKEND_VARIABLE, plain(self.backend_url()));
        if self.result_extended {
            command.env(EXTENDED_VARIABLE, "1");
        }
        Process::spawn(command, self.dir.path().join(format!("{name}.log")))
    }

    /// A file for tasks to write to.
    pub fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }
}

/// This program as a worker, `part_worker`.
fn part(node: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "support::part_worker", "--ignored", "--nocapture"]).env(NODE_VARIABLE, node);
    command
}

/// The lines of a file that tasks write to.
pub fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
}

#[derive(Serialize, Deserialize)]
pub struct Add {
    pub x: serde_json::Value,
    pub y: serde_json::Value,
}

impl Task for Add {
    const NAME: &'static str = "tasks.add";
    type Output = serde_json::Value;

    async fn run(self, _cx: Context) -> TaskResult<serde_json::Value> {
        match (&self.x, &self.y) {
            (serde_json::Value::String(x), serde_json::Value::String(y)) => Ok(format!("{x}{y}").into()),
            (x, y) => Ok((x.as_i64().unwrap_or(0) + y.as_i64().unwrap_or(0)).into()),
        }
    }
}

/// Gives back what it is called with.
#[derive(Serialize, Deserialize)]
pub struct Numbers {
    pub one: f64,
    pub many: Vec<f64>,
    #[serde(default)]
    pub value: serde_json::Value,
}

impl Task for Numbers {
    const NAME: &'static str = "tasks.numbers";
    type Output = (f64, Vec<f64>, serde_json::Value);

    async fn run(self, _cx: Context) -> TaskResult<Self::Output> {
        Ok((self.one, self.many, self.value))
    }
}

#[derive(Serialize, Deserialize)]
pub struct Fail {
    pub message: String,
}

impl Task for Fail {
    const NAME: &'static str = "tasks.fail";
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        Err(TaskError::failed("ValueError", self.message))
    }
}

/// Is retried once, and says so.
#[derive(Serialize, Deserialize)]
pub struct Retrying;

impl Task for Retrying {
    const NAME: &'static str = "tasks.retrying";
    type Output = u32;

    async fn run(self, cx: Context) -> TaskResult<u32> {
        match cx.request().retries() {
            0 => Err(cx.retry_in(Duration::from_millis(100))),
            retries => Ok(retries),
        }
    }
}

/// Writes down when it begins and when it ends.
#[derive(Serialize, Deserialize)]
pub struct Late {
    pub path: PathBuf,
    pub seconds: f64,
}

impl Task for Late {
    const NAME: &'static str = "tasks.late";
    type Output = String;

    async fn run(self, _cx: Context) -> TaskResult<String> {
        let node = std::env::var(NODE_VARIABLE).unwrap_or_default();
        note(&self.path, &format!("begin {node}"));
        tokio::time::sleep(Duration::from_secs_f64(self.seconds)).await;
        note(&self.path, &format!("end {node}"));
        Ok("rust".to_owned())
    }
}

fn note(path: &Path, line: &str) {
    use std::io::Write;
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(format!("{line}\n").as_bytes()).unwrap();
}

#[tokio::test]
#[ignore = "a part that other tests run in a process of its own"]
async fn part_worker() {
    let Ok(broker) = std::env::var(BROKER_VARIABLE) else { return };
    tracing_subscriber::fmt().with_ansi(false).init();
    let backend = std::env::var(BACKEND_VARIABLE).unwrap();
    let extended = std::env::var_os(EXTENDED_VARIABLE).is_some();
    let app = App::builder(&broker).result_backend(&backend).result_extended(extended).open().await.unwrap();
    let app = app
        .register::<Add>()
        .register::<Numbers>()
        .register::<Fail>()
        .register::<Late>()
        .register::<Retrying>();
    let mut worker = app.worker().hostname(&std::env::var(NODE_VARIABLE).unwrap());
    if let Ok(lease) = std::env::var(LEASE_VARIABLE) {
        worker = worker
            .concurrency(4)
            .lease(Duration::from_millis(lease.parse().unwrap()))
            .recover_every(Duration::from_millis(500))
            .mingle(Duration::ZERO);
    }
    if let Ok(exchange) = std::env::var(BROADCASTS_VARIABLE) {
        worker = worker.broadcasts([exchange]);
    }
    worker.run(Shutdown::new()).await.unwrap();
}
