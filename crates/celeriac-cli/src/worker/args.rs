//! The flags.

use std::path::PathBuf;
use std::time::Duration;

use celeriac::{PoolKind, WorkerBuilder};
use clap::{Args, ValueEnum};

use super::autoscale::Autoscale;
use super::error::WorkerError;
use super::node;

/// `worker`, with Celery's names and meanings.
#[derive(Debug, Clone, Default, Args)]
#[group(skip)]
pub struct WorkerArgs {
    /// Tasks at once: the number of cores unless set.
    #[arg(long, short = 'c', value_name = "N")]
    pub concurrency: Option<usize>,
    /// Where tasks run: in this process, or each in a process of its own.
    #[arg(long, short = 'P', value_enum, ignore_case = true, default_value_t, value_name = "POOL")]
    pub pool: WorkerPool,
    /// Between MIN and MAX tasks at once, as there is work.
    #[arg(long, value_name = "MAX,MIN", conflicts_with = "concurrency")]
    pub autoscale: Option<Autoscale>,
    /// Queues to consume, joined by commas.
    #[arg(long, short = 'Q', value_delimiter = ',', value_name = "QUEUES")]
    pub queues: Vec<String>,
    /// Queues not to consume, joined by commas.
    #[arg(long, short = 'X', value_delimiter = ',', value_name = "QUEUES")]
    pub exclude_queues: Vec<String>,
    /// Drop all waiting tasks of the queues first. They are gone for good.
    #[arg(long, visible_alias = "discard")]
    pub purge: bool,
    /// Node name; %h is the host, %n the name before the @, %d the domain.
    #[arg(long, short = 'n', value_name = "NAME", value_parser = one_line)]
    pub hostname: Option<String>,
    /// Messages held for each task that runs at once; 0 is without limit.
    #[arg(long, value_name = "N")]
    pub prefetch_multiplier: Option<usize>,
    /// Seconds after which a task is ended.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub time_limit: Option<Duration>,
    /// Seconds after which a task is asked to end.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub soft_time_limit: Option<Duration>,
    /// Seconds for which tasks may go on before a cold shutdown gives them back.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub soft_shutdown_timeout: Option<Duration>,
    /// Wait for the whole of --soft-shutdown-timeout even when no task runs.
    #[arg(long, requires = "soft_shutdown_timeout")]
    pub soft_shutdown_on_idle: bool,
    /// Replace a process of the prefork pool after so many tasks.
    #[arg(long, value_name = "N")]
    pub max_tasks_per_child: Option<u64>,
    /// Replace a process of the prefork pool that has more memory than this after a task.
    #[arg(long, value_name = "KIB")]
    pub max_memory_per_child: Option<u64>,
    /// Send events of tasks, for monitors.
    #[arg(long, short = 'E', visible_alias = "events")]
    pub task_events: bool,
    /// Do not ask other workers for what they know when starting.
    #[arg(long)]
    pub without_mingle: bool,
    /// Accepted for habit: workers do not gossip.
    #[arg(long)]
    pub without_gossip: bool,
    /// Send no heartbeats.
    #[arg(long)]
    pub without_heartbeat: bool,
    /// Seconds between two heartbeats.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub heartbeat_interval: Option<Duration>,
    /// Accepted for habit: tasks always go to who is free.
    #[arg(long, short = 'O', value_enum, ignore_case = true, default_value_t)]
    pub optimization: Optimization,
    /// Remember in this file, over restarts, which tasks are revoked.
    #[arg(long, short = 'S', value_name = "FILE")]
    pub statedb: Option<PathBuf>,
    /// Write the process id to this file while running. %n, %h, %d and %i as in --hostname.
    #[arg(long, value_name = "FILE")]
    pub pidfile: Option<PathBuf>,
    /// Log to this file instead of stderr. %n, %h, %d and %i as in --hostname.
    #[arg(long, short = 'f', value_name = "FILE")]
    pub logfile: Option<PathBuf>,
    /// Run in the background.
    #[arg(long, short = 'D')]
    pub detach: bool,
    /// Run as this user, a name or a number.
    #[arg(long, value_name = "USER")]
    pub uid: Option<String>,
    /// Run in this group, a name or a number.
    #[arg(long, value_name = "GROUP")]
    pub gid: Option<String>,
    /// What new files may not have, in octal.
    #[arg(long, value_name = "MODE")]
    pub umask: Option<String>,
    /// Run in this folder.
    #[arg(long, value_name = "DIR")]
    pub workdir: Option<PathBuf>,
    /// This is the process in the background.
    #[arg(long, hide = true)]
    pub detached: bool,
}

