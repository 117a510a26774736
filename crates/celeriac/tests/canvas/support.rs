//! A Redis, workers of both kinds in processes of their own, and Python's clients.

use std::process::Command;

use celeriac::App;
use serde_json::Value;
use tempfile::TempDir;
use test_servers::{Celery, Process, RedisServer, example};

pub use test_servers::PATIENCE;

/// Workers of both kinds on one queue.
pub struct Fleet {
    workers: Vec<Process>,
    redis: RedisServer,
    dir: TempDir,
}

impl Fleet {
    pub fn new() -> Self {
        Self { workers: Vec::new(), redis: RedisServer::start(), dir: TempDir::new().unwrap() }
    }

    /// With one of our workers: `examples/suite_worker.rs`.
    pub fn with_ours(mut self) -> Self {
        let mut command = Command::new(example("suite_worker"));
        command.args("-n rust@lab -c 4 --prefetch-multiplier 1 -E -l info".split(' '));
        let mut worker = self.spawn(command, "rust");
        worker.until_printed("ready");
        self.workers.push(worker);
        self
    }

    /// With one of Python's, which knows the same tasks.
    pub fn with_pythons(mut self, celery: Celery) -> Self {
        let mut command = celery.worker("canvas_app", "py@lab", 3);
        command.arg("--without-gossip");
        let mut worker = self.spawn(command, "python");
        worker.until_printed("ready.");
        self.workers.push(worker);
        self
    }

    /// What a script of Python's says in the end, a line of JSON.
    pub fn python(&self, celery: Celery, script: &str, arguments: &[&str]) -> Value {
        let mut command = celery.python(script);
        command.args(arguments);
        let mut client = self.spawn(command, "client");
        let status = client.wait();
        let log = client.log();
        assert!(status.success(), "{log}\n{}", self.logs());
        let said = log.lines().rev().find_map(|line| serde_json::from_str(line).ok());
        said.unwrap_or_else(|| panic!("{log}"))
    }

    /// An app without tasks, for sending.
    pub async fn client(&self) -> App {
        App::builder(&self.redis.url(0)).result_backend(&self.redis.url(1)).open().await.unwrap()
    }

    /// What the workers have printed.
    pub fn logs(&self) -> String {
        self.workers.iter().map(Process::log).collect::<Vec<_>>().join("\n")
    }

    /// What the workers complain of.
    pub fn troubles(&self) -> String {
        let logs = self.logs();
        let is_calm = |line: &&str| line.contains("INFO") || line.contains("Task expected to fail");
        let lines: Vec<&str> = logs.lines().filter(|line| !is_calm(line)).collect();
        lines.join("\n")
    }

    /// How often each worker has run a task.
    pub fn shares(&self) -> Vec<usize> {
        self.workers.iter().map(|worker| worker.log().matches(" succeeded in ").count()).collect()
    }

    fn spawn(&self, mut command: Command, name: &str) -> Process {
        self.redis.tell(&mut command);
        command.env("REDIS_HOST", "127.0.0.1").env("REDIS_PORT", self.redis.port().to_string());
        Process::spawn(command, self.dir.path().join(format!("{name}.log")))
    }
}
