//! What makes two readings the same.

use std::sync::LazyLock;

use store::{Analysis, ResultId};

/// The build of this program: another one may read the same source differently. What the LLM wrote has keys of its own
/// and is kept.
static BUILD: LazyLock<String> = LazyLock::new(|| {
    let metadata = std::env::current_exe().and_then(std::fs::metadata);
    let changed = metadata.as_ref().ok().and_then(|metadata| metadata.modified().ok());
    let since_1970 = changed.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    format!(
        "{} {}",
        metadata.map_or(0, |metadata| metadata.len()),
        since_1970.map_or(0, |time| time.as_nanos())
    )
});

/// The result of this content, read with these settings.
pub(crate) fn result(analysis: &Analysis, revision: Option<&str>, digest: &str) -> ResultId {
    ResultId::of(&[
        env!("CARGO_PKG_VERSION"),
        &BUILD,
        digest,
        &analysis.name,
        if crate::intake::is_name_given(analysis) { "given" } else { "" },
        revision.unwrap_or_default(),
        analysis.language.as_str(),
        analysis.model.as_deref().unwrap_or_default(),
        crate::readings::prompt_version(analysis),
    ])
}
