//! Taking a reading away: one JSON document, a folder of Markdown, or that folder as a zip.

use std::path::Path;

use store::AnalysisId;

use crate::{Analyses, AnalysisError};

/// As what a reading is taken away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExportFormat {
    /// One document, as DESIGN names it.
    Json,
    /// The pages as Markdown files with `analysis.json`, packed.
    Zip,
}

impl Analyses {
    /// Writes the export to a file without a name, to be read from its start.
    pub async fn export_file(&self, _id: &AnalysisId, _format: ExportFormat) -> Result<std::fs::File, AnalysisError> {
        Err(AnalysisError::internal("not yet"))
    }

    /// Writes `index.md`, a file for each page and `analysis.json` into this folder.
    pub async fn export_folder(&self, _id: &AnalysisId, _folder: &Path) -> Result<(), AnalysisError> {
        Err(AnalysisError::internal("not yet"))
    }
}
