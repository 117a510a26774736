//! Signals to a worker in a process of its own, in both pools.

use std::time::Duration;

use celeriac::{PoolKind, TaskState};
use nix::sys::signal::Signal;
use serde_json::json;

use test_servers::Process;

use crate::support::{Add, Bench, Block, Early, Hold, Options, PATIENCE, is_alive, until};

const POOLS: [PoolKind; 2] = [PoolKind::Tokio, PoolKind::Prefork];

fn options(pool: PoolKind) -> Options {
    Options { is_prefork: pool == PoolKind::Prefork, ..Options::default() }
}

/// A worker that runs one task, which waits, and holds another.
async fn busy(bench: &Bench, options: &Options) -> Process {
    let worker = bench.process(options);
    bench.app.send(Hold { name: "held".into() }).await.unwrap();
    until("it runs", async || bench.lab.read("held").is_some()).await;
    bench.app.send(Hold { name: "waits".into() }).await.unwrap();
    worker
}

#[tokio::test]
async fn term_ends_what_runs_and_returns_what_waits() {
    for pool in POOLS {
        let bench = Bench::new().await;
        let mut worker = busy(&bench, &options(pool)).await;
        until("one waits in the worker", async || bench.counts().await == (0, 2)).await;
        worker.signal(Signal::SIGTERM);
        until("what waited is back", async || bench.counts().await == (1, 1)).await;
        bench.lab.write("open", "yes");
        assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
        assert_eq!(bench.counts().await, (1, 0));
        assert!(worker.log().contains("worker: Warm shutdown (MainProcess)"), "{}", worker.log());
    }
}

#[tokio::test]
async fn quit_and_a_second_term_return_everything() {
    for pool in POOLS {
        for signals in
            [&[Signal::SIGQUIT][..], &[Signal::SIGTERM, Signal::SIGTERM], &[Signal::SIGINT, Signal::SIGINT]]
        {
            let bench = Bench::new().await;
            let mut worker = busy(&bench, &options(pool)).await;
            until("one waits in the worker", async || bench.counts().await == (0, 2)).await;
            for (index, signal) in signals.iter().enumerate() {
                if index > 0 {
                    worker.until_printed("Warm shutdown");
                }
                worker.signal(*signal);
            }
            assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
            assert_eq!(bench.counts().await, (2, 0), "{signals:?} {}", worker.log());
            assert!(worker.log().contains("worker: Cold shutdown (MainProcess)"), "{}", worker.log());
        }
    }
}

#[tokio::test]
async fn a_soft_shutdown_lets_tasks_end_and_returns_what_waits() {
    for pool in POOLS {
        let bench = Bench::new().await;
        let mut worker = busy(&bench, &Options { soft_shutdown: PATIENCE * 10, ..options(pool) }).await;
        until("one waits in the worker", async || bench.counts().await == (0, 2)).await;
        worker.signal(Signal::SIGQUIT);
        worker.until_printed("Initiating Soft Shutdown, terminating in 400.0 seconds");
        until("what waited is back", async || bench.counts().await == (1, 1)).await;
        bench.lab.write("open", "yes");
        assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
        assert_eq!(bench.counts().await, (1, 0), "the task that ran has ended: {}", worker.log());
        assert!(worker.log().contains("worker: Cold shutdown (MainProcess)"), "{}", worker.log());
        assert!(!worker.log().contains("Warm shutdown"), "{}", worker.log());
    }
}

#[tokio::test]
async fn a_soft_shutdown_becomes_cold_in_time_or_with_the_next_signal() {
    for pool in POOLS {
        for (timeout, signals) in [
            (Duration::from_millis(300), &[Signal::SIGQUIT][..]),
            (Duration::from_millis(300), &[Signal::SIGTERM, Signal::SIGTERM]),
            (PATIENCE * 10, &[Signal::SIGQUIT, Signal::SIGQUIT]),
            (PATIENCE * 10, &[Signal::SIGTERM, Signal::SIGQUIT, Signal::SIGINT]),
        ] {
            let bench = Bench::new().await;
            let mut worker = busy(&bench, &Options { soft_shutdown: timeout, ..options(pool) }).await;
            let mut warm = false;
            for signal in signals {
                worker.signal(*signal);
                if warm || *signal == Signal::SIGQUIT {
                    worker.until_printed("Initiating Soft Shutdown");
                } else {
                    worker.until_printed("Warm shutdown");
                    warm = true;
                }
            }
            assert_eq!(worker.wait().code(), Some(0), "{signals:?} {}", worker.log());
            assert_eq!(bench.counts().await, (2, 0), "{signals:?} {}", worker.log());
            assert!(worker.log().contains("worker: Cold shutdown (MainProcess)"), "{}", worker.log());
        }
    }
}

