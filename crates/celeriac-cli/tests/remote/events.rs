//! Events of our worker and of Python's, as both programs print them.

use std::process::Command;

use celeriac::{Event, TaskState};
use serde_json::Value;
use test_servers::{Celery, Process};

use crate::support::{Add, Bench, Fail, Ours, PATIENCE, Refuse, Sleep, until};

/// Lines without what differs between two readers and two moments.
fn comparable(line: &str) -> String {
    let mut out = String::new();
    for part in line.split(", ") {
        if !part.starts_with("local_received=") {
            out.push_str(part);
            out.push('\n');
        }
    }
    out
}

fn dumps(bench: &Bench, celery: Celery) -> (Process, Process) {
    let mut theirs = bench.told(celery.celery());
    theirs.args(["-A", "control_app", "events", "--dump"]);
    let theirs = Process::spawn(theirs, bench.dir.path().join("theirs.log"));
    let mut ours = bench.told(Command::new(env!("CARGO_BIN_EXE_celeriac")));
    ours.args(["events", "--dump"]);
    let ours = Process::spawn(ours, bench.dir.path().join("ours.log"));
    (theirs, ours)
}

/// Both programs have said all that the worker told of the tasks.
fn until_both_have_seen(theirs: &Process, ours: &Process) {
    until("both readers hear the worker", || {
        [theirs, ours].iter().all(|reader| reader.log().contains("heartbeat"))
    });
}

fn the_same_lines(theirs: &Process, ours: &Process) {
    until("both readers have seen the end of both tasks", || {
        [theirs, ours].iter().all(|reader| {
            let log = reader.log();
            log.contains("task succeeded") && log.contains("task failed")
        })
    });
    let tasks = |log: String| -> Vec<String> {
        log.lines().filter(|line| line.contains("] task ")).map(comparable).collect()
    };
    let (theirs, ours) = (tasks(theirs.log()), tasks(ours.log()));
    assert!(ours.len() >= 6 && ours == theirs, "ours: {ours:#?}\ntheirs: {theirs:#?}");
}

