//! What is said about parts of one file.

use serde::{Deserialize, Serialize};

use super::LineRange;

/// A described part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Item {
    /// The file.
    pub path: String,
    /// What the part is.
    pub kind: ItemKind,
    /// The qualified name of the symbol, or the path for a file.
    pub name: String,
    /// A short heading.
    pub title: String,
    /// What it does, in Markdown.
    pub description: String,
    /// Where it stands.
    #[serde(flatten)]
    pub lines: LineRange,
    /// The source of these lines, secrets masked; long ones are cut at a line.
    pub code: String,
    /// Who described it.
    pub origin: Origin,
}

/// What an item describes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum ItemKind {
    File,
    Class,
    Function,
    DataModel,
}

/// Who wrote a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// Derived from the source by rules.
    Static,
    /// Written by the LLM and checked against the source.
    Llm,
}

/// What the step `analyze` makes of one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileReading {
    /// The file.
    pub path: String,
    /// One or two sentences: what the file is for.
    pub summary: String,
    /// Its parts, by line.
    pub items: Vec<Item>,
    /// Files of the repository that it depends on, sorted.
    pub dependencies: Vec<String>,
    /// Who described it.
    pub origin: Origin,
    /// Why the static reading stands here although an LLM is configured.
    pub note: Option<String>,
}
