//! Places in the source.

use serde::{Deserialize, Serialize};

/// Lines of a file, counted from 1, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineRange {
    /// The first line.
    pub start_line: u32,
    /// The last line, never before the first.
    pub end_line: u32,
}

/// What a claim on a page rests on.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Citation {
    /// The file, relative to the repository, with `/` between folders.
    pub path: String,
    /// The lines.
    #[serde(flatten)]
    pub lines: LineRange,
    /// The symbol that stands there, by its qualified name.
    pub symbol: Option<String>,
}
