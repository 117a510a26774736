//! All children of a pool: started ahead, lent out, replaced.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::child::{Child, StartError, exit_words};

/// The pause after a child did not start, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// Children that died while they waited are missed after this time at the latest.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// What a child runs.
#[derive(Debug, Clone)]
pub(crate) struct ChildProgram {
    pub(super) path: PathBuf,
    name: OsString,
    arguments: Vec<OsString>,
}

impl ChildProgram {
    /// This very program, with the arguments that it was started with, or others.
    pub(crate) fn this(arguments: Option<Vec<OsString>>) -> std::io::Result<Self> {
        let path = std::env::current_exe()?;
        let running = Path::new("/proc/self/exe");
        let same = |path: &Path| std::fs::metadata(path).map(|file| (file.dev(), file.ino())).ok();
        // A program that was replaced on the disk goes on with what it is.
        let path = if same(&path) == same(running) { path } else { running.to_owned() };
        let mut own = std::env::args_os();
        let name = own.next().unwrap_or_else(|| path.clone().into());
        Ok(Self { path, name, arguments: arguments.unwrap_or_else(|| own.collect()) })
    }

    pub(super) fn command(&self) -> tokio::process::Command {
        let mut command = std::process::Command::new(&self.path);
        std::os::unix::process::CommandExt::arg0(&mut command, &self.name);
        command.args(&self.arguments);
        command.into()
    }
}

/// The children of a pool.
#[derive(Debug)]
pub(crate) struct Children {
    program: ChildProgram,
    max_tasks: Option<u64>,
    max_memory_kib: Option<u64>,
    /// How many there shall be.
    wanted: AtomicUsize,
    /// Those that wait for a task.
    idle: Mutex<Vec<Child>>,
    /// All that are ready, by their numbers.
    pids: Mutex<BTreeMap<u64, u32>>,
    /// A child is ready.
    ready: Notify,
    /// There may be too few or too many.
    changed: Notify,
    /// Those that end.
    retiring: TaskTracker,
    next_number: AtomicU64,
    next_job: AtomicU64,
}

impl Children {
    pub(crate) fn new(
        program: ChildProgram,
        size: usize,
        max_tasks: Option<u64>,
        max_memory_kib: Option<u64>,
    ) -> Self {
        Self {
            program,
            max_tasks,
            max_memory_kib,
            wanted: AtomicUsize::new(size),
            idle: Mutex::default(),
            pids: Mutex::default(),
            ready: Notify::new(),
            changed: Notify::new(),
            retiring: TaskTracker::new(),
            next_number: AtomicU64::new(1),
            next_job: AtomicU64::new(1),
        }
    }

