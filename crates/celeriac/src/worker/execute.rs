//! Running a task: its limits while it runs, and what becomes of its end.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use crate::broker::{Delivery, MAX_DEATHS, Publication};
use crate::cancellation::CancelReason;
use crate::canvas::replace::replacement;
use crate::context::{Context, Request};
use crate::protocol::{JsonMap, ResultTuple, Signature, TaskException, TaskState, Timestamp};
use crate::registry::Registered;
use crate::repr;
use crate::task::{Failure, Retry, TaskError};
use crate::worker::finished::Finished;
use crate::worker::held::Held;
use crate::worker::pool::{End, Limits, Place, Work};
use crate::worker::shared::Shared;
use crate::worker::strategy::{self, ended};

/// Runs a task in a place of the pool.
pub(crate) async fn run<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    place: &mut Place<'_>,
) -> Finished {
    if !task.settings.acks_late
        && let Some(settlement) = held.acknowledge_early()
        && let Err(error) = shared.app.broker().settle(vec![settlement]).await
    {
        tracing::error!(target: "celery.worker", "cannot acknowledge {}[{}]: {error}", task.name, held.id());
        return Finished::default();
    }
    if held.deaths > 0
        && !held.is_acknowledged()
        && let Err(error) = shared.app.broker().begin(std::slice::from_ref(&held.tag)).await
    {
        tracing::warn!(
            target: "celery.worker",
            "cannot record that {}[{}] begins, so that it does not count should it kill the worker: {error}",
            task.name, held.id(),
        );
    }
    held.set_started(place.pid());
    shared.count_run(task.name);
    shared.events.task("task-started", held.id(), JsonMap::new);
    if task.settings.track_started {
        store_started(shared, held).await;
    }

    let request = Request {
        message: held.message.clone(),
        hostname: shared.node.clone(),
        queue: held.queue.clone(),
        redelivered: held.is_redelivered,
    };
    let cx = Context::new(shared.app.clone(), request, held.cancellation.clone(), shared.events.clone());
    let own = shared.tasks.get(task.name).map(|control| *control.limits.lock()).unwrap_or_default();
    let sent = held.message.headers.timelimit;
    let limits = Limits::new(sent.hard.or(own.0), sent.soft.or(own.1));
    let start = Instant::now();
    let trail = cx.trail().clone();
    let end = place.run(Work { task, held, limits, cx, events: &shared.events }).await;
    let children = std::mem::take(&mut *trail.lock());
    conclude(shared, held, task, end, Ran { runtime: start.elapsed(), limits, children })
}

/// What is known of a run beside its end.
struct Ran {
    runtime: Duration,
    limits: Limits,
    /// What the task has sent.
    children: Vec<ResultTuple>,
}

/// Turns the end of a run into what is to be stored, sent, settled and told.
fn conclude<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    end: End,
    ran: Ran,
) -> Finished {
    let limits = ran.limits;
    match end {
        End::Returned(Ok(value)) => succeed(shared, held, value, ran),
        End::Returned(Err(TaskError::Failed(failure))) if (task.retries_after)(&failure) => {
            retry(shared, held, task, Retry::default().because(failure))
        }
        End::Returned(Err(TaskError::Failed(failure))) => {
            fail(shared, held, &failure.traced(task.name), task.settings.acks_on_failure)
        }
        End::Returned(Err(TaskError::Retry(wish))) => retry(shared, held, task, *wish),
        End::Returned(Err(TaskError::Ignore)) => {
            tracing::info!(target: "celery.worker", "Task {}[{}] ignored", task.name, held.id());
            Finished { settlement: held.settle(Delivery::ack), ..Finished::default() }
        }
        End::Returned(Err(TaskError::Reject { requeue })) => reject(shared, held, requeue),
        End::Returned(Err(TaskError::Replace(signature))) => replace(shared, held, task, *signature),
        End::Dropped(CancelReason::TimeLimit) => {
            let limit = limits.hard.unwrap_or_default();
            tracing::error!(
                target: "celery.worker",
                "Hard time limit ({}s) exceeded for {}[{}]", seconds(limit), task.name, held.id(),
            );
            let seconds = seconds(limit);
            let exception = TaskException::new("billiard.exceptions", "TimeLimitExceeded", seconds);
            fail(shared, held, &Failure::bare(exception), task.settings.acks_on_timeout)
        }
        End::Dropped(CancelReason::Revoked) => strategy::revoked(shared, held, "terminated"),
        End::Dropped(CancelReason::Shutdown | CancelReason::SoftTimeLimit) => cancelled(shared, held),
        End::Lost(how) => lost(shared, held, task, &how),
    }
}

