//! Calling tasks off.

use serde_json::Value;

use super::{Arguments, error, ok};
use crate::app::revoked_meta;
use crate::cancellation::CancelReason;
use crate::protocol::{TaskId, TaskState};
use crate::worker::held::Stage;
use crate::worker::revoked::MAX_REVOKED;
use crate::worker::shared::Shared;

/// Notes the ids, ends what waits here, and with `terminate` what runs here.
pub(super) async fn revoke<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
    terminate: bool,
) -> Value {
    let mut ids = arguments.texts("task_id");
    ids.truncate(MAX_REVOKED);
    if ids.is_empty() {
        return error("TypeError('revoke() needs task_id: an id or a list of ids')");
    }
    {
        let mut revoked = shared.revoked.lock();
        ids.iter().for_each(|id| revoked.insert(id.as_str()));
    }
    let mut terminated: Vec<&str> = Vec::new();
    let mut runs_on: Vec<&str> = Vec::new();
    let held = shared.all();
    for id in &ids {
        for held in held.iter().filter(|held| held.id().as_str() == id) {
            match held.stage() {
                Stage::Scheduled | Stage::Reserved => held.cancellation.cancel(CancelReason::Revoked),
                Stage::Active if terminate => {
                    tracing::info!(target: "celery.worker", "Terminating {id} (SIGTERM)");
                    held.cancellation.cancel(CancelReason::Revoked);
                    terminated.push(id);
                }
                Stage::Active => runs_on.push(id),
                Stage::Finished => {}
            }
        }
    }
    let elsewhere: Vec<TaskId> = ids
        .iter()
        .filter(|id| !terminated.contains(&id.as_str()) && !runs_on.contains(&id.as_str()))
        .map(|id| TaskId::from(id.as_str()))
        .collect();
    store(shared, elsewhere).await;
    if !terminate {
        let shown: Vec<String> = ids.iter().map(|id| format!("'{id}'")).collect();
        let text = format!("tasks {{{}}} flagged as revoked", shown.join(", "));
        tracing::info!(target: "celery.worker", "{text}");
        return ok(text);
    }
    if terminated.is_empty() {
        ok("terminate: tasks unknown")
    } else {
        ok(format!("terminate: {}", terminated.join(", ")))
    }
}

/// Their callers need not wait until the message is met, which may be never.
async fn store<S: Send + Sync + 'static>(shared: &Shared<S>, ids: Vec<TaskId>) {
    let backend = shared.app.backend();
    let stored = async {
        let known = backend.get_many(&ids).await?;
        let waiting = ids.iter().zip(known).filter(|(_, meta)| {
            let state = meta.as_ref().map(|meta| &meta.status);
            matches!(state, None | Some(TaskState::Pending | TaskState::Received | TaskState::Retry))
        });
        let metas: Vec<_> = waiting.map(|(id, _)| revoked_meta(id.clone(), "revoked")).collect();
        if metas.is_empty() { Ok(()) } else { backend.store(metas).await }
    };
    if let Err(error) = stored.await {
        tracing::warn!(target: "celery.worker", "cannot store that tasks are revoked: {error}");
    }
}
