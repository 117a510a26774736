//! `worker`: the background tasks as a process of their own.

use std::io::Read;

use analysis::Analyses;
use celeriac::{Shutdown, Signals, WorkerBuilder};
use celeriac_cli::node_name;
use tokio::task::JoinHandle;

use crate::cli::WorkerArgs;
use crate::config::Config;
use crate::error::CliError;
use crate::lock::WorkerLock;
use crate::supervisor;

/// The node's name before the `@`, unless `--hostname` says otherwise.
pub const NAME: &str = "code-reader";

/// A worker inside this process.
pub struct Running {
    shutdown: Shutdown,
    task: JoinHandle<Result<(), analysis::AnalysisError>>,
}

impl Running {
    /// Lets running tasks end, for a while: those of another's analysis may be long, and what is cut off runs again
    /// later. Returns when the worker has ended.
    pub async fn end(self) {
        let Running { shutdown, mut task } = self;
        shutdown.warm();
        let ended = match tokio::time::timeout(supervisor::GRACE, &mut task).await {
            Ok(ended) => ended,
            Err(_) => {
                shutdown.cold();
                task.await
            }
        };
        match ended {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the worker ended with an error: {error}"),
            Err(error) => tracing::error!("the worker broke off: {error}"),
        }
    }
}

/// Starts a worker inside this process.
pub fn worker_inside(config: &Config, analyses: &Analyses) -> Running {
    let shutdown = Shutdown::new();
    let name = node_name(None, &format!("read-{}", std::process::id()));
    let worker = configured(config, analyses).hostname(&name).events(true);
    let task = tokio::spawn(analyses.clone().run_worker(worker, shutdown.clone()));
    Running { shutdown, task }
}

/// Runs until a signal, as Celery's worker does.
pub async fn run(config: Config, args: WorkerArgs) -> Result<u8, CliError> {
    let config = if celeriac::is_prefork_child() { share_of_the_limits(config, &args) } else { config };
    let analyses = super::open(&config).await?;
    let worker = args.worker.configure(configured(&config, &analyses), NAME)?;
    let shutdown = Shutdown::new();
    if celeriac::is_prefork_child() {
        // Lock, signals and supervisor are the parent's.
        analyses.run_worker(worker, shutdown).await?;
        return Ok(0);
    }
    let _running = WorkerLock::share(&config.data_dir)?;
    let signals = Signals::listen(&shutdown)?;
    let watching = args.supervised.then(|| {
        let shutdown = shutdown.clone();
        tokio::spawn(async move {
            supervisor_gone().await;
            shutdown.warm();
            // As long as the supervisor itself would have waited; what is cut off runs again later.
            tokio::time::sleep(supervisor::GRACE).await;
            shutdown.cold();
        })
    });
    let ended = analyses.run_worker(worker, shutdown).await;
    if let Some(watching) = watching {
        watching.abort();
    }
    ended?;
    if signals.want_restart() {
        return Err(CliError::failed(format!("cannot start again: {}", celeriac::restart())));
    }
    Ok(0)
}

/// A worker as the configuration has it.
fn configured(config: &Config, analyses: &Analyses) -> WorkerBuilder<analysis::Shared> {
    analyses
        .worker()
        .concurrency(config.worker.concurrency)
        .prefetch_multiplier(config.worker.prefetch_multiplier)
        .time_limit(Some(config.worker.time_limit))
        .soft_time_limit(Some(config.worker.soft_time_limit))
        .max_tasks_per_child(config.worker.max_tasks_per_child)
        .soft_shutdown_timeout(config.worker.soft_shutdown_timeout)
        .soft_shutdown_on_idle(config.worker.soft_shutdown_on_idle)
}

/// The provider's limits hold for all processes of the pool together, and each counts for itself.
fn share_of_the_limits(mut config: Config, args: &WorkerArgs) -> Config {
    let processes = args.worker.autoscale.map_or(config.worker.concurrency, |scale| scale.max).max(1);
    if let Some(llm) = &mut config.llm {
        let parts = processes as u64;
        llm.max_concurrent = (llm.max_concurrent / processes).max(1);
        llm.requests_per_minute = (llm.requests_per_minute / parts).max(1);
        llm.tokens_per_minute = (llm.tokens_per_minute / parts).max(1);
    }
    config
}

/// Ends when the pipe to the supervisor closes, which happens however it ends. The thread is left to
/// itself: the runtime would wait for a read of its own before it ends.
async fn supervisor_gone() {
    let (gone, told) = tokio::sync::oneshot::channel::<()>();
    let watching = std::thread::Builder::new().name("supervisor-pipe".to_owned()).spawn(move || {
        let mut byte = [0; 1];
        while !matches!(std::io::stdin().lock().read(&mut byte), Ok(0) | Err(_)) {}
        drop(gone);
    });
    if let Err(error) = watching {
        tracing::warn!("cannot watch the supervisor: {error}");
        return std::future::pending().await;
    }
    drop(told.await);
}
