//! Definitions found in the source.

use serde::{Deserialize, Serialize};

use super::LineRange;

/// A definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Symbol {
    /// The file.
    pub path: String,
    /// Its own name, as written.
    pub name: String,
    /// What it is.
    pub kind: SymbolKind,
    /// From its first decorator or attribute (doc comment excluded) to its end.
    #[serde(flatten)]
    pub lines: LineRange,
    /// The qualified name of the symbol around it within the file, joined by `.`.
    pub parent: Option<String>,
    /// The declaration without its body, on one line.
    pub signature: String,
    /// Its doc comment or docstring, markers removed.
    pub doc: Option<String>,
    /// Visible outside its module by the rules and idioms of its language.
    pub exported: bool,
}

impl Symbol {
    /// The parent's name and its own, joined by `.`.
    pub fn qualified_name(&self) -> String {
        match &self.parent {
            Some(parent) => format!("{parent}.{}", self.name),
            None => self.name.clone(),
        }
    }
}

/// What a symbol is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum SymbolKind {
    Class,
    Struct,
    Enum,
    Interface,
    Trait,
    Function,
    Method,
    Module,
    Constant,
    Variable,
    Field,
    Type,
    Table,
}
