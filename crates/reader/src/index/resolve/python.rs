//! Python: packages are folders, looked up from the folders that stand on the path.

use std::collections::{BTreeMap, HashSet};

use super::{
    folders::{Folders, child, folder_of, nearness},
    modules::{Modules, Target},
};
use crate::{
    domain::Language,
    index::tree::{FileId, Tree},
};

const INITS: [&str; 2] = ["__init__.py", "__init__.pyi"];

/// Where top-level names are found.
pub(super) struct Python<'t> {
    /// Folders that hold Python files at any depth.
    folders: HashSet<&'t str>,
    /// The folders in which a top-level package or module of this name lies.
    roots: BTreeMap<&'t str, Vec<&'t str>>,
}

impl<'t> Python<'t> {
    pub(super) fn of(tree: &'t Tree, folders: &Folders<'t>) -> Self {
        let mut python: HashSet<&str> = HashSet::new();
        for id in tree.ids().filter(|id| tree.file(*id).language == Some(Language::Python)) {
            let mut folder = folder_of(&tree.file(id).path);
            while python.insert(folder) && !folder.is_empty() {
                folder = folder_of(folder);
            }
        }
        let mut roots: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for folder in folders.paths().filter(|folder| !folder.is_empty() && is_package(tree, folder)) {
            let above = folder_of(folder);
            if !is_package(tree, above) {
                let name = folder.rsplit('/').next().unwrap_or(folder);
                roots.entry(name).or_default().push(above);
            }
        }
        Self { folders: python, roots }
    }

    /// `a.b` or `..a.b`.
    pub(super) fn locate(&self, modules: &Modules<'_>, file: FileId, module: &str) -> Target {
        let from = &*modules.tree.file(file).path;
        let name = module.trim_start_matches('.');
        let dots = module.len() - name.len();
        if dots > 0 {
            let mut folder = folder_of(from);
            for _ in 1..dots {
                if folder.is_empty() {
                    return Target::Unknown;
                }
                folder = folder_of(folder);
            }
            return self.below(modules, folder, name).unwrap_or(Target::Unknown);
        }
        let first = name.split('.').next().unwrap_or(name);
        let mut is_ours = false;
        for root in self.roots_for(modules, from, first) {
            if let Some(target) = self.below(modules, root, name) {
                match target {
                    Target::File(to) if !modules.may_use(file, to) => continue,
                    target => return target,
                }
            }
            is_ours |= root.is_empty() || self.roots.get(first).is_some_and(|roots| roots.contains(&root));
            is_ours &= self.in_folder(modules, root, first).is_some();
        }
        if is_ours { Target::Unknown } else { Target::Outside(first.to_owned()) }
    }

    /// The module `name` of a package.
    pub(super) fn submodule(&self, modules: &Modules<'_>, file: FileId, name: &str) -> Option<Target> {
        let path = &*modules.tree.file(file).path;
        let folder = INITS.iter().find_map(|init| path.strip_suffix(init))?;
        self.in_folder(modules, folder.trim_end_matches('/'), name)
    }

    /// The module `name` in a folder.
    pub(super) fn in_folder(&self, modules: &Modules<'_>, folder: &str, name: &str) -> Option<Target> {
        let path = child(folder, name);
        for init in INITS {
            if let Some(file) = modules.tree.at(&format!("{path}/{init}")) {
                return Some(Target::File(file));
            }
        }
        for extension in ["py", "pyi"] {
            if let Some(file) = modules.tree.at(&format!("{path}.{extension}")) {
                return Some(Target::File(file));
            }
        }
        // A package without `__init__.py`.
        self.folders.contains(path.as_str()).then(|| modules.folders.at(&path).map(Target::Folder)).flatten()
    }

    fn below(&self, modules: &Modules<'_>, folder: &str, name: &str) -> Option<Target> {
        let mut path = folder.to_owned();
        let mut parts = name.split('.').filter(|part| !part.is_empty()).peekable();
        if parts.peek().is_none() {
            return match INITS.iter().find_map(|init| modules.tree.at(&child(folder, init))) {
                Some(file) => Some(Target::File(file)),
                None => modules.folders.at(folder).map(Target::Folder),
            };
        }
        while let Some(part) = parts.next() {
            if parts.peek().is_none() {
                return self.in_folder(modules, &path, part);
            }
            path = child(&path, part);
        }
        None
    }

    /// The folders in which to look for a top-level name: those around the file that are no packages (the
    /// folder of a script is on the path), then the folders of packages of that name, nearest first, then usual ones.
    fn roots_for<'a>(&'a self, modules: &Modules<'_>, from: &'a str, first: &str) -> Vec<&'a str> {
        let mut roots = Vec::new();
        let mut folder = folder_of(from);
        loop {
            if !is_package(modules.tree, folder) {
                roots.push(folder);
            }
            if folder.is_empty() {
                break;
            }
            folder = folder_of(folder);
        }
        let mut known: Vec<&str> = self.roots.get(first).cloned().unwrap_or_default();
        known.sort_by_key(|root| (std::cmp::Reverse(nearness(root, from)), *root));
        roots.extend(known);
        roots.extend(["src", "lib", "python"]);
        let mut seen = HashSet::new();
        roots.retain(|root| seen.insert(*root));
        roots
    }
}

fn is_package(tree: &Tree, folder: &str) -> bool {
    INITS.iter().any(|init| tree.by_path.contains_key(child(folder, init).as_str()))
}
