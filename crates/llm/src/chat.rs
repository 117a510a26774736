//! What is asked of a model and what it answers.

use serde::{Deserialize, Serialize};

/// One question to the model.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ChatRequest {
    /// The conversation so far.
    pub messages: Vec<Message>,
    /// The longest answer that is wanted; also what the governor reserves for it.
    pub max_tokens: Option<u32>,
    /// 0 is the most repeatable; `None` leaves it to the provider.
    pub temperature: Option<f32>,
    /// The form of the answer.
    pub response: ResponseFormat,
    /// A word for logs: what the call is for, such as `file-items`.
    pub purpose: String,
}

impl ChatRequest {
    /// A request for plain text.
    pub fn new(purpose: impl Into<String>, messages: Vec<Message>) -> Self {
        Self { messages, purpose: purpose.into(), ..Self::default() }
    }

    /// Asks for JSON that follows the schema.
    pub fn json(mut self, name: impl Into<String>, schema: serde_json::Value) -> Self {
        self.response = ResponseFormat::Json { name: name.into(), schema };
        self
    }
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub content: String,
}

impl Message {
    /// Rules for the model.
    pub fn system(content: impl Into<String>) -> Self {
        Self { role: Role::System, content: content.into() }
    }

    /// A question.
    pub fn user(content: impl Into<String>) -> Self {
        Self { role: Role::User, content: content.into() }
    }

    /// An earlier answer of the model.
    pub fn assistant(content: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: content.into() }
    }
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Role {
    System,
    User,
    Assistant,
}

/// The form of an answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResponseFormat {
    /// Any text.
    #[default]
    Text,
    /// A JSON value. Providers that cannot enforce the schema are told it in words, so the answer
    /// must be checked all the same.
    Json {
        /// The schema's name: letters, digits, `_` and `-`.
        name: String,
        /// A JSON schema.
        schema: serde_json::Value,
    },
}

/// A whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChatResponse {
    /// The answer.
    pub text: String,
    /// Tokens that the provider counted, or that we counted where it tells none.
    pub usage: Usage,
    /// The model that answered, as the provider names it.
    pub model: String,
    /// Why the answer ended.
    pub finish_reason: FinishReason,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read.
    pub prompt_tokens: u64,
    /// Tokens written.
    pub completion_tokens: u64,
}

impl Usage {
    /// Read and written.
    pub fn total(&self) -> u64 {
        self.prompt_tokens.saturating_add(self.completion_tokens)
    }
}

impl std::ops::AddAssign for Usage {
    fn add_assign(&mut self, other: Self) {
        self.prompt_tokens = self.prompt_tokens.saturating_add(other.prompt_tokens);
        self.completion_tokens = self.completion_tokens.saturating_add(other.completion_tokens);
    }
}

/// Why an answer ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// `max_tokens` or the context was used up: the text is cut.
    Length,
    /// Something else, in the provider's word.
    Other(String),
}

/// A piece of a streamed answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ChatEvent {
    /// More text.
    Delta(String),
    /// The end, with the whole answer.
    Done(ChatResponse),
}
