//! A task queue that speaks Celery's wire protocol, on Redis, or on SQLite with no server at all.
//!
//! - [`protocol`]: Celery's wire formats as Rust values.
//! - [`broker`]: queues, leases, dead letters and broadcasts behind the trait [`Broker`](broker::Broker).
//! - [`backend`]: results and chord counting behind the trait [`ResultBackend`](backend::ResultBackend).
//! - [`App`], [`Task`], [`Context`]: what a program that sends or runs tasks holds.
//! - [`canvas`]: work that is made of several tasks, [`chain`], [`group`], [`chord`].
//! - [`json`]: JSON as Python writes it, with `NaN` and `Infinity`.
//! - [`beat`]: tasks that are sent by the clock.
//! - [`WorkerBuilder`]: running tasks; [`Inspect`] and [`Control`]: asking and steering workers of any process.
//!
//! ```no_run
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
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let app = App::open("sqlite://queue.db").await?.register::<Add>();
//! let shutdown = Shutdown::new();
//! let worker = tokio::spawn(app.worker().concurrency(4).run(shutdown.clone()));
//! let sum = app.send(Add { x: 2, y: 3 }).await?;
//! assert_eq!(sum.get().await?, 5);
//! shutdown.warm();
//! worker.await??;
//! # Ok(())
//! # }
//! ```

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
