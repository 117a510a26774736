//! How work that runs in this process learns that its analysis was cancelled, resumed or removed.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use celeriac::broker::Broker;
use parking_lot::Mutex;
use store::{AnalysisId, Run, Status};
use tokio_util::sync::CancellationToken;

use crate::Shared;
use crate::progress::DOORBELL;

/// The work of this process, by analysis.
#[derive(Default)]
pub(crate) struct Running(Arc<Mutex<HashMap<AnalysisId, Entry>>>);

struct Entry {
    run: Run,
    token: CancellationToken,
    /// How many tasks hold it.
    holders: usize,
}

impl Running {
    /// Notes that a task works on this run of an analysis.
    pub(crate) fn begin(&self, id: &AnalysisId, run: Run) -> Work {
        let mut running = self.0.lock();
        let entry = running.entry(id.clone()).or_insert_with(|| Entry {
            run,
            token: CancellationToken::new(),
            holders: 0,
        });
        if entry.run < run {
            // Tasks of the older run have nothing to do any more.
            entry.token.cancel();
            *entry = Entry { run, token: CancellationToken::new(), holders: 0 };
        }
        if entry.run == run {
            entry.holders += 1;
        }
        let is_over = entry.run != run;
        let token = if is_over { CancellationToken::new() } else { entry.token.clone() };
        if is_over {
            token.cancel();
        }
        Work { id: id.clone(), run, token, flag: Arc::default(), running: self.0.clone() }
    }

    fn ids(&self) -> Vec<(AnalysisId, Run)> {
        self.0.lock().iter().map(|(id, entry)| (id.clone(), entry.run)).collect()
    }

    fn cancel(&self, id: &AnalysisId, run: Run) {
        if let Some(entry) = self.0.lock().get(id).filter(|entry| entry.run == run) {
            entry.token.cancel();
        }
    }
}

/// A task's part of the work on an analysis.
pub(crate) struct Work {
    id: AnalysisId,
    run: Run,
    token: CancellationToken,
    /// What threads look at; set when the analysis is cancelled, and when the task is dropped.
    flag: Arc<AtomicBool>,
    running: Arc<Mutex<HashMap<AnalysisId, Entry>>>,
}

impl Work {
    /// What threads look at.
    pub(crate) fn flag(&self) -> Arc<AtomicBool> {
        self.flag.clone()
    }

    /// Does the work, unless the analysis is cancelled before it is done.
    pub(crate) async fn unless_cancelled<T>(&self, work: impl Future<Output = T>) -> Option<T> {
        // The flag first, then the work is dropped: threads that it left behind see the flag at once.
        let cancelled = async {
            self.token.cancelled().await;
            self.flag.store(true, Ordering::Relaxed);
        };
        tokio::select! {
            done = work => Some(done),
            () = cancelled => None,
        }
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        self.flag.store(true, Ordering::Relaxed);
        let mut running = self.running.lock();
        if let Some(entry) = running.get_mut(&self.id).filter(|entry| entry.run == self.run) {
            entry.holders = entry.holders.saturating_sub(1);
            if entry.holders == 0 {
                running.remove(&self.id);
            }
        }
    }
}

/// Looks, whenever somebody rings and each second, whether the analyses that this process works on go on.
pub(crate) async fn watch(shared: Shared, broker: Arc<dyn Broker>) {
    let mut rings = match broker.subscribe(&[DOORBELL]).await {
        Ok(rings) => rings,
        Err(error) => {
            tracing::warn!("cancelled analyses are noticed with their next task only: {error}");
            return;
        }
    };
    loop {
        let wait = tokio::time::timeout(Duration::from_secs(1), rings.recv()).await;
        if matches!(wait, Ok(None)) {
            return;
        }
        for (id, run) in shared.running().ids() {
            match shared.store().analysis(&id).await {
                Ok(Some((analysis, now))) if now == run && analysis.status == Status::Running => {}
                Ok(Some((analysis, now))) if now == run && analysis.status == Status::Queued => {}
                Ok(_) => shared.running().cancel(&id, run),
                Err(error) => tracing::warn!("cannot look after the analysis {id}: {error}"),
            }
        }
    }
}
