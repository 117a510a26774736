//! `report`: versions, platform and settings as text, in the form of Celery's report.

use std::fmt::Write as _;

use serde_json::Value;

use super::conf::settings;
use crate::worker::shared::Shared;
use crate::{host, repr};

pub(super) fn report<S: Send + Sync + 'static>(shared: &Shared<S>) -> String {
    let core = shared.app.core();
    let transport = core.broker_url.split("://").next().unwrap_or_default();
    let mut out = host::software();
    let _ = writeln!(out, "settings -> transport:{transport} results:{}\n", core.backend_url);
    for setting in settings(shared).into_iter().filter(|setting| setting.is_set()) {
        let _ = writeln!(out, "{}: {}", setting.name, repr::python(&setting.value));
    }
    let queues: Vec<Value> = shared.queues.lock().iter().map(|queue| Value::from(queue.as_str())).collect();
    let tasks: Vec<Value> = shared.app.task_names().into_iter().map(Value::from).collect();
    let _ = writeln!(out, "queues: \n    {}", repr::args(&queues));
    let _ = writeln!(out, "tasks: \n    {}", repr::args(&tasks));
    out
}
