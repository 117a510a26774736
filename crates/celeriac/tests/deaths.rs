//! A message that kills its worker ends in the dead letters; its neighbours do not.
#![allow(clippy::unwrap_used)]

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use celeriac::broker::MAX_DEATHS;
use celeriac::{App, Context, Shutdown, Task, TaskResult};
use nix::sys::signal::{Signal, raise};
use serde::{Deserialize, Serialize};
use test_servers::{PATIENCE, Process, RedisOptions, RedisServer};

const BROKER_VARIABLE: &str = "CELERY_BROKER_URL";

/// So many run side by side, so that some begin in the same moment as the one that kills.
const CONCURRENCY: usize = 4;
const NEIGHBOURS: usize = 20;

/// Kills its worker at once, once others run beside it.
#[derive(Serialize, Deserialize)]
struct Poison {
    log: PathBuf,
}

impl Task for Poison {
    const NAME: &'static str = "tasks.poison";
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        note(&self.log);
        tokio::time::sleep(Duration::from_millis(100)).await;
        raise(Signal::SIGKILL).unwrap();
        Ok(())
    }
}

/// Ends after the poison has killed, if it begins with it.
#[derive(Serialize, Deserialize)]
struct Neighbour {
    number: usize,
}

impl Task for Neighbour {
    const NAME: &'static str = "tasks.neighbour";
    type Output = usize;

    async fn run(self, _cx: Context) -> TaskResult<usize> {
        tokio::time::sleep(Duration::from_millis(200)).await;
        Ok(self.number)
    }
}

fn note(path: &std::path::Path) {
    use std::io::Write;
    let mut file = std::fs::File::options().create(true).append(true).open(path).unwrap();
    file.write_all(b"begun\n").unwrap();
}

#[tokio::test]
#[ignore = "a part that other tests run in a process of its own"]
async fn part_worker() {
    let Ok(broker) = std::env::var(BROKER_VARIABLE) else { return };
    tracing_subscriber::fmt().with_ansi(false).init();
    let app = App::open(&broker).await.unwrap().register::<Poison>().register::<Neighbour>();
    let worker = app.worker().concurrency(CONCURRENCY).prefetch_multiplier(2 * NEIGHBOURS);
    let worker = worker.lease(Duration::from_secs(1)).recover_every(Duration::from_millis(300));
    worker.mingle(Duration::ZERO).run(Shutdown::new()).await.unwrap();
}

fn worker(broker: &str, log: PathBuf) -> Process {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "part_worker", "--ignored", "--nocapture"]).env(BROKER_VARIABLE, broker);
    Process::spawn(command, log)
}

/// Has a supervisor that starts the worker again at once, until the neighbours have run and so many poisons are dead.
async fn only_poisons_die(broker: &str, poisons: usize) {
    let folder = tempfile::tempdir().unwrap();
    let log = |name: &str| folder.path().join(name);
    let app = App::open(broker).await.unwrap();
    let poison = Poison { log: log("poison") };
    for _ in 0..poisons {
        app.send(Poison { log: poison.log.clone() }).await.unwrap();
    }
    let mut sent = Vec::new();
    for number in 0..NEIGHBOURS {
        sent.push(app.send(Neighbour { number }).await.unwrap());
    }

    let mut running = worker(broker, log("worker.log"));
    let start = Instant::now();
    loop {
        if running.ended().is_some() {
            running = worker(broker, log("worker.log"));
        }
        let queues = app.broker().queues().await.unwrap();
        if queues.iter().all(|queue| queue.ready + queue.claimed + queue.delayed == 0) {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "{queues:?}\n{}", running.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }

    for (number, result) in sent.iter().enumerate() {
        assert_eq!(result.get_timeout(PATIENCE).await.unwrap(), number, "{}", running.log());
    }
    let letters = app.broker().dead_letters(100).await.unwrap();
    let dead: Vec<_> =
        letters.iter().map(|letter| letter.message.as_ref().unwrap().headers.task.as_str()).collect();
    assert_eq!(dead, vec!["tasks.poison"; poisons], "{}", running.log());
    assert!(letters.iter().all(|letter| letter.deaths == MAX_DEATHS), "{letters:?}");
    let begun = std::fs::read_to_string(&poison.log).unwrap().lines().count();
    assert!(begun >= MAX_DEATHS as usize * poisons, "{begun} began");
    assert!(running.ended().is_none());
}

#[tokio::test]
async fn a_poison_takes_no_neighbour_with_it_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    only_poisons_die(&format!("sqlite://{}", folder.path().join("q.db").display()), 1).await;
}

#[tokio::test]
async fn two_poisons_take_no_neighbour_with_them_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    only_poisons_die(&format!("sqlite://{}", folder.path().join("q.db").display()), 2).await;
}

#[tokio::test]
async fn a_poison_takes_no_neighbour_with_it_on_redis() {
    let redis = RedisServer::start_with(RedisOptions::default());
    only_poisons_die(&format!("redis://127.0.0.1:{}/0", redis.port()), 1).await;
}
