//! `--detach`: the worker in the background is this program started again, in a session of its own.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::unistd::Pid;

use super::error::WorkerError;
use super::pidfile;

/// The flag that tells the process in the background what it is.
const FLAG: &str = "--detached";
/// So long is waited for the pid file of the process in the background.
const PATIENCE: Duration = Duration::from_secs(20);

/// Starts the process. With a pid file, waits until it is written: who starts a worker then knows that it runs.
pub(super) fn start(log: Option<PathBuf>, pidfile: Option<PathBuf>) -> Result<(), WorkerError> {
    let system = |what| move |source| WorkerError::System { what, source };
    let output = |path: &Path| File::options().create(true).append(true).open(path);
    let out = match &log {
        Some(path) => output(path).map_err(|source| WorkerError::File {
            what: "the log file",
            path: path.clone(),
            source,
        })?,
        None => output(Path::new("/dev/null")).map_err(system("write to nowhere"))?,
    };
    let program = std::env::current_exe().map_err(system("find this program"))?;
    let child = Command::new(program)
        .args(std::env::args_os().skip(1))
        .arg(FLAG)
        .stdin(Stdio::null())
        .stdout(out.try_clone().map_err(system("share the log file"))?)
        .stderr(out)
        .spawn()
        .map_err(system("start the worker in the background"))?;
    match pidfile {
        Some(path) => wait_for(child, &path, log),
        None => Ok(()),
    }
}

fn wait_for(mut child: Child, pidfile: &Path, log: Option<PathBuf>) -> Result<(), WorkerError> {
    let pid = i32::try_from(child.id()).map(Pid::from_raw).ok();
    let start = Instant::now();
    while pidfile::read(pidfile) != pid && start.elapsed() < PATIENCE {
        if let Ok(Some(status)) = child.try_wait() {
            return Err(WorkerError::Background { status: status.to_string(), log });
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(())
}

/// In the process in the background: leaves the terminal.
pub(super) fn leave_terminal() {
    // After a restart in place it leads a session already.
    if let Err(error) = nix::unistd::setsid() {
        tracing::debug!(target: "celery.worker", "no session of its own: {error}");
    }
}
