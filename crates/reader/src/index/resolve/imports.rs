//! Links from imports to files, and the list of what comes from outside.

use super::{
    Link, OutsideImport, Resolved,
    modules::{Modules, Target},
};
use crate::{
    domain::EdgeKind,
    index::tree::{FileId, Tree},
};

/// Resolves every import of every file.
pub(super) fn resolve(tree: &Tree, modules: &Modules<'_>, resolved: &mut Resolved) {
    for from in tree.ids() {
        for import in &tree.file(from).imports {
            let mut located = modules.locate(from, import);
            if let Target::Outside(package) = &located.base {
                resolved.outside.push(OutsideImport {
                    file: from,
                    package: package.clone(),
                    module: import.module.clone(),
                    time: import.when,
                    line: import.line,
                });
                continue;
            }
            let mut rest = located.rest.drain(..);
            while let Some(inner) = rest.next().and_then(|part| modules.submodule(&located.base, part)) {
                located.base = inner;
            }
            let is_whole = rest.next().is_none();
            let mut link = |to: FileId| {
                if to != from {
                    resolved.links.push(Link {
                        from_file: from,
                        from_symbol: None,
                        to_file: to,
                        to_symbol: None,
                        kind: EdgeKind::Import,
                        time: Some(import.when),
                        line: import.line,
                    });
                }
            };
            let inner: Vec<Option<FileId>> = import
                .names
                .iter()
                .map(|name| match modules.submodule(&located.base, &name.name) {
                    Some(Target::File(file)) if is_whole => Some(file),
                    _ => None,
                })
                .collect();
            inner.iter().flatten().for_each(|file| link(*file));
            // The module is imported itself, or for a name that is no module of its own.
            if let Target::File(file) = located.base
                && (import.wildcard || inner.is_empty() || inner.iter().any(Option::is_none))
            {
                link(file);
            }
        }
    }
}
