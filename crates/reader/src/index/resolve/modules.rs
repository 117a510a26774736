//! From the module that an import names to what it is here.

use super::{
    ecmascript,
    folders::{FolderId, Folders},
    named,
    paths::Paths,
    python::Python,
    rust::Rust,
    style::Style,
    table::Table,
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
    /// A package, or a type in one, by its full name.
    Named(Style, String),
    /// A Swift module, by its folder.
    SwiftModule(String),
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
    rust: Rust<'t>,
    paths: Paths<'t>,
}

impl<'t> Modules<'t> {
    /// Looks at all paths and manifests.
    pub(super) fn of(tree: &'t Tree) -> Self {
        let folders = Folders::of(tree);
        let python = Python::of(tree, &folders);
        Self { tree, folders, python, rust: Rust::of(tree), paths: Paths::of(tree) }
    }

    /// What an import's module is.
    pub(super) fn locate<'i>(&self, table: &Table<'_>, file: FileId, import: &'i Import) -> Located<'i> {
        let Some(style) = Style::of(self.tree.file(file).language) else {
            return Located::whole(Target::Unknown);
        };
        let module = import.module.as_str();
        let located = Located::whole(match style {
            Style::Rust => return self.checked(file, import, self.rust.locate(self, file, import)),
            Style::Python => self.python.locate(self, file, module),
            Style::Ecma => ecmascript::locate(self, file, module),
            Style::Go => self.paths.go(self, file, module),
            Style::C => self.paths.include(self, file, module, import.relative),
            Style::Ruby => self.paths.ruby(self, file, module, import.relative),
            Style::Shell => self.paths.script(self, file, module),
            Style::Php if import.relative => self.paths.script(self, file, module),
            Style::Swift => self.paths.swift(self, module),
            Style::Jvm | Style::CSharp | Style::Php => {
                named::locate(table, &self.tree.manifests, style, import)
            }
        });
        self.checked(file, import, located)
    }

    fn checked<'i>(&self, file: FileId, import: &Import, located: Located<'i>) -> Located<'i> {
        match located.base {
            Target::File(to) if !self.may_import(file, to, import) => Located::whole(Target::Unknown),
            _ => located,
        }
    }

    /// What the first part of a dotted Python import binds.
    pub(super) fn python_module(&self, file: FileId, name: &str) -> Target {
        self.python.locate(self, file, name)
    }

    /// A Rust path as it stands in the code of a file.
    pub(super) fn rust_path<'i>(&self, file: FileId, path: &'i [&'i str], inline: usize) -> Located<'i> {
        self.rust.locate_parts(self, file, path, inline)
    }

    /// The root file of a Rust file's crate.
    pub(super) fn crate_of(&self, file: FileId) -> FileId {
        self.rust.root(file)
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
            _ => None,
        }
    }

    /// Code does not depend on its own tests, unless it says so by the path of a file.
    fn may_import(&self, from: FileId, to: FileId, import: &Import) -> bool {
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
