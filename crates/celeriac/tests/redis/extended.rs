//! `result_extended`: what is stored beside a result is what Celery's own worker stores.

use serde_json::{Value, json};
use test_servers::{Celery, Process};

use crate::support::Bench;

/// What the script finds stored when this worker has run its tasks.
fn stored(celery: Celery, node: &str, start: impl Fn(&Bench) -> Process) -> Value {
    let mut bench = Bench::new();
    bench.result_extended = true;
    let mut worker = start(&bench);
    worker.until_printed("ready");
    let mut script = celery.python("result_extended.py");
    script.arg(node);
    let mut client = bench.python(script, "client");
    assert!(client.wait().success(), "{}\n{}", client.log(), worker.log());
    let log = client.log();
    let mut said: Value =
        log.lines().rev().find_map(|line| serde_json::from_str(line).ok()).unwrap_or_else(|| panic!("{log}"));
    for meta in said.as_object_mut().unwrap().values_mut() {
        if meta.get("worker").is_some_and(|worker| !worker.is_null()) {
            meta["worker"] = json!("NODE");
        }
    }
    said
}

fn same_as_celerys(celery: Celery) {
    let ours = stored(celery, "w1@lab", |bench| bench.worker("w1@lab"));
    let theirs = stored(celery, "py@lab", |bench| {
        let mut command = celery.celery();
        command.args([
            "-A",
            "redis_tasks",
            "worker",
            "-c",
            "2",
            "-l",
            "info",
            "-n",
            "py@lab",
            "--without-gossip",
        ]);
        bench.python(command, "python")
    });
    // Celery stores nulls of a task that nobody knows; what is missing is worth telling.
    assert_eq!(ours["unknown"]["name"], "tasks.unknown");
    assert_eq!(ours["unknown"]["result"], theirs["unknown"]["result"]);
    for (name, meta) in theirs.as_object().unwrap().iter().filter(|(name, _)| *name != "unknown") {
        assert_eq!(ours[name], *meta, "{name}");
    }
    assert_eq!(ours["stamped"]["who"], "me", "the test sees stamps: {ours}");
}

#[test]
fn our_worker_stores_what_celery_5_6_does() {
    same_as_celerys(Celery::V56);
}

#[test]
fn our_worker_stores_what_celery_5_7_does() {
    same_as_celerys(Celery::V57);
}
