//! Carrying out what ended tasks leave to do: one writer for all of them, many tasks in each commit.
//!
//! Results are stored and followers sent before a message is settled, so that nothing is lost when the worker dies
//! in between. The settling of one batch shares its commit with the storing of the next; with nothing else to do it
//! happens at once, so that a single task waits for nobody.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::backend::{BackendError, ChordPart, ChordProgress};
use crate::broker::{BrokerError, Publication, Settlement};
use crate::outgoing::{self, may_fail};
use crate::protocol::{GroupId, TaskException, TaskId, TaskMeta, TaskState};
use crate::worker::chord;
use crate::worker::errback;
use crate::worker::finished::{Finished, Part};
use crate::worker::shared::Shared;

/// So many ended tasks are carried out together.
const MAX_BATCH: usize = 1_024;
/// The pause before the first repetition of a failed write, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(5));

/// What is left when a batch is stored: to settle its messages, and to let go of them.
#[derive(Default)]
struct Stored {
    settlements: Vec<Settlement>,
    numbers: Vec<u64>,
}

/// Carries out what comes over `ended`, until `end` is given and nothing is left.
pub(crate) async fn flush<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    mut ended: mpsc::Receiver<Finished>,
    end: CancellationToken,
) {
    let running = TaskTracker::new();
    let flusher = Flusher { shared: &shared, end: &end, running: &running };
    let mut batch: Vec<Finished> = Vec::with_capacity(MAX_BATCH);
    let mut stored = Stored::default();
    loop {
        if stored.numbers.is_empty() {
            tokio::select! {
                biased;
                _ = ended.recv_many(&mut batch, MAX_BATCH) => {}
                () = end.cancelled() => {}
            }
            if batch.is_empty() {
                running.close();
                running.wait().await;
                return;
            }
        } else {
            while batch.len() < MAX_BATCH
                && let Ok(finished) = ended.try_recv()
            {
                batch.push(finished);
            }
        }
        let settled = flusher.settle(std::mem::take(&mut stored));
        let (next, ()) = tokio::join!(flusher.store(std::mem::take(&mut batch)), settled);
        stored = next;
    }
}

struct Flusher<'a, S> {
    shared: &'a Arc<Shared<S>>,
    /// The errbacks that run here.
    running: &'a TaskTracker,
    /// The worker is about to end: a write that fails is not repeated for ever.
    end: &'a CancellationToken,
}

impl<S: Send + Sync + 'static> Flusher<'_, S> {
    /// Stores and sends, in an order in which a crash at any point repeats work but loses none.
    async fn store(&self, batch: Vec<Finished>) -> Stored {
        let mut stored = Stored::default();
        let mut parts: Vec<Part> = Vec::new();
        let mut events = Vec::new();
        let mut all = Finished::default();
        for finished in batch {
            stored.numbers.extend(finished.number);
            stored.settlements.extend(finished.settlement);
            events.extend(finished.events);
            all.metas_first.extend(finished.metas_first);
            all.chords.extend(finished.chords);
            all.calls.extend(finished.calls);
            all.publications.extend(finished.publications);
            all.metas.extend(finished.metas);
            all.errbacks.extend(finished.errbacks);
            parts.extend(finished.parts);
        }
        parts.extend(self.write(all).await);
        for (kind, id, fields) in events {
            self.shared.events.task(kind, &id, || fields);
        }
        // A chord that fails may be part of another chord: go on until no more parts arise.
        while !parts.is_empty() {
            parts = self.count(std::mem::take(&mut parts)).await;
        }
        stored
    }

    /// Writes states and messages. Followers are sent before the success is stored (a redelivered task whose success
    /// is stored is not run again); both share a commit where broker and backend share a file. Returns parts of chords
    /// that could not be sent.
    async fn write(&self, mut all: Finished) -> Vec<Part> {
        self.keep(std::mem::take(&mut all.metas_first)).await;
        let mut inline = Vec::new();
        for errbacks in std::mem::take(&mut all.errbacks) {
            let (here, elsewhere) = errback::sort(self.shared.app.registry(), &errbacks.list);
            if !elsewhere.is_empty() {
                all.call_errbacks(elsewhere, &errbacks);
            }
            inline.extend(
                here.into_iter().map(|one| (one, errbacks.request.clone(), errbacks.failure.clone())),
            );
        }
        for chord in &all.chords {
            self.repeat("start a chord", BackendError::is_transient, || {
                self.shared.app.backend().chord_start(&chord.group_id, chord.size)
            })
            .await;
        }
        let mut publications = std::mem::take(&mut all.publications);
        let mut unsent = Finished::default();
        for signature in std::mem::take(&mut all.calls) {
            let spare = may_fail(&signature).then(|| signature.clone());
            match self.shared.app.core().sender.publication(signature) {
                Ok(publication) => publications.push(publication),
                Err(error) => {
                    tracing::error!(target: "celery.worker", "cannot send what follows a task: {error}");
                    if let Some(spare) = spare {
                        unsent.fail_unsent(&spare, &error);
                    }
                }
            }
        }
        let (refused, ()) = tokio::join!(self.publish(publications), self.keep(all.metas));
        for (Publication { message, .. }, error) in refused {
            let headers = &message.headers;
            tracing::error!(target: "celery.worker", "Task {}[{}] cannot be sent: {error}", headers.task, headers.id);
            unsent.fail_unsent(&outgoing::remains(message), &error.into());
        }
        for (signature, request, failure) in inline {
            self.running.spawn(errback::run(self.shared.clone(), signature, request, failure));
        }
        let mut parts = std::mem::take(&mut unsent.parts);
        if !unsent.is_empty() {
            // Who waits for what was not sent is told, and its errbacks are called.
            parts.extend(Box::pin(self.write(unsent)).await);
        }
        parts
    }

