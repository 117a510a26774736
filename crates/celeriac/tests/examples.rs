//! Every example runs, and says what it is there to say.

#![allow(clippy::unwrap_used, reason = "these are tests")]

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};
use test_servers::{Celery, Process, RedisServer, example};

fn output_of(name: &str) -> String {
    let output = Command::new(example(name)).output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{name}: {stdout}{}", String::from_utf8_lossy(&output.stderr));
    stdout
}

#[test]
fn hello_adds() {
    assert!(output_of("hello").ends_with(" is 5\n"));
}

#[test]
fn retry_succeeds_in_the_end() {
    let output = output_of("retry");
    assert_eq!(output.matches("retry: Retry in").count(), 2, "{output}");
    assert!(output.contains("\nfetched example.org at try 3\n"), "{output}");
}

#[test]
fn chord_collects() {
    assert_eq!(output_of("chord"), "the squares up to 100 make 338350\n");
}

#[test]
fn progress_is_watched() {
    // A watcher that is slower than the task sees its last step, not each.
    assert!(output_of("progress").ends_with("step 5 of 5\n"));
}

#[test]
fn beat_ticks() {
    assert_eq!(output_of("beat"), "tick\ntick\ntick\n");
}

#[test]
fn prefork_survives_what_hangs_and_what_crashes() {
    let output = output_of("prefork");
    let lines: Vec<&str> = output.lines().collect();
    assert_eq!(lines[0], "1229 primes, counted in another process: true");
    assert!(lines[1].contains("TimeLimitExceeded"), "{output}");
    assert!(lines[2].contains("WorkerLostError") && lines[2].contains("signal 6 (SIGABRT)"), "{output}");
    assert_eq!(lines[3], "25 primes, all is well");
}

#[test]
fn rate_limit_holds_until_it_is_lifted() {
    assert_eq!(output_of("rate_limit"), "limited: true\n1 worker lifted the limit\n50 more are answered\n");
}

#[test]
fn a_web_server_answers_and_ends_with_its_worker() {
    let dir = tempfile::tempdir().unwrap();
    let mut server = Process::spawn(Command::new(example("web_server")), dir.path().join("server.log"));
    server.until_printed("/count/10");
    let log = server.log();
    let address = log.split("http://").nth(1).and_then(|rest| rest.split('/').next()).unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    write!(stream, "GET /count/10 HTTP/1.1\r\nHost: lab\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("\r\n\r\n55\n"), "{answer}");
    server.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(server.wait().success() && server.log().ends_with("all is done\n"), "{}", server.log());
}

/// A program told where broker and result backend are.
fn on(redis: &RedisServer, mut command: Command, log: PathBuf) -> Process {
    redis.tell(&mut command);
    Process::spawn(command, log)
}

#[test]
fn python_is_called() {
    let (redis, dir) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let mut celery = Celery::V57.worker("redis_tasks", "py@lab", 2);
    celery.args(["--without-gossip", "--without-mingle"]);
    let mut worker = on(&redis, celery, dir.path().join("worker.log"));
    worker.until_printed("ready.");
    let mut caller = on(&redis, Command::new(example("calling_python")), dir.path().join("caller.log"));
    assert!(caller.wait().success(), "{}", caller.log());
    let expected = "2 + 3 is 5\n20 + 30 is 50\n1 + 2 + 4 + 8 is 15\ndoubled: [Number(0), Number(2), Number(4), \
        Number(6), Number(8)]\nit raised ValueError with \"no good\"\n";
    assert_eq!(caller.log(), expected);
}

#[test]
fn python_calls() {
    let (redis, dir) = (RedisServer::start(), tempfile::tempdir().unwrap());
    let mut worker = on(&redis, Command::new(example("called_from_python")), dir.path().join("worker.log"));
    worker.until_printed("ready");
    for celery in Celery::ALL {
        let log = dir.path().join(format!("{celery:?}.log"));
        let mut caller = on(&redis, celery.python("called_from_python.py"), log);
        assert!(caller.wait().success(), "{}\n{}", caller.log(), worker.log());
        let said: Value = serde_json::from_str(caller.log().lines().next().unwrap()).unwrap();
        let wrong = "price() missing 1 required positional argument: 'article'";
        assert_eq!(said, json!({"tea": 7.5, "missing": "coffee", "wrong": wrong, "total": 7.5}));
    }
    worker.signal(nix::sys::signal::Signal::SIGTERM);
    assert!(worker.wait().success(), "{}", worker.log());
}
