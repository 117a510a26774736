//! Starting and stopping.

use std::fs::OpenOptions;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::state::State;
use crate::{Config, LogEntry, Stats, routes};

/// A running provider. Dropping it stops it without waiting; [`FakeLlm::stop`] waits.
pub struct FakeLlm {
    address: SocketAddr,
    state: Arc<State>,
    serving: JoinHandle<()>,
}

/// Why it did not start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The address is taken or not ours.
    #[error("cannot listen on {address} ({source}): take another --port, or 0 for a free one")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The request log.
    #[error("cannot open the request log {} ({source})", path.display())]
    Log {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A setting.
    #[error("{0}")]
    Config(String),
}

impl FakeLlm {
    /// Listens and answers from now on.
    pub async fn start(config: Config) -> Result<Self, StartError> {
        if !(config.time_scale.is_finite() && config.time_scale > 0.0) {
            return Err(StartError::Config(format!("the time scale {} is not above 0", config.time_scale)));
        }
        let file = match &config.log_file {
            Some(path) => {
                let opened = OpenOptions::new().create(true).append(true).open(path);
                Some(opened.map_err(|source| StartError::Log { path: path.clone(), source })?)
            }
            None => None,
        };
        let listening = |source| StartError::Listen { address: config.listen, source };
        let listener = TcpListener::bind(config.listen).await.map_err(listening)?;
        let address = listener.local_addr().map_err(listening)?;
        let state = Arc::new(State::new(config, file));
        let router = routes::router(state.clone());
        let mut stopping = state.stopping.subscribe();
        let shutdown = async move {
            let _ = stopping.wait_for(|stopping| *stopping).await;
        };
        let serving = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, router).with_graceful_shutdown(shutdown).await {
                tracing::error!("the fake provider stopped: {error}");
            }
        });
        Ok(Self { address, state, serving })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What clients take as base URL.
    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Sums so far.
    pub fn stats(&self) -> Stats {
        self.state.stats()
    }

    /// All requests so far, in the order in which they were answered.
    pub fn log(&self) -> Vec<LogEntry> {
        self.state.log()
    }

    /// Answers what has come, then ends.
    pub async fn stop(mut self) {
        self.state.stopping.send_replace(true);
        let _ = (&mut self.serving).await;
    }
}

impl Drop for FakeLlm {
    fn drop(&mut self) {
        self.state.stopping.send_replace(true);
        self.serving.abort();
    }
}
