//! Kombu's tables of bindings: they look the same beside our worker as beside Python's.

use std::collections::BTreeMap;

use nix::sys::signal::Signal;
use test_servers::Celery;

use crate::support::{Bench, Ours, until};

/// The members of each table, the node's name left out.
type Tables = BTreeMap<String, Vec<String>>;

/// Waits until no client has its reply queue bound any more, and reads the tables.
fn tables(bench: &Bench, node: &str) -> Tables {
    let mut found = Tables::new();
    until("the clients have gone", || {
        found = read(bench, node);
        !found.contains_key("_kombu.binding.reply.celery.pidbox")
    });
    found
}

fn read(bench: &Bench, node: &str) -> Tables {
    let lines = |words: &[&str]| -> Vec<String> {
        let answer = bench.redis.command(words);
        let plain = answer.lines().filter(|line| !line.starts_with(['*', '$']));
        let mut lines: Vec<String> = plain.map(|line| line.replace(node, "NODE")).collect();
        lines.sort();
        lines
    };
    let members = |key: &String| match key.as_str() {
        "_kombu.binding_deadlines" => lines(&["ZRANGE", key, "0", "-1"]),
        key => lines(&["SMEMBERS", key]),
    };
    lines(&["KEYS", "_kombu.binding*"]).into_iter().map(|key| (key.clone(), members(&key))).collect()
}

/// What `celery list bindings` and ours show, which is to be the same.
fn shown(bench: &Bench, celery: Celery) -> String {
    let theirs = bench.celery(celery, &["list", "bindings"]);
    let ours = bench.celeriac(&["list", "bindings"]);
    assert_eq!((theirs.code, ours.code), (0, 0), "{theirs:?} {ours:?}");
    assert_eq!(ours.out, theirs.out);
    ours.out
}

fn same_as_pythons(celery: Celery) {
    let theirs = {
        let bench = Bench::new();
        let mut worker = bench.python_worker(celery, "py@lab", &["--without-gossip"]);
        let alive = (tables(&bench, "py@lab"), shown(&bench, celery));
        worker.signal(Signal::SIGTERM);
        worker.wait();
        (alive, tables(&bench, "py@lab"))
    };
    let ours = {
        let bench = Bench::new();
        let worker = Ours::start(&bench);
        let alive = (tables(&bench, "w1@lab"), shown(&bench, celery));
        worker.stop(&bench);
        (alive, tables(&bench, "w1@lab"))
    };
    let pidbox = &ours.0.0["_kombu.binding.celery.pidbox"];
    assert_eq!(*pidbox, ["\u{6}\u{16}\u{6}\u{16}NODE.celery.pidbox"]);
    assert!(!ours.1.contains_key("_kombu.binding.celery.pidbox"), "a worker that ends leaves none behind");
    assert_eq!(ours.0.1, theirs.0.1, "list bindings");
    for (mut ours, mut theirs) in [(ours.0.0, theirs.0.0), (ours.1, theirs.1)] {
        // They are there when kombu 5.7 or we have bound a queue that does not last, be it a client's.
        let deadlines = |tables: &mut Tables| tables.remove("_kombu.binding_deadlines").unwrap_or_default();
        assert_eq!(deadlines(&mut ours), ["celery.pidbox", "reply.celery.pidbox"]);
        let known = deadlines(&mut theirs);
        if celery == Celery::V56 {
            ours.remove("_kombu.binding_permanent.celery");
        } else {
            assert_eq!(known, ["celery.pidbox", "reply.celery.pidbox"]);
        }
        assert_eq!(ours, theirs);
    }
}

#[test]
fn bindings_look_as_beside_a_worker_of_celery_5_6() {
    same_as_pythons(Celery::V56);
}

#[test]
fn bindings_look_as_beside_a_worker_of_celery_5_7() {
    same_as_pythons(Celery::V57);
}
