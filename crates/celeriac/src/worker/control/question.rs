//! Questions that a worker answers, in the shapes of Celery's answers.

use std::sync::atomic::Ordering;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;
use serde_json::{Value, json};

use super::Arguments;
use crate::protocol::JsonMap;
use crate::worker::held::{Held, Stage};
use crate::worker::shared::Shared;

/// An answer lists at most so many tasks.
const MAX_LISTED: usize = 1_000;

pub(super) fn active<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    infos(shared, Stage::Active, arguments.flag("safe"))
}

pub(super) fn reserved<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    infos(shared, Stage::Reserved, arguments.flag("safe"))
}

pub(super) fn scheduled<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    let safe = arguments.flag("safe");
    let entries = shared.at(Stage::Scheduled).into_iter().take(MAX_LISTED).map(|held| {
        let eta = held.message.headers.eta.as_ref().map(|eta| eta.at().isoformat());
        json!({"eta": eta, "priority": 6, "request": held.info(&shared.node, safe)})
    });
    entries.collect()
}

fn infos<S: Send + Sync + 'static>(shared: &Shared<S>, stage: Stage, safe: bool) -> Value {
    shared.at(stage).into_iter().take(MAX_LISTED).map(|held| held.info(&shared.node, safe)).collect()
}

pub(super) fn query_task<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    let ids = arguments.texts("ids");
    let word = |held: &Held| match held.stage() {
        Stage::Scheduled => "scheduled",
        Stage::Reserved => "reserved",
        Stage::Active => "active",
        Stage::Finished => "ready",
    };
    let held = shared.all();
    let found = held.iter().filter(|held| ids.iter().any(|id| id == held.id().as_str()));
    let answers: JsonMap = found
        .map(|held| (held.id().to_string(), json!([word(held), held.info(&shared.node, false)])))
        .collect();
    Value::Object(answers)
}

pub(super) fn hello<S: Send + Sync + 'static>(shared: &Shared<S>, arguments: &Arguments<'_>) -> Value {
    if arguments.text("from_node") == Some(shared.node.as_str()) {
        return Value::Null;
    }
    let mut revoked = shared.revoked.lock();
    revoked_ids(arguments.0.get("revoked")).into_iter().for_each(|id| revoked.insert(id));
    json!({"revoked": revoked.ids(), "clock": shared.app.core().clock.forward()})
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
    let answers = queues.iter().map(|queue| {
        json!({
            "name": queue,
            "exchange": {
                "name": queue, "type": "direct", "arguments": null, "durable": true, "passive": false,
                "auto_delete": false, "delivery_mode": null, "no_declare": false,
            },
            "routing_key": queue,
            "queue_arguments": null, "binding_arguments": null, "consumer_arguments": null,
            "durable": true, "exclusive": false, "auto_delete": false, "no_ack": false,
            "alias": null, "bindings": [], "no_declare": null, "expires": null, "message_ttl": null,
            "max_length": null, "max_length_bytes": null, "max_priority": null,
        })
    });
    answers.collect()
}

pub(super) fn stats<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let total: JsonMap = shared
        .tasks
        .iter()
        .map(|(name, task)| ((*name).to_owned(), task.runs.load(Ordering::Relaxed)))
        .filter(|(_, runs)| *runs > 0)
        .map(|(name, runs)| (name, runs.into()))
        .collect();
    let seconds =
        |limit: Option<std::time::Duration>| limit.map_or(json!(0), |limit| json!(limit.as_secs_f64()));
    let pid = std::process::id();
    json!({
        "total": total,
        "pid": pid,
        "clock": shared.app.core().clock.value().to_string(),
        "uptime": shared.since.elapsed().as_secs(),
        "pool": {
            "implementation": "celeriac.worker:tokio",
            "max-concurrency": shared.pool.size(),
            "processes": [pid],
            "max-tasks-per-child": "N/A",
            "put-guarded-by-semaphore": true,
            "timeouts": [seconds(shared.settings.soft_time_limit), seconds(shared.settings.time_limit)],
            "writes": {"total": shared.processed(), "avg": "100.00%", "all": "100.00%", "raw": "", "strategy": "fair",
                "inqueues": {"total": 0, "active": 0}},
        },
        "broker": {
            "transport": scheme(&shared.app.core().broker_url),
            "hostname": shared.app.core().broker_url,
            "userid": null, "virtual_host": "/", "port": null, "insist": false, "ssl": false,
            "transport_options": {}, "connect_timeout": 4, "login_method": null,
            "uri_prefix": null, "heartbeat": 0, "failover_strategy": "round-robin", "alternates": [],
        },
        "prefetch_count": shared.prefetch_limit() + shared.at(Stage::Scheduled).len(),
        "rusage": rusage(),
    })
}

fn scheme(url: &str) -> &str {
    url.split_once("://").map_or(url, |(scheme, _)| scheme)
}

fn rusage() -> Value {
    let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) else { return json!({}) };
    let seconds = |time: nix::sys::time::TimeVal| time.num_microseconds() as f64 / 1e6;
    json!({
        "utime": seconds(usage.user_time()),
        "stime": seconds(usage.system_time()),
        "maxrss": usage.max_rss(),
        "ixrss": usage.shared_integral(),
        "idrss": usage.unshared_data_integral(),
        "isrss": usage.unshared_stack_integral(),
        "minflt": usage.minor_page_faults(),
        "majflt": usage.major_page_faults(),
        "nswap": usage.full_swaps(),
        "inblock": usage.block_reads(),
        "oublock": usage.block_writes(),
        "msgsnd": usage.ipc_sends(),
        "msgrcv": usage.ipc_receives(),
        "nsignals": usage.signals(),
        "nvcsw": usage.voluntary_context_switches(),
        "nivcsw": usage.involuntary_context_switches(),
    })
}

pub(super) fn conf<S: Send + Sync + 'static>(shared: &Shared<S>) -> Value {
    let settings = &shared.settings;
    let seconds = |limit: Option<std::time::Duration>| limit.map(|limit| limit.as_secs_f64());
    json!({
        "broker_url": shared.app.core().broker_url,
        "result_backend": shared.app.core().backend_url,
        "task_default_queue": shared.app.default_queue(),
        "task_acks_late": true,
        "task_serializer": "json",
        "result_serializer": "json",
        "accept_content": ["json"],
        "task_time_limit": seconds(settings.time_limit),
        "task_soft_time_limit": seconds(settings.soft_time_limit),
        "task_send_sent_event": shared.app.core().sent_events,
        "worker_concurrency": shared.pool.size(),
        "worker_prefetch_multiplier": settings.prefetch_multiplier,
        "worker_send_task_events": shared.events.wants_task_events(),
        "worker_lease": settings.lease.as_secs_f64(),
        "worker_heartbeat": settings.heartbeat.as_secs_f64(),
    })
}

pub(super) fn report<S: Send + Sync + 'static>(shared: &Shared<S>) -> String {
    format!(
        "software -> celeriac:{}\nplatform -> system:Linux arch:{}\nbroker -> {}\nresults -> {}\npool -> tokio, \
         concurrency {}\nqueues -> {}\ntasks -> {}\n",
        env!("CARGO_PKG_VERSION"),
        std::env::consts::ARCH,
        shared.app.core().broker_url,
        shared.app.core().backend_url,
        shared.pool.size(),
        shared.queues.lock().iter().map(|queue| queue.as_str()).collect::<Vec<_>>().join(", "),
        shared.app.task_names().join(", "),
    )
}
