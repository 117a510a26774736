//! What was read, as it is kept.

use jiff::Timestamp;
use reader::{FileReading, Page};
use serde::Serialize;

use super::{Analysis, AnalysisId, LlmUsage, ResultId, UploadId};
use crate::ObjectKey;

/// What was read of one content with one set of settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadResult {
    /// The digest of content and settings.
    pub id: ResultId,
    /// The knowledge base, once it is built.
    pub knowledge: Option<KnowledgeEntry>,
    /// Files that have a reading.
    pub analyzed: u64,
    /// Readings that stand in for the LLM's.
    pub fallbacks: u64,
    /// Pages.
    pub pages: u64,
    /// All is there.
    pub is_complete: bool,
}

/// A knowledge base in the object store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnowledgeEntry {
    /// Where it lies.
    pub key: ObjectKey,
    /// Files that were read.
    pub files: u64,
    /// Files that were skipped.
    pub skipped: u64,
    /// Symbols found.
    pub symbols: u64,
}

/// A reading to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedReading {
    /// The reading.
    pub reading: FileReading,
    /// It stands in for the LLM's, which did not come about; a later analysis tries again.
    pub is_fallback: bool,
    /// What it cost when it was made; `None` for a static one.
    pub usage: Option<LlmUsage>,
}

/// A page to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedPage {
    /// The page.
    pub page: Page,
    /// It stands in for the LLM's, which did not come about; a later analysis tries again.
    pub is_fallback: bool,
    /// What it cost when it was written; `None` for a static one.
    pub usage: Option<LlmUsage>,
}

/// What the LLM wrote: a reading or a page.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Its JSON.
    pub body: serde_json::Value,
    /// What it cost.
    pub usage: LlmUsage,
}

/// An uploaded archive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Upload {
    /// Its identity.
    #[serde(rename = "upload")]
    pub id: UploadId,
    /// The file's name as the user called it.
    pub name: String,
    /// Where it lies.
    #[serde(skip)]
    pub object: ObjectKey,
    /// Its size.
    pub bytes: u64,
    /// Entries within.
    pub entries: u64,
    /// When it came.
    pub created_at: Timestamp,
}

/// What a name or the beginning of an id leads to: an analysis, or what was looked up of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Found<T = Analysis> {
    /// No analysis.
    None,
    /// This one.
    One(Box<T>),
    /// Several ids begin so.
    Ambiguous(Vec<AnalysisId>),
}

impl<T> Found<T> {
    /// Goes on with the one that was found.
    pub(crate) fn and_then<U, E>(self, look_up: impl FnOnce(T) -> Result<U, E>) -> Result<Found<U>, E> {
        Ok(match self {
            Self::One(found) => Found::One(Box::new(look_up(*found)?)),
            Self::None => Found::None,
            Self::Ambiguous(ids) => Found::Ambiguous(ids),
        })
    }
}
