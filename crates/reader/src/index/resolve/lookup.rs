//! From a name in its place to what it means.

use std::collections::HashMap;

use super::{
    bindings::{Bound, FileBindings},
    closure::Closure,
    modules::{Modules, Target},
    style::{Qualifier, Style, is_type},
    table::{Table, full_name},
};
use crate::{
    domain::SymbolKind,
    index::{
        names::Name,
        tree::{FileId, SymbolId, Tree},
    },
};

/// Re-exports, bases and wildcards are followed so far.
const MAX_STEPS: usize = 12;

/// What a name means.
#[derive(Debug, Clone)]
pub(super) enum Meaning {
    /// Symbols of one name: overloads, parts of one type; never empty.
    Symbols(Vec<SymbolId>),
    /// A module.
    Module(Target),
}

/// A meaning, and the import of the file by which it was reached.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) meaning: Meaning,
    pub(super) import: Option<usize>,
}

/// Where a name stands.
pub(super) struct Place<'p> {
    pub(super) file: FileId,
    pub(super) style: Style,
    /// The qualified names around, innermost first.
    pub(super) scopes: &'p [Name],
    pub(super) line: u32,
    /// What a C file sees through its includes.
    pub(super) closure: &'p Closure,
}

/// Looks names up.
pub(super) struct Lookup<'t> {
    pub(super) tree: &'t Tree,
    pub(super) modules: Modules<'t>,
    pub(super) table: Table<'t>,
    pub(super) bindings: Vec<FileBindings<'t>>,
    /// The resolved bases of each class.
    pub(super) bases: HashMap<SymbolId, Vec<SymbolId>>,
    /// How many threads may look up at once.
    pub(super) threads: usize,
}

impl<'t> Lookup<'t> {
    /// What a name with its qualifier means; `None` when the rules of the language do not tell.
    pub(super) fn of(&self, place: &Place<'_>, qualifier: Option<&'t str>, name: Name) -> Option<Found> {
        match Qualifier::read(place.style, qualifier) {
            Qualifier::None if place.style == Style::Rust && self.tree.names.text(name) == "Self" => None,
            Qualifier::None => self.bare(place, name, 0),
            Qualifier::Own => self.own_member(place, name, false),
            Qualifier::Bases => self.own_member(place, name, true),
            Qualifier::Unknown => None,
            Qualifier::Path(parts) => match parts.as_slice() {
                [only] if self.is_receiver(place, only) => self.own_member(place, name, false),
                parts => self.path(place, parts, name),
            },
        }
        .filter(|found| self.is_visible(place, found))
    }

    fn is_visible(&self, place: &Place<'_>, found: &Found) -> bool {
        match &found.meaning {
            Meaning::Symbols(symbols) => symbols.iter().any(|symbol| self.is_usable(place.file, *symbol)),
            Meaning::Module(_) => true,
        }
    }

    /// A name with nothing before it.
    fn bare(&self, place: &Place<'_>, name: Name, steps: usize) -> Option<Found> {
        if let Some(symbols) = self.in_scopes(place, name) {
            return Some(Found { meaning: Meaning::Symbols(symbols), import: None });
        }
        let bindings = &self.bindings[place.file.0 as usize];
        let bound = bindings.names.get(&name);
        // `var View = require("./view")` is a variable and an import: the import tells more.
        if place.style == Style::Ecma
            && let Some(found) = bound.and_then(|bound| self.follow(place.file, bound, steps))
        {
            return Some(found);
        }
        let here = self.table.in_file(place.file, name);
        if !here.is_empty() {
            return Some(Found { meaning: Meaning::Symbols(here.to_vec()), import: None });
        }
        if place.style.has_bare_members()
            && let Some(found) = self.own_member(place, name, true)
        {
            return Some(found);
        }
        if let Some(bound) = bound {
            // A name that is bound means that and nothing else.
            return self.follow(place.file, bound, steps);
        }
        if let Some(symbols) = self.in_package(place, name) {
            return Some(Found { meaning: Meaning::Symbols(symbols), import: None });
        }
        let text = self.tree.names.text(name);
        bindings.wildcards.iter().find_map(|bound| {
            let base = self.walk(place.file, bound, steps)?;
            let meaning = self.step(place.file, &base, text, steps + 1)?;
            Some(Found { meaning, import: Some(bound.import) })
        })
    }

