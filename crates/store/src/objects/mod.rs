//! Files that are made once and then only read: knowledge bases and uploads.

mod file;
mod key;

use std::path::{Path, PathBuf};

use async_trait::async_trait;

pub use file::FileObjects;
pub use key::ObjectKey;

use crate::StoreError;

/// A place for files that are made once and then only read.
#[async_trait]
pub trait ObjectStore: Send + Sync + 'static {
    /// Takes over the file at `from` under this key: afterwards either the whole object is there, durably, or
    /// nothing changed. An object of the same key is replaced. Returns its size.
    async fn put(&self, key: &ObjectKey, from: &Path) -> Result<u64, StoreError>;

    /// The object as a file of this machine, to be read only.
    async fn local(&self, key: &ObjectKey) -> Result<PathBuf, StoreError>;

    /// Its size in bytes; `None` when there is no such object.
    async fn size(&self, key: &ObjectKey) -> Result<Option<u64>, StoreError>;

    /// Removes it, if it is there.
    async fn delete(&self, key: &ObjectKey) -> Result<(), StoreError>;
}

/// The folder of the object store at this address: `file:///absolute/path`, or `None` for the folder given.
pub(crate) fn folder(url: Option<&str>, default: &Path) -> Result<PathBuf, StoreError> {
    match url {
        None => Ok(default.to_owned()),
        Some(url) => match url.strip_prefix("file://") {
            Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
            _ => Err(StoreError::Url {
                what: "OBJECT_STORE_URL",
                url: url.to_owned(),
                supported: "file:///absolute/path",
            }),
        },
    }
}