#[test]
fn our_events_read_the_same_in_both_programs() {
    let bench = Bench::new();
    let worker = Ours::start_with(&bench, |worker| worker.events(true));
    let (theirs, ours) = dumps(&bench, Celery::V56);
    until_both_have_seen(&theirs, &ours);
    bench.runtime.block_on(async {
        worker.app.send(Add { x: 2, y: 3 }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
        let failed = worker.app.send(Fail { message: "it's \"bad\"".into() }).await.unwrap();
        assert_eq!(failed.wait(PATIENCE).await.unwrap().status, TaskState::Failure);
    });
    the_same_lines(&theirs, &ours);
    worker.stop(&bench);
    until("both readers hear that it ends", || {
        [&theirs, &ours].iter().all(|reader| reader.log().contains("shutdown"))
    });
}

#[test]
fn events_of_python_read_the_same_in_both_programs() {
    let bench = Bench::new();
    let _worker = bench.python_worker(Celery::V57, "w1@lab", &["-E"]);
    let (theirs, ours) = dumps(&bench, Celery::V57);
    until_both_have_seen(&theirs, &ours);
    let app = bench.app();
    bench.runtime.block_on(async {
        app.send(Add { x: 2, y: 3 }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
        app.send(Fail { message: "no good".into() }).await.unwrap().wait(PATIENCE).await.unwrap();
    });
    the_same_lines(&theirs, &ours);
}

#[test]
fn events_are_printed_as_json() {
    let bench = Bench::new();
    let worker = Ours::start_with(&bench, |worker| worker.events(true));
    let mut command = bench.told(Command::new(env!("CARGO_BIN_EXE_celeriac")));
    command.args(["events", "--json"]);
    let reader = Process::spawn(command, bench.dir.path().join("json.log"));
    until("the reader hears the worker", || reader.log().contains("worker-heartbeat"));
    bench.runtime.block_on(async { worker.app.send(Add { x: 2, y: 3 }).task_id("good").await.unwrap() });
    until("the reader has seen the end", || reader.log().contains("task-succeeded"));
    let events: Vec<Event> =
        reader.log().lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect();
    let succeeded = events.iter().find(|event| event.kind == "task-succeeded").unwrap();
    assert_eq!(succeeded.fields["result"], Value::from("5"));
    worker.stop(&bench);
}

#[test]
fn rejected_and_cancelled_tasks_are_told_of() {
    let bench = Bench::new();
    let worker = Ours::start_with(&bench, |worker| worker.events(true));
    let (theirs, ours) = dumps(&bench, Celery::V57);
    until_both_have_seen(&theirs, &ours);
    bench.runtime.block_on(async {
        worker.app.send(Refuse).task_id("refused").await.unwrap();
        worker.app.send(Sleep { seconds: 1.0 }).task_id("cut-off").await.unwrap();
    });
    let both_hear = |what: &str, words: &[&str]| {
        until(what, || {
            [&theirs, &ours]
                .iter()
                .all(|reader| reader.log().lines().any(|line| words.iter().all(|word| line.contains(word))))
        });
    };
    both_hear("the one is rejected", &["task rejected: tasks.refuse(refused)", "requeue=False"]);
    both_hear("the other runs", &["task started: tasks.sleep(cut-off)"]);
    worker.stop_cold(&bench);
    both_hear("it is cancelled", &["task cancelled: tasks.sleep(cut-off)"]);
    both_hear("the worker has gone", &["w1@lab", "shutdown"]);
}

#[test]
fn what_our_client_sends_is_told_of() {
    let bench = Bench::new();
    let (theirs, ours) = dumps(&bench, Celery::V56);
    let url = bench.redis.url(0);
    let app = bench.runtime.block_on(celeriac::App::builder(&url).sent_events(true).open()).unwrap();
    until("both readers hear what is sent", || {
        let sent = celeriac::Signature::new("tasks.add").args([1, 2]).queue("aside").option("task_id", "one");
        bench.runtime.block_on(app.send_signature(sent)).unwrap();
        [&theirs, &ours]
            .iter()
            .all(|reader| reader.log().contains("task sent: tasks.add(one) args=(1, 2) kwargs={}"))
    });
    assert!(theirs.log().contains("queue=aside") && ours.log().contains("queue=aside"));
}

fn tell_each_other_what_is_revoked(celery: Celery) {
    let bench = Bench::new();
    let python = bench.python_worker(celery, "w2@lab", &[]);
    let app = bench.app();
    let revoke = |id: &str, node: &str| {
        let arguments = celeriac::JsonMap::from_iter([("task_id".to_owned(), Value::from(id))]);
        let control = app.control().timeout(PATIENCE).destination([node]);
        bench.runtime.block_on(control.call("revoke", arguments)).unwrap();
    };
    let revoked = |node: &str| {
        let inspect = app.inspect().timeout(PATIENCE).destination([node]);
        bench.runtime.block_on(inspect.revoked()).unwrap()[node].to_string()
    };
    revoke("theirs", "w2@lab");
    let ours = Ours::start_with(&bench, |worker| worker.mingle(std::time::Duration::from_secs(3)));
    assert!(revoked("w1@lab").contains("theirs"), "our worker has taken it over");
    drop(python);

    revoke("ours", "w1@lab");
    let again = bench.python_worker(celery, "w3@lab", &[]);
    assert!(revoked("w3@lab").contains("ours"), "{}", again.log());
    assert!(again.log().contains("sync with 1 nodes"), "{}", again.log());
    assert!(!again.log().contains("Traceback"), "{}", again.log());
    ours.stop(&bench);
}

#[test]
fn our_worker_and_that_of_celery_5_6_tell_each_other_what_is_revoked() {
    tell_each_other_what_is_revoked(Celery::V56);
}

#[test]
fn our_worker_and_that_of_celery_5_7_tell_each_other_what_is_revoked() {
    tell_each_other_what_is_revoked(Celery::V57);
}