fn succeed<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held, value: Value, ran: Ran) -> Finished {
    let seconds = (ran.runtime.as_secs_f64() * 1e6).round() / 1e6;
    let wants_events = shared.events.wants_task_events();
    let mut finished = Finished::default();
    if wants_events || tracing::enabled!(target: "celery.worker", tracing::Level::INFO) {
        let shown = repr::python(&value);
        tracing::info!(
            target: "celery.worker",
            "Task {}[{}] succeeded in {seconds}s: {shown}", held.message.headers.shown_name(), held.id(),
        );
        if wants_events {
            let fields = JsonMap::from_iter([
                ("result".to_owned(), shown.into()),
                ("runtime".to_owned(), seconds.into()),
            ]);
            finished.events.push(("task-succeeded", held.id().clone(), fields));
        }
    }
    finished.succeed(&ended(shared, held), value, ran.children);
    finished.settlement = held.settle(Delivery::ack);
    finished
}

/// `acks` says whether the message is done all the same; otherwise it goes to the dead letters.
fn fail<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    failure: &Failure,
    acks: bool,
) -> Finished {
    tracing::error!(
        target: "celery.worker",
        "Task {}[{}] raised unexpected: {}{}",
        held.message.headers.shown_name(),
        held.id(),
        failure.repr(),
        failure.traceback.as_ref().map(|traceback| format!("\n{}", traceback.trim_end())).unwrap_or_default(),
    );
    let mut finished = Finished::default();
    finished.fail(&ended(shared, held), TaskState::Failure, failure);
    finished.settlement =
        held.settle(|delivery| if acks { delivery.ack() } else { delivery.reject(failure.repr()) });
    let fields = exception_fields(failure);
    finished.events.push(("task-failed", held.id().clone(), fields));
    finished
}

fn retry<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    wish: Retry,
) -> Finished {
    let headers = &held.message.headers;
    let cause = wish.cause.map(|cause| cause.traced(task.name));
    if wish.max_retries.or(task.settings.max_retries).is_some_and(|max| headers.retries >= max) {
        let failure = cause.unwrap_or_else(|| {
            let message = format!(
                "Can't retry {}[{}] args:{} kwargs:{}",
                task.name,
                headers.id,
                repr::args(held.message.body.args()),
                repr::kwargs(held.message.body.kwargs()),
            );
            Failure::bare(TaskException::new("celery.exceptions", "MaxRetriesExceededError", message))
        });
        return fail(shared, held, &failure, task.settings.acks_on_failure);
    }
    let pause = wish.countdown.unwrap_or_else(|| task.settings.retry.pause(headers.retries));
    let mut again = (*held.message).clone();
    again.headers.retries += 1;
    again.headers.eta = (!pause.is_zero()).then(|| (Timestamp::now() + pause).into());
    if let Some(expires) = wish.expires {
        again.headers.expires = Some((Timestamp::now() + expires).into());
    }
    again.headers.parent_id = Some(headers.id.clone());
    again.headers.redelivered = None;
    again.properties.delivery_info.redelivered = None;

    let because = cause.as_ref().map(|cause| format!(": {}", cause.repr())).unwrap_or_default();
    tracing::info!(
        target: "celery.worker",
        "Task {}[{}] retry: Retry in {}s{because}", headers.shown_name(), headers.id, seconds(pause),
    );

    let mut finished = Finished::default();
    let ended = shared.ended(&held.message, false);
    // As in Celery a retry that nothing caused is told with `None`, not with an exception of its own.
    let exception = cause.as_ref().map_or(Value::Null, |cause| cause.exception.clone().into_value());
    let mut meta = ended.meta(TaskState::Retry, exception);
    meta.traceback = cause.as_ref().and_then(|cause| cause.traceback.clone());
    meta.children = Some(vec![ResultTuple::task(headers.id.clone())]);
    finished.metas_first.push(meta);
    finished.publications.push(Publication::new(held.queue.clone(), again));
    finished.settlement = held.settle(Delivery::ack);
    let shown = cause.as_ref().map_or_else(|| "None".to_owned(), Failure::repr);
    let fields = told(shown, cause.as_ref().and_then(|cause| cause.traceback.as_deref()));
    finished.events.push(("task-retried", headers.id.clone(), fields));
    finished
}

