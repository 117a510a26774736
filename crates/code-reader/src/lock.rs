//! Who uses the data folder: one `serve` or `api`, any number of workers, one `read` that brings a worker of its own.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::Path;

use crate::error::CliError;

/// Held by the process that serves a data folder; freed by the system when it ends, however it ends.
#[derive(Debug)]
pub struct ServeLock {
    file: File,
}

impl ServeLock {
    /// Takes the lock, or says who has it.
    pub fn take(data_dir: &Path) -> Result<ServeLock, CliError> {
        let path = data_dir.join("serve.lock");
        let mut file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(ServeLock { file }),
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                // What the holder wrote is a courtesy; without it the sentence still stands.
                drop(file.read_to_string(&mut holder));
                let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
                Err(CliError::failed(format!("{} is already served by {holder}", data_dir.display()))
                    .hint("use that one, stop it, or give this one a data folder of its own with --data-dir"))
            }
            Err(TryLockError::Error(error)) => {
                Err(CliError::failed(format!("cannot lock {}: {error}", path.display())))
            }
        }
    }

    /// Tells others where this process answers.
    pub fn announce(&mut self, url: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.rewind()?;
        writeln!(self.file, "process {} at {url}", std::process::id())
    }
}

/// Held, shared, by every worker process.
#[derive(Debug)]
pub struct WorkerLock {
    _file: File,
}

impl WorkerLock {
    /// Marks that a worker runs.
    pub fn share(data_dir: &Path) -> Result<WorkerLock, CliError> {
        let path = data_dir.join("worker.lock");
        let file = open(&path)?;
        match file.try_lock_shared() {
            Ok(()) => {}
            // Somebody just looks whether a worker is there; that takes no time.
            Err(TryLockError::WouldBlock) => file.lock_shared()?,
            Err(TryLockError::Error(error)) => {
                return Err(CliError::failed(format!("cannot lock {}: {error}", path.display())));
            }
        }
        Ok(WorkerLock { _file: file })
    }

    /// Whether a worker process runs on this data folder now.
    pub fn is_held(data_dir: &Path) -> Result<bool, CliError> {
        let file = open(&data_dir.join("worker.lock"))?;
        match file.try_lock() {
            Ok(()) => Ok(false),
            Err(TryLockError::WouldBlock) => Ok(true),
            Err(TryLockError::Error(error)) => Err(error.into()),
        }
    }
}

/// Held by the one `read` that works; others watch, so that the provider's limits hold for all of them together.
#[derive(Debug)]
pub struct ReadLock {
    _file: File,
}

impl ReadLock {
    /// Takes the lock; `None` while another `read` has it.
    pub fn take(data_dir: &Path) -> Result<Option<ReadLock>, CliError> {
        let path = data_dir.join("read.lock");
        let file = open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(ReadLock { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => {
                Err(CliError::failed(format!("cannot lock {}: {error}", path.display())))
            }
        }
    }
}

fn open(path: &Path) -> Result<File, CliError> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).map_err(|error| {
        CliError::failed(format!("cannot open {}: {error}", path.display()))
            .hint("check that the data folder may be written, or choose another with --data-dir")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_server_is_told_who_is_first() {
        let folder = tempfile::tempdir().unwrap();
        let mut first = ServeLock::take(folder.path()).unwrap();
        first.announce("http://127.0.0.1:8000").unwrap();
        let error = ServeLock::take(folder.path()).unwrap_err().to_string();
        assert!(error.contains("http://127.0.0.1:8000") && error.contains("--data-dir"), "{error}");
        drop(first);
        assert!(ServeLock::take(folder.path()).is_ok());
    }

    #[test]
    fn one_read_works_at_a_time() {
        let folder = tempfile::tempdir().unwrap();
        let first = ReadLock::take(folder.path()).unwrap();
        assert!(first.is_some() && ReadLock::take(folder.path()).unwrap().is_none());
        drop(first);
        assert!(ReadLock::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn workers_are_many_and_seen() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!WorkerLock::is_held(folder.path()).unwrap());
        let one = WorkerLock::share(folder.path()).unwrap();
        let two = WorkerLock::share(folder.path()).unwrap();
        assert!(WorkerLock::is_held(folder.path()).unwrap());
        drop((one, two));
        assert!(!WorkerLock::is_held(folder.path()).unwrap());
    }
}
