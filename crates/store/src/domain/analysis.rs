//! An analysis as everybody sees it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{AnalysisId, DocumentLanguage, Source, Status, Step};

/// One analysis: what was asked for, where it stands, what it cost.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Analysis {
    /// Its identity.
    pub id: AnalysisId,
    /// What people call it: the folder's or repository's name.
    pub name: String,
    /// The Celery task that runs it.
    pub task_id: String,
    /// Where it stands.
    pub status: Status,
    /// The step it is in, or at which it stopped; `None` before the first and after the last.
    pub step: Option<Step>,
    /// How far the step is.
    pub progress: Option<Progress>,
    /// What is read.
    pub source: Source,
    /// The commit of git that is read, where the source is of git and once it is fetched.
    pub commit: Option<String>,
    /// The language of the pages.
    pub language: DocumentLanguage,
    /// The LLM; `None` for static analysis.
    pub model: Option<String>,
    /// What was found and made.
    pub counts: Counts,
    /// What the LLM was asked and what that cost.
    pub llm: LlmUsage,
    /// Why it failed.
    pub error: Option<Failure>,
    /// When it was submitted.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = DateTime))]
    pub created_at: Timestamp,
    /// When a worker first took it.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = DateTime))]
    pub finished_at: Option<Timestamp>,
}

/// How far a step is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Progress {
    /// What is done.
    pub done: u64,
    /// What there is to do; `None` while unknown.
    pub total: Option<u64>,
}

/// What was found and made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Counts {
    /// Files that were read.
    pub files: u64,
    /// Files that were skipped.
    pub skipped: u64,
    /// Symbols found.
    pub symbols: u64,
    /// Files described.
    pub analyzed: u64,
    /// Files that the LLM could not describe; their static description stands instead.
    pub failed: u64,
    /// Pages written.
    pub pages: u64,
}

/// What the LLM was asked and what that cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LlmUsage {
    /// Calls to the provider.
    pub calls: u64,
    /// Calls that were not made, since the cache held what they had answered.
    pub cached: u64,
    /// Tokens sent.
    pub prompt_tokens: u64,
    /// Tokens received.
    pub completion_tokens: u64,
    /// In the currency of the configured prices; 0 when there are none.
    pub cost: f64,
}

impl std::ops::AddAssign for LlmUsage {
    fn add_assign(&mut self, more: Self) {
        self.calls += more.calls;
        self.cached += more.cached;
        self.prompt_tokens += more.prompt_tokens;
        self.completion_tokens += more.completion_tokens;
        self.cost += more.cost;
    }
}

/// Why an analysis failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Failure {
    /// A word for programs: `git_unreachable`, `llm_unauthorized`, `disk_full`, …
    pub code: String,
    /// What happened, with which value.
    pub message: String,
    /// What to do.
    pub hint: String,
}
