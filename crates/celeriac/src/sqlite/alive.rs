//! Signs of life: how the processes on one file notice at once that one of them has died.
//!
//! Each process locks a file of its own in the folder `<file>-alive`, and its claims name that file. The system gives the
//! lock back when the process ends, however it ends; so whoever can take the lock of another knows that its claims are
//! nobody's, and need not wait for their leases. Where files cannot be locked, leases alone decide, as they do when a
//! process lives but hangs.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How often a new file may be taken away by another process before its lock is held.
const ATTEMPTS: usize = 5;

/// This process's sign of life; it ends with the process, or when it is dropped.
pub(crate) struct Alive {
    folder: PathBuf,
    name: Arc<str>,
    /// Holds the lock.
    _lock: File,
}

impl Alive {
    /// Shows that this process lives. Nothing when files cannot be locked here.
    pub(crate) fn show(file: &Path) -> Option<Self> {
        let mut folder = file.as_os_str().to_owned();
        folder.push("-alive");
        match Self::lock(folder.into()) {
            Ok(alive) => Some(alive),
            Err(error) => {
                tracing::warn!(
                    file = %file.display(), %error,
                    "cannot lock a file beside the queue's file: should this process be killed, its tasks wait for their leases"
                );
                None
            }
        }
    }

    fn lock(folder: PathBuf) -> io::Result<Self> {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        for _ in 0..ATTEMPTS {
            let name = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
            let path = folder.join(&name);
            let lock = File::create_new(&path)?;
            // Until it is locked, others may take it for a dead one's and take it away.
            match lock.try_lock() {
                Ok(()) if path.exists() => return Ok(Self { folder, name: name.into(), _lock: lock }),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    fs::remove_file(path)?;
                    return Err(error);
                }
            }
        }
        Err(io::Error::other("others take the file away before it is locked"))
    }

    /// What claims of this process are marked with.
    pub(crate) fn name(&self) -> Arc<str> {
        self.name.clone()
    }

    /// The processes that have ended without taking their sign away.
    pub(crate) fn dead(&self) -> Vec<Dead> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries
            .filter_map(|entry| entry.file_name().into_string().ok())
            .filter(|name| **name != *self.name)
            .filter_map(|name| {
                let path = self.folder.join(&name);
                Dead::of(File::open(&path).ok()?, name, path)
            })
            .collect()
    }
}

impl Drop for Alive {
    fn drop(&mut self) {
        // What cannot be removed is found unlocked, and removed by another process.
        fs::remove_file(self.folder.join(&*self.name)).unwrap_or_default();
    }
}

/// A process that has ended.
pub(crate) struct Dead {
    pub name: String,
    path: PathBuf,
    /// Keeps others from dealing with the same.
    _lock: File,
}

impl Dead {
    /// Nothing if the process lives, or has taken its sign away before it let the lock go: it may still work on what it
    /// claimed, so leases decide then.
    fn of(lock: File, name: String, path: PathBuf) -> Option<Self> {
        lock.try_lock().ok()?;
        path.exists().then_some(Self { name, path, _lock: lock })
    }

    /// Takes its sign away, once nothing is marked with it any more.
    pub(crate) fn forget(self) {
        if let Err(error) = fs::remove_file(&self.path)
            && error.kind() != ErrorKind::NotFound
        {
            tracing::debug!(%error, path = %self.path.display(), "the sign of a dead process stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_ended_is_dead_and_who_lives_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.db");
        let (here, there) = (Alive::show(&file).unwrap(), Alive::show(&file).unwrap());
        assert!(here.dead().is_empty());
        // As after SIGKILL: the lock is gone and the file is not.
        let killed = there.folder.join(&*there.name);
        drop(there);
        fs::write(&killed, "").unwrap();
        let mut dead = here.dead();
        assert_eq!(dead.len(), 1);
        assert!(Alive::show(&file).unwrap().dead().is_empty(), "one deals with a dead process at a time");
        dead.remove(0).forget();
        assert!(!killed.exists() && here.dead().is_empty());
    }

    #[test]
    fn who_ends_properly_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Alive::show(&folder.path().join("q.db")).unwrap());
        assert_eq!(fs::read_dir(folder.path().join("q.db-alive")).unwrap().count(), 0);
    }

    #[test]
    fn who_ends_properly_while_somebody_looks_is_not_dead() {
        let folder = tempfile::tempdir().unwrap();
        let ending = Alive::show(&folder.path().join("q.db")).unwrap();
        let (name, path) = (ending.name().to_string(), ending.folder.join(&*ending.name));
        let opened = File::open(&path).unwrap();
        drop(ending);
        assert!(Dead::of(opened, name, path).is_none());
    }

    #[test]
    fn where_no_folder_can_be_made_there_is_no_sign() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("q.db-alive"), "").unwrap();
        assert!(Alive::show(&folder.path().join("q.db")).is_none());
    }
}
