//! Step `document`: the pages.

use std::sync::Arc;

use celeriac::Context;
use reader::document::{DocumentOptions, static_pages};
use reader::{FileReading, KnowledgeBase, Page};
use store::{Analysis, DocumentLanguage, ResultId, Run, Store};

use crate::cancellation::Work;
use crate::tasks::Broken;
use crate::{AnalysisError, Shared, blocking};

/// Readings that are loaded at once.
const READINGS_AT_ONCE: usize = 500;

/// The pages of an analysis, checked.
pub(crate) async fn write(
    cx: &Context<Shared>,
    _run: Run,
    analysis: &Analysis,
    result: &ResultId,
    _work: &Work,
) -> Result<Vec<Page>, Broken> {
    let shared = cx.state();
    let base = shared.knowledge().of(shared.store(), result).await?;
    let readings = all_readings(shared.store(), result).await?;
    let language = analysis.language;
    let pages = blocking(move || from_source(&base, &readings, language)).await?;
    Ok(pages)
}

fn from_source(
    base: &Arc<KnowledgeBase>,
    readings: &[FileReading],
    language: DocumentLanguage,
) -> Result<Vec<Page>, AnalysisError> {
    static_pages(base, readings, &options(language))
        .map_err(|error| AnalysisError::internal(error.to_string()))
}

/// How pages are written.
pub(crate) fn options(language: DocumentLanguage) -> DocumentOptions {
    DocumentOptions {
        language: match language {
            DocumentLanguage::En => reader::document::PageLanguage::En,
            DocumentLanguage::Zh => reader::document::PageLanguage::Zh,
        },
    }
}

/// All readings of a result, by path.
pub(crate) async fn all_readings(
    store: &Store,
    result: &ResultId,
) -> Result<Vec<FileReading>, AnalysisError> {
    let mut all: Vec<FileReading> = Vec::new();
    loop {
        let after = all.last().map(|reading| reading.path.clone());
        let mut more = store.readings(result, after, READINGS_AT_ONCE).await?;
        if more.is_empty() {
            return Ok(all);
        }
        all.append(&mut more);
    }
}
