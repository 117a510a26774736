//! What can go wrong with a provider, and what to do about it.

use std::time::Duration;

use thiserror::Error;

/// A call that did not bring an answer. `Display` tells what happened, [`LlmError::hint`] what to do.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum LlmError {
    /// 401 or 403.
    #[error("the LLM provider at {url} does not accept the API key ({status}): {message}")]
    Unauthorized {
        /// The host that refused.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the provider said.
        message: String,
    },
    /// 404: no such model, or no such path.
    #[error("the LLM provider at {url} knows no model `{model}` or no such path (404): {message}")]
    NotFound {
        /// The address that was asked.
        url: String,
        /// The model that was asked for.
        model: String,
        /// What the provider said.
        message: String,
    },
    /// 429 to the last attempt.
    #[error("the LLM provider still answers 429 after {}: {message}", counted(*attempts))]
    RateLimited {
        /// How often we asked.
        attempts: u32,
        /// When the provider said to come back.
        retry_after: Option<Duration>,
        /// What the provider said.
        message: String,
    },
    /// The account has nothing left to spend.
    #[error("the LLM provider's account has no credit left: {message}")]
    Quota {
        /// What the provider said.
        message: String,
    },
    /// No answer in time.
    #[error("the LLM provider did not answer within {} s ({})", after.as_secs_f64(), counted(*attempts))]
    Timeout {
        /// The time limit.
        after: Duration,
        /// How often we asked.
        attempts: u32,
    },
    /// 5xx to the last attempt.
    #[error("the LLM provider fails with {status} after {}: {message}", counted(*attempts))]
    Server {
        /// The HTTP status.
        status: u16,
        /// How often we asked.
        attempts: u32,
        /// What the provider said.
        message: String,
    },
    /// The body ended before the answer did.
    #[error("the LLM provider's answer was cut off ({}): {reason}", counted(*attempts))]
    Truncated {
        /// How often we asked.
        attempts: u32,
        /// Where it ended.
        reason: String,
    },
    /// No connection.
    #[error("cannot reach the LLM provider at {url} ({}): {reason}", counted(*attempts))]
    Unreachable {
        /// The address that was asked.
        url: String,
        /// How often we asked.
        attempts: u32,
        /// The system's reason.
        reason: String,
    },
    /// An answer that is not what the API promises.
    #[error("the LLM provider's answer cannot be read: {reason}")]
    BadAnswer {
        /// What is wrong with it.
        reason: String,
    },
    /// Prompt and answer do not fit the model's context.
    #[error("the prompt is too long for model `{model}`: {message}")]
    TooLong {
        /// The model.
        model: String,
        /// What the provider said.
        message: String,
    },
    /// One request would need more tokens than the minute allows.
    #[error(
        "a request of {tokens} tokens can never be sent: the limit is {tokens_per_minute} tokens per minute"
    )]
    OverLimit {
        /// What the request may use.
        tokens: u64,
        /// The limit.
        tokens_per_minute: u64,
    },
    /// The provider refused the content.
    #[error("the LLM provider's content filter stopped the answer: {message}")]
    Filtered {
        /// What the provider said.
        message: String,
    },
    /// Any other refusal.
    #[error("the LLM provider refuses the request ({status}): {message}")]
    Rejected {
        /// The HTTP status.
        status: u16,
        /// What the provider said.
        message: String,
    },
    /// The settings make no sense.
    #[error("the LLM settings are wrong: {reason}")]
    Settings {
        /// What is wrong, with its value.
        reason: String,
    },
}

fn counted(attempts: u32) -> String {
    format!("{attempts} {}", if attempts == 1 { "attempt" } else { "attempts" })
}

impl LlmError {
    /// What the user can do.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "check OPENAI_API_KEY, and that it belongs to OPENAI_BASE_URL",
            Self::NotFound { .. } => {
                "check OPENAI_MODEL against the provider's list of models, and that OPENAI_BASE_URL ends where its API begins (most end in /v1)"
            }
            Self::RateLimited { .. } => {
                "lower LLM_RPM, LLM_TPM or LLM_MAX_CONCURRENT to what the account allows, then resume"
            }
            Self::Quota { .. } => "top up the account or use another key, then resume",
            Self::Timeout { .. } => "raise LLM_REQUEST_TIMEOUT or lower LLM_MAX_CONCURRENT, then resume",
            Self::Server { .. } | Self::Truncated { .. } => {
                "this is the provider's fault: wait a little, then resume"
            }
            Self::Unreachable { .. } => {
                "check OPENAI_BASE_URL, the network and the proxy, and that a local provider runs"
            }
            Self::BadAnswer { .. } => {
                "check that OPENAI_BASE_URL is an OpenAI-compatible API, or try another model"
            }
            Self::TooLong { .. } => "use a model with a longer context",
            Self::OverLimit { .. } => "raise LLM_TPM to what the account allows",
            Self::Filtered { .. } => {
                "the file is described by static analysis; another provider may accept it"
            }
            Self::Rejected { .. } => "the provider's message says what it does not accept; another model may",
            Self::Settings { .. } => "set OPENAI_BASE_URL to an address such as https://api.openai.com/v1",
        }
    }

    /// A word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Unauthorized { .. } => "llm_unauthorized",
            Self::NotFound { .. } => "llm_not_found",
            Self::RateLimited { .. } => "llm_rate_limited",
            Self::Quota { .. } => "llm_quota",
            Self::Timeout { .. } => "llm_timeout",
            Self::Server { .. } => "llm_server_error",
            Self::Truncated { .. } => "llm_truncated",
            Self::Unreachable { .. } => "llm_unreachable",
            Self::BadAnswer { .. } => "llm_bad_answer",
            Self::TooLong { .. } => "llm_too_long",
            Self::OverLimit { .. } => "llm_over_limit",
            Self::Filtered { .. } => "llm_filtered",
            Self::Rejected { .. } => "llm_rejected",
            Self::Settings { .. } => "llm_settings",
        }
    }

    /// Every other call would fail the same way: an analysis had better stop than describe each file
    /// without the LLM.
    pub fn concerns_all_calls(&self) -> bool {
        matches!(
            self,
            Self::Unauthorized { .. }
                | Self::NotFound { .. }
                | Self::Quota { .. }
                | Self::Unreachable { .. }
                | Self::Settings { .. }
        )
    }

    /// The fault lies in this question or its answer; others may well be answered.
    pub fn concerns_this_call(&self) -> bool {
        matches!(
            self,
            Self::Filtered { .. }
                | Self::TooLong { .. }
                | Self::BadAnswer { .. }
                | Self::Truncated { .. }
                | Self::Rejected { .. }
                | Self::OverLimit { .. }
        )
    }

    /// It may pass.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::RateLimited { .. }
                | Self::Timeout { .. }
                | Self::Server { .. }
                | Self::Truncated { .. }
                | Self::Unreachable { .. }
        )
    }

    /// The same after so many attempts.
    pub(crate) fn after_attempts(mut self, count: u32) -> Self {
        match &mut self {
            Self::RateLimited { attempts, .. }
            | Self::Timeout { attempts, .. }
            | Self::Server { attempts, .. }
            | Self::Truncated { attempts, .. }
            | Self::Unreachable { attempts, .. } => *attempts = count,
            _ => {}
        }
        self
    }
}
