//! A task queue that speaks Celery's wire protocol, on Redis, or on SQLite with no server at all.
//!
//! This page leads from a first task to a chord. The crate's README says how to install it, how to embed it in a web
//! server, how to test tasks, and where Celery's settings are.
//!
//! # A task, a worker, a result
//! A task is a struct: its fields are the arguments, [`Task::NAME`] is what messages call it, [`Task::run`] does the work.
//! An [`App`] is a broker, a result backend and the registered tasks; a worker runs what comes in, in this program or in
//! another one on the same broker.
//!
//! ```
//! use celeriac::{App, Context, Shutdown, Task, TaskResult};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! struct Add {
//!     x: i64,
//!     y: i64,
//! }
//!
//! impl Task for Add {
//!     const NAME: &'static str = "tasks.add";
//!     type Output = i64;
//!     async fn run(self, _cx: Context) -> TaskResult<i64> {
//!         Ok(self.x + self.y)
//!     }
//! }
//!
//! #[tokio::main]
//! async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! #   let folder = tempfile::tempdir()?;
//! #   let url = format!("sqlite://{}", folder.path().join("queue.db").display());
//! #   let url = url.as_str();
//! #   #[cfg(any())]
//!     let url = "sqlite://queue.db"; // or redis://127.0.0.1:6379/0
//!     let app = App::open(url).await?.register::<Add>();
//!     let shutdown = Shutdown::new();
//!     let worker = tokio::spawn(app.worker().concurrency(4).run(shutdown.clone()));
//!
//!     let sum = app.send(Add { x: 2, y: 3 }).await?;
//!     assert_eq!(sum.get().await?, 5);
//!
//!     shutdown.warm(); // what runs ends, then the worker
//!     worker.await??;
//!     Ok(())
//! }
//! ```
//!
//! # Sending
//! [`App::send`] takes options before it is awaited, [`Signature`] calls a task by its name, also one that only a Python
//! program knows. In a running task [`Context::send`] and [`Context::apply`] send its children.
//!
//! ```
//! # use celeriac::{App, AppError, Context, Signature, Task, TaskResult};
//! # use serde::{Deserialize, Serialize};
//! # #[derive(Serialize, Deserialize)]
//! # struct Add { x: i64, y: i64 }
//! # impl Task for Add {
//! #     const NAME: &'static str = "tasks.add";
//! #     type Output = i64;
//! #     async fn run(self, _cx: Context) -> TaskResult<i64> { Ok(self.x + self.y) }
//! # }
//! use std::time::Duration;
//!
//! async fn send(app: &App) -> Result<(), AppError> {
//!     let later = app.send(Add { x: 2, y: 3 }).countdown(Duration::from_secs(60)).queue("slow").await?;
//!     println!("{} is {}", later.id(), later.state().await?);
//!     app.revoke([later.id().clone()], false).await?;
//!
//!     let mail = Signature::new("mail.send").args(["bob"]).kwarg("subject", "Hello").priority(0);
//!     app.send_signature(mail.expires(Duration::from_secs(600))).await?;
//!     Ok(())
//! }
//! ```
//!
//! # Failing and trying again
//! `?` makes a failure of an error, [`OrFail::or_fail`] of an `anyhow::Error` or a boxed one, [`TaskError::failed`] of a
//! class and a text; [`Context::retry_because`] and its like ask for another run, [`Task::retries_after`] does so by itself.
//!
//! ```
//! # use celeriac::{Context, RetryPolicy, Task, TaskError, TaskResult};
//! # use serde::{Deserialize, Serialize};
//! # use std::time::Duration;
//! #[derive(Serialize, Deserialize)]
//! struct Read {
//!     path: String,
//! }
//!
//! impl Task for Read {
//!     const NAME: &'static str = "tasks.read";
//!     const MAX_RETRIES: Option<u32> = Some(5);
//!     const RETRY: RetryPolicy = RetryPolicy::exponential(Duration::from_secs(1), Duration::from_secs(60));
//!     type Output = i64;
//!     async fn run(self, cx: Context) -> TaskResult<i64> {
//!         let text = std::fs::read_to_string(&self.path).map_err(|error| cx.retry_because(&error))?;
//!         if text.is_empty() {
//!             return Err(TaskError::failed("ValueError", "the file is empty"));
//!         }
//!         Ok(text.trim().parse()?)
//!     }
//! }
//! ```
//!
//! # Chains and chords
//! Signatures are put together: [`chain`] runs one after the other, each with the result before it; [`group`] runs side by
//! side; [`chord`] calls its body with all results of its header. More is told in [`canvas`].
//!
//! ```
//! # use celeriac::{App, Context, Shutdown, Signature, Task, TaskResult, chord};
//! # use serde::{Deserialize, Serialize};
//! # use std::time::Duration;
//! # #[derive(Serialize, Deserialize)]
//! # struct Add { x: i64, y: i64 }
//! # impl Task for Add {
//! #     const NAME: &'static str = "tasks.add";
//! #     type Output = i64;
//! #     async fn run(self, _cx: Context) -> TaskResult<i64> { Ok(self.x + self.y) }
//! # }
//! #[derive(Serialize, Deserialize)]
//! struct Sum {
//!     numbers: Vec<i64>,
//! }
//!
//! impl Task for Sum {
//!     const NAME: &'static str = "tasks.sum";
//!     type Output = i64;
//!     async fn run(self, _cx: Context) -> TaskResult<i64> {
//!         Ok(self.numbers.iter().sum())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let folder = tempfile::tempdir()?;
//! # let app = App::open(&format!("sqlite://{}", folder.path().join("queue.db").display())).await?;
//! # let app = app.register::<Add>().register::<Sum>();
//! # let shutdown = Shutdown::new();
//! # let worker = tokio::spawn(app.worker().mingle(Duration::ZERO).run(shutdown.clone()));
//! let sums = (1..=3).map(|n| Signature::new(Add::NAME).args([n, 10]));
//! let total = chord(sums, Signature::new(Sum::NAME)).apply(&app).await?;
//! assert_eq!(total.typed::<i64>().get().await?, 11 + 12 + 13);
//! # shutdown.warm();
//! # worker.await??;
//! # Ok(())
//! # }
//! ```
//!
//! # Where to look
//! - [`App`], [`Task`], [`Context`]: what a program that sends or runs tasks holds; [`App::run_now`] for tests.
//! - [`WorkerBuilder`]: running tasks; [`Shutdown`] and [`Signals`]: ending a worker.
//! - [`AsyncResult`]: the result, now or later; [`ResultError`]: why there is none.
//! - [`canvas`]: work that is made of several tasks.
//! - [`beat`]: tasks that are sent by the clock.
//! - [`Inspect`] and [`Control`]: asking and steering workers of any process; [`App::events`]: watching them.
//! - [`broker`]: queues, leases, dead letters and broadcasts behind the trait [`Broker`](broker::Broker);
//!   [`backend`]: results and chord counting behind the trait [`ResultBackend`](backend::ResultBackend).
//! - [`protocol`]: Celery's wire formats as Rust values; [`json`]: JSON as Python writes it, with `NaN` and `Infinity`.

