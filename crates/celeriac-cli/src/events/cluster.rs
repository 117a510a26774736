//! What is known of a cluster from its events: its workers, its tasks, how much happens.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::{Duration, Instant};

use celeriac::Event;
use serde_json::Value;

use super::rates::Rate;
use crate::python;

/// So many tasks are remembered, and so many workers.
const MAX_TASKS: usize = 10_000;
const MAX_WORKERS: usize = 5_000;
/// Longest text of a task that is kept, in characters.
const MAX_CHARS: usize = 20_000;

/// A task, as its events tell.
#[derive(Debug, Clone, Default)]
pub(super) struct TaskView {
    pub(super) uuid: String,
    pub(super) name: String,
    pub(super) worker: String,
    pub(super) state: String,
    /// When it came into its state, seconds since 1970.
    pub(super) at: f64,
    /// All else that was told of it, by name.
    pub(super) fields: BTreeMap<String, String>,
}

/// A worker, as its events tell.
#[derive(Debug, Clone)]
pub(super) struct WorkerView {
    last: Instant,
    lifetime: Duration,
    has_left: bool,
    pub(super) active: u64,
    pub(super) processed: u64,
    pub(super) load: String,
    pub(super) software: String,
}

impl WorkerView {
    /// Has it been heard of in time?
    pub(super) fn is_online(&self, now: Instant) -> bool {
        !self.has_left && now.duration_since(self.last) < self.lifetime
    }
}

#[derive(Debug)]
pub(super) struct Cluster {
    tasks: HashMap<String, TaskView>,
    /// The ids of `tasks` in the order in which they were first heard of.
    order: VecDeque<String>,
    pub(super) workers: BTreeMap<String, WorkerView>,
    pub(super) event_count: u64,
    pub(super) events: Rate,
    pub(super) started: Rate,
    pub(super) succeeded: Rate,
    pub(super) failed: Rate,
}

impl Cluster {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tasks: HashMap::new(),
            order: VecDeque::new(),
            workers: BTreeMap::new(),
            event_count: 0,
            events: Rate::new(now),
            started: Rate::new(now),
            succeeded: Rate::new(now),
            failed: Rate::new(now),
        }
    }

    pub(super) fn task_count(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn task(&self, uuid: &str) -> Option<&TaskView> {
        self.tasks.get(uuid)
    }

    /// The tasks, those first that were heard of last.
    pub(super) fn newest(&self) -> impl Iterator<Item = &TaskView> {
        self.order.iter().rev().filter_map(|uuid| self.tasks.get(uuid))
    }

    pub(super) fn online(&self, now: Instant) -> usize {
        self.workers.values().filter(|worker| worker.is_online(now)).count()
    }

    /// Takes an event in.
    pub(super) fn learn(&mut self, event: Event, now: Instant) {
        self.event_count += 1;
        self.events.count(now);
        match event.kind.strip_prefix("task-").map(str::to_owned) {
            Some(word) => self.learn_of_task(event, &word, now),
            None if event.kind.starts_with("worker-") => self.learn_of_worker(&event, now),
            None => {}
        }
    }

    fn learn_of_worker(&mut self, event: &Event, now: Instant) {
        let name = event.hostname.to_string();
        if !self.workers.contains_key(&name) && self.workers.len() >= MAX_WORKERS {
            return;
        }
        let number = |name: &str| event.fields.get(name).and_then(Value::as_u64);
        let freq = event.fields.get("freq").and_then(Value::as_f64).unwrap_or(30.0).clamp(0.1, 3_600.0);
        let worker = self.workers.entry(name).or_insert_with(|| WorkerView {
            last: now,
            lifetime: Duration::ZERO,
            has_left: false,
            active: 0,
            processed: 0,
            load: String::new(),
            software: String::new(),
        });
        worker.last = now;
        worker.lifetime = Duration::from_secs_f64(freq * 2.0);
        worker.has_left = event.kind == "worker-offline";
        worker.active = number("active").unwrap_or(worker.active);
        worker.processed = number("processed").unwrap_or(worker.processed);
        if let Some(Value::Array(load)) = event.fields.get("loadavg") {
            let shown: Vec<String> = load.iter().take(3).map(python::str).collect();
            worker.load = shown.join(" ");
        }
        let text = |name: &str| event.fields.get(name).and_then(Value::as_str).map(clean).unwrap_or_default();
        worker.software = format!("{} {}", text("sw_ident"), text("sw_ver")).trim().to_owned();
    }

    fn learn_of_task(&mut self, event: Event, word: &str, now: Instant) {
        let Some(uuid) = event.uuid.as_ref().map(|uuid| clean(uuid.as_str())) else { return };
        let state = match word {
            "sent" => "PENDING".to_owned(),
            "received" => "RECEIVED".to_owned(),
            "started" => "STARTED".to_owned(),
            "succeeded" => "SUCCESS".to_owned(),
            "failed" => "FAILURE".to_owned(),
            "retried" => "RETRY".to_owned(),
            other => clean(other).to_uppercase(),
        };
        match word {
            "started" => self.started.count(now),
            "succeeded" => self.succeeded.count(now),
            "failed" => self.failed.count(now),
            _ => {}
        }
        let is_new = !self.tasks.contains_key(&uuid);
        let task = self.tasks.entry(uuid.clone()).or_default();
        task.uuid.clone_from(&uuid);
        // Events of client and workers may overtake each other: what is older tells no new state.
        if event.timestamp >= task.at || task.state.is_empty() {
            task.state = state;
            task.at = event.timestamp;
            if word != "sent" {
                task.worker = clean(event.hostname.as_str());
            }
        }
        for (name, value) in event.fields {
            match name.as_str() {
                "name" => task.name = clean(&python::str(&value)),
                _ if value.is_null() => {}
                _ if task.fields.len() < 100 || task.fields.contains_key(&name) => {
                    let text: String = python::str(&value).chars().take(MAX_CHARS).collect();
                    task.fields.insert(name, text);
                }
                _ => {}
            }
        }
        if is_new {
            self.order.push_back(uuid);
            if self.order.len() > MAX_TASKS
                && let Some(oldest) = self.order.pop_front()
            {
                self.tasks.remove(&oldest);
            }
        }
    }
}

