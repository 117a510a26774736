//! Which provider is asked, and how hard.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Secret, Usage};

/// One provider and model.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Up to and with the version: `https://api.example.com/v1`.
    pub base_url: String,
    /// Empty for providers that need none.
    pub api_key: Secret,
    /// The model that answers chats.
    pub model: String,
    /// A call that takes longer is given up and tried again.
    pub timeout: Duration,
    /// What the provider allows.
    pub limits: Limits,
    /// What it costs.
    pub price: Price,
    /// How failures are tried again.
    pub retries: Retries,
    /// Tokens reserved for an answer to a request that sets no `max_tokens`.
    pub default_max_tokens: u32,
    /// The largest body that is read.
    pub max_body_bytes: usize,
}

impl Settings {
    /// The usual settings for this provider.
    pub fn new(base_url: impl Into<String>, api_key: impl Into<Secret>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: api_key.into(),
            model: model.into(),
            timeout: Duration::from_secs(120),
            limits: Limits::default(),
            price: Price::default(),
            retries: Retries::default(),
            default_max_tokens: 4096,
            max_body_bytes: 16 << 20,
        }
    }
}

/// What a provider allows. No window of [`Limits::window`], wherever it starts, holds more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Limits {
    /// Calls in flight.
    pub max_concurrent: usize,
    /// Requests in a window.
    pub requests_per_minute: u64,
    /// Tokens in a window.
    pub tokens_per_minute: u64,
    /// The window: a minute, but for tests against a provider whose time runs faster.
    pub window: Duration,
    /// Added to the window, for what the network does to the order and distance of requests.
    pub slack: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_concurrent: 100,
            requests_per_minute: 500,
            tokens_per_minute: 3_000_000,
            window: Duration::from_secs(60),
            slack: Duration::from_millis(500),
        }
    }
}

impl Limits {
    /// These limits in windows of a minute.
    pub fn new(max_concurrent: usize, requests_per_minute: u64, tokens_per_minute: u64) -> Self {
        Self { max_concurrent, requests_per_minute, tokens_per_minute, ..Self::default() }
    }
}

/// Prices per million tokens, in whatever currency the provider bills.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Price {
    /// A million tokens read.
    pub prompt_per_million: f64,
    /// A million tokens written.
    pub completion_per_million: f64,
}

impl Price {
    /// What this usage costs.
    pub fn cost(&self, usage: Usage) -> f64 {
        (usage.prompt_tokens as f64 * self.prompt_per_million
            + usage.completion_tokens as f64 * self.completion_per_million)
            / 1e6
    }
}

/// How failures that may pass are tried again: 429, 5xx, timeouts, lost connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Attempts at all, the first included; those that were answered 429 with a Retry-After do not count.
    pub max_attempts: u32,
    /// The first wait; each further one is twice as long, less a random half.
    pub base: Duration,
    /// The longest such wait.
    pub cap: Duration,
    /// The longest wait that a provider's Retry-After is believed.
    pub longest_pause: Duration,
    /// A call that is answered 429 is repeated as the provider says until it is so old; then that is an attempt too.
    pub patience: Duration,
}

impl Default for Retries {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
            longest_pause: Duration::from_secs(300),
            patience: Duration::from_secs(600),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cost_counts_both_ways() {
        let price = Price { prompt_per_million: 2.0, completion_per_million: 10.0 };
        assert_eq!(price.cost(Usage { prompt_tokens: 500_000, completion_tokens: 100_000 }), 2.0);
    }

    #[test]
    fn the_key_is_not_in_the_debug_form() {
        assert!(!format!("{:?}", Settings::new("http://localhost", "sk-hidden", "m")).contains("hidden"));
    }
}
