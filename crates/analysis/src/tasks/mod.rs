//! The Celery tasks, a file each, under the names that operators know.
//!
//! ```text
//! tasks.run_analysis_task          fetch, scan, index
//!   └─ tasks.batch_analyze_files_task   a chord: with an LLM a task for each file, else for each few hundred
//!        ├─ tasks.analyze_single_file_task
//!        └─ tasks.generate_document_task   the chord's body
//! ```
//!
//! A task of an analysis that was cancelled, resumed or removed ends at once and well. An error that ends the analysis
//! is written to its row, and the task ends well too: a chord must not wait for it.

mod analyze_single_file;
mod batch_analyze_files;
mod generate_document;
mod guard;
mod run_analysis;

use celeriac::App;

pub(crate) use analyze_single_file::AnalyzeSingleFile;
pub(crate) use batch_analyze_files::BatchAnalyzeFiles;
pub(crate) use generate_document::GenerateDocument;
pub(crate) use guard::Broken;
pub(crate) use run_analysis::RunAnalysis;

use crate::Shared;

/// The app with all tasks.
pub(crate) fn registered(app: App<Shared>) -> App<Shared> {
    app.register::<RunAnalysis>()
        .register::<BatchAnalyzeFiles>()
        .register::<AnalyzeSingleFile>()
        .register::<GenerateDocument>()
}

/// The id of the task that shares out the files.
pub(crate) fn batch_task_id(task_id: &str) -> String {
    format!("{task_id}-files")
}

/// The id of the task that writes the pages.
pub(crate) fn document_task_id(task_id: &str) -> String {
    format!("{task_id}-document")
}
