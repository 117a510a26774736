//! Temporary folders that never stay: not after an error, not after a kill.
//!
//! Each process owns one folder below `DATA_DIR/tmp` and holds a lock beside it. Whoever starts removes the
//! folders whose lock nobody holds any more.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The temporary folder of this process. Cheap to clone; goes with the last clone.
#[derive(Clone)]
pub(crate) struct TempSpace(Arc<Owned>);

struct Owned {
    folder: PathBuf,
    lock_path: PathBuf,
    /// Held for as long as the folder is in use; the system releases it when the process is killed.
    _lock: File,
    next: AtomicU64,
}

impl TempSpace {
    /// Removes what dead processes left in this folder, and takes a place in it.
    pub(crate) fn open(folder: &Path) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        sweep(folder);
        loop {
            let name = uuid::Uuid::new_v4().simple().to_string();
            let lock_path = folder.join(format!("{name}.lock"));
            let lock = File::create_new(&lock_path)?;
            // Another process that sweeps at this moment may hold it, and removes it.
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(error)) => return Err(error),
            }
            if !lock_path.exists() {
                continue;
            }
            let own = folder.join(name);
            fs::create_dir(&own)?;
            return Ok(Self(Arc::new(Owned {
                folder: own,
                lock_path,
                _lock: lock,
                next: AtomicU64::new(0),
            })));
        }
    }

    /// A place of its own where the system has temporary files, for those who may write nowhere else. What a killed
    /// process leaves there is the system's to sweep.
    pub(crate) fn apart() -> io::Result<Self> {
        use std::os::unix::fs::DirBuilderExt;

        let folder = std::env::temp_dir().join(format!("code-reader-{}", uuid::Uuid::new_v4().simple()));
        fs::DirBuilder::new().mode(0o700).create(&folder)?;
        let lock_path = folder.join("lock");
        let lock = File::create_new(&lock_path)?;
        Ok(Self(Arc::new(Owned { folder, lock_path, _lock: lock, next: AtomicU64::new(0) })))
    }

    /// The folder in which all of its folders lie.
    pub(crate) fn path(&self) -> &Path {
        &self.0.folder
    }

    /// A new, empty folder.
    pub(crate) fn folder(&self) -> io::Result<TempFolder> {
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let path = self.0.folder.join(number.to_string());
        fs::create_dir(&path)?;
        Ok(TempFolder { path, _space: self.clone() })
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        remove(&self.folder);
        remove_lock(&self.lock_path);
    }
}

/// A folder that goes with this value, and all that lies in it.
pub(crate) struct TempFolder {
    path: PathBuf,
    _space: TempSpace,
}

impl TempFolder {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        remove(&self.path);
    }
}

fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let lock_path = entry.path();
        if lock_path.extension().is_none_or(|extension| extension != "lock") {
            continue;
        }
        let Ok(lock) = File::open(&lock_path) else { continue };
        if lock.try_lock().is_ok() {
            tracing::info!("removing temporary files that a killed process left in {}", lock_path.display());
            remove(&lock_path.with_extension(""));
            remove_lock(&lock_path);
        }
    }
}

/// Removes a folder, also where it holds folders that may not be read or written, and where a program that was just
/// killed is about to end.
fn remove(folder: &Path) {
    for pause in [1, 5, 20, 50, 0].map(Duration::from_millis) {
        match fs::remove_dir_all(folder) {
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => open_up(folder),
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => std::thread::sleep(pause),
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::warn!("cannot remove the temporary folder {}: {error}", folder.display());
                return;
            }
            _ => return,
        }
    }
    tracing::warn!("cannot remove the temporary folder {}; the next start does", folder.display());
}

fn open_up(folder: &Path) {
    use std::os::unix::fs::PermissionsExt;
    // What cannot be changed shows when it is removed.
    let _ = fs::set_permissions(folder, fs::Permissions::from_mode(0o700));
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            open_up(&entry.path());
        }
    }
}

fn remove_lock(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!("cannot remove {}: {error}", path.display());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_folder_goes_with_its_value_and_the_space_with_the_last_folder() {
        let base = tempfile::tempdir().unwrap();
        let space = TempSpace::open(base.path()).unwrap();
        let (first, second) = (space.folder().unwrap(), space.folder().unwrap());
        fs::create_dir_all(first.path().join("a/b")).unwrap();
        let gone = first.path().to_owned();
        drop(first);
        assert!(!gone.exists() && second.path().exists());
        drop(space);
        assert!(second.path().exists());
        drop(second);
        assert_eq!(names(base.path()), 0);
    }

    #[test]
    fn what_a_dead_process_left_is_swept_and_the_living_are_let_be() {
        let base = tempfile::tempdir().unwrap();
        let living = TempSpace::open(base.path()).unwrap();
        let folder = living.folder().unwrap();
        fs::create_dir_all(base.path().join("dead/clone/.git")).unwrap();
        fs::write(base.path().join("dead.lock"), "").unwrap();
        let second = TempSpace::open(base.path()).unwrap();
        assert!(!base.path().join("dead").exists() && !base.path().join("dead.lock").exists());
        assert!(folder.path().exists());
        drop((living, folder, second));
        assert_eq!(names(base.path()), 0);
    }
}
