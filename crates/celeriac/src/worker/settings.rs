//! Setting up a worker.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::app::App;
use crate::broker::DEFAULT_LEASE;
use crate::error::AppError;
use crate::host;
use crate::protocol::{NodeName, QueueName};
use crate::worker::autoscale::Bounds;
use crate::worker::pool::{PoolKind, prefork};
use crate::worker::run;
use crate::worker::shutdown::Shutdown;

/// What a worker is told when it starts.
#[derive(Debug, Clone)]
pub(crate) struct WorkerSettings {
    pub(crate) node: NodeName,
    /// Was the name chosen by the user? Then it is kept even when another worker has it.
    pub(crate) is_named: bool,
    pub(crate) concurrency: usize,
    pub(crate) pool: PoolKind,
    pub(crate) children: ChildSettings,
    pub(crate) autoscale: Option<Bounds>,
    pub(crate) statedb: Option<PathBuf>,
    pub(crate) queues: Vec<QueueName>,
    /// Fanout exchanges.
    pub(crate) broadcasts: Vec<String>,
    pub(crate) purge: bool,
    pub(crate) prefetch_multiplier: usize,
    pub(crate) task_events: bool,
    pub(crate) lease: Duration,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) soft_time_limit: Option<Duration>,
    pub(crate) soft_shutdown: SoftShutdown,
    pub(crate) heartbeat: Duration,
    /// Send no `worker-` events.
    pub(crate) is_silent: bool,
    pub(crate) mingle: Duration,
    pub(crate) recover_every: Duration,
}

/// What comes before a cold shutdown.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SoftShutdown {
    /// How long tasks may go on; zero is not at all.
    pub(crate) timeout: Duration,
    /// Does the worker wait even when it runs nothing?
    pub(crate) on_idle: bool,
}

/// What the children of the prefork pool are told.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChildSettings {
    /// Instead of this program's own.
    pub(crate) arguments: Option<Vec<OsString>>,
    pub(crate) max_tasks: Option<u64>,
    pub(crate) max_memory_kib: Option<u64>,
}

/// A worker that is about to run.
#[derive(Debug)]
pub struct WorkerBuilder<S> {
    app: App<S>,
    pub(super) settings: WorkerSettings,
}

