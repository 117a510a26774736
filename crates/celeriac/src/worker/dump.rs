//! Telling what a worker does, in its log (USR1).

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::worker::held::Stage;
use crate::worker::shared::Shared;

/// A dump lists at most so many tasks.
const MAX_LISTED: usize = 1_000;

/// Writes a dump each time that the shutdown's owner asks for one.
pub(crate) async fn dump_when_asked<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    end: CancellationToken,
) {
    loop {
        tokio::select! {
            () = shared.shutdown.dump_asked() => lines(&shared).iter().for_each(|line| {
                tracing::warn!(target: "celery.worker", "{line}");
            }),
            () = end.cancelled() => return,
        }
    }
}

fn lines<S: Send + Sync + 'static>(shared: &Shared<S>) -> Vec<String> {
    let (active, reserved, scheduled) =
        (shared.at(Stage::Active), shared.at(Stage::Reserved), shared.at(Stage::Scheduled));
    let processes: Vec<String> = shared.pool.processes().iter().map(ToString::to_string).collect();
    let head = format!(
        "worker: {} is up for {} s: {} tasks run, {} wait for a place, {} for their time; {} ended; \
         pool {} with {} places in the processes {}; {} of {} messages held",
        shared.node,
        shared.since.elapsed().as_secs(),
        active.len(),
        reserved.len(),
        scheduled.len(),
        shared.processed(),
        shared.pool.implementation(),
        shared.pool.size(),
        processes.join(", "),
        shared.all().len(),
        shared.prefetch_limit(),
    );
    let tasks = active.iter().take(MAX_LISTED).map(|held| {
        let seconds = held.runtime().unwrap_or_default();
        let task = &held.message.headers.task;
        format!("worker: {task}[{}] runs for {seconds:.1} s in process {}", held.id(), held.pid())
    });
    std::iter::once(head).chain(tasks).collect()
}
