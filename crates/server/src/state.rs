//! What all handlers share.

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use analysis::{Analyses, AnalysisError};
use reader::KnowledgeBase;

use crate::metrics::Metrics;
use crate::problem::Problem;

/// How the server behaves.
#[derive(Clone)]
pub struct ServerSettings {
    /// The address that it is bound to.
    pub bound: IpAddr,
    /// What clients must present, one of them; empty lets everybody in.
    pub tokens: Arc<[String]>,
    /// Folders under which clients beyond loopback may have local paths read.
    pub local_roots: Vec<PathBuf>,
    /// Largest upload, in bytes.
    pub max_upload_bytes: u64,
    /// The model, when a provider is configured.
    pub model: Option<String>,
}

/// The state behind the router.
#[derive(Clone)]
pub(crate) struct AppState {
    pub analyses: Analyses,
    pub settings: Arc<ServerSettings>,
    pub metrics: Metrics,
}

impl AppState {
    /// Runs `read` over the knowledge base of the analysis of this id or name, off the runtime's threads.
    pub async fn with_knowledge<T, F>(&self, name: &str, read: F) -> Result<T, Problem>
    where
        T: Send + 'static,
        F: FnOnce(&KnowledgeBase) -> Result<T, Problem> + Send + 'static,
    {
        let knowledge = self.analyses.knowledge_by_name(name).await?;
        tokio::task::spawn_blocking(move || read(&knowledge)).await.map_err(|error| {
            tracing::error!("a read of a knowledge base broke off: {error}");
            Problem::from(AnalysisError::new(
                analysis::ErrorKind::Internal,
                "internal",
                "reading the knowledge base broke off",
                "the server's log tells more",
            ))
        })?
    }
}
