//! `serve` and `api`: the pages and the API; `serve` with a worker process beside them.

use std::net::SocketAddr;

use server::ServerSettings;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::error::CliError;
use crate::lock::ServeLock;
use crate::{supervisor, terminal};

/// Serves until a signal.
pub async fn run(config: &Config, with_worker: bool) -> Result<u8, CliError> {
    let mut lock = ServeLock::take(&config.data_dir)?;
    let listener = bind(config).await?;
    let address = listener.local_addr()?;
    let url = format!("http://{address}");
    lock.announce(&url)?;
    let analyses = super::open(config).await?;
    let shutdown = CancellationToken::new();
    let worker = with_worker
        .then(|| tokio::spawn(supervisor::supervise(worker_arguments(config), shutdown.child_token())));
    terminal::note(&format!("Code Reader is at {url}  (Ctrl-C stops it)"));
    let stopping = shutdown.clone();
    let signals = tokio::spawn(async move {
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        stopping.cancel();
        Ok::<_, std::io::Error>(())
    });
    server::serve(listener, analyses, settings(config, address), shutdown.clone()).await;
    shutdown.cancel();
    signals.abort();
    if let Some(worker) = worker
        && let Err(error) = worker.await
    {
        tracing::error!("the supervisor broke off: {error}");
    }
    Ok(0)
}

async fn bind(config: &Config) -> Result<TcpListener, CliError> {
    let address = SocketAddr::new(config.host, config.port);
    TcpListener::bind(address).await.map_err(|error| {
        let problem = CliError::failed(format!("cannot listen on {address}: {error}"));
        match error.kind() {
            std::io::ErrorKind::AddrInUse => problem.hint(format!(
                "another program uses the port: stop it, or choose another with --port {} (0 takes a free one)",
                config.port.wrapping_add(1).max(1024)
            )),
            std::io::ErrorKind::PermissionDenied => problem.hint("ports below 1024 need root: choose another with --port"),
            _ => problem.hint("set APP_HOST to an address of this machine"),
        }
    })
}

fn settings(config: &Config, address: SocketAddr) -> ServerSettings {
    ServerSettings {
        bound: address.ip(),
        tokens: config.auth_tokens.clone(),
        local_roots: config.local_roots.clone(),
        max_upload_bytes: config.max_upload_bytes,
        model: config.llm.as_ref().map(|llm| llm.model.clone()),
    }
}

/// The worker reads the same files and environment; what came from our flags is handed on.
fn worker_arguments(config: &Config) -> Vec<String> {
    vec![
        "worker".to_owned(),
        "--supervised".to_owned(),
        "--data-dir".to_owned(),
        config.data_dir.display().to_string(),
        "--concurrency".to_owned(),
        config.worker.concurrency.to_string(),
    ]
}
