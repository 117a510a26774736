//! Why pages could not be made.

use crate::knowledge::KnowledgeError;

/// Why pages could not be made.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// The knowledge base did not answer.
    #[error("cannot make the pages: {0}")]
    Knowledge(#[from] KnowledgeError),
}
