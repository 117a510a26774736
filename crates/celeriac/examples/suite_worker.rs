//! A worker for Celery's own integration suite: it knows the tasks of `t/integration/tasks.py` by their names.
//!
//! `CELERY_BROKER_URL=redis://127.0.0.1:6379/0 cargo run -p celeriac --example suite_worker -- --hostname w1@lab -E`
//!
//! Broker and result backend come from CELERY_BROKER_URL and CELERY_RESULT_BACKEND, else from REDIS_HOST and
//! REDIS_PORT, which also say where the tasks echo to. `tests/python/integration.py` runs the suite against it.

mod suite;

use std::process::ExitCode;

use celeriac::App;
use celeriac_cli::WorkerProgram;
use clap::Parser;

/// What one thread allocates another frees: the system's allocator makes them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    WorkerProgram::parse().main(async |program| {
        let redis = suite::redis_url();
        let broker = program.broker.clone().unwrap_or_else(|| redis.clone());
        let backend = program.result_backend.clone().unwrap_or_else(|| broker.clone());
        let state = suite::Suite::new(redis);
        Ok(suite::register(App::builder(&broker).result_backend(&backend).state(state).open().await?))
    })
}
