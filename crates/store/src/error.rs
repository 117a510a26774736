//! What can go wrong with what lasts.

use std::path::PathBuf;

/// What can go wrong with what lasts.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database was written by a newer version.
    #[error("the database {} has schema version {found}, this program knows up to {known}: update code-reader, or set DATA_DIR to another folder", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// What the file says.
        found: u32,
        /// What this program knows.
        known: u32,
    },
    /// The disk is full.
    #[error("the disk that holds {} is full", path.display())]
    DiskFull {
        /// What could not be written.
        path: PathBuf,
    },
    /// The database answered with an error.
    #[error("{message}")]
    Database {
        /// What it said, with the file.
        message: String,
    },
    /// The database holds a value that this version cannot read.
    #[error(
        "the database holds a value that cannot be read ({0}): it was written by another version; remove the analysis and read the repository again"
    )]
    Unreadable(String),
    /// A file of the object store could not be read or written.
    #[error("cannot {action} {}: {source}", path.display())]
    Object {
        /// `read`, `write`, …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The key of an object would lead out of the store.
    #[error(
        "`{0}` is no key of the object store: a key is parts of letters, digits, `-`, `_` and `.` joined by `/`"
    )]
    Key(String),
    /// There is no such object.
    #[error(
        "the object `{0}` is not in the object store: it was removed, or OBJECT_STORE_URL points elsewhere"
    )]
    MissingObject(String),
    /// The address of a database or object store is not understood.
    #[error("`{url}` is not supported for {what}: use {supported}")]
    Url {
        /// The setting.
        what: &'static str,
        /// Its value.
        url: String,
        /// What can be used.
        supported: &'static str,
    },
}
