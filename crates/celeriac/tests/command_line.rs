//! A worker program's command line: flags, files and exit codes as Celery's.
#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::process::{Command, Output};

use celeriac::{App, Signature};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use tempfile::TempDir;
use test_servers::{PATIENCE, Process, example, until};

struct Place {
    dir: TempDir,
    app: App,
}

impl Place {
    async fn new() -> Self {
        let dir = TempDir::new().unwrap();
        let app = App::open(&Self::url(&dir)).await.unwrap();
        Self { dir, app }
    }

    fn url(dir: &TempDir) -> String {
        format!("sqlite://{}", dir.path().join("queue.db").display())
    }

    fn command(&self, flags: &str) -> Command {
        let mut command = Command::new(example("command_line_worker"));
        command
            .args(["-A", "proj", "worker", "-b", &Self::url(&self.dir)])
            .args(flags.split_whitespace())
            .current_dir(self.dir.path())
            .env("LOG_LEVEL", "INFO")
            .env_remove("CELERY_BROKER_URL")
            .env_remove("CELERY_RESULT_BACKEND");
        command
    }

    fn start(&self, flags: &str) -> Process {
        Process::spawn(self.command(flags), self.dir.path().join("worker.log"))
    }

    fn run(&self, flags: &str) -> Output {
        self.command(flags).output().unwrap()
    }

    async fn add(&self, x: i64, queue: &str) -> celeriac::AsyncResult<Value> {
        let signature = Signature::new("tasks.add").args([x, 1]).option("queue", queue);
        self.app.send_signature(signature).await.unwrap()
    }
}

#[tokio::test]
async fn it_begins_with_what_it_is_and_ends_by_term() {
    let place = Place::new().await;
    let mut worker = place.start("-P prefork -c 2 -n w1@lab -Q one,two,three -X three -E --without-mingle");
    worker.until_printed("w1@lab ready.");
    let log = worker.log();
    for line in [
        ".> transport:   sqlite://",
        ".> concurrency: 2 (prefork)",
        ".> task events: ON",
        "[queues] .> one              exchange=one(direct) key=one",
        "[tasks]   . tasks.add",
        "INFO/MainProcess] Connected to sqlite://",
    ] {
        assert!(log.contains(line), "{line} is missing:\n{log}");
    }
    assert!(!log.contains("three") && !log.contains("mingle"), "{log}");
    assert_eq!(place.add(1, "two").await.get_timeout(PATIENCE).await.unwrap(), json!(2));
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().code(), Some(0));
    assert!(worker.log().contains("] Task tasks.add["), "{}", worker.log());
    assert!(
        worker.log().contains("WARNING/MainProcess] worker: Warm shutdown (MainProcess)"),
        "{}",
        worker.log()
    );
}

#[tokio::test]
async fn a_quiet_worker_says_what_it_is_and_no_more() {
    let place = Place::new().await;
    let mut command = place.command("-c 1 -n w1@lab --without-mingle -l warning");
    command.env("CELERY_RESULT_BACKEND", "");
    let mut worker = Process::spawn(command, place.dir.path().join("worker.log"));
    worker.until_printed("w1@lab ready.");
    place.add(1, "celery").await.get_timeout(PATIENCE).await.unwrap();
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().code(), Some(0));
    assert!(!worker.log().contains("Task tasks.add["), "{}", worker.log());
}

#[tokio::test]
async fn purge_drops_what_waits() {
    let place = Place::new().await;
    for x in 0..3 {
        place.add(x, "celery").await;
    }
    let kept = place.add(7, "other").await;
    let mut worker = place.start("--purge -c 1 --without-mingle");
    worker.until_printed("purge: Erased 3 messages");
    assert_eq!(place.add(5, "celery").await.get_timeout(PATIENCE).await.unwrap(), json!(6));
    assert_eq!(kept.state().await.unwrap(), celeriac::TaskState::Pending);
    let queues = place.app.broker().queues().await.unwrap();
    let other = queues.iter().find(|queue| queue.name.as_str() == "other").unwrap();
    assert_eq!(other.ready, 1);
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().code(), Some(0));
}

/// Ends the worker in the background also when a test fails.
struct Background(Pid);

impl Drop for Background {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

#[tokio::test]
async fn in_the_background_it_has_a_pid_file_and_a_session_of_its_own() {
    let place = Place::new().await;
    let flags = "-D --pidfile %n.pid --logfile %n-%i.log -n w1@lab -c 1 --umask 027 --workdir run";
    std::fs::create_dir(place.dir.path().join("run")).unwrap();
    // Where the first process looks for the files is where the other one, which has gone to `run`, does not write them.
    let flags = flags.replace("%n", &format!("{}/%n", place.dir.path().display()));
    let started = place.run(&flags);
    assert!(started.status.success(), "{started:?}");
    let file = place.dir.path().join("w1.pid");
    let worker = Background(Pid::from_raw(std::fs::read_to_string(&file).unwrap().trim().parse().unwrap()));
    assert_eq!(nix::unistd::getsid(Some(worker.0)).unwrap(), worker.0);
    let cwd = std::fs::read_link(format!("/proc/{}/cwd", worker.0)).unwrap();
    assert_eq!(cwd, place.dir.path().join("run").canonicalize().unwrap());
    let log = || std::fs::read_to_string(place.dir.path().join("w1-0.log")).unwrap_or_default();
    until("it is ready", || log().contains("w1@lab ready."));

    let second = place.run(&flags.replace("-D ", ""));
    assert_eq!(second.status.code(), Some(73));
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains(&format!("Seems we're already running? (pid: {})", worker.0)), "{said}");

    kill(worker.0, Signal::SIGTERM).unwrap();
    until("the pid file is gone", || !file.exists());
    // A pid file that is left over stops nobody.
    std::fs::write(&file, "2147483646\n").unwrap();
    assert!(place.run(&flags).status.success());
    let _next = Background(Pid::from_raw(std::fs::read_to_string(&file).unwrap().trim().parse().unwrap()));
}

#[tokio::test]
async fn what_cannot_be_is_said_and_ends_with_the_right_code() {
    let place = Place::new().await;
    for (flags, code, words) in [
        ("--pool solo --autoscale 3,1", 2, "runs one task at a time"),
        ("--time-limit 1 --soft-time-limit 2", 2, "--soft-time-limit (2 s) is longer"),
        ("--umask 9", 2, "9 is no umask"),
        ("--uid no-such-user", 1, "there is no such user"),
        ("--logfile no/such/folder/w.log", 1, "the log file no/such/folder/w.log"),
        ("--pool green", 2, "green"),
        ("--result-backend nonsense://x", 1, "nonsense"),
    ] {
        let output = place.command("").args(flags.split_whitespace()).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{flags}: {said}");
        assert!(said.contains(words), "{flags}: {said}");
    }
}
