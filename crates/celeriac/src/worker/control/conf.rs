//! `conf`: the worker's settings under Celery's names. What has no meaning here is not told.

use std::time::Duration;

use serde_json::{Value, json};

use super::stats::number;
use crate::protocol::JsonMap;
use crate::worker::shared::Shared;

/// The settings. Those that have Celery's default are told only `with_defaults`.
pub(super) fn conf<S: Send + Sync + 'static>(shared: &Shared<S>, with_defaults: bool) -> Value {
    let settings = settings(shared);
    let told = settings.into_iter().filter(|setting| with_defaults || setting.is_set());
    Value::Object(told.map(|setting| (setting.name.to_owned(), setting.value)).collect::<JsonMap>())
}

/// A setting: its name, its value, and the value that it has in a Celery whose user sets nothing.
pub(super) struct Setting {
    pub(super) name: &'static str,
    pub(super) value: Value,
    default: Value,
}

impl Setting {
    pub(super) fn is_set(&self) -> bool {
        self.value != self.default
    }
}

/// All settings, those first that people look for first. URLs come without their passwords.
pub(super) fn settings<S: Send + Sync + 'static>(shared: &Shared<S>) -> Vec<Setting> {
    let (core, settings) = (shared.app.core(), &shared.settings);
    let seconds = |limit: Option<Duration>| limit.map_or(Value::Null, |limit| number(limit.as_secs_f64()));
    let pool = settings.pool.name();
    let setting = |name, value, default| Setting { name, value, default };
    vec![
        setting("broker_url", core.broker_url.as_str().into(), Value::Null),
        setting("result_backend", core.backend_url.as_str().into(), Value::Null),
        setting("deprecated_settings", Value::Null, json!([])),
        setting("task_serializer", json!("json"), Value::Null),
        setting("result_serializer", json!("json"), Value::Null),
        setting("accept_content", json!(["json"]), Value::Null),
        setting("timezone", json!("UTC"), Value::Null),
        setting("enable_utc", json!(true), Value::Null),
        setting("task_default_queue", shared.app.default_queue().as_str().into(), json!("celery")),
        setting("worker_concurrency", shared.pool.size().into(), Value::Null),
        setting("worker_prefetch_multiplier", settings.prefetch_multiplier.into(), json!(4)),
        setting("task_time_limit", seconds(settings.time_limit), Value::Null),
        setting("task_soft_time_limit", seconds(settings.soft_time_limit), Value::Null),
        setting("worker_send_task_events", settings.task_events.into(), json!(false)),
        setting("task_send_sent_event", core.sent_events.into(), json!(false)),
        setting("task_acks_late", json!(true), json!(false)),
        setting("task_reject_on_worker_lost", json!(true), Value::Null),
        setting("broker_connection_retry", json!(true), json!(true)),
        setting("broker_connection_retry_on_startup", json!(true), json!(true)),
        setting("broker_connection_max_retries", Value::Null, Value::Null),
        setting("control_exchange", json!("celery"), json!("celery")),
        setting("event_exchange", json!("celeryev"), json!("celeryev")),
        setting("event_queue_prefix", json!("celeryev"), json!("celeryev")),
        setting("event_serializer", json!("json"), json!("json")),
        setting("result_extended", core.result_extended.into(), json!(false)),
        setting("task_create_missing_queues", json!(true), json!(true)),
        setting("task_default_delivery_mode", json!(2), json!(2)),
        setting("task_default_exchange_type", json!("direct"), json!("direct")),
        setting("task_ignore_result", json!(false), json!(false)),
        setting("task_protocol", json!(2), json!(2)),
        setting("task_track_started", json!(false), json!(false)),
        setting("worker_disable_rate_limits", json!(false), json!(false)),
        setting("worker_enable_remote_control", json!(true), json!(true)),
        setting("worker_pool_restarts", json!(false), json!(false)),
        setting("worker_pool", pool.into(), json!("prefork")),
        setting("worker_max_tasks_per_child", json!(settings.children.max_tasks), Value::Null),
        setting("worker_max_memory_per_child", json!(settings.children.max_memory_kib), Value::Null),
        setting("worker_state_db", json!(settings.statedb), Value::Null),
        setting(
            "worker_soft_shutdown_timeout",
            settings.soft_shutdown.timeout.as_secs_f64().into(),
            json!(0.0),
        ),
        setting("worker_enable_soft_shutdown_on_idle", settings.soft_shutdown.on_idle.into(), json!(false)),
        setting("worker_lease", number(settings.lease.as_secs_f64()), Value::Null),
        setting("worker_heartbeat", number(settings.heartbeat.as_secs_f64()), Value::Null),
    ]
}
