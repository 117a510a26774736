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
        if taken(file.try_lock(), &path)? {
            return Ok(ServeLock { file });
        }
        let mut holder = String::new();
        // What the holder wrote is a courtesy; without it the sentence still stands.
        drop(file.read_to_string(&mut holder));
        let holder = if holder.trim().is_empty() { "another process" } else { holder.trim() };
        Err(CliError::failed(format!("{} is already served by {holder}", data_dir.display()))
            .hint("use that one, stop it, or give this one a data folder of its own with --data-dir"))
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
        if !taken(file.try_lock_shared(), &path)? {
            // Somebody just looks whether a worker is there; that takes no time.
            file.lock_shared().map_err(|error| cannot_lock(&path, &error))?;
        }
        Ok(WorkerLock { _file: file })
    }

    /// Whether a worker process runs on this data folder now.
    pub fn is_held(data_dir: &Path) -> Result<bool, CliError> {
        Ok(alone(&data_dir.join("worker.lock"))?.is_none())
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
        Ok(alone(&data_dir.join("read.lock"))?.map(|file| ReadLock { _file: file }))
    }
}

/// The file, locked for nobody else; `None` while somebody has it.
fn alone(path: &Path) -> Result<Option<File>, CliError> {
    let file = open(path)?;
    Ok(taken(file.try_lock(), path)?.then_some(file))
}

/// Whether the lock was free.
fn taken(tried: Result<(), TryLockError>, path: &Path) -> Result<bool, CliError> {
    match tried {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(cannot_lock(path, &error)),
    }
}

fn cannot_lock(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format!("cannot lock {}: {error}", path.display())).hint(
        "put the data folder on a local disk with --data-dir or DATA_DIR: some network disks know no locks",
    )
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
    fn a_lock_that_the_disk_refuses_is_told_with_its_file_and_a_way_out() {
        let refused = std::io::Error::from_raw_os_error(nix::errno::Errno::ENOLCK as i32);
        let error = taken(Err(TryLockError::Error(refused)), Path::new("/data/worker.lock")).unwrap_err();
        let told = error.to_string();
        assert!(told.contains("/data/worker.lock") && told.contains("--data-dir"), "{told}");
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
