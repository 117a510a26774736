//! All symbols, found by the ways in which languages find them.

use std::collections::{HashMap, HashSet};

use super::{
    folders::{child, folder_of},
    modules::Modules,
    style::{Style, is_type},
};
use crate::{
    domain::SymbolKind,
    index::{
        names::Name,
        tree::{FileId, SymbolId, Tree},
    },
};

/// A folder, crate or target whose files are one whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Unit(u32);

/// The symbols by name.
pub(super) struct Table<'t> {
    tree: &'t Tree,
    /// The symbols of each file, sorted by qualified name, in the places of the file's symbols.
    sorted: Vec<SymbolId>,
    /// The qualified name of a member, by the name of what holds it and its own.
    joined: HashMap<(Name, Name), Name>,
    units: Vec<Unit>,
    in_unit: HashMap<(Unit, Name), Vec<SymbolId>>,
    /// By style and full name, parts joined by `.`.
    full: HashMap<(Style, String), Vec<SymbolId>>,
    packages: HashSet<(Style, String)>,
    /// Functions, types and macros of C and C++, whatever their namespace.
    of_c: HashMap<Name, Vec<SymbolId>>,
    /// Members whose class stands in another file: by unit, the last part of the class's name, their own name.
    elsewhere: HashMap<(Unit, Name, Name), Vec<SymbolId>>,
}

impl<'t> Table<'t> {
    /// Looks at all symbols once.
    pub(super) fn of(modules: &Modules<'t>) -> Self {
        let tree = modules.tree;
        let mut sorted = Vec::with_capacity(tree.symbols.len());
        for id in tree.ids() {
            let from = sorted.len();
            sorted.extend(tree.symbols_of(id).map(|(id, _)| id));
            sorted[from..].sort_by_key(|id| (tree.symbol(*id).qualified, *id));
        }
        let mut joined = HashMap::new();
        for symbol in &tree.symbols {
            if let Some(parent) = symbol.parent {
                joined.insert((parent, symbol.name), symbol.qualified);
            }
        }
        let mut table = Self {
            tree,
            sorted,
            joined,
            units: units(modules),
            in_unit: HashMap::new(),
            full: HashMap::new(),
            packages: HashSet::new(),
            of_c: HashMap::new(),
            elsewhere: HashMap::new(),
        };
        for id in tree.ids() {
            if let Some(style) = Style::of(tree.file(id).language) {
                table.take(id, style);
            }
        }
        table
    }

    fn take(&mut self, file: FileId, style: Style) {
        let tree = self.tree;
        let unit = self.unit(file);
        let package = tree.file(file).package.map(|package| tree.names.text(package));
        if let (true, Some(package)) = (style.has_full_names(), package) {
            self.add_package(style, package);
        }
        for (id, symbol) in tree.symbols_of(file) {
            let holder = symbol.parent.and_then(|parent| self.in_file(file, parent).first().copied());
            let is_member = symbol.parent.is_some()
                && holder.is_none_or(|holder| tree.symbol(holder).kind != SymbolKind::Module);
            // A namespace is open: it is a package, not the symbol of one file.
            let is_namespace = style == Style::CSharp && symbol.kind == SymbolKind::Module;
            if is_namespace {
                self.add_package(style, tree.names.text(symbol.qualified));
            }
            if style.has_full_names() && !is_namespace && (!is_member || is_type(symbol.kind)) {
                let full = full_name(package, tree.names.text(symbol.qualified));
                self.full.entry((style, full)).or_default().push(id);
            }
            if style.has_units() && symbol.parent.is_none() {
                self.in_unit.entry((unit, symbol.name)).or_default().push(id);
            }
            if style == Style::C && !is_member && symbol.kind != SymbolKind::Module {
                self.of_c.entry(symbol.name).or_default().push(id);
            }
            if let (Some(parent), None) = (symbol.parent, holder) {
                let text = tree.names.text(parent);
                let last = text.rsplit('.').next().unwrap_or(text);
                if let Some(last) = tree.names.get(last) {
                    self.elsewhere.entry((unit, last, symbol.name)).or_default().push(id);
                }
            }
        }
    }

    /// Adds a package and those around it.
    fn add_package(&mut self, style: Style, mut package: &str) {
        while self.packages.insert((style, package.to_owned())) {
            match package.rsplit_once('.') {
                Some((outer, _)) => package = outer,
                None => break,
            }
        }
    }

