//! An app on a fresh broker, tasks that know in which process they are, and waiting for conditions.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use celeriac::{
    App, CancelReason, Context, PoolKind, ResultError, Shutdown, Signals, Task, TaskError, TaskResult,
    WorkerBuilder,
};
use nix::sys::signal::Signal;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::Process;

pub use crate::common::{PATIENCE, Running, SOON, until};

/// The file that names another broker than the one in the folder.
const URL: &str = "broker.url";
/// Mark arguments of ours; test harnesses take them for filters that nothing matches.
const FOLDER: &str = "folder:";
const OPTIONS: &str = "options:";

/// What tasks leave behind, as files.
#[derive(Clone)]
pub struct Lab {
    pub folder: PathBuf,
}

impl Lab {
    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.join(name), text).unwrap();
    }

    pub fn read(&self, name: &str) -> Option<String> {
        std::fs::read_to_string(self.folder.join(name)).ok().filter(|text| !text.is_empty())
    }

    /// Adds a line; lines of several processes do not mix.
    pub fn note(&self, name: &str, line: &str) {
        use std::io::Write;
        let mut file =
            std::fs::File::options().create(true).append(true).open(self.folder.join(name)).unwrap();
        file.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    pub fn lines(&self, name: &str) -> Vec<String> {
        self.read(name).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

pub async fn open(folder: &Path) -> App<Lab> {
    let url = std::fs::read_to_string(folder.join(URL));
    let url = url.unwrap_or_else(|_| format!("sqlite://{}", folder.join("queue.db").display()));
    let app = App::builder(&url).state(Lab { folder: folder.to_owned() }).open().await.unwrap();
    app.register::<Add>()
        .register::<Pid>()
        .register::<Hold>()
        .register::<Block>()
        .register::<Patient>()
        .register::<Die>()
        .register::<Dies>()
        .register::<Grow>()
        .register::<Tell>()
        .register::<Early>()
        .register::<Effect>()
        .register::<Ask>()
}

/// The arguments with which this program is a worker, or a child of one.
pub fn arguments(folder: &Path) -> Vec<String> {
    let words = ["--exact", "part_worker", "--ignored", "--nocapture"];
    words.map(str::to_owned).into_iter().chain([format!("{FOLDER}{}", folder.display())]).collect()
}

/// What `part_worker` does.
pub async fn work() {
    let folder = std::env::args().find_map(|argument| argument.strip_prefix(FOLDER).map(PathBuf::from));
    let Some(folder) = folder else { return };
    let options = std::env::args().find_map(|argument| argument.strip_prefix(OPTIONS).map(str::to_owned));
    let options: Options = options.map(|text| serde_json::from_str(&text).unwrap()).unwrap_or_default();
    tracing_subscriber::fmt().with_writer(std::io::stderr).with_ansi(false).init();
    let app = open(&folder).await;
    let shutdown = Shutdown::new();
    let signals = Signals::listen(&shutdown).unwrap();
    let kind = if options.is_prefork { PoolKind::Prefork } else { PoolKind::Tokio };
    let worker = quick(&app).pool(kind).hostname(&options.name).concurrency(options.concurrency);
    let worker = worker.prefetch_multiplier(2).lease(Duration::from_millis(900));
    let worker =
        worker.soft_shutdown_timeout(options.soft_shutdown).soft_shutdown_on_idle(options.soft_on_idle);
    worker.events(options.events).statedb(options.statedb).run(shutdown).await.unwrap();
    if signals.want_restart() {
        panic!("{}", celeriac::restart());
    }
}

/// How a worker in a process of its own is to be.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Options {
    pub name: String,
    pub concurrency: usize,
    pub is_prefork: bool,
    pub events: bool,
    pub statedb: Option<PathBuf>,
    pub remap: bool,
    pub soft_shutdown: Duration,
    pub soft_on_idle: bool,
}

impl Default for Options {
    fn default() -> Self {
        let name = "w1@lab".to_owned();
        Self {
            name,
            concurrency: 1,
            is_prefork: false,
            events: false,
            statedb: None,
            remap: false,
            soft_shutdown: Duration::ZERO,
            soft_on_idle: false,
        }
    }
}

/// A worker that reacts quickly.
pub fn quick(app: &App<Lab>) -> WorkerBuilder<Lab> {
    app.worker()
        .hostname("w1@lab")
        .pool(PoolKind::Prefork)
        .concurrency(2)
        .mingle(Duration::ZERO)
        .recover_every(Duration::from_millis(100))
        .heartbeat(Duration::from_millis(100))
}

/// An app on a broker in a temporary folder.
pub struct Bench {
    pub app: App<Lab>,
    pub lab: Lab,
    pub dir: TempDir,
}

impl Bench {
    pub async fn new() -> Self {
        Self::of(TempDir::new().unwrap()).await
    }

    /// One whose broker is at this URL.
    pub async fn on(url: &str) -> Self {
        let dir = TempDir::new().unwrap();
        std::fs::write(dir.path().join(URL), url).unwrap();
        Self::of(dir).await
    }

    async fn of(dir: TempDir) -> Self {
        let app = open(dir.path()).await;
        Self { lab: app.state().clone(), app, dir }
    }

    /// A worker in this process, whose children are this program again.
    pub fn worker(&self) -> WorkerBuilder<Lab> {
        quick(&self.app).child_arguments(arguments(self.dir.path()))
    }

    /// A worker in a process of its own, the leader of its group.
    pub fn process(&self, options: &Options) -> Process {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(arguments(self.dir.path()))
            .arg(format!("{OPTIONS}{}", serde_json::to_string(options).unwrap()))
            .env_remove("REMAP_SIGTERM");
        if options.remap {
            command.env("REMAP_SIGTERM", "SIGQUIT");
        }
        Process::spawn(command, self.dir.path().join("worker.log"))
    }

    /// The answer of the only worker.
    pub async fn ask(&self, method: &str) -> Value {
        let start = Instant::now();
        loop {
            let answers =
                self.app.inspect().timeout(SOON).limit(1).call(method, Default::default()).await.unwrap();
            if let Some(answer) = answers.into_values().next() {
                return answer;
            }
            assert!(start.elapsed() < PATIENCE, "nobody answers {method}");
        }
    }

    /// How many messages are ready, and how many are held.
    pub async fn counts(&self) -> (u64, u64) {
        let queues = self.app.broker().queues().await.unwrap();
        queues.iter().fold((0, 0), |(ready, held), queue| (ready + queue.ready, held + queue.claimed))
    }

    /// The pool's processes as `stats` has them.
    pub async fn processes(&self) -> Vec<u64> {
        let stats = self.ask("stats").await;
        stats["pool"]["processes"].as_array().unwrap().iter().filter_map(Value::as_u64).collect()
    }
}

/// The exception with which a task failed.
pub fn exception(error: ResultError) -> String {
    match error {
        ResultError::Failed { exception, .. } => format!("{}.{}", exception.exc_module, exception.repr()),
        other => other.to_string(),
    }
}

/// The processes that a process has started.
pub fn children_of(parent: u32) -> Vec<i32> {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
    pids.filter(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let of_parent = stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)?.parse().ok());
        of_parent == Some(parent)
    })
    .collect()
}

