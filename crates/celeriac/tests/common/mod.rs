//! What the tests of workers in this process share.

use std::time::{Duration, Instant};

use celeriac::{AppError, Shutdown, WorkerBuilder};
use tokio::task::JoinHandle;

/// No condition of these tests takes longer, unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// For questions that are asked again when nobody answers: the worker may not be up yet.
pub const SOON: Duration = Duration::from_millis(500);

/// A worker that runs beside the test.
pub struct Running {
    pub shutdown: Shutdown,
    handle: JoinHandle<Result<(), AppError>>,
}

impl Running {
    pub fn start<S: Clone + Send + Sync + 'static>(worker: WorkerBuilder<S>) -> Self {
        let shutdown = Shutdown::new();
        let handle = tokio::spawn(worker.run(shutdown.clone()));
        Self { shutdown, handle }
    }

    pub async fn stop(self) {
        self.shutdown.warm();
        self.ended().await.unwrap();
    }

    pub async fn ended(self) -> Result<(), AppError> {
        tokio::time::timeout(PATIENCE, self.handle).await.expect("the worker does not stop").unwrap()
    }
}

/// Waits until the condition holds.
pub async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "it never happens that {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
