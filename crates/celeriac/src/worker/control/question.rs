//! Questions that a worker answers, in the shapes of Celery's answers.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::arguments::{Arguments, Raised};
use crate::protocol::JsonMap;
use crate::registry::Registered;
use crate::worker::declared::Declared;
use crate::worker::held::{Held, Stage};
use crate::worker::shared::Shared;

/// An answer lists at most so many tasks.
const MAX_LISTED: usize = 1_000;
/// Once the arguments of the listed tasks take so many bytes, those of the others are only shown shortened.
const MAX_ARGUMENT_BYTES: usize = 4 * 1024 * 1024;
/// So many attributes of tasks are told at most.
const MAX_ITEMS: usize = 50;

pub(super) fn active<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Value, Raised> {
    let safe = arguments.flag("safe")?;
    let mut listing = Listing::new(shared, safe);
    Ok(listing.all(Stage::Active).into_iter().collect())
}

pub(super) fn reserved<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    Listing::new(shared, false).all(Stage::Reserved).into_iter().collect()
}

pub(super) fn scheduled<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let mut listing = Listing::new(shared, false);
    let held = shared.at(Stage::Scheduled);
    let entries = held.iter().take(MAX_LISTED).map(|held| {
        let eta = held.message.headers.eta.as_ref().map(|eta| eta.at().isoformat());
        json!({"eta": eta, "priority": 6, "request": listing.info(held)})
    });
    entries.collect()
}

pub(super) fn query_task<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Value, Raised> {
    let ids: HashSet<String> = arguments.texts("ids")?.into_iter().collect();
    let word = |held: &Held| match held.stage() {
        Stage::Scheduled => "scheduled",
        Stage::Reserved => "reserved",
        Stage::Active => "active",
        Stage::Finished => "ready",
    };
    let mut listing = Listing::new(shared, false);
    let held = shared.all();
    let found = held.iter().filter(|held| ids.contains(held.id().as_str())).take(MAX_LISTED);
    let answers: JsonMap =
        found.map(|held| (held.id().to_string(), json!([word(held), listing.info(held)]))).collect();
    Ok(Value::Object(answers))
}

/// Tasks as an answer lists them, within bounds.
struct Listing<'a, S> {
    shared: &'a Shared<S>,
    safe: bool,
    /// Bytes that arguments may still take.
    left: usize,
}

impl<'a, S: Send + Sync + 'static> Listing<'a, S> {
    fn new(shared: &'a Shared<S>, safe: bool) -> Self {
        Self { shared, safe, left: MAX_ARGUMENT_BYTES }
    }

    fn all(&mut self, stage: Stage) -> Vec<Value> {
        let held = self.shared.at(stage);
        held.iter().take(MAX_LISTED).map(|held| self.info(held)).collect()
    }

    fn info(&mut self, held: &Held) -> Value {
        let body = &held.message.body;
        let bytes = body.args().iter().chain(body.kwargs().values()).map(size).sum::<usize>();
        let safe = self.safe || bytes > self.left;
        self.left = self.left.saturating_sub(bytes);
        held.info(&self.shared.node, safe)
    }
}

/// About how many bytes a value takes as JSON.
fn size(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(values) => values.iter().map(size).sum::<usize>() + 2,
        Value::Object(values) => values.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>(),
        _ => 8,
    }
}

pub(super) fn registered<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Value, Raised> {
    let mut items = arguments.texts("taskinfoitems")?;
    items.truncate(MAX_ITEMS);
    if items.is_empty() {
        items = ["exchange", "routing_key", "rate_limit"].map(str::to_owned).to_vec();
    }
    let with_builtins = arguments.flag("builtins")?;
    let mut tasks: Vec<_> = shared
        .app
        .registry()
        .iter()
        .filter(|task| with_builtins || !task.name.starts_with("celery."))
        .collect();
    tasks.sort_unstable_by_key(|task| task.name);
    let lines = tasks.into_iter().map(|task| {
        let told: Vec<String> = items
            .iter()
            .filter_map(|item| Some(format!("{item}={}", attribute(shared, task, item)?)))
            .collect();
        match told.as_slice() {
            [] => task.name.to_owned(),
            told => format!("{} [{}]", task.name, told.join(" ")),
        }
    });
    Ok(lines.map(Value::from).collect())
}

/// An attribute of a task as Python shows it; nothing when it has none of that name, or no value.
fn attribute<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    task: &Registered<S>,
    item: &str,
) -> Option<String> {
    let word = |is_so: bool| Some(if is_so { "True" } else { "False" }.to_owned());
    let settings = &task.settings;
    let control = shared.tasks.get(task.name);
    let limits = control.map(|control| *control.limits.lock()).unwrap_or_default();
    let seconds = |limit: std::time::Duration| limit.as_secs_f64().to_string();
    match item {
        "name" => Some(task.name.to_owned()),
        "rate_limit" => control.and_then(|control| control.rate_limit.lock().clone()),
        "acks_late" => word(settings.acks_late),
        "ignore_result" => word(settings.ignore_result),
        "track_started" => word(settings.track_started),
        "max_retries" => settings.max_retries.map(|times| times.to_string()),
        "default_retry_delay" => Some(settings.retry.delay.as_secs_f64().to_string()),
        "time_limit" => limits.0.map(seconds),
        "soft_time_limit" => limits.1.map(seconds),
        _ => None,
    }
}

pub(super) fn hello<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    arguments: &Arguments<'_>,
) -> Result<Value, Raised> {
    let from = arguments.name("from_node")?;
    if from == shared.node.as_str() {
        return Ok(Value::Null);
    }
    tracing::info!(target: "celery.worker", "sync with {}", super::shortened(from));
    let mut revoked = shared.revoked.lock();
    revoked_ids(arguments.get("revoked")).into_iter().for_each(|id| revoked.insert(id));
    Ok(json!({"revoked": revoked.ids(), "clock": shared.app.core().clock.forward()}))
}

/// Revoked ids of another worker: a list since Celery 5.7, before that a dict by id.
pub(crate) fn revoked_ids(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::Array(ids)) => ids.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Object(ids)) => ids.keys().cloned().collect(),
        _ => Vec::new(),
    }
}

pub(super) fn active_queues<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let queues = shared.queues.lock().clone();
    let declarations = shared.declarations.lock();
    let answers = queues.iter().map(|queue| {
        let Declared { binding, exchange_type } = declarations.get(queue);
        json!({
            "name": queue,
            "exchange": {
                "name": binding.exchange, "type": exchange_type, "arguments": null, "durable": true, "passive": false,
                "auto_delete": false, "delivery_mode": null, "no_declare": false,
            },
            "routing_key": binding.routing_key,
            "queue_arguments": null, "binding_arguments": null, "consumer_arguments": null,
            "durable": true, "exclusive": false, "auto_delete": false, "no_ack": false,
            "alias": null, "bindings": [], "no_declare": null, "expires": null, "message_ttl": null,
            "max_length": null, "max_length_bytes": null, "max_priority": null,
        })
    });
    answers.collect()
}