/// Is there a process of this number, which is no zombie?
pub fn is_alive(pid: u64) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().trim_start().starts_with('Z'))
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
        cx.state().note("added", &format!("{} {}", self.x, std::process::id()));
        Ok(self.x + self.y)
    }
}

/// Waits for another task, and tells what it hears.
#[derive(Serialize, Deserialize)]
pub struct Ask;

impl Task<Lab> for Ask {
    const NAME: &'static str = "tasks.ask";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        let sent = cx.app().send(Add { x: 1, y: 1 }).await?;
        Ok(sent.get().await.map_or_else(|error| error.to_string(), |sum| sum.to_string()))
    }
}

/// Tells in which process it ran.
#[derive(Serialize, Deserialize)]
pub struct Pid;

impl Task<Lab> for Pid {
    const NAME: &'static str = "tasks.pid";
    type Output = u32;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<u32> {
        Ok(std::process::id())
    }
}

/// Writes its process into the file of its name, and waits until the file `open` is there.
#[derive(Serialize, Deserialize)]
pub struct Hold {
    pub name: String,
}

impl Task<Lab> for Hold {
    const NAME: &'static str = "tasks.hold";
    const TRACK_STARTED: bool = true;
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        cx.state().note(&self.name, &std::process::id().to_string());
        while cx.state().read("open").is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        Ok(self.name)
    }
}

