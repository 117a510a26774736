//! What was asked, and how it was answered.

use serde::{Deserialize, Serialize};

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogEntry {
    /// Counted from 1.
    pub number: u64,
    /// When it came, RFC 3339.
    pub time: String,
    /// The endpoint: `chat`, `embeddings`.
    pub endpoint: String,
    /// The name of the schema that was asked for, or `text`.
    pub purpose: String,
    /// The same for the same messages.
    pub prompt_hash: String,
    /// The file that the prompt is about, if it is about one.
    pub path: Option<String>,
    /// The page that the prompt is about, by its slug.
    pub page: Option<String>,
    /// The HTTP status; 0 for a request that was not answered.
    pub status: u16,
    /// The fault that struck.
    pub fault: Option<String>,
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}
