//! Commands that change a running worker.

use std::time::Duration;

use serde_json::Value;

use super::{Arguments, error, ok};
use crate::protocol::QueueName;
use crate::worker::rate::Rate;
use crate::worker::shared::Shared;

/// No pool grows by more at a time.
const MAX_GROWTH: usize = 10_000;

pub(super) fn rate_limit<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    let text = match arguments.0.get("rate_limit") {
        None | Some(Value::Null) => "0".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let rate = match Rate::parse(&text) {
        Ok(rate) => rate,
        Err(wrong) => {
            let repr = crate::repr::python(&Value::String(wrong.to_string()));
            return error(&format!("Invalid rate limit string: ValueError({repr})"));
        }
    };
    let name = arguments.text("task_name").unwrap_or_default();
    let Some(task) = shared.tasks.get(name) else { return error("unknown task") };
    task.bucket.set_rate(rate);
    match rate {
        Some(_) => {
            tracing::info!(target: "celery.worker", "New rate limit for tasks of type {name}: {text}.");
            ok("new rate limit set successfully")
        }
        None => {
            tracing::info!(target: "celery.worker", "Rate limits disabled for tasks of type {name}");
            ok("rate limit disabled successfully")
        }
    }
}

pub(super) fn time_limit<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    let Some(task) = arguments.text("task_name").and_then(|name| shared.tasks.get(name)) else {
        return error("unknown task");
    };
    let limit = |name| {
        let seconds = arguments.0.get(name).and_then(Value::as_f64).filter(|seconds| *seconds > 0.0);
        seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
    };
    *task.limits.lock() = (limit("hard"), limit("soft"));
    ok("time limits set successfully")
}

pub(super) fn pool_grow<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    shared.pool.grow(arguments.count("n", 1).min(MAX_GROWTH));
    shared.room.notify_one();
    ok("pool will grow")
}

pub(super) fn pool_shrink<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    shared.pool.shrink(arguments.count("n", 1));
    ok("pool will shrink")
}

pub(super) fn add_consumer<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    let queue = match QueueName::parse(arguments.text("queue").unwrap_or_default()) {
        Ok(queue) => queue,
        Err(wrong) => return error(&wrong.to_string()),
    };
    let mut queues = shared.queues.lock();
    if !queues.contains(&queue) {
        queues.push(queue.clone());
    }
    drop(queues);
    wake(shared);
    ok(format!("add consumer {queue}"))
}

pub(super) fn cancel_consumer<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Value {
    let queue = arguments.text("queue").unwrap_or_default();
    shared.queues.lock().retain(|consumed| consumed.as_str() != queue);
    wake(shared);
    ok(format!("no longer consuming from {queue}"))
}

fn wake<S: Send + Sync + 'static>(shared: &Shared<S>) {
    shared.queues_changed.notify_one();
    shared.room.notify_one();
}

pub(super) fn switch_events<S: Send + Sync + 'static>(shared: &Shared<S>, wanted: bool) -> Value {
    let changed = shared.events.set_task_events(wanted);
    ok(match (wanted, changed) {
        (true, true) => "task events enabled",
        (true, false) => "task events already enabled",
        (false, true) => "task events disabled",
        (false, false) => "task events already disabled",
    })
}
