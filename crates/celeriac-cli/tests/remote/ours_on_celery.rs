//! Our command line on Python's worker: it prints what the program `celery` prints.

use test_servers::Celery;

use crate::support::{Bench, Run};

/// Command lines whose output is the same from one moment to the next.
const LINES: [&[&str]; 35] = [
    &["status"],
    &["inspect", "ping"],
    &["inspect", "ping", "--json"],
    &["inspect", "active"],
    &["inspect", "active", "--json"],
    &["inspect", "active_queues"],
    &["inspect", "active_queues", "--json"],
    &["inspect", "conf"],
    &["inspect", "conf", "--json"],
    &["inspect", "memdump"],
    &["inspect", "memsample"],
    &["inspect", "objgraph"],
    &["inspect", "query_task", "nowhere"],
    &["inspect", "registered"],
    &["inspect", "registered", "rate_limit", "acks_late"],
    &["inspect", "report"],
    &["inspect", "reserved"],
    &["inspect", "revoked"],
    &["inspect", "scheduled"],
    &["control", "add_consumer", "extra"],
    &["control", "cancel_consumer", "extra"],
    &["control", "autoscale", "4", "2"],
    &["control", "disable_events"],
    &["control", "enable_events"],
    &["control", "enable_events", "--json"],
    &["control", "heartbeat"],
    &["control", "pool_restart"],
    &["control", "rate_limit", "tasks.add", "10/m"],
    &["control", "rate_limit", "tasks.add", "xx"],
    &["control", "rate_limit", "tasks.zzz", "1/s"],
    &["control", "time_limit", "tasks.add", "10", "20"],
    &["control", "revoke", "x1"],
    &["control", "revoke_by_stamped_headers", "job=7"],
    &["control", "terminate", "SIGKILL", "nowhere"],
    &["inspect", "revoked"],
];

fn same_output(celery: Celery) {
    let bench = Bench::new();
    let worker = bench.python_worker(celery, "w1@lab", &[]);
    let lines: Vec<Vec<&str>> = LINES
        .iter()
        .map(|line| [line, &["--timeout", "20", "--destination", "w1@lab"][..]].concat())
        .collect();
    let theirs = || answered(|| bench.celery_many(celery, &lines), |runs| runs.iter().any(is_unanswered));
    let first = theirs();
    // What the first round changed, the second one finds.
    let again = theirs();
    for ((line, theirs), again) in lines.iter().zip(first).zip(again) {
        let ours = answered(|| bench.celeriac(line), is_unanswered);
        assert_eq!(ours.code, theirs.code, "{line:?}: {ours:?}");
        let is_same = [&theirs, &again].iter().any(|run| sorted(&run.out) == sorted(&ours.out));
        assert!(is_same, "{line:?} gave\n{}\nCelery prints\n{}{}", ours.out, theirs.out, worker.log());
    }
}

/// Tries once more when an answer did not come in time, on a machine that stood still meanwhile.
fn answered<T>(run: impl Fn() -> T, is_unanswered: impl Fn(&T) -> bool) -> T {
    let ran = run();
    if is_unanswered(&ran) { run() } else { ran }
}

fn is_unanswered(run: &Run) -> bool {
    run.code == 69
}

/// Sets of Python have no order, and neither have the modules that a worker has loaded.
fn sorted(out: &str) -> String {
    if !out.contains("celery.app.builtins") {
        return out.to_owned();
    }
    let mut letters: Vec<char> = out.chars().collect();
    letters.sort_unstable();
    letters.into_iter().collect()
}

#[test]
fn we_print_what_celery_5_6_prints() {
    same_output(Celery::V56);
}

#[test]
fn we_print_what_celery_5_7_prints() {
    same_output(Celery::V57);
}

#[test]
fn answers_that_differ_each_time_have_the_same_form() {
    let bench = Bench::new();
    let _worker = bench.python_worker(Celery::V57, "w1@lab", &[]);
    let keys = |run: &Run| -> Vec<String> {
        let keys = run.out.lines().filter_map(|line| line.split_once("\": ").map(|(key, _)| key.to_owned()));
        keys.collect()
    };
    for line in [["inspect", "stats", "-d", "w1@lab"], ["inspect", "clock", "-d", "w1@lab"]] {
        let (ours, theirs) = (bench.celeriac(&line), bench.celery(Celery::V57, &line));
        assert!(!keys(&ours).is_empty() && keys(&ours) == keys(&theirs), "{ours:?} {theirs:?}");
    }
    let all = bench.celeriac(&["inspect", "conf", "yes", "-d", "w1@lab"]);
    assert!(all.code == 0 && all.out.contains("\"result_backend_max_retries\": Infinity"), "{all:?}");
}
