//! Finds out which file or symbol of the repository every import and every use means.
//!
//! A use gives a link only where the language's own rules lead from the name to one definition: enclosing
//! scopes, the class with its bases, imports, and the files that form one package. Equal names alone never do.

mod bindings;
mod closure;
mod ecmascript;
mod folders;
mod full_names;
mod imports;
mod lookup;
mod modules;
#[cfg(test)]
mod mounted_routes;
mod mounts;
mod named;
mod paths;
mod python;
mod rust;
mod style;
mod table;
#[cfg(test)]
mod tests;
mod uses;

use std::collections::HashMap;

use super::{
    error::IndexError,
    rows::json,
    schema::NONE,
    thread::{LinkRow, Row, RowThread},
    tree::{FileId, SymbolId, Tree},
};
use crate::{
    domain::EdgeKind,
    facts::{ImportTime, Route},
};

/// Links handed to the thread that writes in one go.
const LINKS_AT_ONCE: usize = 2_000;

/// A resolved use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Link {
    pub(crate) from_file: FileId,
    pub(crate) from_symbol: Option<SymbolId>,
    pub(crate) to_file: FileId,
    pub(crate) to_symbol: Option<SymbolId>,
    pub(crate) kind: EdgeKind,
    /// When an import takes effect.
    pub(crate) time: Option<ImportTime>,
    pub(crate) line: u32,
}

/// An import of something that is not in the repository.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct OutsideImport {
    pub(crate) file: FileId,
    pub(crate) package: String,
    pub(crate) module: String,
    pub(crate) time: ImportTime,
    pub(crate) line: u32,
}

/// Everything that was resolved.
#[derive(Debug, Default)]
pub(crate) struct Resolved {
    /// Sorted by both ends; each kind of use between two ends once, at its first line and earliest time.
    pub(crate) links: Vec<Link>,
    pub(crate) outside: Vec<OutsideImport>,
    /// The routes of files whose routers are mounted, in the order of the files.
    pub(crate) routes: Vec<(FileId, Vec<Route>)>,
}

/// Resolves all files, on so many threads at most.
pub(crate) fn resolve(tree: &Tree, threads: usize) -> Resolved {
    let modules = modules::Modules::of(tree);
    let table = table::Table::of(&modules);
    let bindings = bindings::bind(tree, &modules, &table);
    let mut lookup = lookup::Lookup { tree, modules, table, bindings, bases: HashMap::new(), threads };
    let mut resolved = Resolved::default();
    uses::resolve_bases(&mut lookup);
    uses::resolve(&lookup, &mut resolved);
    imports::resolve(&lookup, &mut resolved);
    resolved.routes = mounts::resolve(&lookup);
    resolved.settle();
    resolved
}

impl Resolved {
    fn settle(&mut self) {
        self.links.sort_unstable_by_key(|link| {
            (link.from_file, link.from_symbol, link.to_file, link.to_symbol, link.kind, link.time, link.line)
        });
        let mut settled: Vec<Link> = Vec::with_capacity(self.links.len());
        for link in self.links.drain(..) {
            match settled.last_mut() {
                Some(last)
                    if (last.from_file, last.from_symbol, last.to_file, last.to_symbol, last.kind)
                        == (link.from_file, link.from_symbol, link.to_file, link.to_symbol, link.kind) =>
                {
                    // Sorted by time first: the line is that of the earliest time.
                    if last.time == link.time {
                        last.line = last.line.min(link.line);
                    }
                }
                _ => settled.push(link),
            }
        }
        self.links = settled;
        self.outside.sort();
        self.outside.dedup();
    }

    /// Hands everything to the thread that writes.
    pub(crate) fn send(&self, tree: &Tree, ranks: &[f64], thread: &mut RowThread) -> Result<(), IndexError> {
        let mut imports: Vec<Vec<FileId>> = vec![Vec::new(); tree.files.len()];
        for link in &self.links {
            if link.kind == EdgeKind::Import && link.from_file != link.to_file {
                imports[link.from_file.0 as usize].push(link.to_file);
            }
        }
        let mut routes = self.routes.iter().peekable();
        for (file, rank) in tree.ids().zip(ranks) {
            let mut paths: Vec<String> =
                imports[file.0 as usize].iter().map(|to| tree.file(*to).path.to_string()).collect();
            paths.sort();
            paths.dedup();
            let routes = routes.next_if(|(of, _)| *of == file).map(|(_, routes)| json(routes));
            let (file, rank, imports) = (i64::from(file.0), *rank, json(&paths));
            thread.send(Row::Standing { file, rank, imports, routes })?;
        }
        for links in self.links.chunks(LINKS_AT_ONCE) {
            thread.send(Row::Links(links.iter().map(link_row).collect()))?;
        }
        for import in &self.outside {
            thread.send(Row::Outside {
                file: i64::from(import.file.0),
                package: import.package.clone(),
                module: import.module.clone(),
                time: time_word(import.time),
                line: import.line,
            })?;
        }
        Ok(())
    }
}

fn link_row(link: &Link) -> LinkRow {
    let symbol = |symbol: Option<SymbolId>| symbol.map_or(NONE, |symbol| i64::from(symbol.0));
    LinkRow {
        from_file: i64::from(link.from_file.0),
        from_symbol: symbol(link.from_symbol),
        to_file: i64::from(link.to_file.0),
        to_symbol: symbol(link.to_symbol),
        kind: match link.kind {
            EdgeKind::Import => "import",
            EdgeKind::Call => "call",
            EdgeKind::Inherit => "inherit",
            EdgeKind::Reference => "reference",
        },
        time: link.time.map(time_word),
        line: link.line,
    }
}

/// The word that serde writes too.
fn time_word(time: ImportTime) -> &'static str {
    match time {
        ImportTime::Load => "load",
        ImportTime::Types => "types",
        ImportTime::Call => "call",
    }
}
