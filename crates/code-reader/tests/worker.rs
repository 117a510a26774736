//! The worker's command line, with the real binary.

#![allow(missing_docs, clippy::unwrap_used)]

mod common;

use std::io::Read;
use std::process::Stdio;

use common::House;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use test_servers::{RedisOptions, RedisServer, until};

/// Ends the worker in the background also when a test fails.
struct Background(Pid);

impl Background {
    fn signal(&self, signal: Signal) {
        kill(self.0, signal).unwrap();
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        let _ = kill(self.0, Signal::SIGKILL);
    }
}

fn pid(house: &House) -> Pid {
    let text = std::fs::read_to_string(house.dir.path().join("w.pid")).unwrap();
    Pid::from_raw(text.trim().parse().unwrap())
}

fn log(house: &House) -> String {
    std::fs::read_to_string(house.dir.path().join("w.log")).unwrap_or_default()
}

#[test]
fn a_worker_in_the_background_reads_in_processes_of_its_own() {
    let house = House::new();
    house.write("sample/app.py", "def run():\n    \"\"\"Runs it.\"\"\"\n    return 1\n");
    let arguments = [
        "worker",
        "--detach",
        "--pidfile",
        "w.pid",
        "--logfile",
        "w.log",
        "--loglevel",
        "info",
        "--pool",
        "prefork",
        "--concurrency",
        "2",
        "-n",
        "reader@lab",
        "-O",
        "fair",
        "--without-gossip",
        "--statedb",
        "w.state",
    ];
    house.ok(&arguments);
    let worker = Background(pid(&house));
    until("it is ready", || log(&house).contains("reader@lab ready."));
    assert!(log(&house).contains(".> concurrency: 2 (prefork)"), "{}", log(&house));

    // A second one is refused as Celery refuses it.
    let refused =
        house.fails(73, &arguments[..1].iter().chain(&arguments[2..4]).copied().collect::<Vec<_>>());
    assert!(refused.contains("Pidfile (w.pid) already exists. Seems we're already running?"), "{refused}");

    let read = house.ok(&["read", "sample", "--json"]);
    assert!(read.contains("\"completed\""), "{read}");
    let log_of_worker = log(&house);
    assert!(log_of_worker.contains("INFO/MainProcess] Task tasks.run_analysis_task["), "{log_of_worker}");
    let stats = house.ok(&["inspect", "stats", "--json", "--timeout", "5"]);
    let stats: serde_json::Value = serde_json::from_str(&stats).unwrap();
    let pool = &stats["reader@lab"]["pool"];
    assert_eq!(pool["max-tasks-per-child"], 100, "{stats}");
    assert!(pool["processes"].as_array().unwrap().iter().all(|pid| *pid != worker.0.as_raw()), "{stats}");

    worker.signal(Signal::SIGHUP);
    until("it has started again", || log(&house).matches("reader@lab ready.").count() == 2);
    assert_eq!(pid(&house), worker.0, "it keeps its process id");
    worker.signal(Signal::SIGTERM);
    until("it has ended", || !house.dir.path().join("w.pid").exists());
    assert!(log(&house).contains("worker: Warm shutdown (MainProcess)"), "{}", log(&house));
}

#[test]
fn on_redis_too_a_read_leaves_the_work_to_a_worker_of_its_data_folder() {
    let redis = RedisServer::start_with(RedisOptions::default());
    let house = House::new().with("CELERY_BROKER_URL", &redis.url(0));
    house.write("sample/app.py", "def run():\n    return 1\n");
    let told = |arguments: &[&str]| {
        let output = house.run(arguments);
        let told = common::text(&output.stderr);
        assert!(output.status.success(), "{told}");
        told
    };
    let by_a_worker = "A worker that runs on this data folder does the work.";
    assert!(!told(&["read", "sample", "--name", "alone"]).contains(by_a_worker));
    let detached = ["worker", "--detach", "--pidfile", "w.pid", "--logfile", "w.log", "--loglevel", "info"];
    house.ok(&detached);
    let worker = Background(pid(&house));
    until("it is ready", || log(&house).contains(" ready."));
    assert!(told(&["read", "sample", "--name", "watched"]).contains(by_a_worker));
    assert!(log(&house).contains("Task tasks.run_analysis_task["), "{}", log(&house));
    // A worker of another queue does nothing for this one.
    let other =
        house.command(&["read", "sample", "--name", "other"]).env("CELERY_BROKER_URL", redis.url(1)).output();
    assert!(!common::text(&other.unwrap().stderr).contains(by_a_worker));
    worker.signal(Signal::SIGTERM);
    until("it has ended", || !house.dir.path().join("w.pid").exists());
}

#[test]
fn a_worker_that_cannot_start_says_why() {
    let house = House::new();
    let error = house.fails(1, &["worker", "--uid", "nobody-of-this-name"]);
    assert!(error.contains("cannot run as user nobody-of-this-name: there is no such user"), "{error}");
    let error = house.fails(2, &["worker", "--pool", "solo", "--autoscale", "3,1"]);
    assert!(error.contains("--pool solo runs one task at a time"), "{error}");
    let error = house.fails(2, &["worker", "--time-limit", "5", "--soft-time-limit", "9"]);
    assert!(error.contains("CELERY_TASK_SOFT_TIME_LIMIT"), "{error}");
    house.write("w.state", "not a state");
    let error = house.fails(1, &["worker", "--statedb", "w.state"]);
    assert!(error.contains("w.state") && error.contains("remove it"), "{error}");
}

#[test]
fn a_worker_whose_log_nobody_takes_any_more_goes_on() {
    let house = House::new();
    let mut worker =
        house.command(&["worker", "--loglevel", "debug"]).stderr(Stdio::piped()).spawn().unwrap();
    let background = Background(Pid::from_raw(worker.id().try_into().unwrap()));
    // As `| head` does: it reads a little and closes the pipe.
    worker.stderr.take().unwrap().read_exact(&mut [0; 10]).unwrap();
    let answers = || house.run(&["status", "--timeout", "0.3"]).status.success();
    until("the worker answers", answers);
    house.write("sample/app.py", "def run():\n    return 1\n");
    house.ok(&["read", "sample"]);
    assert!(answers());
    background.signal(Signal::SIGTERM);
    assert!(worker.wait().unwrap().success());
    std::mem::forget(background);
}
