//! Why an export failed.

use std::io;
use std::path::PathBuf;

use crate::knowledge::KnowledgeError;

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A file or folder could not be written.
    #[error("cannot write {} ({source}): check that the folder may be written and the disk has room", path.display())]
    Write {
        /// What was written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file that is not ours stands where a page would go.
    #[error("{} exists and was not written by an export: choose another folder, or move it away", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The output is to be a folder and is something else.
    #[error("{} is no folder: choose another place for the export", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The knowledge base did not answer.
    #[error("cannot export: {0}")]
    Knowledge(#[from] KnowledgeError),
    /// A value could not be turned into JSON, or the writer failed.
    #[error("cannot write the JSON document: {0}")]
    Json(#[from] serde_json::Error),
    /// The writer failed.
    #[error("cannot write the JSON document: {0}")]
    Io(#[from] io::Error),
}
