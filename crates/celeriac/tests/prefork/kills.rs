//! Workers and children are killed at random under load, and every task's effect happens.

use std::collections::HashMap;

use nix::sys::signal::Signal;
use rand::RngExt;

use test_servers::Process;

use crate::support::{Bench, Effect, Options, children_of, until};

/// So many kills, unless this variable says how many.
const KILLS: usize = 16;
const VARIABLE: &str = "CELERIAC_TEST_KILLS";
/// So many tasks are sent for each kill.
const TASKS: usize = 10;

#[tokio::test]
async fn every_effect_happens_however_many_are_killed() {
    let kills = std::env::var(VARIABLE).ok().and_then(|kills| kills.parse().ok()).unwrap_or(KILLS);
    let bench = Bench::new().await;
    let options = [
        Options { is_prefork: true, name: "prefork@lab".into(), concurrency: 2, ..Options::default() },
        Options { name: "tokio@lab".into(), concurrency: 2, ..Options::default() },
    ];
    let mut workers: Vec<Process> = options.iter().map(|options| bench.process(options)).collect();
    let effects = || bench.lab.lines("effects");
    for kill in 0..kills {
        let before = effects().len();
        let tasks = (0..TASKS).map(|n| celeriac::Signature::of(&Effect { n: kill * TASKS + n }).unwrap());
        bench.app.send_batch(tasks).await.unwrap();
        until("some are done", async || effects().len() >= before + TASKS / 3).await;
        let victim = rand::rng().random_range(0..workers.len());
        let children = children_of(workers[victim].id());
        if children.is_empty() || rand::rng().random_bool(0.5) {
            workers[victim].kill_alone();
            workers[victim] = bench.process(&options[victim]);
        } else {
            let child = children[rand::rng().random_range(0..children.len())];
            // It may have ended in this very moment.
            let _ = nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), Signal::SIGKILL);
        }
    }
    until("all effects have happened", async || {
        // What three kills have met is kept where a person finds it, and put back.
        let letters = bench.app.broker().dead_letters(100).await.unwrap();
        let ids: Vec<_> = letters.into_iter().map(|letter| letter.id).collect();
        if !ids.is_empty() {
            bench.app.broker().revive(&ids).await.unwrap();
        }
        bench.counts().await == (0, 0) && ids.is_empty()
    })
    .await;

    let mut times: HashMap<usize, Vec<bool>> = HashMap::new();
    for line in effects() {
        let (n, redelivered) = line.split_once(' ').unwrap();
        times.entry(n.parse().unwrap()).or_default().push(redelivered == "true");
    }
    assert_eq!(times.len(), kills * TASKS, "effects are missing");
    for (n, redelivered) in times {
        assert!(redelivered[1..].iter().all(|redelivered| *redelivered), "{n} was repeated: {redelivered:?}");
    }
}