/// A text without what would move the cursor, at most 200 characters.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use serde_json::json;

    pub(in crate::events) fn event(fields: Value) -> Event {
        serde_json::from_value(fields).unwrap()
    }

    pub(in crate::events) fn sample(now: Instant) -> Cluster {
        let mut cluster = Cluster::new(now);
        let mut learn = |fields| cluster.learn(event(fields), now);
        learn(
            json!({"type": "worker-heartbeat", "hostname": "w1@lab", "timestamp": 1.0, "freq": 2.0, "active": 1,
            "processed": 41, "loadavg": [0.5, 0.25, 0.1], "sw_ident": "py-celery", "sw_ver": "5.6.3"}),
        );
        learn(json!({"type": "worker-offline", "hostname": "w2@lab", "timestamp": 1.0}));
        let id = |n: u32| format!("00000000-0000-4000-8000-{n:012}");
        learn(json!({"type": "task-received", "hostname": "w1@lab", "timestamp": 10.0, "uuid": id(1),
            "name": "tasks.add", "args": "(1, 2)", "kwargs": "{}", "retries": 0}));
        learn(json!({"type": "task-started", "hostname": "w1@lab", "timestamp": 11.0, "uuid": id(1)}));
        learn(json!({"type": "task-succeeded", "hostname": "w1@lab", "timestamp": 12.0, "uuid": id(1),
            "result": "3", "runtime": 0.5}));
        learn(json!({"type": "task-received", "hostname": "w1@lab", "timestamp": 13.0, "uuid": id(2),
            "name": "tasks.fail", "args": "()", "kwargs": "{}"}));
        learn(json!({"type": "task-failed", "hostname": "w1@lab", "timestamp": 14.0, "uuid": id(2),
            "exception": "ValueError('boom')", "traceback": "Traceback:\n  line 1\nValueError: boom"}));
        cluster
    }

    #[test]
    fn the_newest_event_of_a_task_tells_its_state() {
        let now = Instant::now();
        let mut cluster = sample(now);
        cluster.learn(
            event(json!({"type": "task-sent", "hostname": "gen1@lab", "timestamp": 9.0,
                "uuid": "00000000-0000-4000-8000-000000000001", "queue": "celery"})),
            now,
        );
        let states: Vec<_> = cluster.newest().map(|task| (task.name.as_str(), task.state.as_str())).collect();
        assert_eq!(states, [("tasks.fail", "FAILURE"), ("tasks.add", "SUCCESS")]);
        let first = cluster.task("00000000-0000-4000-8000-000000000001").unwrap();
        assert_eq!((first.worker.as_str(), first.fields["queue"].as_str()), ("w1@lab", "celery"));
    }

    #[test]
    fn a_worker_that_is_not_heard_of_is_offline() {
        let now = Instant::now();
        let cluster = sample(now);
        assert_eq!(cluster.online(now), 1);
        assert_eq!(cluster.online(now + Duration::from_secs(5)), 0);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let now = Instant::now();
        let mut cluster = Cluster::new(now);
        for n in 0..MAX_TASKS + 10 {
            let uuid = n.to_string();
            cluster.learn(
                event(json!({"type": "task-x\u{1b}[2J", "hostname": "h", "timestamp": 1, "uuid": uuid})),
                now,
            );
        }
        assert_eq!((cluster.task_count(), cluster.task("5").is_some()), (MAX_TASKS, false));
        assert_eq!(cluster.newest().next().unwrap().state, "X[2J");
    }
}
