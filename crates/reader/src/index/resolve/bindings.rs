//! The names that imports bind in each file.

use std::collections::HashMap;

use super::{
    modules::{Located, Modules, Target},
    style::Style,
    table::Table,
};
use crate::index::{
    names::Name,
    tree::{FileId, Tree},
};

/// What one name of a file is bound to.
#[derive(Debug, Clone)]
pub(super) struct Bound<'t> {
    /// The module.
    pub(super) module: Located<'t>,
    /// The name taken from it; `None` when the module itself is bound.
    pub(super) member: Option<&'t str>,
    /// The place of the import in the file.
    pub(super) import: usize,
    pub(super) is_reexport: bool,
}

impl Bound<'_> {
    /// True for a name of something that is not in the repository.
    pub(super) fn is_outside(&self) -> bool {
        matches!(self.module.base, Target::Outside(_))
    }
}

/// The imports of one file, located.
#[derive(Debug, Default)]
pub(super) struct FileBindings<'t> {
    /// What each import's module is, in the order of the imports.
    pub(super) located: Vec<Located<'t>>,
    pub(super) names: HashMap<Name, Bound<'t>>,
    /// Modules of which everything is taken.
    pub(super) wildcards: Vec<Bound<'t>>,
}

/// Binds the imports of all files.
pub(super) fn bind<'t>(tree: &'t Tree, modules: &Modules<'t>, table: &Table<'t>) -> Vec<FileBindings<'t>> {
    tree.ids().map(|file| bind_file(tree, modules, table, file)).collect()
}

fn bind_file<'t>(tree: &'t Tree, modules: &Modules<'t>, table: &Table<'t>, file: FileId) -> FileBindings<'t> {
    let mut bindings = FileBindings::default();
    let mut outside = Vec::new();
    let Some(style) = Style::of(tree.file(file).language) else { return bindings };
    for (at, import) in tree.file(file).imports.iter().enumerate() {
        let located = modules.locate(table, file, import);
        let bound =
            |module: Located<'t>, member| Bound { module, member, import: at, is_reexport: import.reexport };
        if matches!(located.base, Target::Outside(_)) {
            outside.push(at);
            bindings.located.push(located);
            continue;
        }
        for name in &import.names {
            let alias = name.alias.as_deref().unwrap_or(&name.name);
            if let Some(alias) = tree.names.get(alias) {
                bindings
                    .names
                    .entry(alias)
                    .or_insert_with(|| bound(located.clone(), Some(name.name.as_str())));
            }
        }
        let takes_all = import.wildcard
            || matches!(style, Style::CSharp if import.alias.is_none())
            || matches!(style, Style::Shell | Style::Ruby | Style::Swift)
            || (style == Style::Php && import.relative);
        if takes_all {
            bindings.wildcards.push(bound(located.clone(), None));
        } else if let Some((name, module)) = own_name(tree, modules, style, file, at, &located) {
            bindings.names.entry(name).or_insert_with(|| bound(module, None));
        }
        bindings.located.push(located);
    }
    // A name that comes from either place, as in `try: from json import dumps`, means what is here.
    for at in outside {
        bind_outside(tree, modules, style, file, at, &mut bindings);
    }
    bindings
}

/// Binds the names of an import from outside, so that they mean nothing of equal name in the repository.
fn bind_outside<'t>(
    tree: &'t Tree,
    modules: &Modules<'t>,
    style: Style,
    file: FileId,
    at: usize,
    bindings: &mut FileBindings<'t>,
) {
    let Some(import) = tree.file(file).imports.get(at) else { return };
    let nowhere = || Located::whole(Target::Outside(String::new()));
    let bound = |module| Bound { module, member: None, import: at, is_reexport: import.reexport };
    for name in &import.names {
        if let Some(alias) = tree.names.get(name.alias.as_deref().unwrap_or(&name.name)) {
            bindings.names.entry(alias).or_insert_with(|| bound(nowhere()));
        }
    }
    if !import.wildcard
        && let Some((name, module)) = own_name(tree, modules, style, file, at, &nowhere())
    {
        bindings.names.entry(name).or_insert_with(|| bound(module));
    }
}

/// The name that the module itself is bound to, and what that name then means.
fn own_name<'t>(
    tree: &'t Tree,
    modules: &Modules<'t>,
    style: Style,
    file: FileId,
    at: usize,
    located: &Located<'t>,
) -> Option<(Name, Located<'t>)> {
    let import = tree.file(file).imports.get(at)?;
    if let Some(alias) = &import.alias {
        return Some((tree.names.get(alias)?, located.clone()));
    }
    if !import.names.is_empty() || import.relative && style != Style::Ecma {
        return None;
    }
    let module = import.module.as_str();
    match style {
        // `import a.b.c` binds `a`.
        Style::Python => {
            let first = module.split('.').next()?;
            Some((tree.names.get(first)?, Located::whole(modules.python_module(file, first))))
        }
        Style::Jvm | Style::Php => {
            let last = module.rsplit(['.', '\\']).next()?;
            Some((tree.names.get(last)?, located.clone()))
        }
        Style::Go => {
            let Target::Folder(folder) = located.base else { return None };
            let declared = modules.folders.files(folder).iter().find_map(|file| {
                let package = tree.names.text(tree.file(*file).package?);
                (!package.ends_with("_test")).then_some(package)
            });
            let last = module.rsplit('/').next()?;
            Some((tree.names.get(declared.unwrap_or(last))?, located.clone()))
        }
        Style::Rust => Some((tree.names.get(module)?, located.clone())),
        _ => None,
    }
}
