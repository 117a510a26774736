//! A child, as its parent sees it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::time::Instant;

use super::children::{ChildProgram, Children};
use super::door::{Door, VARIABLE};
use super::frame::{Job, Line, ToChild, ToParent};
use crate::cancellation::CancelReason;
use crate::worker::held::Held;
use crate::worker::pool::tokio::deadline;
use crate::worker::pool::{End, Work};

/// So long may a child take to come to its first task.
const START_PATIENCE: Duration = Duration::from_secs(60);
/// So long may a task that is called off take to end by itself.
const GRACE: Duration = Duration::from_secs(1);
/// So long may a child take to end whose socket is closed.
const END_PATIENCE: Duration = Duration::from_secs(5);

/// One process that runs tasks.
#[derive(Debug)]
pub(crate) struct Child {
    /// Killed when this is dropped.
    process: tokio::process::Child,
    line: Line,
    pid: u32,
    /// From 1, in the order of their starts.
    pub(super) number: u64,
    /// How many tasks it has run.
    pub(super) runs: u64,
    /// The memory that it had after the last.
    pub(super) resident_kib: u64,
    /// It has ended, or must not run anything more.
    pub(super) is_spent: bool,
}

/// Why a child did not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    /// There is no process.
    #[error("{program} cannot be started: {source}")]
    Spawn { program: String, source: std::io::Error },
    /// It ended before it was ready.
    #[error(
        "it ended with {0} before it was ready: does the program come to WorkerBuilder::run with the same arguments?"
    )]
    Ended(String),
    /// It does not come to the worker.
    #[error("it was not ready after {} s: does the program come to WorkerBuilder::run with the same arguments?", START_PATIENCE.as_secs())]
    Silent,
    /// It is another program meanwhile.
    #[error("its version is {theirs} and not {ours}: the program was replaced; restart the worker")]
    Version { ours: &'static str, theirs: String },
    /// It says something strange.
    #[error("it cannot be understood: {0}")]
    Line(#[from] std::io::Error),
}

impl Child {
    /// Starts a process, and waits until it is ready.
    pub(super) async fn start(program: &ChildProgram, number: u64) -> Result<Self, StartError> {
        let mut child = Self::spawn(program, number)?;
        let ready = tokio::time::timeout(START_PATIENCE, child.line.receive::<ToParent>()).await;
        let ours = env!("CARGO_PKG_VERSION");
        match ready.map_err(|_| StartError::Silent)? {
            Ok(Some(ToParent::Ready { version })) if version == ours => Ok(child),
            Ok(Some(ToParent::Ready { version })) => Err(StartError::Version { ours, theirs: version }),
            Ok(Some(_)) => Err(StartError::Line(std::io::Error::other("it does not say that it is ready"))),
            Ok(None) => Err(StartError::Ended(child.exit().await)),
            Err(error) => Err(error.into()),
        }
    }

    fn spawn(program: &ChildProgram, number: u64) -> Result<Self, StartError> {
        let mut command = program.command();
        let name = program.path.display().to_string();
        let spawned = UnixStream::pair().and_then(|(ours, theirs)| {
            let inode = Door::inode(&theirs)?;
            command
                .env(VARIABLE, format!("{number}:{inode}"))
                .stdin(Stdio::from(OwnedFd::from(theirs)))
                // A group of its own: the terminal's signals do not reach it, and what a task has started can be
                // killed with it.
                .process_group(0)
                .kill_on_drop(true);
            Ok((command.spawn()?, Line::new(ours)?))
        });
        let (process, line) = spawned.map_err(|source| StartError::Spawn { program: name, source })?;
        let pid = process.id().unwrap_or(0);
        Ok(Self { process, line, pid, number, runs: 0, resident_kib: 0, is_spent: false })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Has it ended while it waited?
    pub(super) fn has_ended(&mut self) -> Option<ExitStatus> {
        self.process.try_wait().ok().flatten()
    }

    /// Ends it and all that it has started.
    pub(super) fn kill(&mut self) {
        self.is_spent = true;
        // Once it has been waited for, its number may be somebody else's.
        if let Some(group) = self.process.id().and_then(|pid| i32::try_from(pid).ok()) {
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
    }

    /// Lets it end by itself: it sees the end of the socket. Kills it when it does not.
    pub(super) async fn retire(self) {
        let Self { mut process, line, .. } = self;
        drop(line);
        // Dropping what does not end kills it.
        drop(tokio::time::timeout(END_PATIENCE, process.wait()).await);
    }

    /// Waits for the end of a process whose socket is closed, and says how it ended.
    async fn exit(&mut self) -> String {
        self.is_spent = true;
        let status = match tokio::time::timeout(END_PATIENCE, self.process.wait()).await {
            Ok(status) => status,
            Err(_) => {
                self.kill();
                self.process.wait().await
            }
        };
        status.map_or_else(|error| error.to_string(), exit_words)
    }
}

/// As Celery's pool says it: `signal 9 (SIGKILL)`, `exitcode 7`.
pub(super) fn exit_words(status: ExitStatus) -> String {
    match status.signal() {
        Some(number) => {
            let name = Signal::try_from(number).map_or("unknown", Signal::as_str);
            format!("signal {number} ({name})")
        }
        None => format!("exitcode {}", status.code().unwrap_or(-1)),
    }
}

/// Runs a task in a child. A child that died while it waited is replaced before the task begins.
pub(crate) async fn run<S: Send + Sync + 'static>(
    child: &mut Child,
    children: &Arc<Children>,
    work: Work<'_, S>,
) -> End {
    let job = ToChild::Run(Box::new(job(&work)));
    // What is written in part only was not run either.
    while let Err(error) = child.line.send(&job).await {
        if child.has_ended().is_none() && error.kind() != std::io::ErrorKind::BrokenPipe {
            return End::Lost(format!("cannot give the task to a process: {error}"));
        }
        child.is_spent = true;
        let next = children.take().await;
        children.give_back(std::mem::replace(child, next));
        work.held.set_pid(child.pid);
    }
    child.runs += 1;
    let number = children.next_job();
    let end = converse(child, number, &work).await;
    match &end {
        End::Lost(_) => tracing::error!(
            target: "celery.pool",
            "Process '{}' pid:{} died while it ran {}[{}]",
            child.name(), child.pid, work.task.name, work.held.id(),
        ),
        // What the task has left behind in the process ends with it.
        End::Dropped(_) => child.kill(),
        End::Returned(_) => {}
    }
    end
}

impl Child {
    pub(super) fn name(&self) -> String {
        format!("ForkPoolWorker-{}", self.number)
    }
}

async fn converse<S: Send + Sync + 'static>(child: &mut Child, number: u64, work: &Work<'_, S>) -> End {
    let Work { held, limits, events, .. } = work;
    let start = Instant::now();
    let mut soft = limits.soft;
    let mut is_asked = false;
    let mut called_off: Option<(CancelReason, Instant)> = None;
    loop {
        let limit = soft.or(limits.hard).map(|limit| start + limit);
        let grace = called_off.map(|(_, until)| until);
        tokio::select! {
            said = child.line.receive::<ToParent>() => match said {
                Ok(Some(ToParent::Event { kind, uuid, fields })) => events.send(&kind, uuid.as_ref(), fields),
                Ok(Some(ToParent::Done { end, children, resident_kib })) => {
                    work.cx.trail().lock().extend(children);
                    child.resident_kib = resident_kib;
                    return match called_off {
                        Some((reason, _)) => End::Dropped(reason),
                        None => End::Returned(end),
                    };
                }
                Ok(Some(ToParent::Ready { .. })) => {}
                Ok(None) | Err(_) => {
                    let exit = child.exit().await;
                    return match called_off {
                        Some((reason, _)) => End::Dropped(reason),
                        None => End::Lost(format!("Worker exited prematurely: {exit} Job: {number}.")),
                    };
                }
            },
            reason = held.cancellation.dropped(), if called_off.is_none() => {
                // Whoever sends KILL wants no grace.
                let grace = if held.signal.load(Ordering::Relaxed) == Signal::SIGKILL as i32 { Duration::ZERO } else { GRACE };
                called_off = Some((reason, Instant::now() + grace));
                call_off(child, reason).await;
            }
            reason = held.cancellation.asked(), if !is_asked => {
                is_asked = true;
                if reason == CancelReason::SoftTimeLimit {
                    call_off(child, reason).await;
                }
            }
            () = deadline(grace), if grace.is_some() => {
                return End::Dropped(called_off.map_or(CancelReason::Shutdown, |(reason, _)| reason));
            }
            () = deadline(limit) => match soft.take() {
                Some(limit) => held.exceed_soft_limit(limit),
                None => {
                    held.cancellation.cancel(CancelReason::TimeLimit);
                    return End::Dropped(CancelReason::TimeLimit);
                }
            },
        }
    }
}

/// A child that cannot be told has ended, which is seen at once.
async fn call_off(child: &mut Child, reason: CancelReason) {
    drop(child.line.send(&ToChild::Cancel(reason)).await);
}

fn job<S: Send + Sync + 'static>(work: &Work<'_, S>) -> Job {
    let held: &Held = work.held;
    Job {
        headers: held.message.headers.clone(),
        body: held.message.body.clone(),
        properties: held.message.properties.clone(),
        hostname: work.cx.request().hostname.to_string(),
        queue: held.queue.to_string(),
        redelivered: held.is_redelivered,
    }
}
