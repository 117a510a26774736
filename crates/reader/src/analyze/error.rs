//! Why a file could not be described.

use thiserror::Error;

use crate::knowledge::KnowledgeError;

/// Why a file could not be described.
#[derive(Debug, Error)]
pub enum AnalyzeError {
    /// There is no such file.
    #[error("the knowledge base holds no file `{path}`: read the repository again")]
    NoSuchFile {
        /// The path that was asked for.
        path: String,
    },
    /// The knowledge base cannot be read.
    #[error(transparent)]
    Knowledge(#[from] KnowledgeError),
    /// The model cannot be used, by this file or any other, or not now: trying later may help.
    #[error(transparent)]
    Llm(#[from] llm::LlmError),
    /// The thread that prepares prompts has died.
    #[error("the preparation of a prompt ended unexpectedly: {0}")]
    Interrupted(String),
}
