//! Names that are written in full, and which of several symbols of one name a file means.

use super::{
    lookup::{Lookup, Meaning},
    modules::Target,
    style::Style,
};
use crate::index::tree::{FileId, SymbolId};

impl Lookup<'_> {
    /// A type, a function or a package by its full name.
    pub(super) fn named(&self, style: Style, name: &str) -> Option<Meaning> {
        let symbols = self.table.full(style, name.to_owned());
        if !symbols.is_empty() {
            return Some(Meaning::Symbols(symbols.to_vec()));
        }
        if self.table.is_package(style, name) {
            return Some(Meaning::Module(Target::Named(style, name.to_owned())));
        }
        // A type in a type, or a function of an object.
        let (outer, last) = name.rsplit_once('.')?;
        let last = self.tree.names.get(last)?;
        let found =
            self.table.full(style, outer.to_owned()).iter().find_map(|outer| self.member(*outer, last, 0))?;
        Some(Meaning::Symbols(found))
    }

    pub(super) fn full(&self, from: FileId, style: Style, name: String) -> Option<Vec<SymbolId>> {
        self.nearest(from, self.table.full(style, name))
    }

    /// The symbols that the file may use; those of the file with the nearest path when there are several.
    pub(super) fn nearest(&self, from: FileId, symbols: &[SymbolId]) -> Option<Vec<SymbolId>> {
        let path = &*self.tree.file(from).path;
        let usable = symbols.iter().filter(|id| self.modules.may_use(from, self.tree.symbol(**id).file));
        let best = usable.clone().min_by_key(|id| {
            let file = self.tree.symbol(**id).file;
            (std::cmp::Reverse(super::folders::nearness(&self.tree.file(file).path, path)), **id)
        })?;
        let file = self.tree.symbol(*best).file;
        Some(usable.filter(|id| self.tree.symbol(**id).file == file).copied().collect())
    }
}
