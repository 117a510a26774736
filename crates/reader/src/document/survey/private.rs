//! What the users of a Rust crate cannot name, because a module on the way to it is private.

use std::collections::{BTreeMap, BTreeSet};

use super::{Survey, SymbolAt};
use crate::domain::{Language, SymbolKind};
use crate::facts::Import;

/// The Rust files that no public path leads to, and what is handed on from them all the same.
#[derive(Default)]
pub(super) struct Private {
    files: BTreeSet<usize>,
    /// A file, and a name at its top.
    handed_on: BTreeSet<(usize, String)>,
    /// A file, and a module that it keeps to itself.
    modules: BTreeSet<(usize, String)>,
}

impl Survey<'_> {
    pub(super) fn load_private(&mut self) {
        let mut declared = BTreeSet::new();
        let mut private = Private::default();
        let mut ways: Vec<Vec<usize>> = vec![Vec::new(); self.files.len()];
        for (from, facts) in self.files.iter().enumerate() {
            if facts.file.language != Some(Language::Rust) {
                continue;
            }
            let mut of_line: BTreeMap<u32, Vec<&Import>> = BTreeMap::new();
            for import in &facts.imports {
                of_line.entry(import.line).or_default().push(import);
            }
            for link in self.imports_of(from) {
                for import in of_line.get(&link.line).into_iter().flatten() {
                    let is_part = import.relative && import.names.is_empty() && !import.wildcard;
                    if is_part {
                        declared.insert(link.to);
                    }
                    if import.reexport && (is_part || import.wildcard) {
                        ways[from].push(link.to);
                    }
                }
            }
            let own = facts.symbols.iter().filter(|own| own.kind == SymbolKind::Module && !own.exported);
            private.modules.extend(own.map(|own| (from, own.name.clone())));
        }
        let mut public: BTreeSet<usize> =
            (0..self.files.len()).filter(|file| !declared.contains(file)).collect();
        let mut left: Vec<usize> = public.iter().copied().collect();
        while let Some(file) = left.pop() {
            left.extend(ways[file].iter().copied().filter(|to| public.insert(*to)));
        }
        private.files = declared.difference(&public).copied().collect();
        for file in public {
            let targets = self.targets(file);
            for import in self.rust_imports(file).filter(|import| import.reexport) {
                for to in targets.of(import) {
                    private.handed_on.extend(import.names.iter().map(|name| (*to, name.name.clone())));
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
        let mut parents = symbol.parent.iter().flat_map(|parent| parent.split('.')).peekable();
        let top = parents.peek().copied().unwrap_or(&symbol.name);
        let in_private_module =
            parents.any(|parent| self.private.modules.contains(&(at.file, parent.to_owned())));
        let is_restricted = symbol.signature.starts_with("pub(");
        is_restricted
            || in_private_module
            || (self.private.files.contains(&at.file)
                && !self.private.handed_on.contains(&(at.file, top.to_owned())))
    }
}