impl<S: Send + Sync + 'static> WorkerBuilder<S> {
    pub(crate) fn new(app: App<S>) -> Self {
        let concurrency = std::thread::available_parallelism().map_or(1, usize::from);
        let settings = WorkerSettings {
            node: format!("celery@{}", host::name()).into(),
            is_named: false,
            concurrency,
            pool: PoolKind::default(),
            children: ChildSettings::default(),
            autoscale: None,
            statedb: None,
            queues: vec![app.default_queue().clone()],
            broadcasts: Vec::new(),
            purge: false,
            prefetch_multiplier: 4,
            task_events: false,
            lease: DEFAULT_LEASE,
            time_limit: None,
            soft_time_limit: None,
            soft_shutdown: SoftShutdown::default(),
            heartbeat: Duration::from_secs(2),
            is_silent: false,
            mingle: Duration::from_millis(200),
            recover_every: Duration::from_secs(3),
        };
        Self { app, settings }
    }

    /// The node's name, `name@host`; without a host, this machine's is added. `celery` unless set.
    pub fn hostname(mut self, name: &str) -> Self {
        let node = if name.contains('@') { name.to_owned() } else { format!("{name}@{}", host::name()) };
        self.settings.node = node.into();
        self.settings.is_named = true;
        self
    }

    /// The node's name unless another worker has it already: then a number is added.
    pub fn default_hostname(self, name: &str) -> Self {
        let mut named = self.hostname(name);
        named.settings.is_named = false;
        named
    }

    /// How many tasks run side by side; the number of cores unless set.
    pub fn concurrency(mut self, tasks: usize) -> Self {
        self.settings.concurrency = tasks.max(1);
        self
    }

    /// Where tasks run: in this process unless set.
    pub fn pool(mut self, kind: PoolKind) -> Self {
        self.settings.pool = kind;
        self
    }

    /// Instead of a fixed number, as many tasks run side by side as there is work for, within these bounds. Places are
    /// added at once and taken away when they had no work for 30 s.
    pub fn autoscale(mut self, max: usize, min: usize) -> Self {
        let bounds = Bounds { max: max.max(min).max(1), min: min.max(1) };
        self.settings.autoscale = Some(bounds);
        self.settings.concurrency = bounds.min;
        self
    }

    /// Remember in this file, over restarts, which tasks are revoked.
    pub fn statedb(mut self, path: Option<PathBuf>) -> Self {
        self.settings.statedb = path;
        self
    }

    /// In the prefork pool, a process is replaced after it has run so many tasks. The tokio pool has no children, and
    /// nothing that this could replace.
    pub fn max_tasks_per_child(mut self, tasks: Option<u64>) -> Self {
        self.settings.children.max_tasks = tasks.filter(|tasks| *tasks > 0);
        self
    }

    /// In the prefork pool, a process is replaced that has more memory than this after a task.
    pub fn max_memory_per_child(mut self, kib: Option<u64>) -> Self {
        self.settings.children.max_memory_kib = kib.filter(|kib| *kib > 0);
        self
    }

    /// The arguments with which the prefork pool starts this program again; those that it was started with unless set.
    /// The program must come to [`run`](Self::run) with them.
    pub fn child_arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.settings.children.arguments = Some(arguments.into_iter().map(Into::into).collect());
        self
    }

    /// The queues to consume; the app's default queue unless set.
    pub fn queues(mut self, queues: impl IntoIterator<Item = impl Into<QueueName>>) -> Self {
        self.settings.queues = queues.into_iter().map(Into::into).collect();
        self
    }

    /// Queues that are not consumed after all.
    pub fn exclude_queues(mut self, queues: impl IntoIterator<Item = impl Into<QueueName>>) -> Self {
        let excluded: Vec<QueueName> = queues.into_iter().map(Into::into).collect();
        self.settings.queues.retain(|queue| !excluded.contains(queue));
        self
    }

    /// Fanout exchanges whose messages go to every worker: the names of the `Broadcast` queues of a Celery app on the same
    /// broker. The routing key is the default queue's name, as in Celery.
    pub fn broadcasts(mut self, exchanges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.settings.broadcasts = exchanges.into_iter().map(Into::into).collect();
        // Its tasks send to them as well.
        self.settings.broadcasts.iter().for_each(|exchange| self.app.core().sender.fanouts.add(exchange));
        self
    }

    /// Drop what waits in the queues before the first message is taken. It is gone for good.
    pub fn purge(mut self, purge: bool) -> Self {
        self.settings.purge = purge;
        self
    }

    /// The worker holds `concurrency` times so many tasks, 4 unless set; 0 is without limit. While tasks are over in no time it holds
    /// what ends within 20 ms, and gives back what is too much when they turn slow.
    pub fn prefetch_multiplier(mut self, multiplier: usize) -> Self {
        self.settings.prefetch_multiplier = multiplier;
        self
    }

    /// Send events of tasks from the start (`-E`); not unless set, or until a monitor asks for them.
    pub fn events(mut self, task_events: bool) -> Self {
        self.settings.task_events = task_events;
        self
    }

    /// How long a message stays with a worker that gives no sign of life; 20 s unless set.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease.max(Duration::from_millis(300));
        self
    }

    /// The time limit of tasks that have none; no limit unless set.
    pub fn time_limit(mut self, limit: Option<Duration>) -> Self {
        self.settings.time_limit = limit;
        self
    }

    /// The soft time limit of tasks that have none; no limit unless set.
    pub fn soft_time_limit(mut self, limit: Option<Duration>) -> Self {
        self.settings.soft_time_limit = limit;
        self
    }

    /// Before a cold shutdown, tasks that run may go on for so long (`worker_soft_shutdown_timeout`); zero, as it is unless
    /// set, is not at all. The wait ends with the last of them.
    pub fn soft_shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.settings.soft_shutdown.timeout = timeout;
        self
    }

    /// The soft shutdown timeout passes to its end even when nothing runs (`worker_enable_soft_shutdown_on_idle`).
    pub fn soft_shutdown_on_idle(mut self, on_idle: bool) -> Self {
        self.settings.soft_shutdown.on_idle = on_idle;
        self
    }

    /// How often the worker says that it is there; every 2 s unless set.
    pub fn heartbeat(mut self, every: Duration) -> Self {
        self.settings.heartbeat = every.max(Duration::from_millis(50));
        self
    }

    /// The worker does not say that it is there: monitors learn of it by its tasks only.
    pub fn without_heartbeat(mut self) -> Self {
        self.settings.is_silent = true;
        self
    }

    /// How long to listen for other workers at the start: their revoked ids are taken over. 200 ms unless set;
    /// zero skips it, which a test wants.
    pub fn mingle(mut self, wait: Duration) -> Self {
        self.settings.mingle = wait;
        self
    }

    /// How often to look for messages whose worker died; every 3 s unless set.
    pub fn recover_every(mut self, every: Duration) -> Self {
        self.settings.recover_every = every.max(Duration::from_millis(50));
        self
    }

    /// Runs until it is told to stop. Returns when all that it started has ended and everything is settled.
    ///
    /// In a child of the [prefork pool](PoolKind::Prefork), which is this program started again, it runs tasks for its
    /// parent instead, and ends the process when the parent has no more: it never returns there.
    ///
    /// To drop the future is a cold shutdown that nobody waits for: from that moment nothing is begun any more, and in
    /// the background what runs is dropped (in the prefork pool its process is killed), what is held goes back to its
    /// queue, and the worker leaves, within seconds. Where the runtime ends at once, messages come back by their leases.
    /// `shutdown` is not touched.
    ///
    /// # Errors
    /// When the broker cannot be subscribed to, or the prefork pool has a child that does not start. Errors later on are logged and tried again.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), AppError> {
        if let Some(door) = prefork::Door::open() {
            prefork::serve(self.app, door).await;
        }
        if prefork::is_prefork_child() {
            // Its other worker serves; two would take each other's tasks.
            return std::future::pending().await;
        }
        run::run(self.app, self.settings, shutdown).await
    }
}
