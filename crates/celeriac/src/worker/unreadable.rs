//! Telling the callers of messages that cannot be read.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::broker::Unreadable;
use crate::protocol::{ProtocolError, TaskException, TaskMeta, TaskState};
use crate::task::Failure;
use crate::worker::execute;
use crate::worker::finished::Finished;
use crate::worker::shared::Shared;

/// So many callers may wait to be told.
pub(crate) const MAX_UNREADABLE: usize = 1_024;

/// Stores a failure for each message that tells whose it is, until nobody consumes any more.
pub(crate) async fn tell<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    mut unreadable: mpsc::Receiver<Unreadable>,
) {
    while let Some(Unreadable { queue, task_id, error }) = unreadable.recv().await {
        let Some(id) = task_id else { continue };
        tracing::error!(target: "celery.worker", "Task {id} of {queue} has failed: {error}");
        let class = match error {
            ProtocolError::ContentType { .. } => "ContentDisallowed",
            _ => "DecodeError",
        };
        let failure = Failure::bare(TaskException::new("kombu.exceptions", class, error.to_string()));
        let meta = TaskMeta::new(id.clone(), TaskState::Failure, failure.exception.clone().into_value());
        let fields = execute::exception_fields(&failure);
        let finished =
            Finished { metas: vec![meta], events: vec![("task-failed", id, fields)], ..Finished::default() };
        // The flusher outlives whoever consumes.
        drop(shared.finished.send(finished).await);
    }
}