/// Blocks its thread until it sees that it is to stop; if stubborn, longer than anybody waits.
#[derive(Serialize, Deserialize)]
pub struct Block {
    pub stubborn: bool,
}

impl Task<Lab> for Block {
    const NAME: &'static str = "tasks.block";
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().note("blocks", &std::process::id().to_string());
        loop {
            if let Err(reason) = cx.checkpoint()
                && !self.stubborn
            {
                cx.state().note("saw", &reason.to_string());
                return Err(reason.into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Waits until it is asked to stop, and says why.
#[derive(Serialize, Deserialize)]
pub struct Patient;

impl Task<Lab> for Patient {
    const NAME: &'static str = "tasks.patient";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        cx.state().note("waits", &std::process::id().to_string());
        let reason: CancelReason = cx.cancelled().await;
        cx.state().note("saw", &reason.to_string());
        Ok(reason.to_string())
    }
}

/// Kills its own process, unless the file `spare` is there.
#[derive(Serialize, Deserialize)]
pub struct Die {
    pub signal: Option<i32>,
}

impl Task<Lab> for Die {
    const NAME: &'static str = "tasks.die";
    type Output = String;

    async fn run(self, cx: Context<Lab>) -> TaskResult<String> {
        let request = cx.request();
        cx.state().note("died", &format!("{} {}", std::process::id(), request.redelivered));
        if cx.state().read("spare").is_some() {
            return Ok("spared".to_owned());
        }
        die(self.signal)
    }
}

/// The same, of which nobody wants that it runs again.
#[derive(Serialize, Deserialize)]
pub struct Dies {
    pub signal: Option<i32>,
}

impl Task<Lab> for Dies {
    const NAME: &'static str = "tasks.dies";
    const REJECT_ON_WORKER_LOST: bool = false;
    type Output = String;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<String> {
        die(self.signal)
    }
}

fn die(signal: Option<i32>) -> TaskResult<String> {
    let Some(number) = signal else { std::process::exit(7) };
    let signal = Signal::try_from(number)?;
    nix::sys::signal::kill(nix::unistd::Pid::this(), signal)?;
    std::thread::sleep(PATIENCE);
    Err(TaskError::failed("RuntimeError", "it lives"))
}

/// Takes memory and keeps it.
#[derive(Serialize, Deserialize)]
pub struct Grow {
    pub mib: usize,
}

impl Task<Lab> for Grow {
    const NAME: &'static str = "tasks.grow";
    type Output = u32;

    async fn run(self, _cx: Context<Lab>) -> TaskResult<u32> {
        std::mem::forget(vec![1_u8; self.mib << 20]);
        Ok(std::process::id())
    }
}

/// Tells how far it is.
#[derive(Serialize, Deserialize)]
pub struct Tell;

impl Task<Lab> for Tell {
    const NAME: &'static str = "tasks.tell";
    type Output = u32;

    async fn run(self, cx: Context<Lab>) -> TaskResult<u32> {
        cx.progress(json!({"done": 1, "of": 2})).await?;
        Ok(std::process::id())
    }
}

/// Acknowledged before it runs, and then it waits.
#[derive(Serialize, Deserialize)]
pub struct Early;

impl Task<Lab> for Early {
    const NAME: &'static str = "tasks.early";
    const ACKS_LATE: bool = false;
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().note("early", "runs");
        std::future::pending::<()>().await;
        Ok(())
    }
}

/// Has an effect, after a while.
#[derive(Serialize, Deserialize)]
pub struct Effect {
    pub n: usize,
}

impl Task<Lab> for Effect {
    const NAME: &'static str = "tasks.effect";
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        tokio::time::sleep(Duration::from_millis(15)).await;
        cx.state().note("effects", &format!("{} {}", self.n, cx.request().redelivered));
        Ok(())
    }
}
