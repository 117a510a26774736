//! What makes two readings the same.

use store::{Analysis, ResultId};

/// Changes when the same source would be read differently: a new parser, another form of pages.
const READER_VERSION: &str = "1";

/// The result of this content, read with these settings.
pub(crate) fn result(analysis: &Analysis, revision: Option<&str>, digest: &str) -> ResultId {
    ResultId::of(&[
        READER_VERSION,
        env!("CARGO_PKG_VERSION"),
        digest,
        &analysis.name,
        revision.unwrap_or_default(),
        analysis.language.as_str(),
        analysis.model.as_deref().unwrap_or_default(),
        crate::readings::prompt_version(analysis),
    ])
}
