//! The way of one message through the worker: looked at, scheduled, limited, placed, run.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;

use crate::broker::Delivery;
use crate::cancellation::CancelReason;
use crate::events::task_fields;
use crate::protocol::{JsonMap, TaskException, TaskMeta, TaskState, Timestamp};
use crate::registry::Registered;
use crate::task::Failure;
use crate::worker::execute;
use crate::worker::finished::{Ended, Finished};
use crate::worker::held::{Held, Stage};
use crate::worker::pool::InLine;
use crate::worker::rate::Turn;
use crate::worker::shared::Shared;

/// A wait for an eta is cut into such pieces, so that a clock that is set does no harm.
const LONGEST_SLEEP: Duration = Duration::from_secs(60);

/// Where a message stands in line from its delivery on, so that tasks begin in the order in which they came.
pub(crate) enum Line {
    /// It has to wait for something else before, or for nothing.
    None,
    /// For its rate.
    Rate(Turn),
    /// For a place in the pool.
    Place(InLine),
}

/// Has a message that was delivered stand in line for what it has to wait for first.
pub(crate) fn line_up<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> Line {
    let headers = &held.message.headers;
    let Some(control) = shared.tasks.get(headers.task.as_str()) else { return Line::None };
    if headers.eta.as_ref().is_some_and(|eta| !eta.at().has_passed()) {
        Line::None
    } else if control.bucket.is_limited() {
        Line::Rate(control.bucket.line_up())
    } else if is_to_run_alone(shared, held) {
        Line::None
    } else {
        Line::Place(shared.pool.line_up())
    }
}

/// Which of them kills the worker shows only while those with their last chance run one by one. In a process of its own
/// a task kills no other.
fn is_to_run_alone<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> bool {
    held.has_last_chance() && shared.pool.children().is_none()
}

/// Lives through the whole life of one message. `known` is what the result backend knew of the task when that was
/// looked up (it is for redelivered and old messages).
pub(crate) async fn live<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    held: Arc<Held>,
    known: Option<TaskMeta>,
    line: Line,
) {
    let mut finished = match receive(&shared, &held, known) {
        Ok(task) => match turn(&shared, &held, &task, line).await {
            Ok(line) => {
                let place = tokio::select! {
                    biased;
                    place = shared.pool.place(line) => Some(place),
                    () = interrupted(&shared, &held) => None,
                };
                match place {
                    Some(mut place) => match check(&shared, &held) {
                        None => execute::run(&shared, &held, &task, &mut place).await,
                        Some(finished) => finished,
                    },
                    None => give_up(&shared, &held),
                }
            }
            Err(finished) => *finished,
        },
        Err(finished) => *finished,
    };
    shared.advance(&held, Stage::Finished);
    finished.number = Some(held.number);
    // The flusher outlives all messages; if it has gone nevertheless, the lease brings the message back.
    drop(shared.finished.send(finished).await);
}

/// Decides what a message is good for, and tells that it has come.
fn receive<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    known: Option<TaskMeta>,
) -> Result<Registered<S>, Box<Finished>> {
    let headers = &held.message.headers;
    if let Some(finished) = check(shared, held) {
        return Err(Box::new(finished));
    }
    match known {
        Some(meta) if meta.status == TaskState::Revoked => {
            shared.revoked.lock().insert(held.id().as_str());
            return Err(Box::new(revoked(shared, held, "revoked")));
        }
        Some(meta) if meta.status == TaskState::Success && held.is_redelivered => {
            return Err(Box::new(already_succeeded(held, &meta)));
        }
        _ => {}
    }
    let Some(task) = shared.app.registry().get(&headers.task) else {
        return Err(Box::new(unregistered(shared, held)));
    };
    tracing::info!(target: "celery.worker", "Task {}[{}] received", headers.shown_name(), headers.id);
    shared.events.task("task-received", held.id(), || task_fields(&held.message, headers.shown_name()));
    Ok(task.clone())
}

/// Waits for the task's time and for its rate, and with its last chance for those of others; then it stands in line for
/// a place. What stood there from the start has nothing else to wait for.
async fn turn<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    line: Line,
) -> Result<InLine, Box<Finished>> {
    let turn = match line {
        Line::Place(place) => return Ok(place),
        Line::Rate(turn) => Some(turn),
        Line::None => None,
    };
    if let Some(eta) = held.message.headers.eta.as_ref().map(|eta| eta.at())
        && !eta.has_passed()
    {
        shared.advance(held, Stage::Scheduled);
        while !eta.has_passed() {
            tokio::select! {
                () = tokio::time::sleep(eta.from_now().min(LONGEST_SLEEP)) => {}
                () = interrupted(shared, held) => return Err(Box::new(give_up(shared, held))),
            }
        }
        shared.advance(held, Stage::Reserved);
        if let Some(finished) = check(shared, held) {
            return Err(Box::new(finished));
        }
    }
    if let Some(control) = shared.tasks.get(task.name)
        && control.bucket.is_limited()
    {
        tokio::select! {
            () = control.bucket.acquire(turn.unwrap_or_else(|| control.bucket.line_up())) => {}
            () = interrupted(shared, held) => return Err(Box::new(give_up(shared, held))),
        }
    }
    if is_to_run_alone(shared, held) {
        tokio::select! {
            permit = shared.last_chance.clone().acquire_owned() => {
                // The semaphore is never closed.
                permit.into_iter().for_each(|permit| held.take_last_chance(permit));
            }
            () = interrupted(shared, held) => return Err(Box::new(give_up(shared, held))),
        }
    }
    Ok(shared.pool.line_up())
}