    /// The symbols of a file with this qualified name, by line.
    pub(super) fn in_file(&self, file: FileId, qualified: Name) -> &[SymbolId] {
        let range = self.tree.file(file).symbols.clone();
        let symbols = &self.sorted[range.start as usize..range.end as usize];
        let from = symbols.partition_point(|id| self.tree.symbol(*id).qualified < qualified);
        let count = symbols[from..].partition_point(|id| self.tree.symbol(*id).qualified == qualified);
        &symbols[from..from + count]
    }

    /// The symbols of a file that `holder` holds directly, by its qualified name.
    pub(super) fn member_in_file(&self, file: FileId, holder: Name, name: Name) -> &[SymbolId] {
        self.joined.get(&(holder, name)).map_or(&[], |qualified| self.in_file(file, *qualified))
    }

    /// Members that stand in other files than their class.
    pub(super) fn member_elsewhere(&self, unit: Unit, class: Name, name: Name) -> &[SymbolId] {
        self.elsewhere.get(&(unit, class, name)).map_or(&[], Vec::as_slice)
    }

    /// Top-level names of a unit.
    pub(super) fn in_unit(&self, unit: Unit, name: Name) -> &[SymbolId] {
        self.in_unit.get(&(unit, name)).map_or(&[], Vec::as_slice)
    }

    /// The unit of a file.
    pub(super) fn unit(&self, file: FileId) -> Unit {
        self.units[file.0 as usize]
    }

    /// Types and functions of a full name.
    pub(super) fn full(&self, style: Style, name: String) -> &[SymbolId] {
        self.full.get(&(style, name)).map_or(&[], Vec::as_slice)
    }

    /// True when files of the repository declare this package, or one in it.
    pub(super) fn is_package(&self, style: Style, name: &str) -> bool {
        self.packages.contains(&(style, name.to_owned()))
    }

    /// Functions, types and macros of C and C++.
    pub(super) fn of_c(&self, name: Name) -> &[SymbolId] {
        self.of_c.get(&name).map_or(&[], Vec::as_slice)
    }
}

/// The package and the name in the file, unless the latter holds the former already.
pub(super) fn full_name(package: Option<&str>, qualified: &str) -> String {
    match package {
        Some(package)
            if qualified != package
                && !qualified.strip_prefix(package).is_some_and(|rest| rest.starts_with('.')) =>
        {
            format!("{package}.{qualified}")
        }
        _ => qualified.to_owned(),
    }
}

fn units(modules: &Modules<'_>) -> Vec<Unit> {
    let tree = modules.tree;
    let mut known: HashMap<String, Unit> = HashMap::new();
    let mut unit_of = |key: String| {
        let next = Unit(u32::try_from(known.len()).unwrap_or(u32::MAX));
        *known.entry(key).or_insert(next)
    };
    tree.ids()
        .map(|id| {
            let file = tree.file(id);
            unit_of(match Style::of(file.language) {
                Some(Style::Go) => {
                    // Tests of `x` from outside are package `x_test` in the same folder.
                    let package = file.package.map_or("", |package| tree.names.text(package));
                    go_unit(folder_of(&file.path), package)
                }
                Some(Style::Swift) => format!("swift {}", swift_target(&file.path)),
                Some(Style::Rust) => format!("rust {}", modules.crate_of(id).0),
                Some(Style::Jvm) => format!("jvm {}", jvm_module(tree, &file.path)),
                Some(style) => format!("{style:?}"),
                None => String::new(),
            })
        })
        .collect()
}

fn go_unit(folder: &str, package: &str) -> String {
    format!("go {folder} {package}")
}

/// The nearest folder with a build file of its own; where only the root has one, what holds `src`.
fn jvm_module<'p>(tree: &Tree, path: &'p str) -> &'p str {
    let mut folder = folder_of(path);
    while !folder.is_empty() {
        let builds = ["build.gradle.kts", "build.gradle", "pom.xml"];
        if builds.iter().any(|file| tree.by_path.contains_key(child(folder, file).as_str())) {
            return folder;
        }
        folder = folder_of(folder);
    }
    path.find("/src/").map_or("", |at| &path[..at])
}

/// `Sources/Name` of a package; the top folder of an app.
pub(super) fn swift_target(path: &str) -> &str {
    let mut ends = path.match_indices('/').map(|(at, _)| at);
    let mut start = 0;
    while let Some(end) = ends.next() {
        if matches!(&path[start..end], "Sources" | "Tests") {
            return ends.next().map_or(&path[..end], |end| &path[..end]);
        }
        start = end + 1;
    }
    path.split_once('/').map_or("", |(first, _)| first)
}
