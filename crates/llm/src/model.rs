//! The one thing that readers need of a provider.

use async_trait::async_trait;

use crate::{ChatRequest, ChatResponse, LlmError};

/// A model that answers questions. [`crate::Client`] is the real one.
#[async_trait]
pub trait ChatModel: Send + Sync {
    /// Answers. Retries and limits are the implementation's business.
    async fn chat(&self, request: ChatRequest) -> Result<ChatResponse, LlmError>;

    /// The model's name, which is part of cache keys.
    fn model(&self) -> &str;
}
