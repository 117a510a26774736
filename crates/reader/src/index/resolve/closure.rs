//! What a C or C++ file sees through its includes.

use super::{
    lookup::{Lookup, Place},
    modules::Target,
    style::is_type,
};
use crate::index::{
    names::Name,
    tree::{FileId, SymbolId},
};

/// A file sees no more files than this.
const MAX_FILES: usize = 5_000;
/// A name with more definitions than this is not resolved.
const MAX_CANDIDATES: usize = 256;

/// The files that one file includes, itself first.
#[derive(Debug, Default)]
pub(super) struct Closure {
    /// The round in which a file was last seen, by file.
    seen: Vec<u32>,
    round: u32,
}

impl Closure {
    /// Follows the includes of a file.
    pub(super) fn fill(&mut self, lookup: &Lookup<'_>, file: FileId) {
        self.seen.resize(lookup.tree.files.len(), 0);
        self.round += 1;
        self.seen[file.0 as usize] = self.round;
        let mut open = vec![file];
        let mut count = 0;
        while let Some(file) = open.pop() {
            count += 1;
            if count > MAX_FILES {
                return;
            }
            for located in &lookup.bindings[file.0 as usize].located {
                if let Target::File(header) = located.base
                    && std::mem::replace(&mut self.seen[header.0 as usize], self.round) != self.round
                {
                    open.push(header);
                }
            }
        }
    }

    /// True when the file sees another.
    fn has(&self, file: FileId) -> bool {
        self.seen.get(file.0 as usize).is_some_and(|round| *round == self.round)
    }

    /// The definition that a name means: one that is included, or the only function of that name with linkage
    /// whose file shares a header with this one.
    pub(super) fn find(&self, lookup: &Lookup<'_>, place: &Place<'_>, name: Name) -> Option<Vec<SymbolId>> {
        let candidates = lookup.table.of_c(name);
        if candidates.len() > MAX_CANDIDATES {
            return None;
        }
        let usable: Vec<SymbolId> = candidates
            .iter()
            .copied()
            .filter(|id| lookup.modules.may_use(place.file, lookup.tree.symbol(*id).file))
            .collect();
        let included: Vec<SymbolId> =
            usable.iter().copied().filter(|id| self.has(lookup.tree.symbol(*id).file)).collect();
        let linked: Vec<SymbolId> = usable
            .into_iter()
            .filter(|id| {
                let symbol = lookup.tree.symbol(*id);
                symbol.exported
                    && !is_type(symbol.kind)
                    && !self.has(symbol.file)
                    && !is_header(&lookup.tree.file(symbol.file).path)
                    && self.shares_header(lookup, place.file, symbol.file)
            })
            .collect();
        // Where it is defined says more than where it is declared.
        one_of(lookup, place, &linked).or_else(|| one_of(lookup, place, &included))
    }

    fn shares_header(&self, lookup: &Lookup<'_>, from: FileId, file: FileId) -> bool {
        let mut headers =
            lookup.bindings[file.0 as usize].located.iter().filter_map(|located| match located.base {
                Target::File(header) => Some(header),
                _ => None,
            });
        headers.any(|header| header != from && self.has(header))
    }
}

/// The candidates when they all are one name in one namespace and, but for types, in one file.
fn one_of(lookup: &Lookup<'_>, place: &Place<'_>, candidates: &[SymbolId]) -> Option<Vec<SymbolId>> {
    let first = lookup.tree.symbol(*candidates.first()?);
    let around = place.scopes.first().map_or("", |scope| lookup.tree.names.text(*scope));
    let is_around = |id: &&SymbolId| {
        let parent = lookup.tree.symbol(**id).parent.map_or("", |parent| lookup.tree.names.text(parent));
        !parent.is_empty()
            && around.strip_prefix(parent).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let inner: Vec<SymbolId> = candidates.iter().filter(is_around).copied().collect();
    if !inner.is_empty() && inner.len() < candidates.len() {
        return one_of(lookup, place, &inner);
    }
    let is_alike = |id: &SymbolId| {
        let symbol = lookup.tree.symbol(*id);
        symbol.qualified == first.qualified && (symbol.file == first.file || is_type(symbol.kind))
    };
    candidates.iter().all(is_alike).then(|| candidates.to_vec())
}

fn is_header(path: &str) -> bool {
    path.rsplit_once('.').is_some_and(|(_, extension)| extension.starts_with('h') || extension == "inl")
}
