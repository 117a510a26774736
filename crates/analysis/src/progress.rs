//! Telling those who watch.
//!
//! A change is first in the row, then in the history, then a ring at the doorbell wakes watchers in all
//! processes. Small steps are told at most ten times a second; changes of state always.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use celeriac::Context;
use celeriac::broker::Broker;
use celeriac::protocol::JsonMap;
use parking_lot::Mutex;
use serde_json::Value;
use store::{Analysis, AnalysisId, Change, Changed, Store};

use crate::{AnalysisError, Shared};

/// Broadcasts on it carry the id of an analysis that changed.
pub(crate) const DOORBELL: &str = "code-reader/analysis";
/// Small steps are told so often at most.
const EVERY: Duration = Duration::from_millis(100);

/// When each analysis was told of last.
#[derive(Default)]
pub(crate) struct Announcer(Mutex<HashMap<AnalysisId, Instant>>);

impl Announcer {
    /// Whether a small step may be told now; if so, it counts as told.
    pub(crate) fn may_tell(&self, id: &AnalysisId) -> bool {
        let mut last = self.0.lock();
        let now = Instant::now();
        if last.get(id).is_some_and(|last| now.duration_since(*last) < EVERY) {
            return false;
        }
        if last.len() > 1024 {
            last.retain(|_, at| now.duration_since(*at) < EVERY);
        }
        last.insert(id.clone(), now);
        true
    }
}

/// Applies a change and tells of it; `None` when the analysis is in no state for it.
pub(crate) async fn change(
    store: &Store,
    broker: &dyn Broker,
    id: &AnalysisId,
    change: Change,
) -> Result<Option<Changed>, AnalysisError> {
    let changed = store.change(id, change).await?;
    if changed.as_ref().is_some_and(|changed| changed.event.is_some()) {
        ring(broker, id).await;
    }
    Ok(changed)
}

/// As [`change`], from a task: Celery's event `task-progress` tells monitors too.
pub(crate) async fn change_in_task(
    cx: &Context<Shared>,
    id: &AnalysisId,
    wanted: Change,
) -> Result<Option<Changed>, AnalysisError> {
    let changed = change(cx.state().store(), &**cx.app().broker(), id, wanted).await?;
    if let Some(Changed { analysis, event: Some(_), .. }) = &changed {
        cx.event("task-progress", fields(analysis));
    }
    Ok(changed)
}

/// Tells how the analysis stands after a small step, unless it was told of just now.
pub(crate) async fn tell(cx: &Context<Shared>, id: &AnalysisId) -> Result<(), AnalysisError> {
    if cx.state().announcer().may_tell(id)
        && let Some(changed) = cx.state().store().announce(id).await?
    {
        ring(&**cx.app().broker(), id).await;
        cx.event("task-progress", fields(&changed.analysis));
    }
    Ok(())
}

pub(crate) async fn ring(broker: &dyn Broker, id: &AnalysisId) {
    if let Err(error) = broker.broadcast(DOORBELL, id.as_str().as_bytes().to_vec()).await {
        // Watchers look each second all the same.
        tracing::warn!("watchers of {id} are not woken: {error}");
    }
}

fn fields(analysis: &Analysis) -> JsonMap {
    let progress = analysis.progress.unwrap_or_default();
    JsonMap::from_iter([
        ("analysis".to_owned(), Value::from(analysis.id.as_str())),
        ("name".to_owned(), Value::from(analysis.name.as_str())),
        ("status".to_owned(), Value::from(analysis.status.as_str())),
        ("step".to_owned(), analysis.step.map_or(Value::Null, |step| Value::from(step.as_str()))),
        ("done".to_owned(), Value::from(progress.done)),
        ("total".to_owned(), progress.total.map_or(Value::Null, Value::from)),
    ])
}
