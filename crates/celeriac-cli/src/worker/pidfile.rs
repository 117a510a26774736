//! The pid file: who runs, and that nobody runs twice.

use std::io::Write;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;

use super::error::WorkerError;

/// A file with this process's id, removed when this is dropped.
#[derive(Debug)]
pub struct PidFile(PathBuf);

impl PidFile {
    /// Writes the file. One whose process has gone is replaced.
    ///
    /// # Errors
    /// When another process is in it and runs, or it cannot be written.
    pub fn create(path: PathBuf) -> Result<Self, WorkerError> {
        let wrong = |source| WorkerError::File { what: "the pid file", path: path.clone(), source };
        // Twice: what is found stale is removed, and then somebody else may have been faster.
        for _ in 0..2 {
            match std::fs::File::options().write(true).create_new(true).open(&path) {
                Ok(mut file) => {
                    writeln!(file, "{}", std::process::id()).map_err(wrong)?;
                    return Ok(Self(path));
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(wrong(error)),
            }
            match read(&path) {
                // After a restart in place the file is our own.
                Some(pid) if pid.as_raw() == Pid::this().as_raw() => return Ok(Self(path)),
                Some(pid) if runs(pid) => return Err(WorkerError::AlreadyRuns { path, pid: pid.as_raw() }),
                _ => {
                    tracing::warn!(target: "celery.worker", "Stale pidfile exists - Removing it.");
                    std::fs::remove_file(&path).map_err(wrong)?;
                }
            }
        }
        Err(wrong(std::io::ErrorKind::AlreadyExists.into()))
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if read(&self.0) == Some(Pid::this()) {
            drop(std::fs::remove_file(&self.0));
        }
    }
}

/// The process in a pid file.
pub(super) fn read(path: &Path) -> Option<Pid> {
    let pid: i32 = std::fs::read_to_string(path).ok()?.trim().parse().ok()?;
    (pid > 0).then(|| Pid::from_raw(pid))
}

fn runs(pid: Pid) -> bool {
    // Somebody else's process is a process too.
    matches!(kill(pid, None), Ok(()) | Err(Errno::EPERM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pid_file_keeps_others_away_and_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("w.pid");
        let file = PidFile::create(path.clone()).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", std::process::id()));
        drop(file);
        assert!(!path.exists());

        let parent = nix::unistd::getppid();
        std::fs::write(&path, parent.to_string()).unwrap();
        let error = PidFile::create(path.clone()).unwrap_err();
        assert!(error.to_string().contains(&format!("(pid: {parent})")), "{error}");
        assert_eq!(error.exit_code(), 73);

        for stale in ["2147483646", "no number", ""] {
            std::fs::write(&path, stale).unwrap();
            drop(PidFile::create(path.clone()).unwrap());
        }
    }
}
