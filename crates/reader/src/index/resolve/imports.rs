//! Links from imports to files, and the list of what comes from outside.

use super::{
    Link, OutsideImport, Resolved,
    lookup::Lookup,
    modules::{Located, Target},
    style::Style,
};
use crate::{domain::EdgeKind, facts::Import, index::tree::FileId, scan::FileRole};

/// Resolves every import of every file.
pub(super) fn resolve(lookup: &Lookup<'_>, resolved: &mut Resolved) {
    for from in lookup.tree.ids() {
        let located = &lookup.bindings[from.0 as usize].located;
        for (import, located) in lookup.tree.file(from).imports.iter().zip(located) {
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
            for to in files(lookup, from, import, located) {
                if to != from {
                    resolved.links.push(import_link(from, to, import));
                }
            }
        }
    }
    add_packages(lookup, resolved);
}

fn import_link(from_file: FileId, to_file: FileId, import: &Import) -> Link {
    Link {
        from_file,
        from_symbol: None,
        to_file,
        to_symbol: None,
        kind: EdgeKind::Import,
        time: Some(import.when),
        line: import.line,
    }
}

/// The files that an import names itself.
fn files(lookup: &Lookup<'_>, from: FileId, import: &Import, located: &Located<'_>) -> Vec<FileId> {
    if let Target::Named(style, name) = &located.base {
        return named_files(lookup, from, import, *style, name);
    }
    let mut base = located.base.clone();
    let mut rest = located.rest.iter();
    let mut is_whole = true;
    for part in rest.by_ref() {
        match lookup.modules.submodule(&base, part) {
            Some(inner) => base = inner,
            None => {
                is_whole = false;
                break;
            }
        }
    }
    let mut found = Vec::new();
    let mut needs_base = import.wildcard || import.names.is_empty();
    for name in &import.names {
        match lookup.modules.submodule(&base, &name.name) {
            Some(Target::File(file)) if is_whole => found.push(file),
            _ => needs_base = true,
        }
    }
    if let (Target::File(file), true) = (base, needs_base) {
        found.push(file);
    }
    found.retain(|to| lookup.modules.may_use(from, *to) || import.relative);
    found
}

/// The files of the types that are named in full.
fn named_files(lookup: &Lookup<'_>, from: FileId, import: &Import, style: Style, name: &str) -> Vec<FileId> {
    let mut names: Vec<String> = import.names.iter().map(|inner| format!("{name}.{}", inner.name)).collect();
    if names.is_empty()
        || import
            .names
            .iter()
            .all(|inner| lookup.table.full(style, format!("{name}.{}", inner.name)).is_empty())
    {
        names.push(name.to_owned());
    }
    let mut found = Vec::new();
    for mut name in names {
        // Of a type in a type, or a function of an object, the outermost that has a file.
        loop {
            let symbols = lookup.table.full(style, name.clone());
            let usable = lookup.usable(from, symbols);
            let mut files: Vec<FileId> = usable.iter().map(|id| lookup.tree.symbol(*id).file).collect();
            files.dedup();
            if !symbols.is_empty() {
                // One is meant where a name is declared twice; only the parts of a partial class are several.
                files.truncate(if style == Style::CSharp { files.len() } else { 1 });
                found.extend(files);
                break;
            }
            match name.rfind('.') {
                Some(at) if !lookup.table.is_package(style, &name) => name.truncate(at),
                _ => break,
            }
        }
    }
    found
}

/// An import of a folder of Go of which no name could be resolved still means that package.
fn add_packages(lookup: &Lookup<'_>, resolved: &mut Resolved) {
    let mut known: Vec<(FileId, FileId)> = resolved
        .links
        .iter()
        .filter(|link| link.kind == EdgeKind::Import)
        .map(|link| (link.from_file, link.to_file))
        .collect();
    known.sort_unstable();
    known.dedup();
    for from in lookup.tree.ids() {
        if Style::of(lookup.tree.file(from).language) != Some(Style::Go) {
            continue;
        }
        let located = &lookup.bindings[from.0 as usize].located;
        for (import, located) in lookup.tree.file(from).imports.iter().zip(located) {
            let Target::Folder(folder) = located.base else { continue };
            let is_known = |to: &FileId| known.binary_search(&(from, *to)).is_ok();
            let files = lookup.modules.folders.files(folder);
            if files.iter().any(is_known) {
                continue;
            }
            let of_package = files.iter().copied().filter(|to| {
                let file = lookup.tree.file(*to);
                Style::of(file.language) == Some(Style::Go) && file.role != FileRole::Test
            });
            let name = lookup.modules.folders.path(folder).rsplit('/').next().unwrap_or_default();
            let speaks = |to: &FileId| {
                let path = &*lookup.tree.file(*to).path;
                let file = path.rsplit('/').next().unwrap_or(path);
                (file != "doc.go", file.strip_suffix(".go") != Some(name), *to)
            };
            if let Some(to) = of_package.min_by_key(speaks).filter(|to| *to != from) {
                resolved.links.push(import_link(from, to, import));
            }
        }
    }
}
