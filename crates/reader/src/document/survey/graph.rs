//! Resolved uses of symbols.

use std::collections::{BTreeMap, BTreeSet};

use super::{Survey, SymbolAt};
use crate::document::DocumentError;
use crate::domain::EdgeKind;

/// A use of one symbol or file in another, with the line in the user's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SymbolUse {
    pub(crate) from_file: usize,
    /// `None`: at the top of the file.
    pub(crate) from: Option<SymbolAt>,
    pub(crate) to: SymbolAt,
    pub(crate) kind: EdgeKind,
    pub(crate) line: u32,
}

/// All uses, and where to find those of a symbol.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    all: Vec<SymbolUse>,
    to: BTreeMap<SymbolAt, Vec<usize>>,
    from: BTreeMap<SymbolAt, Vec<usize>>,
}

impl Uses {
    pub(super) fn load(survey: &Survey<'_>) -> Result<Self, DocumentError> {
        let graph = survey.kb.graph()?;
        let ids = Ids::new(survey);
        let mut uses = Self::default();
        for edge in &graph.edges {
            if edge.kind == EdgeKind::Import {
                continue;
            }
            let (Some((from_file, from)), Some((_, Some(to)))) = (ids.find(&edge.from), ids.find(&edge.to))
            else {
                continue;
            };
            uses.all.push(SymbolUse { from_file, from, to, kind: edge.kind, line: edge.line });
        }
        uses.all.sort_by_key(|used| (used.from_file, used.line, used.to, used.kind, used.from));
        for (at, used) in uses.all.iter().enumerate() {
            uses.to.entry(used.to).or_default().push(at);
            if let Some(from) = used.from {
                uses.from.entry(from).or_default().push(at);
            }
        }
        Ok(uses)
    }
}

/// Finds the symbols that node ids name.
struct Ids<'s> {
    survey: &'s Survey<'s>,
    symbols: BTreeMap<(usize, String), usize>,
}

impl<'s> Ids<'s> {
    fn new(survey: &'s Survey<'s>) -> Self {
        let mut symbols = BTreeMap::new();
        for (file, facts) in survey.files.iter().enumerate() {
            for (at, symbol) in facts.symbols.iter().enumerate() {
                symbols.entry((file, symbol.qualified_name())).or_insert(at);
            }
        }
        Self { survey, symbols }
    }

    /// The file of a node, and its symbol when it is one. Both paths and names may hold `#`.
    fn find(&self, id: &str) -> Option<(usize, Option<SymbolAt>)> {
        if let Some(file) = self.survey.at(id) {
            return Some((file, None));
        }
        id.match_indices('#').find_map(|(at, _)| {
            let file = self.survey.at(&id[..at])?;
            let symbol = self.symbols.get(&(file, id[at + 1..].to_owned())).copied()?;
            Some((file, Some(SymbolAt { file, symbol })))
        })
    }
}

impl Survey<'_> {
    /// Uses of a symbol, by file and line.
    pub(crate) fn uses_of(&self, symbol: SymbolAt) -> impl Iterator<Item = SymbolUse> + '_ {
        self.uses.to.get(&symbol).into_iter().flatten().filter_map(|at| self.uses.all.get(*at).copied())
    }

    /// What a symbol uses, by line.
    pub(crate) fn used_by(&self, symbol: SymbolAt) -> impl Iterator<Item = SymbolUse> + '_ {
        self.uses.from.get(&symbol).into_iter().flatten().filter_map(|at| self.uses.all.get(*at).copied())
    }

    /// All resolved uses.
    pub(crate) fn all_uses(&self) -> &[SymbolUse] {
        &self.uses.all
    }

    /// How many source files other than its own use a symbol.
    pub(crate) fn users(&self, symbol: SymbolAt) -> usize {
        let files: BTreeSet<usize> = self
            .uses_of(symbol)
            .map(|used| used.from_file)
            .filter(|file| *file != symbol.file && self.is_source(*file))
            .collect();
        files.len()
    }
}