/// Another signature takes the task's place; what is stored of the task will be its result.
fn replace<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    signature: Signature,
) -> Finished {
    match replacement(&held.message, signature) {
        Ok(signature) => {
            tracing::info!(target: "celery.worker", "Task {}[{}] replaced by {}", task.name, held.id(), signature.task);
            let mut finished = Finished::default();
            finished.apply(signature);
            finished.settlement = held.settle(Delivery::ack);
            finished
        }
        Err(failure) => fail(shared, held, &failure, task.settings.acks_on_failure),
    }
}

/// A task that does not come back is a failure for whoever waits for it, as in Celery 5.7.
fn reject<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held, requeue: bool) -> Finished {
    let mut finished = Finished::default();
    if requeue {
        finished.settlement = held.settle(|delivery| delivery.requeue(Duration::ZERO));
    } else {
        let mut exception =
            TaskException::new("celery.exceptions", "Reject", "the task rejected its message");
        exception.exc_message.push(false.into());
        let failure = Failure::bare(exception);
        finished = fail(shared, held, &failure, false);
    }
    let fields = JsonMap::from_iter([("requeue".to_owned(), requeue.into())]);
    finished.events.push(("task-rejected", held.id().clone(), fields));
    finished
}

/// The process died in which the task ran: the message goes back, unless it has killed too many, or is not to.
fn lost<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    held: &Held,
    task: &Registered<S>,
    how: &str,
) -> Finished {
    let comes_back = task.settings.reject_on_worker_lost && !held.is_acknowledged();
    if comes_back && held.deaths + 1 < MAX_DEATHS {
        tracing::error!(
            target: "celery.worker",
            "Task {}[{}] lost its process and goes back to {}: {how}", task.name, held.id(), held.queue,
        );
        let fields = JsonMap::from_iter([("requeue".to_owned(), true.into())]);
        return Finished {
            settlement: held.settle(|delivery| delivery.lost(how)),
            events: vec![("task-rejected", held.id().clone(), fields)],
            ..Finished::default()
        };
    }
    let failure = Failure::bare(TaskException::new("billiard.exceptions", "WorkerLostError", how));
    let mut finished = fail(shared, held, &failure, true);
    if comes_back {
        finished.settlement = finished.settlement.map(|settlement| settlement.lost(how));
    }
    finished
}

/// The worker stops while the task runs: the message goes back. One that was acknowledged early is lost; its state says
/// that it will be tried again, which nobody does, as Celery has it.
fn cancelled<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) -> Finished {
    let mut finished = strategy::requeue(held);
    if held.is_acknowledged() {
        let exception = TaskException {
            exc_type: "Retry".to_owned(),
            exc_message: vec!["Retry(Retry(...), None, None)".into(), Value::Null, Value::Null],
            exc_module: "celery.exceptions".to_owned(),
        };
        let ended = shared.ended(&held.message, false);
        finished.metas.push(ended.meta(TaskState::Retry, exception.into_value()));
    }
    finished.events.push(("task-cancelled", held.id().clone(), JsonMap::new()));
    finished
}

pub(crate) fn exception_fields(failure: &Failure) -> JsonMap {
    told(failure.repr(), failure.traceback.as_deref())
}

fn told(exception: String, traceback: Option<&str>) -> JsonMap {
    let traceback = traceback.map_or(Value::Null, Value::from);
    JsonMap::from_iter([("exception".to_owned(), exception.into()), ("traceback".to_owned(), traceback)])
}

async fn store_started<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held) {
    let result = json!({"pid": held.pid(), "hostname": shared.node});
    let meta = shared.ended(&held.message, false).meta(TaskState::Started, result);
    if let Err(error) = shared.app.backend().store(vec![meta]).await {
        tracing::warn!(target: "celery.worker", "cannot store that {} has started: {error}", held.id());
    }
}

/// Seconds as Python shows them: whole ones without a fraction.
fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 {
        duration.as_secs().into()
    } else {
        ((duration.as_secs_f64() * 1000.0).round() / 1000.0).into()
    }
}
