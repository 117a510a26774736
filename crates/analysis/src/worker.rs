//! What `code-reader worker` runs.

use celeriac::{Shutdown, WorkerBuilder};

use crate::{Analyses, AnalysisError, Shared};

impl Analyses {
    /// A worker for the queue of all analyses, to be set up and given to [`run_worker`](Self::run_worker).
    pub fn worker(&self) -> WorkerBuilder<Shared> {
        self.app().worker()
    }

    /// Works until it is told to stop; returns when all that it began has ended. A child of the prefork pool
    /// runs tasks for its parent; what is to be done once is the parent's.
    pub async fn run_worker(
        self,
        worker: WorkerBuilder<Shared>,
        shutdown: Shutdown,
    ) -> Result<(), AnalysisError> {
        let is_child = celeriac::is_prefork_child();
        if !is_child {
            self.recover().await;
        }
        let watching = crate::cancellation::watch(self.shared().clone(), self.app().broker().clone());
        let worker = worker.run(shutdown);
        let upkeep = async {
            if !is_child {
                crate::upkeep::keep(self.clone()).await;
            }
        };
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
