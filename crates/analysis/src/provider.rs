//! Whether the configured provider can be used.

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