    /// Sends messages; gives back those that no broker takes.
    async fn publish(&self, publications: Vec<Publication>) -> Vec<(Publication, BrokerError)> {
        if publications.is_empty() {
            return Vec::new();
        }
        let broker = self.shared.app.broker();
        let send = || broker.publish(publications.clone());
        match self.try_repeatedly("send", BrokerError::is_transient, send).await {
            Err(error) if !error.is_transient() => {}
            _ => return Vec::new(),
        }
        // One of them cannot be sent; the others shall not suffer from it.
        let mut refused = Vec::new();
        for publication in publications {
            let send = || broker.publish(vec![publication.clone()]);
            match self.try_repeatedly("send", BrokerError::is_transient, send).await {
                Err(error) if !error.is_transient() => refused.push((publication, error)),
                _ => {}
            }
        }
        refused
    }

    async fn keep(&self, metas: Vec<TaskMeta>) {
        if metas.is_empty() {
            return;
        }
        let backend = self.shared.app.backend();
        if self
            .repeat("store results", BackendError::is_transient, || backend.store(metas.clone()))
            .await
            .is_some()
        {
            return;
        }
        for meta in metas {
            let stored = self
                .repeat("store a result", BackendError::is_transient, || backend.store(vec![meta.clone()]))
                .await;
            if stored.is_none() {
                let failure = unstorable(meta.task_id);
                self.repeat("store a failure", BackendError::is_transient, || {
                    backend.store(vec![failure.clone()])
                })
                .await;
            }
        }
    }

    /// Counts parts of chords; runs or fails the bodies of those that are complete. Returns the parts that arise.
    async fn count(&self, parts: Vec<Part>) -> Vec<Part> {
        let backend = self.shared.app.backend();
        let counted = parts.into_iter().map(|last| async move {
            let count = || backend.chord_part(last.part.clone());
            let progress = self.repeat("count a part of a chord", BackendError::is_transient, count).await;
            (last, progress)
        });
        let mut chords = Vec::new();
        let mut all = Finished::default();
        for (Part { part: last, body, root_id, called }, progress) in join_all(counted).await {
            let Some(ChordProgress::Complete(parts)) = progress else { continue };
            match parts.iter().find(|part| part.state.propagates()) {
                None => {
                    let results = self.joined(&last.chord, parts).await;
                    all.call_body(body, &last.task_id, root_id.as_ref(), results);
                    chords.push(last.chord);
                }
                // A failed chord keeps its parts until they expire, for who wants to see what became of the others.
                Some(failed) => {
                    let cause = TaskException::from_value(&failed.result);
                    all.fail_body(&body, &failed.task_id, cause, &called);
                }
            }
        }
        let mut arisen = std::mem::take(&mut all.parts);
        arisen.extend(self.write(all).await);
        let ends = chords.iter().map(|chord| {
            self.repeat("end a chord", BackendError::is_transient, move || backend.chord_end(chord))
        });
        join_all(ends).await;
        arisen
    }

    /// The results of a header in its order. Celery's clients save the header as a group when groups end members of
    /// it: their results come as lists then.
    async fn joined(&self, chord: &GroupId, parts: Vec<ChordPart>) -> Vec<Value> {
        let look = || self.shared.app.backend().get_group(chord);
        let saved = self.repeat("look up a group", BackendError::is_transient, look).await.flatten();
        chord::results(saved.as_ref(), parts)
    }

    async fn settle(&self, stored: Stored) {
        if stored.numbers.is_empty() {
            return;
        }
        if !stored.settlements.is_empty() {
            let broker = self.shared.app.broker();
            self.repeat("settle", BrokerError::is_transient, || broker.settle(stored.settlements.clone()))
                .await;
        }
        self.shared.release(&stored.numbers);
    }

    /// Does a write again while it fails for a reason that may pass. Gives up (and says so) when it never will, or
    /// when the worker ends; the messages are then delivered again.
    async fn repeat<T, E, F>(
        &self,
        what: &str,
        is_transient: impl Fn(&E) -> bool,
        write: impl FnMut() -> F,
    ) -> Option<T>
    where
        E: std::fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        let done = self.try_repeatedly(what, is_transient, write).await;
        done.inspect_err(|error| tracing::error!(target: "celery.worker", "cannot {what}: {error}")).ok()
    }

    /// The same, for who has to know why it cannot be done.
    async fn try_repeatedly<T, E, F>(
        &self,
        what: &str,
        is_transient: impl Fn(&E) -> bool,
        mut write: impl FnMut() -> F,
    ) -> Result<T, E>
    where
        E: std::fmt::Display,
        F: Future<Output = Result<T, E>>,
    {
        let mut pause = PAUSES.0;
        loop {
            match write().await {
                Ok(done) => return Ok(done),
                Err(error) if is_transient(&error) && !self.end.is_cancelled() => {
                    tracing::warn!(target: "celery.worker", "cannot {what}, trying again in {pause:?}: {error}");
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        () = self.end.cancelled() => {}
                    }
                    pause = (pause * 2).min(PAUSES.1);
                }
                Err(error) => return Err(error),
            }
        }
    }
}

/// What is stored for a task whose result cannot be.
fn unstorable(id: TaskId) -> TaskMeta {
    let exception = TaskException::new(
        "kombu.exceptions",
        "EncodeError",
        "the result could not be stored; see the worker's log",
    );
    TaskMeta::new(id, TaskState::Failure, exception.into_value())
}
