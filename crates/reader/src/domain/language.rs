//! The languages whose symbols are read.

use serde::{Deserialize, Serialize};

/// A language that the reader parses or at least recognises.
///
/// The serialized form is the lower-case name that Markdown code fences use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Language {
    Bash,
    C,
    Cpp,
    CSharp,
    Go,
    Java,
    JavaScript,
    Kotlin,
    Php,
    Python,
    Ruby,
    Rust,
    Scala,
    Sql,
    Swift,
    Tsx,
    TypeScript,
    // Recognised, read as text.
    Css,
    Dockerfile,
    Html,
    Ini,
    Json,
    Makefile,
    Markdown,
    Toml,
    Xml,
    Yaml,
    Rst,
}
