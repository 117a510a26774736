//! One analysis as background work: submit, the tasks, progress, cancel, resume.
//!
//! The only room that knows both the queue and the reader: each task loads from the store, calls the
//! reader, saves. Everybody else (server, command line) goes through [`Analyses`].

mod error;
mod settings;
mod submission;

pub use error::{AnalysisError, ErrorKind};
pub use settings::{ArchiveLimits, GitRules, LlmSettings, LocalPaths, Settings};
pub use store::{
    Analysis, AnalysisEvent, AnalysisId, Counts, DocumentLanguage, EventId, Failure, LlmUsage, Progress,
    Source, Status, Step, UploadId,
};
pub use submission::{Submission, SubmissionOptions};
