//! The prefork pool with real processes: this test program is started again for the children, and for whole workers.
#![allow(clippy::unwrap_used, reason = "these are tests")]

#[path = "../common/mod.rs"]
mod common;
mod kills;
mod limits;
mod lives;
mod memory;
mod on_redis;
mod signals;
mod support;

/// Not a test of its own: the children of the tests' workers, and workers in processes of their own.
#[tokio::test]
#[ignore = "a part that the tests run in processes of their own"]
async fn part_worker() {
    support::work().await;
}
