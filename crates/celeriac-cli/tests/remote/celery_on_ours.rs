//! The program `celery`, of both versions, on our worker.

use test_servers::Celery;

use crate::support::{Add, Bench, Ours, Sleep, until};

/// Command lines, and what their output holds.
const INSPECT: [(&[&str], &str); 18] = [
    (&["inspect", "ping"], "->  w1@lab: OK\n        pong"),
    (&["inspect", "active"], "'name': 'tasks.sleep', 'args': [], 'kwargs': {'seconds': 1.0}"),
    (&["inspect", "active_queues"], "'name': 'celery', 'exchange': {'name': 'celery', 'type': 'direct'"),
    (&["inspect", "clock"], "\"clock\": "),
    (&["inspect", "conf"], "\"broker_url\": \"redis://127.0.0.1"),
    (&["inspect", "conf", "yes"], "\"worker_enable_remote_control\": true"),
    (&["inspect", "memdump"], "- rss (end): "),
    (&["inspect", "memdump", "3"], "- rss (end): "),
    (&["inspect", "memsample"], "MB"),
    (&["inspect", "objgraph"], "->  w1@lab: ERROR\n        ImportError('Requires the objgraph library')"),
    (&["inspect", "query_task", "running", "nowhere"], "\"running\": [\n            \"active\","),
    (&["inspect", "registered"], "* tasks.limited [rate_limit=30/m]"),
    (&["inspect", "registered", "acks_late"], "* tasks.add [acks_late=True]"),
    (&["inspect", "report"], "software -> celeriac:"),
    (&["inspect", "reserved"], "- empty -"),
    (&["inspect", "revoked"], "- empty -"),
    (&["inspect", "scheduled"], "'priority': 6, 'request': {'id': 'later'"),
    (&["inspect", "stats"], "\"tasks.sleep\": 1\n"),
];

const CONTROL: [(&[&str], &str); 22] = [
    (&["control", "add_consumer", "extra"], "add consumer extra"),
    (&["control", "cancel_consumer", "extra"], "no longer consuming from extra"),
    (&["control", "autoscale", "4", "2"], "ERROR\n        ValueError('Autoscale not enabled')"),
    (&["control", "enable_events"], "task events enabled"),
    (&["control", "enable_events"], "task events already enabled"),
    (&["control", "disable_events"], "task events disabled"),
    (
        &["control", "election"],
        "ERROR\n        TypeError(\"election() missing 2 required positional arguments",
    ),
    (&["control", "heartbeat"], "->  w1@lab: OK\n    None"),
    (&["control", "pool_grow", "2"], "pool will grow"),
    (&["control", "pool_shrink", "2"], "pool will shrink"),
    (&["control", "pool_restart"], "ERROR\n        ValueError('Pool restarts not enabled')"),
    (&["control", "rate_limit", "tasks.add", "10/m"], "new rate limit set successfully"),
    (&["control", "rate_limit", "tasks.add", "xx"], "ERROR\n        Invalid rate limit string: ValueError("),
    (&["control", "rate_limit", "tasks.zzz", "1/s"], "ERROR\n        unknown task"),
    (&["control", "rate_limit", "tasks.add"], "ERROR\n        TypeError(\"rate_limit() missing 1 required"),
    (&["control", "time_limit", "tasks.add", "10", "20"], "time limits set successfully"),
    (&["control", "time_limit", "tasks.zzz", "10"], "ERROR\n        unknown task"),
    (&["control", "revoke", "x1"], "tasks {'x1'} flagged as revoked"),
    (
        &["control", "revoke_by_stamped_headers", "job=7"],
        "headers {'job': '7'} flagged as revoked, but not terminated",
    ),
    (&["control", "terminate", "SIGKILL", "nowhere"], "terminate: tasks unknown"),
    (&["control", "terminate", "SIGKILL", "running"], "terminate: running"),
    (&["status"], "->  w1@lab: OK\n\n1 node online."),
];

