//! Where `scan` hands on what it reads.

use std::error::Error;

use crate::facts::FileFacts;

/// Takes the files of a scan, one after the other, in the order of their paths.
pub trait FileSink {
    /// Takes one file; `text` is `None` for a file that was not read.
    fn accept(&mut self, facts: FileFacts, text: Option<String>) -> Result<(), SinkError>;
}

/// Why a sink takes no more; the scan ends with it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SinkError(#[source] Box<dyn Error + Send + Sync>);

impl SinkError {
    /// Wraps what the sink reports.
    pub fn new(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(error.into())
    }

    /// What the sink reported.
    pub fn into_inner(self) -> Box<dyn Error + Send + Sync> {
        self.0
    }
}

/// Keeps everything in memory; for tests and for small folders.
impl FileSink for Vec<(FileFacts, Option<String>)> {
    fn accept(&mut self, facts: FileFacts, text: Option<String>) -> Result<(), SinkError> {
        self.push((facts, text));
        Ok(())
    }
}
