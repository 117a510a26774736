//! Rust: modules are files that `mod` declares, crates are named by their manifests.

use std::collections::HashMap;

use super::{
    folders::{child, folder_of},
    modules::{Located, Modules, Target},
};
use crate::{
    domain::{Language, SymbolKind},
    facts::Import,
    index::{
        manifests::CargoPackage,
        tree::{FileId, Tree},
    },
};

/// The tree of modules, as `mod name;` makes it.
pub(super) struct Rust<'t> {
    children: HashMap<(FileId, &'t str), FileId>,
    parents: HashMap<FileId, FileId>,
}

impl<'t> Rust<'t> {
    pub(super) fn of(tree: &'t Tree) -> Self {
        let mut rust = Self { children: HashMap::new(), parents: HashMap::new() };
        for id in tree.ids().filter(|id| tree.file(*id).language == Some(Language::Rust)) {
            let file = tree.file(id);
            for import in file.imports.iter().filter(|import| import.relative) {
                let inner = inline_modules(tree, id, import.line);
                let mut folder = folder_of_children(&file.path);
                for module in &inner {
                    folder = child(&folder, module);
                }
                let name = import.module.trim_start_matches("r#");
                let found = tree
                    .at(&child(&folder, &format!("{name}.rs")))
                    .or_else(|| tree.at(&child(&folder, &format!("{name}/mod.rs"))));
                if let Some(found) = found.filter(|found| *found != id) {
                    rust.children.insert((id, name), found);
                    rust.parents.entry(found).or_insert(id);
                }
            }
        }
        rust
    }

    /// The file of a child module.
    pub(super) fn submodule(&self, file: FileId, name: &str) -> Option<FileId> {
        self.children.get(&(file, name)).copied()
    }

    /// The root of the crate that a file is part of.
    pub(super) fn root(&self, file: FileId) -> FileId {
        let mut root = file;
        for _ in 0..64 {
            match self.parents.get(&root) {
                Some(parent) => root = *parent,
                None => break,
            }
        }
        root
    }

    /// `crate::a::b`, `super::a`, `a::b` of a crate or of a module in scope, or the name after `mod`.
    pub(super) fn locate<'i>(&self, modules: &Modules<'_>, file: FileId, import: &'i Import) -> Located<'i> {
        let module = import.module.trim_start_matches("r#");
        if import.relative {
            return Located::whole(self.submodule(file, module).map_or(Target::Unknown, Target::File));
        }
        let inline = inline_modules(modules.tree, file, import.line).len();
        let parts: Vec<&str> = module.split("::").collect();
        self.locate_parts(modules, file, &parts, inline)
    }

    /// The parts of a path as written in a file, inside of so many inline modules.
    pub(super) fn locate_parts<'i>(
        &self,
        modules: &Modules<'_>,
        file: FileId,
        parts: &[&'i str],
        mut inline: usize,
    ) -> Located<'i> {
        let mut parts = parts.iter().copied().filter(|part| !part.is_empty()).peekable();
        let Some(first) = parts.next() else { return Located::whole(Target::Unknown) };
        let base = match first {
            "crate" | "$crate" => Target::File(self.root(file)),
            "self" => Target::File(file),
            "super" => {
                let mut base = Some(file);
                let mut ups = 1;
                while parts.next_if_eq(&"super").is_some() {
                    ups += 1;
                }
                for _ in 0..ups {
                    if inline > 0 {
                        inline -= 1;
                    } else {
                        base = base.and_then(|base| self.parents.get(&base).copied());
                    }
                }
                base.map_or(Target::Unknown, Target::File)
            }
            first => match self.submodule(file, first) {
                Some(found) => Target::File(found),
                None => crate_named(modules, file, first),
            },
        };
        Located { base, rest: parts.collect() }
    }
}

/// Crates that need no line in the manifest.
const BUILT_IN: [&str; 5] = ["std", "core", "alloc", "proc_macro", "test"];

/// The library that a file knows by a name: one of this repository, or one from outside.
fn crate_named(modules: &Modules<'_>, file: FileId, name: &str) -> Target {
    let crates = &modules.tree.manifests.cargo;
    let path = &*modules.tree.file(file).path;
    let around = |package: &&CargoPackage| {
        package.folder.is_empty()
            || path.strip_prefix(package.folder.as_str()).is_some_and(|rest| rest.starts_with('/'))
    };
    let own = crates.iter().filter(around).max_by_key(|package| package.folder.len());
    let written = own.and_then(|own| own.dependencies.iter().find(|(alias, _)| alias == name));
    let package = written.map_or(name, |(_, package)| package.as_str());
    let is_asked_for = written.is_some() || own.is_none_or(|own| own.name == name);
    let found = crates.iter().filter(|known| known.name == package && is_asked_for);
    if let Some(root) = found.filter_map(|known| modules.tree.at(&known.lib)).next() {
        return Target::File(root);
    }
    // What no manifest names is a module or type in scope, which the caller has looked for.
    if written.is_some() || own.is_none() || BUILT_IN.contains(&name) {
        return Target::Outside(package.to_owned());
    }
    Target::Unknown
}

/// The names of the inline modules around a line, outermost first.
pub(super) fn inline_modules(tree: &Tree, file: FileId, line: u32) -> Vec<&str> {
    tree.symbols_of(file)
        .filter(|(_, symbol)| {
            symbol.kind == SymbolKind::Module && symbol.line <= line && line <= symbol.end_line
        })
        .map(|(_, symbol)| tree.names.text(symbol.name))
        .collect()
}

/// The folder in which the child modules of a file lie.
fn folder_of_children(path: &str) -> String {
    let folder = folder_of(path);
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".rs").unwrap_or(name);
    let parent = folder.rsplit('/').next().unwrap_or(folder);
    let is_root = matches!(stem, "mod" | "lib" | "main")
        || (matches!(parent, "bin" | "tests" | "examples" | "benches"))
        || (stem == "build");
    if is_root { folder.to_owned() } else { child(folder, stem) }
}
