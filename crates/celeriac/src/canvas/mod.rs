//! Work that is made of several tasks: chains, groups and chords.
//!
//! A [`Signature`](crate::Signature) is a call that is not made yet: a task's name, its arguments and options. Canvases
//! put signatures together:
//!
//! | in Rust | in Python | runs |
//! | --- | --- | --- |
//! | [`chain`]`([a, b])`, `a \| b` | `chain(a, b)`, `a \| b` | `b` with the result of `a` before its own arguments |
//! | [`group`]`([a, b])` | `group(a, b)` | both side by side; the result is the list of results |
//! | [`chord`]`([a, b], c)`, `group([a, b]) \| c` | `chord([a, b], c)` | `c` with the list of the results of `a` and `b` |
//! | [`map`], [`starmap`], [`chunks`] | `a.map(it)`, `a.starmap(it)`, `a.chunks(it, n)` | `a` for each item, many in one message |
//! | [`immutable()`](crate::Signature::immutable) | `a.si(..)` | `a` without the result before it |
//! | [`link`](crate::Signature::link), [`link_error`](crate::Signature::link_error) | the same | another task with the result, or with the failed task's id |
//! | [`stamp`](crate::Signature::stamp) | `a.stamp(..)` | marks all tasks of the canvas |
//!
//! Canvases may stand in each other. Their form on the wire is that of Python's Celery: either side applies what the
//! other wrote, and the parts of one canvas may run in workers of both.
//!
//! ```
//! use celeriac::{App, Context, Shutdown, Signature, Task, TaskResult, chain, chord, group};
//! use serde::{Deserialize, Serialize};
//! # use std::time::Duration;
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
//! # let url = format!("sqlite://{}", folder.path().join("queue.db").display());
//! # let patience = Duration::from_secs(30);
//! let app = App::open(&url).await?.register::<Add>().register::<Sum>();
//! let shutdown = Shutdown::new();
//! let worker = tokio::spawn(app.worker().mingle(Duration::ZERO).run(shutdown.clone()));
//!
//! // Typed tasks make whole signatures, names make partial ones.
//! let whole = Signature::of(&Add { x: 1, y: 2 })?;
//! let add = |n: i64| Signature::new("tasks.add").args([n]);
//!
//! let seven = (whole.clone() | add(4)).apply(&app).await?;
//! assert_eq!(seven.get_timeout(patience).await?, 7);
//! assert_eq!(seven.parent().expect("the step before it").get_timeout(patience).await?, 3);
//!
//! let squares = group((1..=3).map(|n| Signature::new("tasks.add").args([n, n])));
//! let total = (squares | Signature::new("tasks.sum")).apply(&app).await?;
//! assert_eq!(total.get_timeout(patience).await?, 12);
//!
//! // A chord in a chain, with a chain in its header: 3, then 3 + 10 and 3 + 1 + 1, then their sum, then 100 more.
//! let header = [add(10), chain([add(1), add(1)]).into()];
//! let nested = whole | chord(header, Signature::new("tasks.sum")) | add(100);
//! assert_eq!(nested.apply(&app).await?.get_timeout(patience).await?, 118);
//!
//! shutdown.warm();
//! worker.await??;
//! # Ok(())
//! # }
//! ```
//!
//! # When something fails
//! The rest of a chain fails with the task that failed in it. A chord whose header fails never runs its body, which
//! fails with a `ChordError` that names the task. Errbacks ([`link_error`](crate::Signature::link_error)) are called
//! once for each task or body that they are linked to; one with
//! [`INLINE_ERRBACK`](crate::Task::INLINE_ERRBACK) gets the request and the exception instead of the id.
//!
//! # In a running task
//! [`Context::apply`](crate::Context::apply) sends a canvas as the task's children,
//! [`Context::replace`](crate::Context::replace) lets one take the task's place,
//! [`Context::add_to_chord`](crate::Context::add_to_chord) enlarges the chord that the task is a member of:
//!
//! ```
//! # use celeriac::{Context, Signature, Task, TaskResult, group};
//! # use serde::{Deserialize, Serialize};
//! /// Adds a number to all: what takes its place has its id, so that the caller gets the list of sums.
//! #[derive(Serialize, Deserialize)]
//! struct AddToAll {
//!     numbers: Vec<i64>,
//!     more: i64,
//! }
//!
//! impl Task for AddToAll {
//!     const NAME: &'static str = "tasks.add_to_all";
//!     type Output = Vec<i64>;
//!     async fn run(self, cx: Context) -> TaskResult<Vec<i64>> {
//!         let add = |n: &i64| Signature::new("tasks.add").args([*n, self.more]);
//!         Err(cx.replace(group(self.numbers.iter().map(add))))
//!     }
//! }
//! ```

// `options` reads and writes a signature's dict, `compose` joins signatures, `freeze` gives ids, `stamp` marks them,
// `plan` applies them, `replace` puts one in a running task's place, `within` is what a running task may do, `builtin`
// are the tasks that canvases need in every worker.
pub(crate) mod builtin;
pub(crate) mod compose;
pub(crate) mod freeze;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod replace;
pub(crate) mod signature;
mod stamp;
mod within;

pub use signature::{Chain, Chord, Group, chain, chord, chunks, group, map, starmap};
