//! Keeping what this worker holds, and bringing back what dead workers held.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use rand::RngExt;
use tokio_util::sync::CancellationToken;

use crate::broker::{DeadLetter, DeliveryTag, MAX_DEATHS};
use crate::cancellation::CancelReason;
use crate::protocol::{JsonMap, TaskException, TaskState};
use crate::task::Failure;
use crate::worker::finished::Finished;
use crate::worker::held::{Held, Stage};
use crate::worker::shared::Shared;

/// Renews leases on a thread of its own, so that tasks which block all threads of the runtime do not lose theirs.
/// Returns when the thread has ended.
pub(crate) async fn renew_on_thread<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    end: CancellationToken,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let (thread_shared, thread_end) = (shared.clone(), end.clone());
    let (ended, has_ended) = tokio::sync::oneshot::channel::<()>();
    let thread = runtime.and_then(|runtime| {
        std::thread::Builder::new().name("celeriac-lease".to_owned()).spawn(move || {
            runtime.block_on(renew(thread_shared, thread_end));
            drop(ended);
        })
    });
    match thread {
        // The sender is only ever dropped: when the thread ends, or panics.
        Ok(_) => drop(has_ended.await),
        Err(error) => {
            tracing::warn!(target: "celery.worker", "no thread for the leases, they share the runtime: {error}");
            renew(shared, end).await;
        }
    }
}

/// Renews the leases of all messages that are not settled, three times in each lease.
async fn renew<S: Send + Sync + 'static>(shared: Arc<Shared<S>>, end: CancellationToken) {
    let every = shared.settings.lease / 3;
    while !ended_within(every, &end).await {
        let held: Vec<Arc<Held>> = shared.all().into_iter().filter(|held| held.needs_lease()).collect();
        if held.is_empty() {
            continue;
        }
        let tags: Vec<DeliveryTag> = held.iter().map(|held| held.tag.clone()).collect();
        match shared.app.broker().extend(&tags, shared.settings.lease).await {
            Ok(lost) => held.iter().filter(|held| lost.contains(&held.tag)).for_each(|held| let_go(held)),
            Err(error) => {
                tracing::error!(target: "celery.worker", "cannot renew {} leases: {error}", tags.len())
            }
        }
    }
}

/// Somebody else has the message: what waits here is dropped, what runs is left to end (its result is the same).
fn let_go(held: &Held) {
    // What is just being settled is lost by right.
    if held.stage() == Stage::Finished || held.lost.swap(true, Ordering::Relaxed) {
        return;
    }
    tracing::warn!(
        target: "celery.worker",
        "the lease of {}[{}] is lost: it was not renewed in time and another worker has the message",
        held.message.headers.task, held.id(),
    );
    if held.stage() != Stage::Active {
        held.cancellation.cancel(CancelReason::Shutdown);
    }
}

/// Puts the messages of dead workers back into their queues, every few seconds.
pub(crate) async fn recover<S: Send + Sync + 'static>(shared: Arc<Shared<S>>, end: CancellationToken) {
    loop {
        match shared.app.broker().recover().await {
            Ok(recovered) => {
                if recovered.requeued > 0 {
                    tracing::warn!(
                        target: "celery.worker",
                        "{} messages of workers that died are back in their queues", recovered.requeued,
                    );
                }
                if recovered.dead > 0 {
                    bury(&shared, recovered.dead).await;
                }
            }
            Err(error) => tracing::warn!(target: "celery.worker", "cannot recover messages: {error}"),
        }
        // Not all workers at the same moment.
        let every = shared.settings.recover_every.mul_f64(rand::rng().random_range(0.7..=1.0));
        if ended_within(every, &end).await {
            return;
        }
    }
}

/// Messages that killed their worker too often are dead letters now; their callers are told.
async fn bury<S: Send + Sync + 'static>(shared: &Shared<S>, dead: u64) {
    let limit = usize::try_from(dead).unwrap_or(usize::MAX).min(1_000);
    let letters = match shared.app.broker().dead_letters(limit).await {
        Ok(letters) => letters,
        Err(error) => {
            tracing::warn!(target: "celery.worker", "cannot read {dead} new dead letters: {error}");
            return;
        }
    };
    for DeadLetter { message, deaths, reason, .. } in letters {
        let Ok(message) = message else { continue };
        if deaths < MAX_DEATHS {
            continue;
        }
        let headers = &message.headers;
        tracing::error!(
            target: "celery.worker",
            "Task {}[{}] goes to the dead letters: {reason}", headers.task, headers.id,
        );
        let text = format!("Worker exited prematurely {deaths} times while it held the task");
        let failure = Failure::bare(TaskException::new("billiard.exceptions", "WorkerLostError", text));
        let mut finished = Finished::default();
        let ended = shared.ended(&message, false);
        finished.fail(&ended, TaskState::Failure, &failure);
        let fields = JsonMap::from_iter([("exception".to_owned(), failure.repr().into())]);
        finished.events.push(("task-failed", headers.id.clone(), fields));
        drop(shared.finished.send(finished).await);
    }
}

/// Waits; says whether the worker ended meanwhile.
pub(crate) async fn ended_within(pause: Duration, end: &CancellationToken) -> bool {
    tokio::select! {
        () = tokio::time::sleep(pause) => false,
        () = end.cancelled() => true,
    }
}
