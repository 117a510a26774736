//! One analysis as background work: submit, the tasks, progress, cancel, resume.
//!
//! The only room that knows both the queue and the reader: each task loads from the store, calls the
//! reader, saves. Everybody else (server, command line) goes through [`Analyses`].

mod analyses;
mod cancellation;
mod control;
mod error;
mod export;
mod flights;
mod index;
pub mod intake;
mod keys;
mod knowledge;
mod pages;
mod progress;
mod provider;
mod reading;
mod readings;
mod room;
mod settings;
mod shapes;
mod shared;
mod submission;
mod tasks;
mod upkeep;
mod upload;
mod watch;
mod worker;

pub use analyses::Analyses;
pub use error::{AnalysisError, ErrorKind};
pub use export::ExportFormat;
pub use index::why_skipped;
pub use provider::check_llm;
pub use settings::{ArchiveLimits, GitRules, LlmSettings, LocalPaths, Settings};
pub use shapes::{Cursor, FileDetail, Lines, List, SourceText};
pub use shared::Shared;
pub use store::{
    Analysis, AnalysisEvent, AnalysisId, Counts, DocumentLanguage, EventId, Failure, LlmUsage, Progress,
    Source, Status, Step, UploadId,
};
pub use submission::{Submission, SubmissionOptions};
pub use watch::AnalysisEvents;

/// Runs work that waits for disk or computes on a thread of its own. A panic in it goes on in the caller.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(failed) => match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // Blocking work is only dropped unrun when the whole runtime ends; nobody waits for us any more.
            Err(_) => std::future::pending().await,
        },
    }
}
