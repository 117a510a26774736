//! What `code-reader worker` runs.

use std::time::Duration;

use celeriac::Shutdown;

use crate::{Analyses, AnalysisError};

/// How a worker runs.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// The node's name, `name@host`.
    pub hostname: String,
    /// Tasks at once.
    pub concurrency: usize,
    /// Tasks that are taken ahead, for each that may run.
    pub prefetch_multiplier: usize,
    /// A task that takes longer is dropped.
    pub time_limit: Duration,
    /// A task that takes longer is asked to end.
    pub soft_time_limit: Duration,
    /// The queues to consume.
    pub queues: Vec<String>,
    /// Events of tasks are sent from the start.
    pub events: bool,
}

impl Analyses {
    /// Works until it is told to stop; returns when all that it began has ended.
    pub async fn run_worker(self, settings: WorkerSettings, shutdown: Shutdown) -> Result<(), AnalysisError> {
        self.recover().await;
        let watching = crate::cancellation::watch(self.shared().clone(), self.app().broker().clone());
        let worker = self
            .app()
            .worker()
            .hostname(&settings.hostname)
            .concurrency(settings.concurrency)
            .prefetch_multiplier(settings.prefetch_multiplier)
            .time_limit(Some(settings.time_limit))
            .soft_time_limit(Some(settings.soft_time_limit))
            .queues(settings.queues)
            .events(settings.events)
            .run(shutdown);
        let upkeep = crate::upkeep::keep(self.clone());
        let watching = async { tokio::join!(watching, upkeep) };
        tokio::pin!(worker, watching);
        let result = tokio::select! {
            result = &mut worker => result,
            // It ends only with the broker; the worker goes on without it.
            _ = &mut watching => worker.await,
        };
        result.map_err(AnalysisError::from)
    }
}
