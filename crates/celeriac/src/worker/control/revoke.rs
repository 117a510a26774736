//! Calling tasks off.

use std::collections::HashMap;
use std::sync::atomic::Ordering;

use serde_json::Value;

use super::arguments::{Arguments, Raised};
use super::{Answer, ok};
use crate::cancellation::CancelReason;
use crate::protocol::{JsonMap, TaskId};
use crate::repr;
use crate::worker::held::{Held, Stage};
use crate::worker::revoked::MAX_REVOKED;
use crate::worker::shared::Shared;
use crate::worker::strategy;

/// So many are stored at a time: the results of tasks that end meanwhile must not stand behind all of them.
const MAX_STORED: usize = 500;

/// `revoke`: notes the ids, ends what waits here, and with `terminate` what runs here.
pub(super) fn revoke<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Answer, Raised> {
    let terminate = arguments.flag("terminate")?;
    let signal = Signal::of(arguments, terminate)?;
    call_off(shared, arguments, terminate.then_some(signal))
}

/// `terminate`: the same, and what runs here ends in any case.
pub(super) fn terminate<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Answer, Raised> {
    let signal = Signal::of(arguments, true)?;
    call_off(shared, arguments, Some(signal))
}

fn call_off<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
    terminate: Option<Signal>,
) -> Result<Answer, Raised> {
    let mut ids = arguments.texts("task_id")?;
    ids.truncate(MAX_REVOKED);
    {
        let mut revoked = shared.revoked.lock();
        ids.iter().for_each(|id| revoked.insert(id.as_str()));
    }
    let held = shared.all();
    let mut by_id: HashMap<&str, Vec<&Held>> = HashMap::new();
    for held in held.iter().filter(|held| held.stage() != Stage::Finished) {
        by_id.entry(held.id().as_str()).or_default().push(held);
    }
    let mut terminated: Vec<&str> = Vec::new();
    let mut elsewhere: Vec<TaskId> = Vec::new();
    for id in &ids {
        let here = by_id.remove(id.as_str()).unwrap_or_default();
        let mut is_here = false;
        for held in here {
            match (held.stage(), &terminate) {
                (Stage::Active, None) => is_here = true,
                (_, None) => held.cancellation.cancel(CancelReason::Revoked),
                (_, Some(signal)) => {
                    end(shared, held, signal);
                    is_here = true;
                }
            }
        }
        match (&terminate, is_here) {
            (Some(_), true) => terminated.push(id),
            (None, true) => {}
            (_, false) => elsewhere.push(TaskId::from(id.as_str())),
        }
    }
    let value = match (&terminate, terminated.as_slice()) {
        (Some(_), []) => ok("terminate: tasks unknown"),
        (Some(_), ids) => ok(format!("terminate: {}", ids.join(", "))),
        (None, _) => {
            tracing::info!(target: "celery.worker", "Tasks flagged as revoked: {}", super::shortened(&ids.join(", ")));
            ok(format!("tasks {} flagged as revoked", set(&ids)))
        }
    };
    Ok(Answer { revoked: elsewhere, ..Answer::from(value) })
}

/// Ends a task, or asks one that runs to end by itself if the signal is that of Celery's soft time limit: what becomes of
/// it is then stored, and told in an event of its own, when it has ended.
fn end<S: Send + Sync + 'static>(shared: &Shared<S>, held: &Held, signal: &Signal) {
    tracing::info!(target: "celery.worker", "Terminating {} ({})", held.id(), signal.0.as_str());
    if signal.asks() && held.stage() == Stage::Active {
        shared.events.task("task-revoked", held.id(), || strategy::terminated_by(signal.0 as i32));
        held.cancellation.cancel(CancelReason::SoftTimeLimit);
        return;
    }
    held.signal.store(signal.0 as i32, Ordering::Relaxed);
    held.cancellation.cancel(CancelReason::Revoked);
}

