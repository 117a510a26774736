//! The worker's behaviour on a real SQLite broker.

mod basics;
mod support;
