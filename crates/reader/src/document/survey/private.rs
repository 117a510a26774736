//! What the users of a Rust crate cannot name, because a module on the way to it is private.

use std::collections::BTreeSet;

use super::{Survey, SymbolAt};
use crate::domain::{Language, SymbolKind};
use crate::facts::Import;

/// The Rust files that no public path leads to, and what is handed on from them all the same.
#[derive(Default)]
pub(super) struct Private {
    files: BTreeSet<usize>,
    /// A file, and a name at its top.
    handed_on: BTreeSet<(usize, String)>,
}

impl Survey<'_> {
    pub(super) fn load_private(&mut self) {
        let mut declared = BTreeSet::new();
        let mut ways: Vec<Vec<usize>> = vec![Vec::new(); self.files.len()];
        for link in &self.imports {
            for import in self.rust_imports(link.from).filter(|import| import.line == link.line) {
                let is_part = import.relative && import.names.is_empty() && !import.wildcard;
                if is_part {
                    declared.insert(link.to);
                }
                if import.reexport && (is_part || import.wildcard) {
                    ways[link.from].push(link.to);
                }
            }
        }
        let mut public: BTreeSet<usize> =
            (0..self.files.len()).filter(|file| !declared.contains(file)).collect();
        let mut left: Vec<usize> = public.iter().copied().collect();
        while let Some(file) = left.pop() {
            left.extend(ways[file].iter().copied().filter(|to| public.insert(*to)));
        }
        let mut private =
            Private { files: declared.difference(&public).copied().collect(), handed_on: BTreeSet::new() };
        for file in public {
            for import in self.rust_imports(file).filter(|import| import.reexport) {
                for to in self.targets_of(file, import) {
                    private.handed_on.extend(import.names.iter().map(|name| (to, name.name.clone())));
                }
            }
        }
        self.private = private;
    }

    fn rust_imports(&self, file: usize) -> impl Iterator<Item = &Import> {
        let facts = self.files.get(file).filter(|facts| facts.file.language == Some(Language::Rust));
        facts.into_iter().flat_map(|facts| &facts.imports)
    }

    /// Whether users of the crate have no name for it. Other languages than Rust say so at the definition.
    pub(super) fn is_private(&self, at: SymbolAt) -> bool {
        let Some(facts) = self.files.get(at.file).filter(|facts| facts.file.language == Some(Language::Rust))
        else {
            return false;
        };
        let Some(symbol) = facts.symbols.get(at.symbol) else { return false };
        let parents: Vec<&str> =
            symbol.parent.as_deref().map(|parent| parent.split('.').collect()).unwrap_or_default();
        let in_private_module = facts.symbols.iter().any(|module| {
            module.kind == SymbolKind::Module && !module.exported && parents.contains(&module.name.as_str())
        });
        let is_restricted = symbol.signature.starts_with("pub(");
        let top = parents.first().copied().unwrap_or(&symbol.name);
        is_restricted
            || in_private_module
            || (self.private.files.contains(&at.file)
                && !self.private.handed_on.contains(&(at.file, top.to_owned())))
    }
}