/// `revoke_by_stamped_headers`: the same for all tasks that carry one of the stamps.
pub(super) fn by_stamped_headers<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Value, Raised> {
    let terminate = arguments.flag("terminate")?;
    let signal = Signal::of(arguments, true)?;
    let headers = stamps(arguments)?;
    let shown = repr::python(&Value::Object(headers.clone()));
    shared.revoked_stamps.lock().insert(&headers);
    let held: Vec<_> = shared.all().into_iter().filter(|held| held.stage() != Stage::Finished).collect();
    let is_marked =
        |held: &Held| crate::worker::revoked::is_stamped_with(&held.message.headers.stamps, &headers);
    for held in held.iter().filter(|held| held.stage() != Stage::Active && is_marked(held)) {
        held.cancellation.cancel(CancelReason::Revoked);
    }
    if !terminate {
        return Ok(ok(format!("headers {shown} flagged as revoked, but not terminated")));
    }
    let mut found = false;
    for held in held.iter().filter(|held| held.stage() == Stage::Active && is_marked(held)) {
        end(shared, held, &signal);
        found = true;
    }
    Ok(ok(if found {
        format!("headers {shown} revoked")
    } else {
        format!("headers {shown} were not terminated")
    }))
}

/// Stamps by header: an object, or a list of `header=stamp` as the command line sends it.
fn stamps(arguments: &Arguments<'_>) -> Result<JsonMap, Raised> {
    match arguments.get("headers") {
        Some(Value::Object(headers)) => Ok(headers.clone()),
        Some(Value::Array(pairs)) => pairs
            .iter()
            .map(|pair| {
                let split = pair.as_str().and_then(|pair| pair.split_once('='));
                let (header, stamp) =
                    split.ok_or_else(|| arguments.wrong("headers", "a list of key=value", pair))?;
                Ok((header.to_owned(), stamp.into()))
            })
            .collect(),
        other => {
            Err(arguments.wrong("headers", "a dict or a list of key=value", other.unwrap_or(&Value::Null)))
        }
    }
}

/// A signal, which is told in the log and in the event. KILL ends a process of the prefork pool at once, USR1 only asks
/// the task to end; all others leave it a second.
struct Signal(nix::sys::signal::Signal);

impl Signal {
    fn asks(&self) -> bool {
        self.0 == nix::sys::signal::Signal::SIGUSR1
    }

    fn of(arguments: &Arguments<'_>, is_needed: bool) -> Result<Self, Raised> {
        use nix::sys::signal::Signal as Named;
        let unset = [Value::from(""), Value::from(0), Value::from(false)];
        let Some(given) = arguments.get("signal").filter(|given| !unset.contains(given)) else {
            return Ok(Self(Named::SIGTERM));
        };
        let signal = match given {
            Value::Number(number) => number
                .as_i64()
                .and_then(|number| i32::try_from(number).ok())
                .and_then(|number| Named::try_from(number).ok()),
            Value::String(name) if name.starts_with("SIG") => name.parse().ok(),
            Value::String(name) => format!("SIG{name}").parse().ok(),
            _ => None,
        };
        match signal {
            Some(signal) => Ok(Self(signal)),
            None if !is_needed => Ok(Self(Named::SIGTERM)),
            None => Err(Self::unknown(arguments, given)),
        }
    }
}

impl Signal {
    /// What Celery raises.
    fn unknown(arguments: &Arguments<'_>, given: &Value) -> Raised {
        match given {
            Value::Number(_) => arguments.wrong("signal", "a signal of this system", given),
            Value::String(name) if name.to_uppercase() == *name => {
                let name = super::shortened(name.strip_prefix("SIG").unwrap_or(name));
                Raised::new("AttributeError", format!("module 'signal' has no attribute 'SIG{name}'"))
            }
            _ => Raised::new("TypeError", "signal name must be uppercase string."),
        }
    }
}

/// Texts as Python shows a set.
fn set(texts: &[String]) -> String {
    if texts.is_empty() {
        return "set()".to_owned();
    }
    let mut shown: Vec<String> = texts.iter().map(|text| repr::python(&Value::from(text.as_str()))).collect();
    shown.dedup();
    format!("{{{}}}", shown.join(", "))
}

/// Their callers need not wait until the message is met, which may be never.
pub(super) async fn store<S: Send + Sync + 'static>(shared: &Shared<S>, ids: Vec<TaskId>) {
    for ids in ids.chunks(MAX_STORED) {
        if let Err(error) = shared.app.core().store_revoked(ids, false).await {
            tracing::warn!(target: "celery.worker", "cannot store that tasks are revoked: {error}");
            return;
        }
    }
}
