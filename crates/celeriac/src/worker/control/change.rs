//! Commands that change a running worker.

use serde_json::Value;

use super::arguments::{Arguments, Raised};
use super::{nok, ok};
use crate::broker::Binding;
use crate::outgoing::FANOUT;
use crate::protocol::{ProtocolError, QueueName};
use crate::worker::autoscale::Bounds;
use crate::worker::declared::Declared;
use crate::worker::pool::PoolKind;
use crate::worker::rate::Rate;
use crate::worker::shared::Shared;

/// No pool grows beyond this by remote control.
const MAX_PLACES: usize = 10_000;
/// No pool of processes does.
const MAX_CHILDREN: usize = 500;
/// No worker consumes more queues by remote control.
const MAX_QUEUES: usize = 1_000;

type Answer = Result<Value, Raised>;

pub(super) fn rate_limit<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Answer {
    let text = match arguments.get("rate_limit") {
        None => "0".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        Some(other) => return Err(arguments.wrong("rate_limit", "a rate such as 10/m", other)),
    };
    let rate = match Rate::parse(if text.is_empty() { "0" } else { &text }) {
        Ok(rate) => rate,
        Err(wrong) => {
            let raised = Raised::new("ValueError", wrong.to_string());
            return Ok(nok(&format!("Invalid rate limit string: {raised}")));
        }
    };
    let name = arguments.name("task_name")?;
    let Some(task) = shared.tasks.get(name) else {
        tracing::error!(target: "celery.worker", "Rate limit attempt for unknown task {}", super::shortened(name));
        return Ok(nok("unknown task"));
    };
    task.bucket.set_rate(rate);
    *task.rate_limit.lock() = rate.is_some().then(|| text.clone());
    Ok(match rate {
        Some(_) => {
            tracing::info!(target: "celery.worker", "New rate limit for tasks of type {name}: {text}.");
            ok("new rate limit set successfully")
        }
        None => {
            tracing::info!(target: "celery.worker", "Rate limits disabled for tasks of type {name}");
            ok("rate limit disabled successfully")
        }
    })
}

pub(super) fn time_limit<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Answer {
    let (hard, soft) = (arguments.seconds("hard")?, arguments.seconds("soft")?);
    let name = arguments.text("task_name")?.unwrap_or_default();
    let Some(task) = shared.tasks.get(name) else {
        tracing::error!(target: "celery.worker", "Change time limit attempt for unknown task {}", super::shortened(name));
        return Ok(nok("unknown task"));
    };
    *task.limits.lock() = (hard, soft);
    tracing::info!(target: "celery.worker", "New time limits for tasks of type {name}: soft={soft:?} hard={hard:?}");
    Ok(ok("time limits set successfully"))
}

pub(super) fn pool_grow<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Answer {
    let (places, n) = (shared.pool.size(), arguments.count("n", 1)?);
    if shared.autoscaler.is_some() {
        return Ok(scales_by_itself("pool_grow"));
    }
    let most = most_places(shared);
    if n > most.saturating_sub(places) {
        let text = format!("the pool has {places} places and may have {most}: {n} more are too many");
        return Err(Raised::new("ValueError", text));
    }
    shared.pool.grow(n);
    shared.room.notify_one();
    Ok(ok("pool will grow"))
}

pub(super) fn pool_shrink<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Answer {
    let n = arguments.count("n", 1)?;
    if shared.autoscaler.is_some() {
        return Ok(scales_by_itself("pool_shrink"));
    }
    shared.pool.shrink(n);
    Ok(ok("pool will shrink"))
}

fn scales_by_itself(method: &str) -> Value {
    nok(&format!("{method} is not supported with autoscale. Adjust autoscale range instead."))
}

/// How many places a request may give the pool.
fn most_places<S: Send + Sync + 'static>(shared: &Shared<S>) -> usize {
    match shared.settings.pool {
        PoolKind::Tokio => MAX_PLACES,
        PoolKind::Prefork => MAX_CHILDREN,
    }
}

pub(super) fn autoscale<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Answer {
    let bounds =
        shared.autoscaler.as_ref().map_or(Bounds { max: 0, min: 0 }, |autoscaler| autoscaler.bounds());
    let (max, min) = (arguments.count("max", bounds.max)?, arguments.count("min", bounds.min)?);
    let Some(autoscaler) = &shared.autoscaler else {
        return Err(Raised::new("ValueError", "Autoscale not enabled"));
    };
    let most = most_places(shared);
    if max > most || min > max || max == 0 {
        let text = format!("max={max} and min={min} are no bounds: 0 <= min <= max <= {most}");
        return Err(Raised::new("ValueError", text));
    }
    autoscaler.set_bounds(Bounds { max, min: min.max(1) });
    shared.room.notify_one();
    Ok(ok(format!("autoscale now max={max} min={min}")))
}

pub(super) fn add_consumer<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<super::Answer, Raised> {
    let wrong = |wrong: ProtocolError| Raised::new("ValueError", wrong.to_string());
    let queue = QueueName::parse(arguments.name("queue")?).map_err(wrong)?;
    let kind = arguments.text("exchange_type")?.unwrap_or("direct");
    if !matches!(kind, "direct" | "topic" | FANOUT) {
        let text = format!("exchange_type is {kind:?}: this worker takes direct, topic and fanout");
        return Err(Raised::new("ValueError", text));
    }
    // As in Celery: without an exchange the queue has its own, and without a key its name.
    let name =
        |argument| Ok(arguments.text(argument)?.filter(|text| !text.is_empty()).unwrap_or(queue.as_str()));
    let checked = |text: &str| QueueName::parse(text).map(|name| name.to_string()).map_err(wrong);
    let given = Declared {
        binding: Binding {
            queue: queue.to_string(),
            exchange: checked(name("exchange")?)?,
            routing_key: checked(name("routing_key")?)?,
        },
        exchange_type: kind.to_owned(),
    };
    let mut queues = shared.queues.lock();
    if !queues.contains(&queue) {
        if queues.len() >= MAX_QUEUES {
            let text = format!("the worker consumes {MAX_QUEUES} queues already and may not more");
            return Err(Raised::new("ValueError", text));
        }
        queues.push(queue.clone());
    }
    let mut declarations = shared.declarations.lock();
    let declared = declarations.declare(&queue, given);
    declarations.tidy(&queues);
    drop((declarations, queues));
    wake(shared);
    tracing::info!(target: "celery.worker", "Started consuming from {queue}");
    let answer = super::Answer::from(ok(format!("add consumer {queue}")));
    Ok(super::Answer { declared: Some(declared), ..answer })
}

pub(super) fn cancel_consumer<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Answer {
    let queue = super::shortened(arguments.name("queue")?);
    shared.queues.lock().retain(|consumed| consumed.as_str() != queue);
    shared.broadcasts.end(&QueueName::from(queue.as_str()));
    wake(shared);
    tracing::info!(target: "celery.worker", "No longer consuming from {queue}");
    Ok(ok(format!("no longer consuming from {queue}")))
}

fn wake<S: Send + Sync + 'static>(shared: &Shared<S>) {
    shared.queues_changed.notify_one();
    shared.room.notify_one();
}

/// A worker that was started with `-E` keeps sending events, as Celery's does.
pub(super) fn switch_events<S: Send + Sync + 'static>(shared: &Shared<S>, wanted: bool) -> Value {
    let changed = !shared.settings.task_events && shared.events.set_task_events(wanted);
    ok(match (wanted, changed) {
        (true, true) => "task events enabled",
        (true, false) => "task events already enabled",
        (false, true) => "task events disabled",
        (false, false) => "task events already disabled",
    })
}