/// Where tasks run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum WorkerPool {
    /// In this process, side by side.
    #[default]
    #[value(aliases = ["threads", "eventlet", "gevent"])]
    Tokio,
    /// Each in a process of its own.
    #[value(alias = "processes")]
    Prefork,
    /// In this process, one after the other.
    Solo,
}

/// Celery's optimization profiles; both are the same here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub enum Optimization {
    /// As the worker likes.
    #[default]
    Default,
    /// No task waits behind a busy process.
    Fair,
}

impl WorkerArgs {
    /// Sets up a worker. What no flag names stays as it is. `name` is the node's name before the `@`, unless
    /// `--hostname` says otherwise.
    ///
    /// # Errors
    /// When flags do not go together.
    pub fn configure<S: Send + Sync + 'static>(
        &self,
        mut worker: WorkerBuilder<S>,
        name: &str,
    ) -> Result<WorkerBuilder<S>, WorkerError> {
        worker = match &self.hostname {
            Some(_) => worker.hostname(&self.node_name(name)),
            None => worker.default_hostname(&self.node_name(name)),
        };
        if let Some(tasks) = self.concurrency.filter(|tasks| *tasks > 0) {
            worker = worker.concurrency(tasks);
        }
        if let Some(Autoscale { max, min }) = self.autoscale {
            worker = worker.autoscale(max, min);
        }
        worker = match self.pool {
            WorkerPool::Tokio => worker.pool(PoolKind::Tokio),
            WorkerPool::Prefork => worker.pool(PoolKind::Prefork),
            WorkerPool::Solo if self.autoscale.is_some() => return Err(WorkerError::SoloScales),
            WorkerPool::Solo => worker.pool(PoolKind::Tokio).concurrency(1),
        };
        let named = |queues: &[String]| {
            queues
                .iter()
                .map(|name| name.trim().to_owned())
                .filter(|name| !name.is_empty())
                .collect::<Vec<_>>()
        };
        let queues = named(&self.queues);
        match queues.as_slice() {
            [] if !self.queues.is_empty() => return Err(WorkerError::NoQueues),
            [] => {}
            _ => worker = worker.queues(queues),
        }
        worker =
            worker.exclude_queues(named(&self.exclude_queues)).purge(self.purge).events(self.task_events);
        if let Some(multiplier) = self.prefetch_multiplier {
            worker = worker.prefetch_multiplier(multiplier);
        }
        if let (Some(soft), Some(hard)) = (self.soft_time_limit, self.time_limit)
            && soft > hard
        {
            return Err(WorkerError::LimitsCross { soft, hard });
        }
        if self.time_limit.is_some() {
            worker = worker.time_limit(self.time_limit);
        }
        if self.soft_time_limit.is_some() {
            worker = worker.soft_time_limit(self.soft_time_limit);
        }
        if let Some(timeout) = self.soft_shutdown_timeout {
            worker = worker.soft_shutdown_timeout(timeout);
        }
        if self.soft_shutdown_on_idle {
            worker = worker.soft_shutdown_on_idle(true);
        }
        if self.max_tasks_per_child.is_some() {
            worker = worker.max_tasks_per_child(self.max_tasks_per_child);
        }
        if self.max_memory_per_child.is_some() {
            worker = worker.max_memory_per_child(self.max_memory_per_child);
        }
        if self.without_mingle {
            worker = worker.mingle(Duration::ZERO);
        }
        if self.without_heartbeat {
            worker = worker.without_heartbeat();
        }
        if let Some(every) = self.heartbeat_interval.filter(|every| !every.is_zero()) {
            worker = worker.heartbeat(every);
        }
        Ok(worker.statedb(self.statedb.clone()))
    }

    /// The node's full name, `name@host`.
    pub fn node_name(&self, name: &str) -> String {
        node::node_name(self.hostname.as_deref(), name)
    }
}