/// Ends when a waiting message is not to be run here: the worker stops, the task is revoked, or there
/// are too many.
async fn interrupted<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) {
    tokio::select! {
        () = shared.shutdown.requested() => {}
        _ = held.cancellation.dropped() => {}
        () = held.give_back.notified() => {}
    }
}

/// What becomes of a message whose wait was interrupted.
fn give_up<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> Finished {
    match held.cancellation.reason() {
        Some(CancelReason::Revoked) => revoked(shared, held, "revoked"),
        _ => requeue(held),
    }
}

/// The message goes back to its queue.
pub(crate) fn requeue(held: &Held) -> Finished {
    Finished { settlement: held.settle(Delivery::restore), ..Finished::default() }
}

/// Revoked or expired?
fn check<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> Option<Finished> {
    let is_revoked = shared.revoked.lock().contains(held.id().as_str())
        || shared.revoked_stamps.lock().mark(&held.message.headers.stamps);
    if is_revoked {
        return Some(revoked(shared, held, "revoked"));
    }
    let expires = held.message.headers.expires.as_ref()?;
    if expires.at().has_passed() {
        shared.revoked.lock().insert(held.id().as_str());
        return Some(revoked(shared, held, "expired"));
    }
    None
}

/// The end of a task that never ran, or was dropped.
pub(crate) fn revoked<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held, reason: &str) -> Finished {
    let headers = &held.message.headers;
    tracing::info!(target: "celery.worker", "Discarding revoked task: {}[{}] ({reason})", headers.shown_name(), headers.id);
    let exception = TaskException::new("celery.exceptions", "TaskRevokedError", reason);
    let mut finished = Finished::default();
    finished.fail(&ended(shared, held), TaskState::Revoked, &Failure::bare(exception));
    finished.settlement = held.settle(Delivery::ack);
    let fields = match reason {
        "terminated" => terminated_by(held.signal.load(Ordering::Relaxed)),
        _ => revocation(None, reason == "expired"),
    };
    finished.events.push(("task-revoked", held.id().clone(), fields));
    finished
}

/// What the event `task-revoked` tells of a task that ran and was sent a signal.
pub(crate) fn terminated_by(signal: i32) -> JsonMap {
    revocation(Some(signal), false)
}

fn revocation(signal: Option<i32>, is_expired: bool) -> JsonMap {
    JsonMap::from_iter([
        ("terminated".to_owned(), signal.is_some().into()),
        ("signum".to_owned(), signal.map_or(Value::Null, Value::from)),
        ("expired".to_owned(), is_expired.into()),
    ])
}

/// The task as what follows it must know it.
pub(crate) fn ended<'a, S: Send + Sync + 'static>(shared: &'a Shared<S>, held: &'a Held) -> Ended<'a> {
    let headers = &held.message.headers;
    let own = shared.app.registry().get(&headers.task).is_some_and(|task| task.settings.ignore_result);
    shared.ended(&held.message, headers.ignore_result.unwrap_or(own))
}

/// A task that nobody here knows: its caller is told, and the message is kept where a person finds it.
fn unregistered<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> Finished {
    let headers = &held.message.headers;
    tracing::error!(
        target: "celery.worker",
        "Received unregistered task of type '{}' [{}]: it goes to the dead letters. Is the right app running?",
        headers.task, headers.id,
    );
    let exception = TaskException::new("celery.exceptions", "NotRegistered", headers.task.as_str());
    let failure = Failure::bare(exception);
    let mut finished = Finished::default();
    let ended = shared.ended(&held.message, false);
    finished.fail(&ended, TaskState::Failure, &failure);
    finished.settlement =
        held.settle(|delivery| delivery.reject(format!("no task is registered as {}", headers.task)));
    let fields = execute::exception_fields(&failure);
    finished.events.push(("task-failed", held.id().clone(), fields));
    finished
}

/// The task succeeded before its worker could settle it. Its callbacks were sent before its result was stored; only
/// its part of a chord may be missing, and counting it twice does no harm.
fn already_succeeded(held: &Held, meta: &TaskMeta) -> Finished {
    let headers = &held.message.headers;
    tracing::info!(
        target: "celery.worker",
        "Task {}[{}] has succeeded before and is not run again", headers.task, headers.id,
    );
    let mut finished = Finished::default();
    finished.count(&Ended::new(&held.message, true, None), TaskState::Success, &meta.result);
    finished.settlement = held.settle(Delivery::ack);
    finished
}

/// Is it worth asking the result backend before this message is run?
pub(crate) fn needs_lookup(held: &Held, started_with_backlog: bool) -> bool {
    started_with_backlog
        || held.is_redelivered
        || held.message.headers.eta.as_ref().is_some_and(|eta| eta.at() <= Timestamp::now())
}
