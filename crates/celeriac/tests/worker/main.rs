//! The worker's behaviour on a real SQLite broker.

#![allow(clippy::unwrap_used, reason = "these are tests")]

mod basics;
mod beat;
mod canvas;
#[path = "../common/mod.rs"]
mod common;
mod control;
mod eager;
mod limits;
mod order;
mod recorded;
mod reliability;
mod support;
mod typed;
mod within;
mod within_a_run;
