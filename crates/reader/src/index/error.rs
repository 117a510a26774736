//! What can go wrong while a knowledge base is built.

use std::{io, path::PathBuf};

use crate::SinkError;

/// Why no knowledge base was built; nothing is left behind then.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The file cannot be made, written or moved into place.
    #[error("cannot write the knowledge base {}: {source}; check that the folder exists, is writable and has space", path.display())]
    Write {
        /// The knowledge base.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The disk is full.
    #[error("no space left for the knowledge base {}: free some space (about twice the size of the repository's text)", path.display())]
    Full {
        /// The knowledge base.
        path: PathBuf,
    },
    /// SQLite refused.
    #[error("SQLite cannot write the knowledge base {}: {source}", path.display())]
    Sqlite {
        /// The knowledge base.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
    /// The same path was given twice.
    #[error("the file {path} was given twice to the knowledge base")]
    Twice {
        /// The path in the repository.
        path: String,
    },
    /// The thread that writes has ended before its time.
    #[error("the thread that writes the knowledge base has ended unexpectedly")]
    Stopped,
}

impl From<IndexError> for SinkError {
    fn from(error: IndexError) -> Self {
        SinkError::new(error)
    }
}
