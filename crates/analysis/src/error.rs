//! The one error of this crate's border.

use std::fmt;

use store::{Failure, StoreError};

/// Why something could not be done: what happened, what to do, and how the caller should take it.
///
/// `Display` is the message alone; [`hint`](Self::hint) is a sentence of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisError {
    /// How a caller takes it: the server makes a status of it, the command line an exit code.
    pub kind: ErrorKind,
    /// A word for programs: `not_a_directory`, `git_unreachable`, `llm_unauthorized`, `disk_full`, …
    pub code: &'static str,
    /// What happened, with which value.
    pub message: String,
    /// What to do.
    pub hint: String,
}

/// How a caller takes an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// What was asked for is wrong (400; usage error).
    Invalid,
    /// It is not allowed by the configuration (403).
    Forbidden,
    /// There is no such analysis, page, file or upload (404).
    NotFound,
    /// The analysis is in a state that does not permit it (409).
    Conflict,
    /// Nothing came for too long (408).
    TooSlow,
    /// Over a limit (413).
    TooLarge,
    /// Something else did not work: git host, LLM provider (502).
    Upstream,
    /// No disk space, queue or database not to be had: try again later (503).
    Unavailable,
    /// Our fault (500).
    Internal,
}

impl AnalysisError {
    /// An error of these parts.
    pub fn new(
        kind: ErrorKind,
        code: &'static str,
        message: impl Into<String>,
        hint: impl Into<String>,
    ) -> Self {
        Self { kind, code, message: message.into(), hint: hint.into() }
    }

    /// What an analysis keeps of it.
    pub fn to_failure(&self) -> Failure {
        Failure { code: self.code.to_owned(), message: self.message.clone(), hint: self.hint.clone() }
    }

    pub(crate) fn invalid(code: &'static str, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, code, message, hint)
    }

    pub(crate) fn internal(message: impl ToString) -> Self {
        Self::new(
            ErrorKind::Internal,
            "internal",
            message.to_string(),
            "Look into the worker's log for what led to it, and report it; `code-reader resume` tries again.",
        )
    }

    /// An error of the system on the way of our own files.
    pub(crate) fn io(doing: &str, error: &std::io::Error) -> Self {
        if is_disk_full(error) {
            return Self::disk_full(doing);
        }
        Self::new(
            ErrorKind::Unavailable,
            "io",
            format!("cannot {doing}: {error}"),
            "Check that the data folder (DATA_DIR) exists and may be written, then resume.",
        )
    }

    /// A file of a newer version; the message says what to do.
    fn newer(message: String) -> Self {
        Self::new(ErrorKind::Unavailable, "database_newer", message, "")
    }

    pub(crate) fn disk_full(doing: &str) -> Self {
        Self::new(
            ErrorKind::Unavailable,
            "disk_full",
            format!("cannot {doing}: the disk is full"),
            "Free some space (or point DATA_DIR to a larger disk) and try again; an analysis that had begun goes on with `code-reader resume`, what is done is kept.",
        )
    }
}

impl AnalysisError {
    /// What a client sends stood still for too long.
    pub fn too_slow(what: &str) -> Self {
        Self::new(
            ErrorKind::TooSlow,
            "too_slow",
            format!("{what} did not come whole: nothing came for too long"),
            "Send it again, over a connection that does not stand still.",
        )
    }

    /// What a failed call of the LLM means to the user.
    pub(crate) fn from_llm(error: &llm::LlmError) -> Self {
        let mut hint = error.hint().to_owned();
        if let Some(first) = hint.get(..1) {
            hint = first.to_uppercase() + &hint[1..];
        }
        hint.push('.');
        Self::new(ErrorKind::Upstream, error.code(), error.to_string(), hint)
    }
}

impl From<celeriac::AppError> for AnalysisError {
    fn from(error: celeriac::AppError) -> Self {
        let message = error.to_string();
        if message.contains("disk is full") {
            return Self::disk_full("write the task queue");
        }
        if message.contains("was written by a newer version") {
            return Self::newer(message);
        }
        Self::new(
            ErrorKind::Unavailable,
            "queue",
            message,
            "Check CELERY_BROKER_URL and CELERY_RESULT_BACKEND with `code-reader doctor`, then resume.",
        )
    }
}

/// No space, or the user's quota is used up.
pub(crate) fn is_disk_full(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
}

impl fmt::Display for AnalysisError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for AnalysisError {}

impl From<reader::KnowledgeError> for AnalysisError {
    fn from(error: reader::KnowledgeError) -> Self {
        let message = error.to_string();
        match error {
            reader::KnowledgeError::Version { found, supported, .. } if found > supported => {
                Self::newer(message)
            }
            _ => Self::new(
                ErrorKind::Internal,
                "knowledge_base",
                message,
                "Resume the analysis, or read the repository again.",
            ),
        }
    }
}

impl From<StoreError> for AnalysisError {
    fn from(error: StoreError) -> Self {
        let message = error.to_string();
        match error {
            StoreError::DiskFull { .. } => Self { message, ..Self::disk_full("write the database") },
            StoreError::Object { source, path, .. } if is_disk_full(&source) => {
                Self::disk_full(&format!("write {}", path.display()))
            }
            StoreError::Newer { .. } => Self::newer(message),
            StoreError::MissingObject(_) => Self::new(
                ErrorKind::NotFound,
                "object_missing",
                message,
                "Resume the analysis, or read the repository again.",
            ),
            StoreError::Url { .. } => Self::invalid(
                "url_unsupported",
                message,
                "Correct the setting, or leave it out for the default.",
            ),
            StoreError::Database { .. } | StoreError::Object { .. } => Self::new(
                ErrorKind::Unavailable,
                "database",
                message,
                "Check the data folder (DATA_DIR) with `code-reader doctor`, then try again.",
            ),
            StoreError::Unreadable(_) | StoreError::Key(_) => Self::internal(message),
        }
    }
}
