//! Whether the configured provider can be used, and what it was used for.

use store::LlmUsage;

use crate::{AnalysisError, ErrorKind, LlmSettings};

/// Asks the provider once, without a retry, whether address, key and model are right.
pub async fn check_llm(settings: &LlmSettings) -> Result<(), AnalysisError> {
    let client = llm::Client::new(settings.for_model(&settings.model))
        .map_err(|error| AnalysisError::from_llm(&error))?;
    let check = client.check().await.map_err(|error| AnalysisError::from_llm(&error))?;
    if check.knows_model == Some(false) {
        return Err(AnalysisError::new(
            ErrorKind::Upstream,
            "llm_unknown_model",
            format!("the provider does not list the model {}", settings.model),
            format!("set OPENAI_MODEL to one of: {}", check.models.join(", ")),
        ));
    }
    Ok(())
}

/// What calls have used, and what that costs at the configured prices.
pub(crate) fn usage_of(client: &llm::Client, calls: u64, usage: llm::Usage) -> LlmUsage {
    LlmUsage {
        calls,
        cached: 0,
        prompt_tokens: usage.prompt_tokens,
        completion_tokens: usage.completion_tokens,
        cost: client.cost(usage),
    }
}

/// The usage of an answer that the cache held.
pub(crate) fn spared(made_with: &LlmUsage) -> LlmUsage {
    LlmUsage { cached: made_with.calls, ..LlmUsage::default() }
}