#[tokio::test]
async fn an_idle_worker_waits_only_when_it_is_told_to() {
    let bench = Bench::new().await;
    let soft = Options { soft_shutdown: PATIENCE * 10, ..Options::default() };
    let mut worker = bench.process(&soft);
    worker.until_printed("ready.");
    worker.signal(Signal::SIGQUIT);
    assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
    assert!(!worker.log().contains("Initiating Soft Shutdown"), "{}", worker.log());

    let bench = Bench::new().await;
    let soft_shutdown = Duration::from_millis(700);
    let mut worker = bench.process(&Options { soft_shutdown, soft_on_idle: true, ..soft });
    worker.until_printed("ready.");
    let start = std::time::Instant::now();
    worker.signal(Signal::SIGQUIT);
    assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
    assert!(start.elapsed() >= soft_shutdown, "it waited for {:?}", start.elapsed());
    assert!(
        worker.log().contains("Initiating Soft Shutdown, terminating in 0.7 seconds"),
        "{}",
        worker.log()
    );
}

#[tokio::test]
async fn a_cold_shutdown_tells_of_what_it_gives_up() {
    for pool in POOLS {
        let bench = Bench::new().await;
        let mut events = bench.app.events().await.unwrap();
        let mut worker = bench.process(&Options { events: true, ..options(pool) });
        let early = bench.app.send(Early).await.unwrap();
        until("it runs", async || bench.lab.read("early").is_some()).await;
        worker.signal(Signal::SIGQUIT);
        assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
        // What Celery writes, word for word.
        let meta = early.meta().await.unwrap().unwrap();
        assert_eq!(meta.status, TaskState::Retry);
        assert_eq!(
            meta.result,
            json!({"exc_type": "Retry", "exc_message": ["Retry(Retry(...), None, None)", null, null],
                "exc_module": "celery.exceptions"})
        );
        loop {
            let event = tokio::time::timeout(PATIENCE, events.recv()).await.unwrap().unwrap();
            if event.kind == "task-cancelled" {
                assert_eq!(event.uuid.as_ref(), Some(early.id()));
                break;
            }
        }
        assert_eq!(bench.counts().await, (0, 0));
    }
}

#[tokio::test]
async fn term_is_cold_when_it_is_remapped() {
    let bench = Bench::new().await;
    let mut worker = bench.process(&Options { remap: true, ..options(PoolKind::Tokio) });
    bench.app.send(Hold { name: "held".into() }).await.unwrap();
    until("it runs", async || bench.lab.read("held").is_some()).await;
    worker.signal(Signal::SIGTERM);
    assert_eq!(worker.wait().code(), Some(0));
    assert!(worker.log().contains("Cold shutdown"), "{}", worker.log());
}

#[tokio::test]
async fn hup_starts_the_program_again_in_its_place() {
    for pool in POOLS {
        let bench = Bench::new().await;
        let mut worker = bench.process(&options(pool));
        assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
        worker.signal(Signal::SIGHUP);
        worker.until_printed("Restarting celery worker");
        until("it has started twice", async || worker.log().matches("w1@lab ready").count() == 2).await;
        let stats = bench.ask("stats").await;
        assert_eq!(stats["pid"], worker.id(), "it keeps its process id");
        assert_eq!(bench.app.send(Add { x: 2, y: 2 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 4);
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
    }
}

#[tokio::test]
async fn usr1_writes_what_runs_to_the_log() {
    for pool in POOLS {
        let bench = Bench::new().await;
        let mut worker = busy(&bench, &options(pool)).await;
        let pid = bench.lab.read("held").unwrap().trim().to_owned();
        worker.signal(Signal::SIGUSR1);
        worker.until_printed("worker: tasks.hold[");
        let log = worker.log();
        let line = log.lines().find(|line| line.contains("worker: tasks.hold[")).unwrap();
        assert!(line.contains(" runs for ") && line.contains(&format!("in process {pid}")), "{line}");
        assert!(log.contains("worker: w1@lab is up for") && log.contains("1 tasks run"), "{log}");
        bench.lab.write("open", "yes");
        worker.signal(Signal::SIGTERM);
        assert_eq!(worker.wait().code(), Some(0));
    }
}

#[tokio::test]
async fn signals_to_the_whole_group_do_not_kill_children() {
    let bench = Bench::new().await;
    let mut worker = bench.process(&options(PoolKind::Prefork));
    let held = bench.app.send(Hold { name: "held".into() }).await.unwrap();
    until("it runs", async || bench.lab.read("held").is_some()).await;
    let child: i32 = bench.lab.read("held").unwrap().trim().parse().unwrap();
    // As Ctrl-C in a terminal, and a careless `kill` of every process.
    worker.signal_group(Signal::SIGINT);
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        nix::sys::signal::kill(nix::unistd::Pid::from_raw(child), signal).unwrap();
    }
    worker.until_printed("Warm shutdown");
    bench.lab.write("open", "yes");
    assert_eq!(held.get_timeout(PATIENCE).await.unwrap(), "held");
    assert_eq!(worker.wait().code(), Some(0), "{}", worker.log());
}

#[tokio::test]
async fn children_end_with_a_parent_that_is_killed() {
    let bench = Bench::new().await;
    let mut worker = bench.process(&options(PoolKind::Prefork));
    bench.app.send(Block { stubborn: true }).await.unwrap();
    until("it runs", async || bench.lab.read("blocks").is_some()).await;
    let children = bench.processes().await;
    assert!(!children.is_empty());
    worker.kill_alone();
    until("all have ended", async || !children.iter().any(|pid| is_alive(*pid))).await;
}
