//! What tasks are sent with besides what the caller says: their constants, routes, and the task that sends them.

use std::sync::Arc;
use std::time::Duration;

use celeriac::{
    AnyArguments, App, Context, Schedule, Shutdown, Signature, Task, TaskError, TaskResult, chain, chord,
};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

use crate::support::{Running, until};

/// The queues and priorities that tasks came with.
type Seen = Arc<Mutex<Vec<(String, u8)>>>;

/// A task with a queue and a priority of its own.
#[derive(Serialize, Deserialize)]
struct Side(AnyArguments);

impl Task<Seen> for Side {
    const NAME: &'static str = "typed.side";
    const QUEUE: Option<&'static str> = Some("side");
    const PRIORITY: u8 = 4;
    type Output = i64;

    async fn run(self, cx: Context<Seen>) -> TaskResult<i64> {
        let request = cx.request();
        cx.state().lock().push((request.queue.to_string(), request.priority()));
        Ok(1)
    }
}

#[derive(Serialize, Deserialize)]
struct Routed {
    n: i64,
}

impl Task<Seen> for Routed {
    const NAME: &'static str = "mail.send";
    type Output = (String, Option<String>, Option<String>);

    async fn run(self, cx: Context<Seen>) -> TaskResult<Self::Output> {
        if self.n < 0 {
            return Err(cx.retry_in(Duration::from_secs(7)));
        }
        let id = |id: Option<&celeriac::TaskId>| id.map(ToString::to_string);
        Ok((cx.request().queue.to_string(), id(cx.request().root_id()), id(cx.request().parent_id())))
    }
}

/// Sends a typed task as its child.
#[derive(Serialize, Deserialize)]
struct Parent {}

impl Task<Seen> for Parent {
    const NAME: &'static str = "typed.parent";
    type Output = String;

    async fn run(self, cx: Context<Seen>) -> TaskResult<String> {
        Ok(cx.send(Routed { n: 1 }).await?.id().to_string())
    }
}

struct Fixture {
    app: App<Seen>,
    _folder: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}", folder.path().join("queue.db").display());
        let app = App::builder(&url).route("mail.*", "mail").state(Seen::default()).open().await.unwrap();
        let app = app.register::<Side>().register::<Routed>().register::<Parent>();
        Self { app, _folder: folder }
    }

    fn worker(&self) -> Running {
        Running::start(self.app.worker().queues(["celery", "side", "mail"]).mingle(Duration::ZERO))
    }
}

#[tokio::test]
async fn constants_of_a_task_count_wherever_it_is_sent() {
    let fixture = Fixture::new().await;
    let (app, worker) = (&fixture.app, fixture.worker());
    let side = || Signature::new(Side::NAME);
    side().apply(app).await.unwrap().get().await.unwrap();
    chain([side(), side()]).apply(app).await.unwrap().get().await.unwrap();
    chord([side(), side()], side()).apply(app).await.unwrap().get().await.unwrap();
    app.send(Routed { n: 1 }).link(side()).await.unwrap().get().await.unwrap();
    let seen = || app.state().lock().clone();
    until("the callback ran", async || seen().len() == 7).await;
    let shutdown = Shutdown::new();
    let beat = app.beat().entry("side", Schedule::every(Duration::from_millis(50)), side());
    let beat = tokio::spawn(beat.run(shutdown.clone()));
    until("the beat's task ran", async || seen().len() > 7).await;
    shutdown.warm();
    beat.await.unwrap().unwrap();
    worker.stop().await;
    assert!(seen().iter().all(|seen| *seen == ("side".to_owned(), 4)), "{:?}", seen());
}

#[tokio::test]
async fn routes_count_for_all_steps_of_a_canvas() {
    let fixture = Fixture::new().await;
    let (app, worker) = (&fixture.app, fixture.worker());
    assert_eq!(app.send(Routed { n: 1 }).await.unwrap().get().await.unwrap().0, "mail");
    assert_eq!(app.send(Routed { n: 1 }).queue("side").await.unwrap().get().await.unwrap().0, "side");
    let last = Signature::new(Routed::NAME).args([1]).immutable();
    let chained = chain([Signature::new(Side::NAME), last]).apply(app).await.unwrap();
    let (queue, ..) = chained.typed::<<Routed as Task<Seen>>::Output>().get().await.unwrap();
    assert_eq!(queue, "mail");
    worker.stop().await;
}

#[tokio::test]
async fn a_typed_task_that_a_task_sends_is_its_child() {
    let fixture = Fixture::new().await;
    let (app, worker) = (&fixture.app, fixture.worker());
    let parent = app.send(Parent {}).await.unwrap();
    let child = parent.get().await.unwrap();
    let id = Some(parent.id().to_string());
    let of_child = app.result::<<Routed as Task<Seen>>::Output>(child.as_str()).get().await.unwrap();
    assert_eq!(of_child, ("mail".to_owned(), id.clone(), id));
    let children = parent.children().await.unwrap();
    assert_eq!(children.iter().map(|child| child.id().as_str()).collect::<Vec<_>>(), [child]);
    worker.stop().await;
}

#[tokio::test]
async fn a_task_runs_without_a_worker_for_a_test() {
    let fixture = Fixture::new().await;
    let app = &fixture.app;
    let (queue, root, parent) = app.run_now(Routed { n: 1 }).await.unwrap();
    assert_eq!((queue.as_str(), root.is_some(), parent), ("mail", true, None));
    let retry = app.run_now(Routed { n: -1 }).await.unwrap_err();
    assert!(matches!(retry, TaskError::Retry(retry) if retry.countdown == Some(Duration::from_secs(7))));
    let child = app.run_now(Parent {}).await.unwrap();
    assert_eq!(app.broker().queues().await.unwrap().iter().map(|queue| queue.ready).sum::<u64>(), 1);
    assert!(app.result::<()>(child.as_str()).meta().await.unwrap().is_none());
}

#[tokio::test]
async fn mistakes_are_refused_when_a_task_is_sent() {
    let fixture = Fixture::new().await;
    let app = &fixture.app;
    let refused = async |signature: Signature| app.send_signature(signature).await.unwrap_err().to_string();
    assert!(refused(Signature::new("t").option("contdown", 5)).await.contains("did you mean countdown?"));
    assert!(refused(Signature::new("")).await.contains("names no task"));
    let error = app.send(Routed { n: 1 }).priority(77).await.unwrap_err().to_string();
    assert!(error.contains("0 to 9"), "{error}");
    assert!(app.send(Routed { n: 1 }).queue("").await.is_err());
    let queues = app.broker().queues().await.unwrap();
    assert!(queues.iter().all(|queue| queue.ready == 0), "nothing was sent");
}

#[tokio::test]
async fn a_database_in_memory_and_wrong_routes_are_refused() {
    let error = App::open("sqlite://:memory:").await.unwrap_err().to_string();
    assert!(error.contains("temporary folder"), "{error}");
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("queue.db").display());
    let error = App::builder(&url).route("mail.*", "").open().await.unwrap_err().to_string();
    assert!(error.contains("the route of mail.* is refused"), "{error}");
    assert!(App::builder(&url).result_backend("sqlite://:memory:").open().await.is_err());
}
