//! What a task's own code may do and is seen to do: waits for results, log lines, blocking.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use celeriac::{App, Context, ResultError, Task, TaskResult};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::support::{Add, Lab, PATIENCE, Quiet, Running, SOON};

/// Sends another task and waits for it.
#[derive(Serialize, Deserialize)]
struct Ask {
    is_allowed: bool,
}

impl Task<Lab> for Ask {
    const NAME: &'static str = "tasks.ask";
    type Output = (i64, Vec<String>);

    async fn run(self, cx: Context<Lab>) -> TaskResult<Self::Output> {
        let sent = cx.app().send(Add { x: 2, y: 3 }).await?;
        if self.is_allowed {
            return Ok((sent.disable_sync_subtasks(false).get_timeout(PATIENCE).await?, Vec::new()));
        }
        let refusals = [
            sent.get().await.unwrap_err(),
            sent.get_timeout(SOON).await.unwrap_err(),
            sent.wait(SOON).await.unwrap_err(),
            sent.collect(SOON).await.unwrap_err(),
        ];
        assert!(refusals.iter().all(|error| matches!(error, ResultError::InsideTask { .. })));
        // What it has spawned is no part of it, and keeps no place.
        let outside = tokio::spawn(async move { sent.get_timeout(PATIENCE).await });
        Ok((outside.await??, refusals.iter().map(ToString::to_string).collect()))
    }
}

/// Logs a line.
#[derive(Serialize, Deserialize)]
struct Say;

impl Task<Lab> for Say {
    const NAME: &'static str = "tasks.say";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        tokio::task::yield_now().await;
        tracing::info!("hello");
        Ok(())
    }
}

/// Blocks the runtime.
#[derive(Serialize, Deserialize)]
struct Sleep;

impl Task<Lab> for Sleep {
    const NAME: &'static str = "tasks.sleep";
    type Output = ();

    async fn run(self, _cx: Context<Lab>) -> TaskResult<()> {
        std::thread::sleep(Duration::from_millis(550));
        Ok(())
    }
}

async fn bench() -> (App<Lab>, TempDir) {
    let folder = TempDir::new().unwrap();
    let url = format!("sqlite://{}", folder.path().join("queue.db").display());
    let app = App::builder(&url).state(Lab::default()).open().await.unwrap();
    (
        app.register::<Add>().register::<Quiet>().register::<Ask>().register::<Say>().register::<Sleep>(),
        folder,
    )
}

fn start(app: &App<Lab>) -> Running {
    Running::start(app.worker().mingle(Duration::ZERO).concurrency(2))
}

#[tokio::test]
async fn a_task_that_waits_for_another_is_told_not_to() {
    let (app, _folder) = bench().await;
    let worker = start(&app);
    let (sum, refusals) =
        app.send(Ask { is_allowed: false }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert_eq!(sum, 5);
    assert!(refusals[0].contains("never wait for a result within a task"), "{refusals:?}");
    let (sum, _) = app.send(Ask { is_allowed: true }).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    assert_eq!(sum, 5);
    worker.stop().await;
}

#[tokio::test]
async fn nobody_waits_for_a_result_that_is_not_stored() {
    let (app, _folder) = bench().await;
    let asked = app.send(Add { x: 2, y: 3 }).ignore_result().await.unwrap();
    assert!(matches!(asked.get().await.unwrap_err(), ResultError::Ignored { .. }));
    let own = app.send(Quiet).await.unwrap();
    assert!(matches!(own.get().await.unwrap_err(), ResultError::Ignored { .. }));
    // Who knows only the id does not know.
    let found = app.result::<i64>(asked.id().clone());
    assert!(matches!(found.get_timeout(Duration::ZERO).await.unwrap_err(), ResultError::Timeout { .. }));
}

/// What is logged on this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn listen(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || log.clone()).finish();
        tracing::subscriber::set_default(subscriber)
    }

    fn lines(&self, text: &str) -> Vec<String> {
        let log = String::from_utf8(self.0.lock().clone()).unwrap();
        log.lines().filter(|line| line.contains(text)).map(str::to_owned).collect()
    }
}

#[tokio::test]
async fn what_a_task_logs_tells_which_task_it_was() {
    let log = Log::default();
    let _listening = log.listen();
    let (app, _folder) = bench().await;
    let worker = start(&app);
    let said = app.send(Say).await.unwrap();
    said.get_timeout(PATIENCE).await.unwrap();
    worker.stop().await;
    let lines = log.lines("hello");
    let span = format!("task{{id={} name=\"tasks.say\" retries=0}}", said.id());
    assert!(lines.len() == 1 && lines[0].contains(&span), "{lines:?}");
    assert!(log.lines("succeeded").iter().all(|line| !line.contains("task{")));
}

#[tokio::test]
async fn a_task_that_blocks_the_runtime_is_named_once() {
    let log = Log::default();
    let _listening = log.listen();
    let (app, _folder) = bench().await;
    let worker = start(&app);
    for _ in 0..2 {
        app.send(Sleep).await.unwrap().get_timeout(PATIENCE).await.unwrap();
    }
    worker.stop().await;
    let lines = log.lines("spawn_blocking");
    assert!(lines.len() == 1 && lines[0].contains("tasks.sleep kept a thread"), "{lines:?}");
}
