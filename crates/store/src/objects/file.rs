//! The object store in a folder.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use async_trait::async_trait;

use super::{ObjectKey, ObjectStore};
use crate::StoreError;

/// The object store in a folder of this machine.
#[derive(Debug, Clone)]
pub struct FileObjects {
    /// Objects lie at their keys below it; files that begin with `.new-` are unfinished.
    folder: PathBuf,
    may_write: bool,
}

impl FileObjects {
    /// Uses this folder, which is made if it is not there.
    pub async fn open(folder: PathBuf) -> Result<Self, StoreError> {
        blocking(move || {
            fs::create_dir_all(&folder).map_err(|error| object_error("make", &folder, error))?;
            Ok(Self { folder, may_write: true })
        })
        .await
    }

    /// Uses this folder as it is, to look only.
    pub fn look(folder: PathBuf) -> Self {
        Self { folder, may_write: false }
    }

    fn may_write(&self, action: &'static str, path: &Path) -> Result<(), StoreError> {
        match self.may_write {
            true => Ok(()),
            false => Err(object_error(action, path, io::ErrorKind::ReadOnlyFilesystem.into())),
        }
    }

    fn path(&self, key: &ObjectKey) -> PathBuf {
        self.folder.join(key.as_str())
    }
}

#[async_trait]
impl ObjectStore for FileObjects {
    async fn put(&self, key: &ObjectKey, from: &Path) -> Result<u64, StoreError> {
        let (to, from) = (self.path(key), from.to_owned());
        self.may_write("write", &to)?;
        blocking(move || put(&from, &to)).await
    }

    async fn local(&self, key: &ObjectKey) -> Result<PathBuf, StoreError> {
        match self.size(key).await? {
            Some(_) => Ok(self.path(key)),
            None => Err(StoreError::MissingObject(key.to_string())),
        }
    }

    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError> {
        let path = self.path(key);
        blocking(move || match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => Ok(Some(metadata.len())),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(object_error("read", &path, error)),
        })
        .await
    }

    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError> {
        let path = self.path(key);
        self.may_write("delete", &path)?;
        blocking(move || match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(object_error("delete", &path, error))
            }
            _ => Ok(()),
        })
        .await
    }
}

/// Renames within one disk, else copies beside the target first; the name changes only once all is durable.
fn put(from: &Path, to: &Path) -> Result<u64, StoreError> {
    let parent = to.parent().unwrap_or(Path::new("/"));
    fs::create_dir_all(parent).map_err(|error| object_error("make", parent, error))?;
    let size = sync(from).map_err(|error| object_error("write", from, error))?;
    if let Err(error) = fs::rename(from, to) {
        if error.kind() != io::ErrorKind::CrossesDevices {
            return Err(object_error("write", to, error));
        }
        let unfinished = parent.join(format!(".new-{}", uuid::Uuid::new_v4().simple()));
        let copied = fs::copy(from, &unfinished)
            .and_then(|_| sync(&unfinished))
            .and_then(|_| fs::rename(&unfinished, to));
        if let Err(error) = copied {
            // The copy is of no use; why it failed is what the caller needs to hear.
            let _ = fs::remove_file(&unfinished);
            return Err(object_error("write", to, error));
        }
        fs::remove_file(from).map_err(|error| object_error("delete", from, error))?;
    }
    sync(parent).map_err(|error| object_error("write", parent, error))?;
    Ok(size)
}

/// Makes a file or folder durable; returns its size.
fn sync(path: &Path) -> io::Result<u64> {
    let file = File::open(path)?;
    file.sync_all()?;
    Ok(file.metadata()?.len())
}

fn object_error(action: &'static str, path: &Path, source: io::Error) -> StoreError {
    StoreError::Object { action, path: path.to_owned(), source }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down.
            Err(cancelled) => Err(StoreError::Object {
                action: "finish the work on",
                path: PathBuf::new(),
                source: io::Error::other(cancelled),
            }),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> ObjectKey {
        text.parse().unwrap()
    }

    #[tokio::test]
    async fn an_object_is_taken_over_read_replaced_and_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let objects = FileObjects::open(folder.path().join("objects")).await.unwrap();
        let made = folder.path().join("made");
        for text in ["first", "second one"] {
            fs::write(&made, text).unwrap();
            assert_eq!(objects.put(&key("a/b.txt"), &made).await.unwrap(), text.len() as u64);
            assert!(!made.exists());
            let local = objects.local(&key("a/b.txt")).await.unwrap();
            assert_eq!(fs::read_to_string(local).unwrap(), text);
        }
        assert_eq!(objects.size(&key("a/b.txt")).await.unwrap(), Some(10));
        objects.delete(&key("a/b.txt")).await.unwrap();
        objects.delete(&key("a/b.txt")).await.unwrap();
        assert_eq!(objects.size(&key("a/b.txt")).await.unwrap(), None);
        assert!(matches!(objects.local(&key("a/b.txt")).await, Err(StoreError::MissingObject(_))));
    }

    #[tokio::test]
    async fn a_file_that_is_not_there_leaves_the_object_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let objects = FileObjects::open(folder.path().to_owned()).await.unwrap();
        assert!(objects.put(&key("a"), &folder.path().join("missing")).await.is_err());
        assert_eq!(objects.size(&key("a")).await.unwrap(), None);
    }
}
