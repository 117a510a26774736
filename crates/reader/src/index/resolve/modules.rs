//! From the module that an import names to what it is here.

use super::{
    ecmascript::Ecmascript,
    folders::{FolderId, Folders},
    python::Python,
    rust::Rust,
};
use crate::{
    domain::Language,
    facts::Import,
    index::tree::{FileId, Tree},
    scan::FileRole,
};

/// What a module is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Target {
    /// A file.
    File(FileId),
    /// The files right in a folder, which are one package.
    Folder(FolderId),
    /// A package that is not in the repository.
    Outside(String),
    /// Something of the repository that is not there to be read, or that cannot be told.
    Unknown,
}

/// A module, and the parts of its name that name something in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Located<'i> {
    pub(super) base: Target,
    pub(super) rest: Vec<&'i str>,
}

impl Located<'_> {
    /// The module itself.
    pub(super) fn whole(base: Target) -> Self {
        Self { base, rest: Vec::new() }
    }
}

/// Knows where modules lie, for each style of import.
pub(super) struct Modules<'t> {
    pub(super) tree: &'t Tree,
    pub(super) folders: Folders<'t>,
    python: Python<'t>,
    ecmascript: Ecmascript,
    rust: Rust<'t>,
}

impl<'t> Modules<'t> {
    /// Looks at all paths and manifests.
    pub(super) fn of(tree: &'t Tree) -> Self {
        let folders = Folders::of(tree);
        let python = Python::of(tree, &folders);
        let rust = Rust::of(tree);
        Self { tree, folders, python, ecmascript: Ecmascript, rust }
    }

    /// What an import's module is.
    pub(super) fn locate<'i>(&self, file: FileId, import: &'i Import) -> Located<'i> {
        let located = match self.tree.file(file).language {
            Some(Language::Python) => Located::whole(self.python.locate(self, file, &import.module)),
            Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => {
                Located::whole(self.ecmascript.locate(self, file, &import.module))
            }
            Some(Language::Rust) => self.rust.locate(self, file, import),
            _ => Located::whole(Target::Unknown),
        };
        match located.base {
            Target::File(to) if !self.may_import(file, to, import) => Located::whole(Target::Unknown),
            _ => located,
        }
    }

    /// The module `name` inside of a module, where modules lie in modules.
    pub(super) fn submodule(&self, of: &Target, name: &str) -> Option<Target> {
        match of {
            Target::File(file) => match self.tree.file(*file).language? {
                Language::Python => self.python.submodule(self, *file, name),
                Language::Rust => self.rust.submodule(*file, name).map(Target::File),
                _ => None,
            },
            Target::Folder(folder) => self.python.in_folder(self, self.folders.path(*folder), name),
            Target::Outside(_) | Target::Unknown => None,
        }
    }

    /// Code does not depend on its own tests, unless it says so by the path of a file.
    pub(super) fn may_import(&self, from: FileId, to: FileId, import: &Import) -> bool {
        let is_path = import.relative && self.tree.file(from).language != Some(Language::Rust);
        is_path || self.may_use(from, to)
    }

    /// Code does not use its own tests, examples and benchmarks; these use each other and the code.
    pub(super) fn may_use(&self, from: FileId, to: FileId) -> bool {
        let is_aside = |file| {
            matches!(self.tree.file(file).role, FileRole::Test | FileRole::Example | FileRole::Benchmark)
        };
        is_aside(from) || !is_aside(to)
    }
}
