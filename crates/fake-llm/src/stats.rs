//! Sums over all requests.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Sums since the start.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Stats {
    /// Requests for chats and embeddings.
    pub requests: u64,
    /// Answers by HTTP status; 0 is no answer.
    pub by_status: BTreeMap<u16, u64>,
    /// Requests by purpose.
    pub by_purpose: BTreeMap<String, u64>,
    /// Requests refused by a limit (not by a fault), by the limit.
    pub limited: BTreeMap<String, u64>,
    /// Tokens read in answered requests.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
    /// The most requests that any window held.
    pub peak_window_requests: u64,
    /// The most tokens that any window held.
    pub peak_window_tokens: u64,
    /// The most requests at once.
    pub peak_in_flight: usize,
}
