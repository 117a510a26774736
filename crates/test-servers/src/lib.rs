//! Real programs for tests: a Redis of one's own, and Celery's Python beside our workers.
//!
//! Whatever is started here listens on 127.0.0.1 at a free port, keeps its files in a temporary folder, and ends,
//! children included, when its handle is dropped.

mod process;
mod python;
mod redis;
mod terminal;

pub use process::{PATIENCE, Process, example, until};
pub use python::{Celery, Flower};
pub use redis::{RedisOptions, RedisServer, free_port};
pub use terminal::in_terminal;
