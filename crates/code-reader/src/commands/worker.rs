//! `worker`: the background tasks as a process of their own.

use std::io::Read;
use std::path::PathBuf;

use analysis::{Analyses, WorkerSettings};
use celeriac::Shutdown;
use tokio::signal::unix::{SignalKind, signal};
use tokio::task::JoinHandle;

use crate::cli::WorkerArgs;
use crate::config::Config;
use crate::error::CliError;
use crate::lock::WorkerLock;

/// A worker inside this process.
pub struct Running {
    shutdown: Shutdown,
    task: JoinHandle<Result<(), analysis::AnalysisError>>,
}

impl Running {
    /// Lets running tasks end; returns when the worker has ended.
    pub async fn end(self) {
        self.shutdown.warm();
        match self.task.await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!("the worker ended with an error: {error}"),
            Err(error) => tracing::error!("the worker broke off: {error}"),
        }
    }
}

/// Starts a worker inside this process.
pub fn worker_inside(config: &Config, analyses: &Analyses) -> Running {
    let shutdown = Shutdown::new();
    let settings = settings(config, format!("read-{}@{}", std::process::id(), host_name()));
    let task = tokio::spawn(analyses.clone().run_worker(settings, shutdown.clone()));
    Running { shutdown, task }
}

/// Runs until a signal, as Celery's worker does: TERM or INT warm, a second one or QUIT cold.
pub async fn run(config: &Config, args: WorkerArgs) -> Result<u8, CliError> {
    let analyses = super::open(config).await?;
    let _running = WorkerLock::share(&config.data_dir)?;
    let _pid = args.pidfile.map(PidFile::write).transpose()?;
    let settings = WorkerSettings {
        queues: args.queues,
        events: true,
        ..settings(config, node_name(args.hostname.as_deref()))
    };
    let shutdown = Shutdown::new();
    let listening = tokio::spawn(listen(shutdown.clone(), args.supervised));
    let ended = analyses.run_worker(settings, shutdown).await;
    listening.abort();
    ended?;
    Ok(0)
}

fn settings(config: &Config, hostname: String) -> WorkerSettings {
    WorkerSettings {
        hostname,
        concurrency: config.worker.concurrency,
        prefetch_multiplier: config.worker.prefetch_multiplier,
        time_limit: config.worker.time_limit,
        soft_time_limit: config.worker.soft_time_limit,
        queues: vec!["analysis".to_owned()],
        events: true,
    }
}

pub async fn listen(shutdown: Shutdown, supervised: bool) -> std::io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut asked = false;
    let gone = supervisor_gone();
    tokio::pin!(gone);
    loop {
        let cold = tokio::select! {
            _ = terminate.recv() => asked,
            _ = interrupt.recv() => asked,
            _ = quit.recv() => true,
            () = &mut gone, if supervised && !asked => false,
        };
        if cold {
            tracing::warn!("cold shutdown: running tasks are given back");
            shutdown.cold();
            return Ok(());
        }
        tracing::warn!("warm shutdown: running tasks end first; once more for a cold one");
        shutdown.warm();
        asked = true;
    }
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

/// `%h` is the host, `%d` its domain, `%n` the name, as in Celery.
fn node_name(given: Option<&str>) -> String {
    let host = host_name();
    let domain = host.split_once('.').map_or("", |(_, domain)| domain);
    let name = given
        .unwrap_or("code-reader@%h")
        .replace("%h", &host)
        .replace("%n", "code-reader")
        .replace("%d", domain);
    if name.contains('@') { name } else { format!("{name}@{host}") }
}

fn host_name() -> String {
    nix::unistd::gethostname()
        .ok()
        .and_then(|name| name.into_string().ok())
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "localhost".to_owned())
}

struct PidFile(PathBuf);

impl PidFile {
    fn write(path: PathBuf) -> Result<PidFile, CliError> {
        std::fs::write(&path, format!("{}\n", std::process::id())).map_err(|error| {
            CliError::failed(format!("cannot write the pid file {}: {error}", path.display()))
        })?;
        Ok(PidFile(path))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        drop(std::fs::remove_file(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_names_are_expanded_as_celerys() {
        let host = host_name();
        assert_eq!(node_name(None), format!("code-reader@{host}"));
        assert_eq!(node_name(Some("w1@%h")), format!("w1@{host}"));
        assert_eq!(node_name(Some("w1")), format!("w1@{host}"));
    }
}