    /// Definitions in the scopes around, in the same file.
    fn in_scopes(&self, place: &Place<'_>, name: Name) -> Option<Vec<SymbolId>> {
        for scope in place.scopes {
            let symbols = self.table.member_in_file(place.file, *scope, name);
            if symbols.is_empty() {
                continue;
            }
            let around = self.table.in_file(place.file, *scope).first().map(|id| self.tree.symbol(*id).kind);
            // Around functions of a class, its members have no bare names in most languages.
            let is_open = match around {
                Some(kind) => !is_type(kind) || place.style.has_bare_members(),
                None => place.style.has_bare_members(),
            };
            let are_types = symbols.iter().all(|id| is_type(self.tree.symbol(*id).kind));
            if is_open || are_types && !matches!(place.style, Style::Python | Style::Ecma) {
                return Some(symbols.to_vec());
            }
        }
        None
    }

    /// Names that the files of one package, namespace or include closure share.
    fn in_package(&self, place: &Place<'_>, name: Name) -> Option<Vec<SymbolId>> {
        let text = self.tree.names.text(name);
        match place.style {
            Style::Go | Style::Swift => {
                self.nearest(place.file, self.table.in_unit(self.table.unit(place.file), name))
            }
            Style::Jvm | Style::Php => {
                let package = self.tree.file(place.file).package.map(|package| self.tree.names.text(package));
                self.full(place.file, place.style, full_name(package, text))
            }
            Style::CSharp | Style::Ruby => self.in_namespaces(place, text),
            Style::C => place.closure.find(self, place, name),
            _ => None,
        }
    }

    /// `A.B.name`, then `A.name`, then `name`.
    fn in_namespaces(&self, place: &Place<'_>, name: &str) -> Option<Vec<SymbolId>> {
        let package = self.tree.file(place.file).package.map(|package| self.tree.names.text(package));
        let scope = place.scopes.first().map_or("", |scope| self.tree.names.text(*scope));
        let mut around =
            if scope.is_empty() { package.unwrap_or_default().to_owned() } else { full_name(package, scope) };
        loop {
            let around_name = if around.is_empty() { name.to_owned() } else { format!("{around}.{name}") };
            if let Some(found) = self.full(place.file, place.style, around_name) {
                return Some(found);
            }
            if around.is_empty() {
                return None;
            }
            around.truncate(around.rfind('.').unwrap_or(0));
        }
    }

