//! Names that are written in full, and which of several symbols of one name a file means.

use std::cmp::Reverse;

use super::{
    folders::nearness,
    lookup::{Lookup, Meaning},
    modules::Target,
    style::Style,
};
use crate::index::{
    packages::Reach,
    tree::{FileId, SymbolId},
};

impl Lookup<'_> {
    /// A type, a function or a package by its full name; what lies nearest to the file comes first.
    pub(super) fn named(&self, from: FileId, style: Style, name: &str) -> Option<Meaning> {
        let symbols = self.usable(from, self.table.full(style, name.to_owned()));
        if !symbols.is_empty() {
            return Some(Meaning::Symbols(symbols));
        }
        if self.table.is_package(style, name) {
            return Some(Meaning::Module(Target::Named(style, name.to_owned())));
        }
        // A type in a type, or a function of an object.
        let (outer, last) = name.rsplit_once('.')?;
        let last = self.tree.names.get(last)?;
        let outers = self.usable(from, self.table.full(style, outer.to_owned()));
        let found = outers.into_iter().find_map(|outer| self.member(outer, last, 0))?;
        Some(Meaning::Symbols(found))
    }

    pub(super) fn full(&self, from: FileId, style: Style, name: String) -> Option<Vec<SymbolId>> {
        self.nearest(from, self.table.full(style, name))
    }

    /// The symbols that the file may use; those of the file with the nearest path when there are several.
    pub(super) fn nearest(&self, from: FileId, symbols: &[SymbolId]) -> Option<Vec<SymbolId>> {
        // Asked for each name, and modules of Ruby are opened in thousands of files: no sorting.
        let path = &*self.tree.file(from).path;
        let usable = symbols.iter().copied().filter(|id| self.is_usable(from, *id));
        let best = usable.clone().min_by_key(|id| {
            let file = self.tree.symbol(*id).file;
            (Reverse(nearness(&self.tree.file(file).path, path)), *id)
        })?;
        let file = self.tree.symbol(best).file;
        Some(usable.filter(|id| self.tree.symbol(*id).file == file).collect())
    }

    /// The symbols that the file may use, by nearness of their files.
    pub(super) fn usable(&self, from: FileId, symbols: &[SymbolId]) -> Vec<SymbolId> {
        let mut usable: Vec<SymbolId> =
            symbols.iter().copied().filter(|id| self.is_usable(from, *id)).collect();
        if usable.len() > 1 {
            let path = &*self.tree.file(from).path;
            usable.sort_by_cached_key(|id| {
                let file = self.tree.symbol(*id).file;
                (Reverse(nearness(&self.tree.file(file).path, path)), *id)
            });
        }
        usable
    }

    /// Code does not use its own tests, nor what its language hides from the file.
    pub(super) fn is_usable(&self, from: FileId, id: SymbolId) -> bool {
        let symbol = self.tree.symbol(id);
        let is_in_reach = match symbol.reach {
            Reach::Everywhere => true,
            Reach::Module => self.table.unit(symbol.file) == self.table.unit(from),
            Reach::File => symbol.file == from,
        };
        is_in_reach && self.modules.may_use(from, symbol.file)
    }
}
