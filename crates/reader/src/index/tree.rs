//! What resolving needs of all files: compact, without text, signatures or documentation.

use std::collections::HashMap;

use super::{
    manifests::Manifests,
    names::{Name, Names},
    packages::{Reach, reach},
};
use crate::{
    domain::{EdgeKind, Language, SkipReason, SymbolKind},
    facts::{FileFacts, Import, Mount, Route},
    scan::{FileRole, role_of},
};

/// The place of a file in [`Tree::files`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct FileId(pub(crate) u32);

/// The place of a symbol in [`Tree::symbols`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SymbolId(pub(crate) u32);

/// All files, in the order in which they were taken.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    pub(crate) names: Names,
    pub(crate) files: Vec<TreeFile>,
    pub(crate) symbols: Vec<TreeSymbol>,
    pub(crate) uses: Vec<TreeUse>,
    pub(crate) by_path: HashMap<Box<str>, FileId>,
    pub(crate) manifests: Manifests,
    /// What files with routes or mounted routers tell of them.
    pub(crate) routing: Vec<Routing>,
}

/// The routes and mounted routers of a file.
#[derive(Debug)]
pub(crate) struct Routing {
    pub(crate) file: FileId,
    pub(crate) routes: Vec<Route>,
    pub(crate) mounts: Vec<Mount>,
}

/// A file.
#[derive(Debug)]
pub(crate) struct TreeFile {
    pub(crate) path: Box<str>,
    pub(crate) language: Option<Language>,
    pub(crate) role: FileRole,
    pub(crate) skipped: Option<SkipReason>,
    pub(crate) imports: Vec<Import>,
    /// Its symbols in [`Tree::symbols`].
    pub(crate) symbols: std::ops::Range<u32>,
    /// Its uses in [`Tree::uses`].
    pub(crate) uses: std::ops::Range<u32>,
    /// The package or namespace that the text declares, where the language has such a thing.
    pub(crate) package: Option<Name>,
}

/// A symbol.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeSymbol {
    pub(crate) file: FileId,
    pub(crate) name: Name,
    pub(crate) qualified: Name,
    /// The qualified name of what stands around it.
    pub(crate) parent: Option<Name>,
    pub(crate) kind: SymbolKind,
    pub(crate) line: u32,
    pub(crate) end_line: u32,
    pub(crate) exported: bool,
    pub(crate) reach: Reach,
    /// What a method of Go calls the value that it belongs to.
    pub(crate) receiver: Option<Name>,
}

/// A use of a name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TreeUse {
    pub(crate) name: Name,
    pub(crate) qualifier: Option<Name>,
    pub(crate) scope: Option<Name>,
    pub(crate) kind: EdgeKind,
    pub(crate) line: u32,
}

impl Tree {
    /// Takes what is needed of a file; `None` when its path is known already.
    pub(crate) fn take(&mut self, facts: &FileFacts, text: Option<&str>) -> Option<FileId> {
        let id = FileId(count(self.files.len()));
        if self.by_path.insert(facts.file.path.as_str().into(), id).is_some() {
            return None;
        }
        let symbols = self.take_symbols(id, facts);
        let uses = self.take_uses(facts);
        let package = text
            .and_then(|text| super::packages::declared(facts.file.language?, text))
            .map(|package| self.names.add(&package));
        if !facts.routes.is_empty() || !facts.mounts.is_empty() {
            let (routes, mounts) = (facts.routes.clone(), facts.mounts.clone());
            // An import binds only names that are asked for.
            for name in
                mounts.iter().flat_map(Mount::names).chain(routes.iter().flat_map(|route| &route.on.name))
            {
                name.split(['.', ':']).filter(|part| !part.is_empty()).for_each(|part| {
                    self.names.add(part);
                });
            }
            self.routing.push(Routing { file: id, routes, mounts });
        }
        if let Some(text) = text {
            self.manifests.take(&facts.file.path, text);
        }
        self.files.push(TreeFile {
            path: facts.file.path.as_str().into(),
            language: facts.file.language,
            role: role_of(&facts.file.path),
            skipped: facts.file.skipped,
            imports: facts.imports.clone(),
            symbols,
            uses,
            package,
        });
        Some(id)
    }

    fn take_symbols(&mut self, file: FileId, facts: &FileFacts) -> std::ops::Range<u32> {
        let from = count(self.symbols.len());
        for symbol in &facts.symbols {
            let parent = symbol.parent.as_deref().map(|parent| self.names.add(parent));
            let name = self.names.add(&symbol.name);
            let qualified = match parent {
                Some(_) => self.names.add(&symbol.qualified_name()),
                None => name,
            };
            let receiver = super::packages::receiver(facts.file.language, &symbol.signature)
                .map(|receiver| self.names.add(receiver));
            self.symbols.push(TreeSymbol {
                file,
                name,
                qualified,
                parent,
                kind: symbol.kind,
                line: symbol.lines.start_line,
                end_line: symbol.lines.end_line,
                // A macro of C is known where it is included and nowhere else.
                exported: symbol.exported && !symbol.signature.starts_with("#define"),
                reach: reach(facts.file.language, symbol),
                receiver,
            });
        }
        from..count(self.symbols.len())
    }

    fn take_uses(&mut self, facts: &FileFacts) -> std::ops::Range<u32> {
        let from = count(self.uses.len());
        for used in &facts.uses {
            let name = self.names.add(&used.name);
            let qualifier = used.qualifier.as_deref().map(|qualifier| self.names.add(qualifier));
            let scope = used.scope.as_deref().map(|scope| self.names.add(scope));
            self.uses.push(TreeUse { name, qualifier, scope, kind: used.kind, line: used.line });
        }
        from..count(self.uses.len())
    }

    /// A file by its place.
    pub(crate) fn file(&self, id: FileId) -> &TreeFile {
        &self.files[id.0 as usize]
    }

    /// A symbol by its place.
    pub(crate) fn symbol(&self, id: SymbolId) -> &TreeSymbol {
        &self.symbols[id.0 as usize]
    }

    /// The symbols of a file.
    pub(crate) fn symbols_of(&self, id: FileId) -> impl Iterator<Item = (SymbolId, &TreeSymbol)> {
        self.file(id).symbols.clone().map(|at| (SymbolId(at), &self.symbols[at as usize]))
    }

    /// All files with their places.
    pub(crate) fn ids(&self) -> impl Iterator<Item = FileId> + use<> {
        (0..count(self.files.len())).map(FileId)
    }

    /// The file at a path, unless others wrote it.
    pub(crate) fn at(&self, path: &str) -> Option<FileId> {
        let id = *self.by_path.get(path)?;
        let is_ours = !matches!(
            self.file(id).skipped,
            Some(SkipReason::Vendored | SkipReason::Symlink | SkipReason::Special)
        );
        is_ours.then_some(id)
    }
}

fn count(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