    /// A name behind a path of names.
    fn path(&self, place: &Place<'_>, parts: &[&'t str], name: Name) -> Option<Found> {
        let text = self.tree.names.text(name);
        let (first, rest) = parts.split_first()?;
        let number = self.tree.names.get(first);
        let bare = number.and_then(|first| self.bare(place, first, 0));
        let bound = number.and_then(|first| self.bindings[place.file.0 as usize].names.get(&first));
        let (mut meaning, mut rest, import) = match bare {
            Some(found) => (found.meaning, rest.to_vec(), found.import),
            None if bound.is_some_and(Bound::is_outside) => return None,
            None => self.absolute(place, parts, text)?,
        };
        rest.push(text);
        for part in rest {
            meaning = self.step(place.file, &meaning, part, 0)?;
        }
        Some(Found { meaning, import })
    }

    /// A path that starts at no name in scope: `crate::a`, a full name.
    fn absolute(
        &self,
        place: &Place<'_>,
        parts: &[&'t str],
        name: &str,
    ) -> Option<(Meaning, Vec<&'t str>, Option<usize>)> {
        match place.style {
            Style::Rust => {
                let inline = super::rust::inline_modules(self.tree, place.file, place.line).len();
                let located = self.modules.rust_path(place.file, parts, inline);
                let target = match located.base {
                    Target::File(_) => located.base,
                    _ => return None,
                };
                let skip = parts.len().checked_sub(located.rest.len())?;
                Some((Meaning::Module(target), parts.get(skip..)?.to_vec(), None))
            }
            style if style.has_full_names() => {
                for count in (1..=parts.len()).rev() {
                    let full = parts[..count].join(".");
                    if let Some(symbols) = self.full(place.file, style, full.clone()) {
                        return Some((Meaning::Symbols(symbols), parts[count..].to_vec(), None));
                    }
                    if count == parts.len()
                        && self.full(place.file, style, format!("{full}.{name}")).is_some()
                    {
                        return Some((Meaning::Module(Target::Named(style, full)), Vec::new(), None));
                    }
                }
                None
            }
            Style::C => {
                // A namespace, or a class in the closure.
                let last = self.tree.names.get(parts.last()?)?;
                let symbols = place.closure.find(self, place, last)?;
                Some((Meaning::Symbols(symbols), Vec::new(), None))
            }
            _ => None,
        }
    }

    /// A member of the class around, or only of its bases.
    fn own_member(&self, place: &Place<'_>, name: Name, only_bases: bool) -> Option<Found> {
        for scope in place.scopes {
            let holders = self.table.in_file(place.file, *scope);
            let holder = holders.iter().copied().find(|id| {
                let kind = self.tree.symbol(*id).kind;
                is_type(kind) || (kind == SymbolKind::Module && place.style == Style::Ruby)
            });
            if !only_bases {
                let here = self.table.member_in_file(place.file, *scope, name);
                // A function holds no members, but an object of JavaScript that got some does.
                if !here.is_empty() && (holder.is_some() || holders.is_empty() || place.style == Style::Ecma)
                {
                    return Some(Found { meaning: Meaning::Symbols(here.to_vec()), import: None });
                }
            }
            let holder = match holder {
                Some(holder) => vec![holder],
                // The class stands in another file.
                None if holders.is_empty() => self.class_elsewhere(place, *scope),
                None => continue,
            };
            for holder in holder {
                let found = if only_bases {
                    self.bases.get(&holder).into_iter().flatten().find_map(|base| self.member(*base, name, 1))
                } else {
                    self.member(holder, name, 0)
                };
                if let Some(symbols) = found {
                    return Some(Found { meaning: Meaning::Symbols(symbols), import: None });
                }
            }
        }
        None
    }

    /// The class that a method's parent names, when it is not in the file.
    fn class_elsewhere(&self, place: &Place<'_>, scope: Name) -> Vec<SymbolId> {
        let text = self.tree.names.text(scope);
        let Some(last) = self.tree.names.get(text.rsplit('.').next().unwrap_or(text)) else {
            return Vec::new();
        };
        let outside = Place { scopes: &[], ..*place };
        let found = match place.style {
            Style::Go | Style::Swift | Style::C => self.in_package(&outside, last),
            Style::Rust => {
                let bound = self.bindings[place.file.0 as usize].names.get(&last);
                match bound.and_then(|bound| self.follow(place.file, bound, 1)).map(|found| found.meaning) {
                    Some(Meaning::Symbols(symbols)) => Some(symbols),
                    _ => None,
                }
            }
            _ => None,
        };
        let mut found = found.unwrap_or_default();
        found.retain(|id| is_type(self.tree.symbol(*id).kind));
        found
    }

    /// A member of a class, in its file, in others of its unit, or inherited.
    pub(super) fn member(&self, class: SymbolId, name: Name, steps: usize) -> Option<Vec<SymbolId>> {
        if steps > MAX_STEPS {
            return None;
        }
        let symbol = self.tree.symbol(class);
        let here = self.table.member_in_file(symbol.file, symbol.qualified, name);
        if !here.is_empty() {
            return Some(here.to_vec());
        }
        let style = Style::of(self.tree.file(symbol.file).language)?;
        if matches!(style, Style::Go | Style::Rust | Style::Swift | Style::C) && is_type(symbol.kind) {
            let there = self.table.member_elsewhere(self.table.unit(symbol.file), symbol.name, name);
            let there: Vec<SymbolId> = there
                .iter()
                .copied()
                .filter(|id| style != Style::C || self.includes(self.tree.symbol(*id).file, symbol.file))
                .collect();
            if !there.is_empty() {
                return Some(there);
            }
        }
        if style == Style::CSharp {
            // The other parts of a partial class.
            let package = self.tree.file(symbol.file).package.map(|package| self.tree.names.text(package));
            let full = full_name(package, self.tree.names.text(symbol.qualified));
            for part in self.table.full(style, full).iter().filter(|part| **part != class) {
                let part = self.tree.symbol(*part);
                let there = self.table.member_in_file(part.file, part.qualified, name);
                if !there.is_empty() {
                    return Some(there.to_vec());
                }
            }
        }
        self.bases.get(&class).into_iter().flatten().find_map(|base| self.member(*base, name, steps + 1))
    }

    /// True when a file includes another directly.
    fn includes(&self, file: FileId, header: FileId) -> bool {
        file == header
            || self.bindings[file.0 as usize]
                .located
                .iter()
                .any(|located| located.base == Target::File(header))
    }

    /// What a bound name means to the file that asks.
    fn follow(&self, from: FileId, bound: &Bound<'t>, steps: usize) -> Option<Found> {
        let mut meaning = self.walk(from, bound, steps)?;
        if let Some(member) = bound.member {
            meaning = self.step(from, &meaning, member, steps + 1)?;
        }
        Some(Found { meaning, import: Some(bound.import) })
    }

    /// The module of a bound name, with the rest of its path walked.
    fn walk(&self, from: FileId, bound: &Bound<'t>, steps: usize) -> Option<Meaning> {
        if steps > MAX_STEPS {
            return None;
        }
        let mut meaning = match &bound.module.base {
            Target::Outside(_) | Target::Unknown => return None,
            Target::Named(style, name) => self.named(from, *style, name)?,
            target => Meaning::Module(target.clone()),
        };
        for part in &bound.module.rest {
            meaning = self.step(from, &meaning, part, steps + 1)?;
        }
        Some(meaning)
    }

    /// `name` inside of what something means; `from` breaks ties by nearness.
    pub(super) fn step(&self, from: FileId, meaning: &Meaning, name: &str, steps: usize) -> Option<Meaning> {
        if steps > MAX_STEPS {
            return None;
        }
        match meaning {
            Meaning::Symbols(symbols) => {
                let name = self.tree.names.get(name)?;
                let found = symbols.iter().find_map(|symbol| self.member(*symbol, name, 0))?;
                Some(Meaning::Symbols(found))
            }
            Meaning::Module(target) => self.in_module(from, target, name, steps),
        }
    }

    fn in_module(&self, from: FileId, target: &Target, name: &str, steps: usize) -> Option<Meaning> {
        let number = self.tree.names.get(name);
        match target {
            Target::File(file) => {
                let style = Style::of(self.tree.file(*file).language)?;
                if style == Style::Rust
                    && let Some(inner) = self.modules.submodule(target, name)
                {
                    return Some(Meaning::Module(inner));
                }
                let bindings = &self.bindings[file.0 as usize];
                let bound = number.and_then(|number| bindings.names.get(&number));
                if let Some(number) = number {
                    if style == Style::Ecma
                        && let Some(found) = bound.and_then(|bound| self.follow(from, bound, steps + 1))
                    {
                        return Some(found.meaning);
                    }
                    let symbols = self.table.in_file(*file, number);
                    if !symbols.is_empty() {
                        return Some(Meaning::Symbols(symbols.to_vec()));
                    }
                    if let Some(found) = bound.and_then(|bound| self.follow(from, bound, steps + 1)) {
                        return Some(found.meaning);
                    }
                }
                if let Some(inner) = self.modules.submodule(target, name) {
                    return Some(Meaning::Module(inner));
                }
                if name == "default" && style == Style::Ecma {
                    return Some(Meaning::Module(target.clone()));
                }
                if bound.is_some_and(Bound::is_outside) {
                    return None;
                }
                let hands_on =
                    |bound: &&Bound<'t>| bound.is_reexport || matches!(style, Style::Python | Style::Shell);
                bindings.wildcards.iter().filter(hands_on).find_map(|bound| {
                    let base = self.walk(from, bound, steps + 1)?;
                    match &base {
                        // A file that takes all of itself.
                        Meaning::Module(inner) if inner == target => None,
                        _ => self.step(from, &base, name, steps + 2),
                    }
                })
            }
            Target::Folder(folder) => {
                let files = self.modules.folders.files(*folder);
                let own = files.iter().find(|file| {
                    let file = self.tree.file(**file);
                    Style::of(file.language) == Some(Style::Go)
                        && !file
                            .package
                            .is_some_and(|package| self.tree.names.text(package).ends_with("_test"))
                });
                if let (Some(own), Some(number)) = (own, number) {
                    let symbols = self.table.in_unit(self.table.unit(*own), number);
                    return (!symbols.is_empty()).then(|| Meaning::Symbols(symbols.to_vec()));
                }
                self.modules.submodule(target, name).map(Meaning::Module)
            }
            Target::Named(style, around) => self.named(from, *style, &format!("{around}.{name}")),
            Target::SwiftModule(folder) => {
                let inner = format!("{folder}/");
                let file = self.tree.ids().find(|id| {
                    let file = self.tree.file(*id);
                    file.path.starts_with(&inner) && Style::of(file.language) == Some(Style::Swift)
                })?;
                let symbols = self.table.in_unit(self.table.unit(file), number?);
                (!symbols.is_empty()).then(|| Meaning::Symbols(symbols.to_vec()))
            }
            Target::Outside(_) | Target::Unknown => None,
        }
    }

    /// True when `name` is what the method around calls its own value.
    fn is_receiver(&self, place: &Place<'_>, name: &str) -> bool {
        place.style == Style::Go
            && place.scopes.first().is_some_and(|scope| {
                let methods = self.table.in_file(place.file, *scope);
                methods.iter().any(|id| {
                    self.tree
                        .symbol(*id)
                        .receiver
                        .is_some_and(|receiver| self.tree.names.text(receiver) == name)
                })
            })
    }
}
