//! What a scan is told and what it tells.

use std::{collections::BTreeMap, path::PathBuf, time::Duration};

use crate::{
    domain::{Language, SkipReason},
    sink::SinkError,
};

/// The bounds of a scan.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// Larger files are skipped.
    pub max_file_bytes: u64,
    /// Files after this many are only counted.
    pub max_files: usize,
    /// Threads that read and parse; `None` for one per processor.
    pub threads: Option<usize>,
    /// The longest that the parsing of one file may take.
    pub parse_limit: Duration,
}

impl Default for ScanOptions {
    fn default() -> Self {
        ScanOptions {
            max_file_bytes: 2 * 1024 * 1024,
            max_files: 200_000,
            threads: None,
            parse_limit: Duration::from_secs(3),
        }
    }
}

/// How far a scan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanProgress {
    /// Files handed to the sink.
    pub done: usize,
    /// Files of the folder; 0 while it is still being listed.
    pub total: usize,
}

/// What a scan found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScanSummary {
    /// Files handed to the sink, read or skipped; a vendored folder counts as one.
    pub files: u64,
    /// Files that were read.
    pub read: u64,
    /// Lines of the files that were read.
    pub lines: u64,
    /// Bytes of the files that were read.
    pub bytes: u64,
    /// How many were not read, and why.
    pub skipped: BTreeMap<SkipReason, u64>,
    /// What was read, by language.
    pub languages: BTreeMap<Language, LanguageCount>,
    /// Files whose parsing was cut off by the time limit.
    pub cut: u64,
}

/// Files and lines of one language.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LanguageCount {
    /// Files.
    pub files: u64,
    /// Lines.
    pub lines: u64,
}

/// Why a scan ended without a summary.
#[derive(Debug, thiserror::Error)]
pub enum ScanError {
    /// The path does not exist.
    #[error("{} does not exist: check the path", .0.display())]
    NotFound(PathBuf),
    /// The path is a file or something else.
    #[error("{} is not a directory: give the folder that holds the repository", .0.display())]
    NotADirectory(PathBuf),
    /// The folder itself could not be read.
    #[error("cannot read {} ({source}): check its permissions", path.display())]
    Unreadable {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The caller asked to stop.
    #[error("the scan was cancelled")]
    Cancelled,
    /// The sink refused a file.
    #[error("the facts of {path} could not be kept ({source})")]
    Sink {
        /// The file.
        path: String,
        /// What the sink said.
        source: SinkError,
    },
    /// A reading thread could not be started.
    #[error("cannot start a reading thread ({0}): too many processes or too little memory")]
    Threads(std::io::Error),
}