fn one_line(text: &str) -> Result<String, String> {
    let is_plain = !text.is_empty() && !text.contains(char::is_control);
    is_plain.then(|| text.to_owned()).ok_or_else(|| "a name on one line is expected".to_owned())
}

/// A time in seconds.
pub(crate) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "a number of seconds is expected".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Program {
        #[command(flatten)]
        worker: WorkerArgs,
    }

    fn parse(line: &str) -> Result<WorkerArgs, clap::Error> {
        let words = std::iter::once("worker").chain(line.split_whitespace());
        Program::try_parse_from(words).map(|program| program.worker)
    }

    #[test]
    fn flags_are_celerys() {
        let args = parse(
            "-P prefork --autoscale 10,3 -Q a,b -X b -n w1@%h --prefetch-multiplier 1 --time-limit 1.5 \
             --soft-time-limit 1 --soft-shutdown-timeout 2.5 --soft-shutdown-on-idle --max-tasks-per-child 100 --max-memory-per-child 200000 -E --without-mingle \
             --without-gossip --without-heartbeat -O fair -S state.db --pidfile w.pid -f w.log -D --uid 1 --gid daemon",
        )
        .unwrap();
        assert_eq!(args.pool, WorkerPool::Prefork);
        assert_eq!(args.autoscale, Some(Autoscale { max: 10, min: 3 }));
        assert_eq!((args.queues.len(), args.exclude_queues.len()), (2, 1));
        assert_eq!(args.time_limit, Some(Duration::from_millis(1500)));
        assert_eq!(args.soft_shutdown_timeout, Some(Duration::from_millis(2500)));
        assert!(args.soft_shutdown_on_idle);
        assert_eq!(args.optimization, Optimization::Fair);
        assert!(args.detach && args.task_events && !args.detached);
        assert_eq!(parse("--pool solo --heartbeat-interval 5 --discard").unwrap().pool, WorkerPool::Solo);
        assert!(parse("--events --pool THREADS").unwrap().task_events);
    }

    #[tokio::test]
    async fn queues_without_a_name_are_refused() {
        let dir = tempfile::TempDir::new().unwrap();
        let app = celeriac::App::open(&format!("sqlite://{}/q.db", dir.path().display())).await.unwrap();
        for (queues, is_taken) in [("", false), (" , ", false), ("a,,b,", true)] {
            let args = Program::try_parse_from(["worker", "-Q", queues]).unwrap().worker;
            match args.configure(app.worker(), "w") {
                Ok(_) => assert!(is_taken, "{queues:?}"),
                Err(error) => {
                    assert!(!is_taken && matches!(error, WorkerError::NoQueues), "{error}");
                    assert_eq!(error.exit_code(), 2);
                }
            }
        }
    }

    #[test]
    fn wrong_values_are_refused() {
        for line in ["--autoscale 1,2,3", "--autoscale x", "--time-limit -1", "-c many", "--autoscale 3 -c 2"]
        {
            assert!(parse(line).is_err(), "{line}");
        }
        for name in ["", "a\nb", "\u{1b}[31m"] {
            assert!(Program::try_parse_from(["worker", "-n", name]).is_err(), "{name}");
        }
        assert!(seconds("NaN").is_err() && seconds("-1").is_err() && seconds("1e400").is_err());
    }
}
