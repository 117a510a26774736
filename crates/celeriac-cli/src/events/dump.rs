//! Events as lines, in the form of `celery events --dump`.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use celeriac::{App, Event, Timestamp};
use serde_json::{Map, Value};

use crate::error::CommandError;
use crate::python;
use crate::screen::Screen;

/// The names of so many tasks are remembered.
const MAX_NAMES: usize = 4_095;

pub(super) async fn dump<S: Send + Sync + 'static>(
    app: &App<S>,
    as_json: bool,
    screen: &Screen,
) -> Result<(), CommandError> {
    let mut events = app.events().await?;
    if !as_json {
        screen.say("-> evdump: starting capture...")?;
    }
    let mut dumper = Dumper::default();
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        let Some(event) = event else {
            return Err(CommandError::Failed("the broker has gone".to_owned()));
        };
        let fields = dumper.received(event, Timestamp::now());
        screen.say(if as_json {
            python::json(&Value::Object(fields))
        } else {
            screen.foreign(&dumper.line(fields))
        })?;
    }
}

/// Turns events into lines; remembers what tasks are called.
#[derive(Debug, Default)]
struct Dumper {
    clock: u64,
    names: HashMap<String, String>,
    /// The ids of `names`, oldest first.
    order: VecDeque<String>,
}

impl Dumper {
    /// The event's fields as a receiver of Celery has them: with its own clock and time.
    fn received(&mut self, event: Event, now: Timestamp) -> Map<String, Value> {
        let kind = event.kind.clone();
        let mut fields = match serde_json::to_value(event) {
            Ok(Value::Object(fields)) => fields,
            _ => Map::new(),
        };
        if kind == "task-sent" {
            // Clients have no clock of their own: what they send stands just before what came last.
            fields.insert("clock".to_owned(), self.clock.saturating_sub(1).into());
        }
        let theirs = fields.get("clock").and_then(Value::as_u64).unwrap_or(0);
        self.clock = self.clock.max(theirs.min(u64::MAX / 2)) + 1;
        fields.insert("local_received".to_owned(), now.unix_seconds().into());
        fields
    }

    fn line(&mut self, mut fields: Map<String, Value>) -> String {
        let mut take = |name: &str| fields.remove(name).map(|value| python::str(&value)).unwrap_or_default();
        let (kind, hostname, timestamp) = (take("type").to_lowercase(), take("hostname"), take("timestamp"));
        let at = moment(timestamp.parse().unwrap_or(0.0));
        if !kind.starts_with("task-") {
            let told = match kind.as_str() {
                "worker-offline" => "shutdown".to_owned(),
                "worker-online" => "started".to_owned(),
                "worker-heartbeat" => "heartbeat".to_owned(),
                other => other.replace('-', " "),
            };
            return format!("{hostname} [{at}] {told}: {}", sorted(&fields));
        }
        let uuid = take("uuid");
        let task = if matches!(kind.as_str(), "task-received" | "task-sent") {
            let task = format!("{}({uuid}) args={} kwargs={}", take("name"), take("args"), take("kwargs"));
            self.remember(uuid, task.clone());
            task
        } else {
            self.names.get(&uuid).cloned().unwrap_or_default()
        };
        format!("{hostname} [{at}] {}: {task} {}", kind.replace('-', " "), sorted(&fields))
    }

    fn remember(&mut self, uuid: String, task: String) {
        if self.names.insert(uuid.clone(), task).is_none() {
            self.order.push_back(uuid);
            if self.order.len() > MAX_NAMES
                && let Some(oldest) = self.order.pop_front()
            {
                self.names.remove(&oldest);
            }
        }
    }
}

fn sorted(fields: &Map<String, Value>) -> String {
    let mut told: Vec<(&String, &Value)> = fields.iter().collect();
    told.sort_by_key(|(key, _)| *key);
    let told: Vec<String> =
        told.into_iter().map(|(key, value)| format!("{key}={}", python::str(value))).collect();
    told.join(", ")
}

/// A moment as Python prints a datetime. The fraction is rounded by itself, as Python does, for the whole number has
/// no digits to spare.
fn moment(seconds: f64) -> String {
    let seconds = seconds.clamp(0.0, 2.5e11);
    let micros = (seconds.fract() * 1e6).round_ties_even() as u64;
    let since = Duration::from_secs(seconds.trunc() as u64) + Duration::from_micros(micros);
    (Timestamp::from_unix_ms(0) + since).isoformat().replace('T', " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(fields: Value) -> Event {
        serde_json::from_value(fields).unwrap()
    }

    #[test]
    fn events_read_as_those_of_celery() {
        let mut dumper = Dumper::default();
        let now = Timestamp::from_unix_ms(1_795_466_048_000);
        let mut line = |fields| {
            let fields = dumper.received(event(fields), now);
            dumper.line(fields)
        };
        let at = json!(1_795_466_047.25);
        assert_eq!(
            line(
                json!({"type": "worker-heartbeat", "hostname": "w1@lab", "timestamp": at, "utcoffset": 0, "pid": 7,
                "clock": 62, "freq": 2.0, "active": 2, "loadavg": [0.01, 0.05, 0.02], "sw_ident": "py-celery"})
            ),
            "w1@lab [2026-11-23 20:34:07.250000+00:00] heartbeat: active=2, clock=62, freq=2.0, loadavg=[0.01, 0.05, \
             0.02], local_received=1795466048.0, pid=7, sw_ident=py-celery, utcoffset=0"
        );
        assert_eq!(
            line(
                json!({"type": "task-received", "hostname": "w1@lab", "timestamp": at, "utcoffset": 0, "pid": 7,
                "clock": 70, "uuid": "u", "name": "tasks.add", "args": "(1,)", "kwargs": "{}", "eta": null})
            ),
            "w1@lab [2026-11-23 20:34:07.250000+00:00] task received: tasks.add(u) args=(1,) kwargs={} clock=70, \
             eta=None, local_received=1795466048.0, pid=7, utcoffset=0"
        );
        let started =
            line(json!({"type": "task-started", "hostname": "w1@lab", "timestamp": 5, "uuid": "u"}));
        assert!(
            started.starts_with("w1@lab [1970-01-01 00:00:05+00:00] task started: tasks.add(u) args"),
            "{started}"
        );
    }
}