mod app;
mod args;
mod async_result;
pub mod backend;
mod backlog;
pub mod beat;
pub mod broker;
mod cancellation;
pub mod canvas;
mod clock;
mod context;
mod error;
mod events;
mod host;
mod inspect;
pub mod json;
mod mistakes;
mod outgoing;
pub mod protocol;
mod redis;
mod registry;
mod repr;
mod routes;
mod send;
mod sqlite;
mod task;
mod worker;

pub use app::{App, AppBuilder};
pub use args::{AnyArguments, ArgumentError};
pub use async_result::{AsyncResult, Edge, GroupResult, ResultError};
pub use beat::Schedule;
pub use cancellation::CancelReason;
pub use canvas::{Chain, Chord, Group, chain, chord, chunks, group, map, starmap};
pub use context::{Context, Request};
pub use error::AppError;
pub use events::EventStream;
pub use host::{name as host_name, without_password};
pub use inspect::{Answers, Control, Inspect};
pub use protocol::{
    Event, JsonMap, NodeName, QueueName, Signature, TaskException, TaskId, TaskMeta, TaskState, Timestamp,
};
pub use repr::{number as python_number, whole as python_repr};
pub use send::SendBuilder;
pub use sqlite::path_of as sqlite_path;
pub use task::{Failure, OrFail, Retry, RetryPolicy, Task, TaskError, TaskResult};
pub use worker::{PoolKind, Shutdown, Signals, WorkerBuilder, is_prefork_child, process_name, restart};

/// The README's programs compile, and those that need nothing run.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
