//! Query files, compiled for one grammar and held against files.
//!
//! This reads the part of tree-sitter's query language that the files in `queries/` speak, and gives the same
//! matches in the same order as tree-sitter's own cursor, which a test holds it against. It is here because that
//! cursor costs more than the parse itself: it carries every open pattern from node to node, while here a node
//! whose kind starts no pattern costs one look into a table.
//!
//! Understood are named and anonymous nodes, `_` and `(_)`, fields, `!field`, `[…]`, `?`, `*`, `+`, the anchor `.`,
//! captures, `#eq?`, `#any-of?`, `#match?`, their `#not-` forms, and `#set!`. A pattern has one outermost node.

mod matcher;
mod parse;
mod predicate;
#[cfg(test)]
mod tests;

use predicate::Predicate;

use super::syntax::Node;

/// A query of one language.
#[derive(Debug)]
pub(super) struct Query {
    patterns: Vec<Pattern>,
    /// The patterns that may start at a node of each kind.
    by_kind: Vec<Vec<u16>>,
    captures: Vec<String>,
}

/// A captured node.
#[derive(Clone, Copy)]
pub(super) struct Capture<'t> {
    /// Its place in [`Query::capture_names`].
    pub(super) index: u16,
    pub(super) node: Node<'t>,
}

#[derive(Debug, Default)]
struct Pattern {
    roots: Vec<Shape>,
    predicates: Vec<Predicate>,
    /// What `#set!` sets.
    settings: Vec<(String, String)>,
}

/// What one node must look like.
#[derive(Debug, Clone)]
struct Shape {
    kind: Kind,
    /// 0 when any will do.
    field: u16,
    /// Fields that it must not have.
    absent: Vec<u16>,
    captures: Vec<u16>,
    children: Vec<Item>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Is(u16),
    /// `(_)`
    Named,
    /// `_`
    Any,
}

/// A member of a list of children.
#[derive(Debug, Clone)]
struct Item {
    /// One of these.
    choices: Vec<Shape>,
    quantifier: Quantifier,
    /// An anchor stands before it.
    is_immediate: bool,
    /// An anchor stands behind it, and nothing else.
    is_last: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Quantifier {
    One,
    Optional,
    Any,
    Some,
}

impl Query {
    /// The names of the captures, without `@`.
    pub(super) fn capture_names(&self) -> &[String] {
        &self.captures
    }

    pub(super) fn pattern_count(&self) -> usize {
        self.patterns.len()
    }

    /// What `(#set! key "…")` says in a pattern.
    pub(super) fn setting(&self, pattern: usize, key: &str) -> Option<&str> {
        let settings = &self.patterns.get(pattern)?.settings;
        settings.iter().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }
}
