//! What can go wrong while a knowledge base is read.

use std::path::PathBuf;

/// Why a knowledge base cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum KnowledgeError {
    /// There is no such file.
    #[error("there is no knowledge base at {}: read the repository again", path.display())]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// The file is something else.
    #[error("{} is not a knowledge base of Code Reader", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by another version of this program.
    #[error("the knowledge base {} has format {found} and this program reads format {supported}: {}", path.display(),
        if found > supported { "update Code Reader" } else { "read the repository again" })]
    Version {
        /// The file.
        path: PathBuf,
        /// The format of the file.
        found: i32,
        /// The format that is read.
        supported: i32,
    },
    /// The file was cut or changed.
    #[error("the knowledge base {} is damaged ({what}): read the repository again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// SQLite refused for another reason.
    #[error("cannot read the knowledge base {}: {source}", path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// What SQLite said.
        source: rusqlite::Error,
    },
}
