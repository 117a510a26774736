//! What can go wrong with a SQLite file, sorted by what one can do about it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;

/// Why a change or a look-up did not succeed. On an error nothing of the change is in the file.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DatabaseError {
    /// Another process held the file's lock for too long.
    #[error("{} is locked by another process for too long: try again, or look for a process that hangs", .path.display())]
    Busy {
        /// The file.
        path: PathBuf,
    },
    /// No space is left.
    #[error("the disk is full: {} cannot grow; free some space and try again", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged or no SQLite file.
    #[error(
        "{} is damaged or no SQLite database ({reason}): move it away to start anew, or restore a backup", .path.display()
    )]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// SQLite's words.
        reason: String,
    },
    /// The file was written by a newer version of this program.
    #[error(
        "{} was written by a newer version of this program ({component} schema {found}, this one knows {known}): update the program, or use another file", .path.display()
    )]
    NewerSchema {
        /// The file.
        path: PathBuf,
        /// Whose tables.
        component: String,
        /// The schema version in the file.
        found: u32,
        /// The newest schema version that this program knows.
        known: u32,
    },
    /// The file was written by an older version of this program, and may only be looked at.
    #[error(
        "{} was written by an older version of this program ({component} schema {found}, this one needs {known}) and may not be written: let somebody who may write it open it once", .path.display()
    )]
    OlderSchema {
        /// The file.
        path: PathBuf,
        /// Whose tables.
        component: String,
        /// The schema version in the file.
        found: u32,
        /// The schema version that this program needs.
        known: u32,
    },
    /// The file's log cannot be read without writing beside it.
    #[error(
        "the last changes of {} lie in its log ({}-wal), which cannot be read in a folder that may not be written: let somebody who may write there open it once, or copy the folder", .path.display(), .path.display()
    )]
    LogUnreadable {
        /// The file.
        path: PathBuf,
    },
    /// A change to a file that was opened with [`look`](crate::Database::look).
    #[error("{} is only looked at: nothing can be changed in it", .path.display())]
    OnlyLookedAt {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be opened or written.
    #[error("cannot open {} ({reason}): check that the folder exists and may be written", .path.display())]
    CannotOpen {
        /// The file.
        path: PathBuf,
        /// SQLite's or the system's words.
        reason: String,
    },
    /// The code that was to run on the connection panicked; its changes were rolled back.
    #[error("a change to {} failed by a defect in this program: {reason}", .path.display())]
    Panicked {
        /// The file.
        path: PathBuf,
        /// The panic's words.
        reason: String,
    },
    /// The writer has ended, which happens only when the process is about to end.
    #[error("{} is closed", .path.display())]
    Closed {
        /// The file.
        path: PathBuf,
    },
    /// Everything else that SQLite says.
    #[error("{}: {source}", .path.display())]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's error.
        source: Arc<rusqlite::Error>,
    },
}

impl DatabaseError {
    /// Whether the same call may succeed when it is tried again: the file was locked, or the disk full.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Full { .. })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        match self {
            Self::Busy { path }
            | Self::Full { path }
            | Self::Corrupt { path, .. }
            | Self::NewerSchema { path, .. }
            | Self::OlderSchema { path, .. }
            | Self::LogUnreadable { path }
            | Self::OnlyLookedAt { path }
            | Self::CannotOpen { path, .. }
            | Self::Panicked { path, .. }
            | Self::Closed { path }
            | Self::Sqlite { path, .. } => path,
        }
    }

    /// The same error, naming the file unless it does so already.
    pub(crate) fn at(mut self, file: &Path) -> Self {
        let (Self::Busy { path }
        | Self::Full { path }
        | Self::Corrupt { path, .. }
        | Self::NewerSchema { path, .. }
        | Self::OlderSchema { path, .. }
        | Self::LogUnreadable { path }
        | Self::OnlyLookedAt { path }
        | Self::CannotOpen { path, .. }
        | Self::Panicked { path, .. }
        | Self::Closed { path }
        | Self::Sqlite { path, .. }) = &mut self;
        if path.as_os_str().is_empty() {
            *path = file.to_owned();
        }
        self
    }
}

impl From<rusqlite::Error> for DatabaseError {
    fn from(error: rusqlite::Error) -> Self {
        let path = PathBuf::new();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy { path },
            Some(ErrorCode::DiskFull) => Self::Full { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                Self::Corrupt { path, reason: error.to_string() }
            }
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
                Self::CannotOpen { path, reason: error.to_string() }
            }
            _ => Self::Sqlite { path, source: Arc::new(error) },
        }
    }
}
