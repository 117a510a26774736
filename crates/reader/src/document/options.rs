//! What the caller decides about pages.

use serde::{Deserialize, Serialize};

/// How pages are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DocumentOptions {
    /// The language of all fixed texts; quotes stay as they are.
    pub language: PageLanguage,
}

/// A language in which pages can be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PageLanguage {
    /// English.
    #[default]
    En,
    /// Chinese (simplified).
    Zh,
}

impl PageLanguage {
    /// The language that a code such as `en`, `zh` or `zh-CN` names.
    pub fn from_code(code: &str) -> Option<Self> {
        match code.split(['-', '_']).next()?.to_ascii_lowercase().as_str() {
            "en" => Some(Self::En),
            "zh" => Some(Self::Zh),
            _ => None,
        }
    }
}
