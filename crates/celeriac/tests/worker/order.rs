//! Tasks begin in the order in which they were sent, on a runtime of several threads too.

use std::time::Duration;

use celeriac::{App, Context, Task, TaskResult};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use test_servers::RedisServer;

use crate::support::{Lab, Running, until};

const MANY: u64 = 40;

/// Writes down when it begins, and takes a moment.
#[derive(Serialize, Deserialize)]
struct Step {
    number: u64,
}

impl Task<Lab> for Step {
    const NAME: &'static str = "tasks.step";
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().note(self.number.to_string());
        tokio::time::sleep(Duration::from_millis(2)).await;
        Ok(())
    }
}

/// The same, with a rate.
#[derive(Serialize, Deserialize)]
struct Paced {
    number: u64,
}

impl Task<Lab> for Paced {
    const NAME: &'static str = "tasks.paced";
    const RATE_LIMIT: Option<&'static str> = Some("200/s");
    type Output = ();

    async fn run(self, cx: Context<Lab>) -> TaskResult<()> {
        cx.state().note(self.number.to_string());
        Ok(())
    }
}

/// A worker with one place that begins what was sent before it, and what is sent while it runs.
async fn in_order(url: &str) {
    let app = App::builder(url).state(Lab::default()).open().await.unwrap();
    let app = app.register::<Step>().register::<Paced>();
    for number in 0..MANY {
        app.send(Step { number }).await.unwrap();
    }
    let worker = Running::start(app.worker().mingle(Duration::ZERO).concurrency(1));
    ran(&app, &Vec::from_iter(0..MANY)).await;
    for number in 0..MANY {
        app.send(Step { number }).await.unwrap();
    }
    ran(&app, &Vec::from_iter(0..MANY)).await;
    for number in 0..MANY {
        app.send(Paced { number }).await.unwrap();
    }
    ran(&app, &Vec::from_iter(0..MANY)).await;
    worker.stop().await;
}

/// A worker with one place that begins the urgent ones first.
async fn by_priority(url: &str) {
    let app = App::builder(url).state(Lab::default()).open().await.unwrap().register::<Step>();
    // Kombu's steps on Redis.
    let priority = |number: u64| [0, 3, 6, 9][(number * 7 % 4) as usize];
    for number in 0..MANY {
        app.send(Step { number }).priority(priority(number)).await.unwrap();
    }
    let worker = Running::start(app.worker().mingle(Duration::ZERO).concurrency(1));
    let mut expected = Vec::from_iter(0..MANY);
    expected.sort_by_key(|number| priority(*number));
    ran(&app, &expected).await;
    worker.stop().await;
}

async fn ran(app: &App<Lab>, expected: &[u64]) {
    let log = &app.state().log;
    until("all have run", async || log.lock().len() == expected.len()).await;
    let ran: Vec<u64> = log.lock().drain(..).map(|line| line.parse().unwrap()).collect();
    assert_eq!(ran, expected);
}

fn sqlite(folder: &TempDir) -> String {
    format!("sqlite://{}", folder.path().join("queue.db").display())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_come_first_served_on_sqlite() {
    let folder = TempDir::new().unwrap();
    in_order(&sqlite(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn first_come_first_served_on_redis() {
    let redis = RedisServer::start();
    in_order(&redis.url(0)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_most_urgent_first_on_sqlite() {
    let folder = TempDir::new().unwrap();
    by_priority(&sqlite(&folder)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_most_urgent_first_on_redis() {
    let redis = RedisServer::start();
    by_priority(&redis.url(0)).await;
}
