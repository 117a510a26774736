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

impl Language {
    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bash => "Shell",
            Self::C => "C",
            Self::Cpp => "C++",
            Self::CSharp => "C#",
            Self::Go => "Go",
            Self::Java => "Java",
            Self::JavaScript => "JavaScript",
            Self::Kotlin => "Kotlin",
            Self::Php => "PHP",
            Self::Python => "Python",
            Self::Ruby => "Ruby",
            Self::Rust => "Rust",
            Self::Scala => "Scala",
            Self::Sql => "SQL",
            Self::Swift => "Swift",
            Self::Tsx => "TSX",
            Self::TypeScript => "TypeScript",
            Self::Css => "CSS",
            Self::Dockerfile => "Dockerfile",
            Self::Html => "HTML",
            Self::Ini => "INI",
            Self::Json => "JSON",
            Self::Makefile => "Makefile",
            Self::Markdown => "Markdown",
            Self::Toml => "TOML",
            Self::Xml => "XML",
            Self::Yaml => "YAML",
            Self::Rst => "reStructuredText",
        }
    }

    /// Code, not configuration, markup or prose.
    pub fn is_code(self) -> bool {
        !matches!(
            self,
            Self::Css
                | Self::Dockerfile
                | Self::Html
                | Self::Ini
                | Self::Json
                | Self::Makefile
                | Self::Markdown
                | Self::Toml
                | Self::Xml
                | Self::Yaml
                | Self::Rst
        )
    }
}
