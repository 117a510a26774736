//! A task queue that speaks Celery's wire protocol, on SQLite with no server at all.
//!
//! - [`protocol`]: Celery's wire formats as Rust values.
//! - [`broker`]: queues, leases, dead letters and broadcasts behind the trait [`Broker`](broker::Broker).
//! - [`backend`]: results and chord counting behind the trait [`ResultBackend`](backend::ResultBackend).

pub mod backend;
pub mod broker;
pub mod protocol;
mod sqlite;