fn every_method(celery: Celery) {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    bench.runtime.block_on(async {
        ours.app.send(Sleep { seconds: 1.0 }).task_id("running").await.unwrap();
        let later = std::time::Duration::from_secs(3_600);
        ours.app.send(Add { x: 1, y: 2 }).task_id("later").countdown(later).await.unwrap();
    });
    until("it runs", || ours.app.state().asleep() == 1);
    until("the other waits for its time", || {
        let scheduled =
            bench.runtime.block_on(ours.app.inspect().destination(["w1@lab"]).scheduled()).unwrap();
        scheduled.values().any(|tasks| tasks.as_array().is_some_and(|tasks| tasks.len() == 1))
    });

    let cases: Vec<_> = INSPECT.iter().chain(&CONTROL).collect();
    let lines: Vec<Vec<&str>> = cases
        .iter()
        .map(|(line, _)| [line, &["--timeout", "20", "--destination", "w1@lab"][..]].concat())
        .collect();
    for ((line, expected), run) in cases.iter().zip(bench.celery_many(celery, &lines)) {
        assert!(run.code == 0 && run.out.contains(expected), "{line:?} gave {run:#?}, expected {expected:?}");
    }
    ours.stop(&bench);
}

#[test]
fn every_method_of_celery_5_6_is_answered() {
    every_method(Celery::V56);
}

#[test]
fn every_method_of_celery_5_7_is_answered() {
    every_method(Celery::V57);
}

#[test]
fn the_exit_codes_are_those_of_celery() {
    let bench = Bench::new();
    let lines = [
        vec!["inspect", "ping", "-t", "0.2"],
        vec!["control", "heartbeat", "-t", "0.2"],
        vec!["status", "-t", "0.2"],
    ];
    let theirs = bench.celery_many(Celery::V56, &lines);
    for (line, theirs) in lines.iter().zip(theirs) {
        let ours = bench.celeriac(line);
        assert_eq!((ours.code, ours.err.as_str()), (69, "Error: No nodes replied within time constraint\n"));
        assert_eq!((theirs.code, theirs.out.as_str()), (69, ours.err.as_str()));
    }
}

#[test]
fn a_shutdown_by_celery_ends_our_worker() {
    let bench = Bench::new();
    let mut ours = Ours::start(&bench);
    let run = bench.celery(Celery::V57, &["control", "shutdown", "-d", "w1@lab", "-t", "1"]);
    assert_eq!(run.code, 69, "{run:?}");
    ours.ended(&bench);
}

fn other_commands(celery: Celery) {
    let bench = Bench::new();
    let ours = Ours::start(&bench);
    let sent = bench.celery(celery, &["call", "tasks.add", "--args", "[2, 3]"]);
    let id = sent.out.trim();
    let lines = [
        vec!["result", id],
        vec!["result", "--traceback", id],
        vec!["call", "tasks.fail", "--kwargs", "{\"message\": \"no good\"}"],
        vec!["call", "tasks.add", "--args", "[1, 1]", "--queue", "aside", "--countdown", "0.1"],
        vec!["list", "bindings"],
        vec!["graph", "workers"],
        vec!["report"],
        vec!["purge", "-f", "-Q", "aside"],
        vec!["purge", "-f", "-Q", "aside"],
    ];
    let runs = bench.celery_many(celery, &lines);
    assert!(runs.iter().all(|run| run.code == 0), "{runs:#?}");
    assert_eq!((runs[0].out.as_str(), runs[1].out.as_str()), ("5\n", "\n"));
    let failed = bench.celery_many(celery, &[vec!["result", runs[2].out.trim()]]);
    assert!(failed[0].code == 1 && failed[0].out.contains("ValueError: no good"), "{failed:?}");
    assert!(runs[4].out.contains(&format!("{:<28} {:<28} celery", "celery", "celery")), "{}", runs[4].out);
    assert!(runs[5].out.contains("w1@lab") && runs[5].out.contains("label=\"1\""), "{}", runs[5].out);
    assert_eq!(runs[7].out, "Purged 1 message from 1 known task queue.\n");
    assert_eq!(runs[8].out, "No messages purged from 1 queue.\n");
    ours.stop(&bench);
}

#[test]
fn other_commands_of_celery_5_6_work() {
    other_commands(Celery::V56);
}

#[test]
fn other_commands_of_celery_5_7_work() {
    other_commands(Celery::V57);
}
