//! What can go wrong before a worker works.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;

/// Celery's code for "the pid file cannot be created".
const EXIT_CANNOT_CREATE: u8 = 73;
/// Wrong usage.
const EXIT_USAGE: u8 = 2;

/// Why a worker does not start, or ended badly.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// Another worker has the pid file.
    #[error("Pidfile ({}) already exists. Seems we're already running? (pid: {pid})", path.display())]
    AlreadyRuns {
        /// The pid file.
        path: PathBuf,
        /// Who is in it.
        pid: i32,
    },
    /// A file or a folder cannot be used.
    #[error("cannot use {what} {}: {source}", path.display())]
    File {
        /// What it is for.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// `--uid` or `--gid` that cannot be.
    #[error("cannot run as {what} {name}: {reason}")]
    Identity {
        /// User or group.
        what: &'static str,
        /// Who.
        name: String,
        /// Why not.
        reason: String,
    },
    /// `--umask` that is none.
    #[error("{0} is no umask: write an octal number such as 027")]
    Umask(String),
    /// The soft limit must come first.
    #[error("--soft-time-limit ({} s) is longer than --time-limit ({} s): make it the shorter one", soft.as_secs_f64(), hard.as_secs_f64())]
    LimitsCross {
        /// The soft limit.
        soft: Duration,
        /// The hard limit.
        hard: Duration,
    },
    /// One place cannot be many.
    #[error("--pool solo runs one task at a time and cannot --autoscale: choose another pool")]
    SoloScales,
    /// `--queues ''`, as a script writes it whose variable is not set.
    #[error(
        "--queues is empty and names no queue: name some with commas between, or leave it away for the default queue"
    )]
    NoQueues,
    /// The process in the background ended at once.
    #[error("the worker in the background ended with {status}{}", hint(log))]
    Background {
        /// How it ended.
        status: String,
        /// Where it says why.
        log: Option<PathBuf>,
    },
    /// A process cannot be started, or something else that the system does not allow.
    #[error("cannot {what}: {source}")]
    System {
        /// What was tried.
        what: &'static str,
        /// What the system says.
        source: std::io::Error,
    },
    /// The worker itself.
    #[error(transparent)]
    App(#[from] celeriac::AppError),
    /// The program made no app.
    #[error("{0}")]
    Program(String),
}

impl WorkerError {
    /// The process's exit code, Celery's where it has one.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::AlreadyRuns { .. } => EXIT_CANNOT_CREATE,
            Self::Umask(_) | Self::LimitsCross { .. } | Self::SoloScales | Self::NoQueues => EXIT_USAGE,
            _ => 1,
        }
    }
}

fn hint(log: &Option<PathBuf>) -> String {
    match log {
        Some(path) => format!(": {} says why", path.display()),
        None => ": start it without --detach, or with --logfile, to see why".to_owned(),
    }
}
