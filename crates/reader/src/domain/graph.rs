//! Who uses whom.

use serde::{Deserialize, Serialize};

use super::SymbolKind;

/// The files and symbols that edges connect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Graph {
    /// Sorted by id.
    pub nodes: Vec<Node>,
    /// Sorted.
    pub edges: Vec<Edge>,
}

/// A file, or a symbol in a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Node {
    /// `path` of a file, or `path#qualified.name` of a symbol.
    pub id: String,
    /// `None` for a file.
    pub kind: Option<SymbolKind>,
    /// The rank of the file.
    pub rank: f64,
}

/// One use of another file or symbol.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Edge {
    /// A node id.
    pub from: String,
    /// A node id.
    pub to: String,
    /// The way of use.
    pub kind: EdgeKind,
    /// The first line in `from`'s file where the use is written.
    pub line: u32,
}

/// The way of use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum EdgeKind {
    Import,
    Call,
    Inherit,
    Reference,
}
