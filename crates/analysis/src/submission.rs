//! What a user asks for.

use serde::{Deserialize, Serialize};
use store::{DocumentLanguage, Source};

/// What a user asks for; the body of `POST /api/v1/analyses`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `source`, `name` and `options`")]
pub struct Submission {
    /// What is read.
    pub source: Source,
    /// What to call it; the folder's, repository's or archive's name when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// How it is read.
    #[serde(default)]
    pub options: SubmissionOptions,
}

/// How a repository is read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SubmissionOptions {
    /// The language of the pages; the configured one when absent.
    #[serde(default)]
    pub language: Option<DocumentLanguage>,
    /// The model; the configured one when absent. Without a configured provider naming one is an error.
    #[serde(default)]
    pub model: Option<String>,
    /// Static analysis even when a provider is configured.
    #[serde(default, rename = "static")]
    pub static_only: bool,
}

impl From<Source> for Submission {
    fn from(source: Source) -> Self {
        Self { source, name: None, options: SubmissionOptions::default() }
    }
}