    /// Starts the first child: what keeps it from starting would keep all others too.
    pub(crate) async fn start_first(&self) -> Result<(), StartError> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        self.admit(Child::start(&self.program, number).await?);
        Ok(())
    }

    /// Waits for a child that has nothing to do.
    pub(crate) async fn take(&self) -> Child {
        loop {
            let ready = self.ready.notified();
            let child = self.idle.lock().pop();
            match child {
                Some(mut child) => match child.has_ended() {
                    None => {
                        // A second child that came at the same time gave no second signal.
                        if !self.idle.lock().is_empty() {
                            self.ready.notify_one();
                        }
                        return child;
                    }
                    Some(_) => self.part_with(child),
                },
                None => ready.await,
            }
        }
    }

    /// Takes a child back, unless it is to go.
    pub(crate) fn give_back(&self, mut child: Child) {
        if let Some(reason) = self.why_not_keep(&child) {
            tracing::info!(target: "celery.pool", "Process '{}' pid:{} ends: {reason}", child.name(), child.pid());
            child.is_spent = true;
        }
        if child.is_spent {
            self.part_with(child);
        } else {
            self.idle.lock().push(child);
            self.ready.notify_one();
        }
    }

    fn why_not_keep(&self, child: &Child) -> Option<String> {
        if child.is_spent {
            return None;
        }
        if self.max_tasks.is_some_and(|max| child.runs >= max) {
            return Some(format!("it has run {} tasks", child.runs));
        }
        if let Some(max) = self.max_memory_kib.filter(|max| child.resident_kib > *max) {
            return Some(format!("it has {} KiB of memory, more than {max}", child.resident_kib));
        }
        let all = self.pids.lock().len();
        (all > self.wanted.load(Ordering::Relaxed)).then(|| "the pool shrinks".to_owned())
    }

    /// Lets a child go; another one is started if there are too few then.
    fn part_with(&self, mut child: Child) {
        self.pids.lock().remove(&child.number);
        self.changed.notify_one();
        if let Some(status) = child.has_ended() {
            tracing::error!(
                target: "celery.pool",
                "Process '{}' pid:{} exited with '{}'", child.name(), child.pid(), exit_words(status),
            );
        } else {
            self.retiring.spawn(child.retire());
        }
    }

    fn admit(&self, child: Child) {
        self.pids.lock().insert(child.number, child.pid());
        self.idle.lock().push(child);
        self.ready.notify_one();
    }

    /// Sets how many there shall be.
    pub(crate) fn resize(&self, wanted: usize) {
        self.wanted.store(wanted, Ordering::Relaxed);
        self.changed.notify_one();
    }

    /// Their process ids, oldest first.
    pub(crate) fn pids(&self) -> Vec<u32> {
        self.pids.lock().values().copied().collect()
    }

    pub(super) fn next_job(&self) -> u64 {
        self.next_job.fetch_add(1, Ordering::Relaxed)
    }

    /// Keeps as many children as are wanted, until `end`; then ends them all.
    pub(crate) async fn keep(self: Arc<Self>, end: CancellationToken) {
        let mut died = signal(SignalKind::child()).ok();
        let mut starting = JoinSet::new();
        let mut pause = PAUSES.0;
        loop {
            self.bury_the_dead();
            self.let_surplus_go();
            let missing =
                self.wanted.load(Ordering::Relaxed).saturating_sub(self.pids.lock().len() + starting.len());
            for _ in 0..missing {
                let (program, number) =
                    (self.program.clone(), self.next_number.fetch_add(1, Ordering::Relaxed));
                starting.spawn(async move { Child::start(&program, number).await });
            }
            tokio::select! {
                () = end.cancelled() => break,
                Some(started) = starting.join_next() => match started {
                    Ok(Ok(child)) => {
                        pause = PAUSES.0;
                        self.admit(child);
                    }
                    Ok(Err(error)) => {
                        tracing::error!(target: "celery.pool", "a child of the pool does not start, trying again in {pause:?}: {error}");
                        tokio::select! {
                            () = tokio::time::sleep(pause) => {}
                            () = end.cancelled() => break,
                        }
                        pause = (pause * 2).min(PAUSES.1);
                    }
                    Err(error) => tracing::error!(target: "celery.pool", "the start of a child broke off: {error}"),
                },
                () = self.changed.notified() => {}
                () = child_died(&mut died) => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
        starting.shutdown().await;
        let idle = std::mem::take(&mut *self.idle.lock());
        idle.into_iter().for_each(|child| drop(self.retiring.spawn(child.retire())));
        self.retiring.close();
        self.retiring.wait().await;
        self.pids.lock().clear();
    }

    /// Children that died while they waited.
    fn bury_the_dead(&self) {
        let mut dead = Vec::new();
        let mut idle = self.idle.lock();
        let mut index = 0;
        while let Some(child) = idle.get_mut(index) {
            if child.has_ended().is_some() {
                dead.push(idle.swap_remove(index));
            } else {
                index += 1;
            }
        }
        drop(idle);
        dead.into_iter().for_each(|child| self.part_with(child));
    }

    fn let_surplus_go(&self) {
        loop {
            let surplus = self.pids.lock().len() > self.wanted.load(Ordering::Relaxed);
            let Some(child) = surplus.then(|| self.idle.lock().pop()).flatten() else { return };
            self.part_with(child);
        }
    }
}

async fn child_died(signals: &mut Option<tokio::signal::unix::Signal>) {
    match signals {
        Some(signals) => drop(signals.recv().await),
        None => std::future::pending().await,
    }
}
