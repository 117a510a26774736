//! Resolved uses of symbols.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::{Survey, SymbolAt};
use crate::document::DocumentError;
use crate::domain::{EdgeKind, Symbol, SymbolKind};

/// A use of one symbol or file in another, with the line in the user's file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SymbolUse {
    pub(crate) from_file: usize,
    /// `None`: at the top of the file.
    pub(crate) from: Option<SymbolAt>,
    pub(crate) to: SymbolAt,
    pub(crate) kind: EdgeKind,
    pub(crate) line: u32,
}

/// All uses, and where to find those of a symbol.
#[derive(Debug, Default)]
pub(crate) struct Uses {
    all: Vec<SymbolUse>,
    to: BTreeMap<SymbolAt, Vec<usize>>,
    from: BTreeMap<SymbolAt, Vec<usize>>,
    /// What is used of the inside of a type.
    held: BTreeMap<SymbolAt, Vec<SymbolAt>>,
    /// Source files that use names of a file which they need not import.
    users: BTreeMap<usize, BTreeSet<usize>>,
    /// Methods of subclasses by the method that they override.
    overrides: BTreeMap<SymbolAt, Vec<SymbolAt>>,
}

impl Uses {
    pub(super) fn load(survey: &Survey<'_>) -> Result<Self, DocumentError> {
        let numbers = Numbers::new(survey)?;
        let mut uses = Self::default();
        survey.kb.each_use_of_a_symbol(|used| {
            let Some(to) = numbers.symbol(used.to_symbol) else { return };
            let from = used.from_symbol.and_then(|symbol| numbers.symbol(symbol));
            let Some(from_file) = from.map(|from| from.file).or_else(|| numbers.file(used.from_file)) else {
                return;
            };
            uses.all.push(SymbolUse { from_file, from, to, kind: used.kind, line: used.line });
        })?;
        // Overloads stand as one: the first line of each use is kept.
        uses.all.sort_unstable_by_key(|used| (used.from_file, used.from, used.to, used.kind, used.line));
        uses.all.dedup_by_key(|used| (used.from_file, used.from, used.to, used.kind));
        uses.all.shrink_to_fit();
        uses.all.sort_by_key(|used| (used.from_file, used.line, used.to, used.kind, used.from));
        for (at, used) in uses.all.iter().enumerate() {
            uses.to.entry(used.to).or_default().push(at);
            if let Some(from) = used.from {
                uses.from.entry(from).or_default().push(at);
            }
        }
        for used in &uses.all {
            let names = survey.binds_by_name(used.from_file) && survey.is_source(used.from_file);
            if names && used.from_file != used.to.file {
                uses.users.entry(used.to.file).or_default().insert(used.from_file);
            }
        }
        uses.held = held(survey, uses.to.keys().copied());
        uses.overrides = overrides(survey, &uses.all);
        Ok(uses)
    }
}

/// Methods of the same name in types that extend one another directly.
fn overrides(survey: &Survey<'_>, all: &[SymbolUse]) -> BTreeMap<SymbolAt, Vec<SymbolAt>> {
    let mut methods: HashMap<usize, HashMap<&str, BTreeMap<&str, SymbolAt>>> = HashMap::new();
    let mut members = |owner: SymbolAt| -> BTreeMap<&str, SymbolAt> {
        let Some(name) = survey.symbol(owner).map(Symbol::qualified_name) else {
            return BTreeMap::new();
        };
        let of_file = methods.entry(owner.file).or_insert_with(|| methods_by_type(survey, owner.file));
        of_file.get(name.as_str()).cloned().unwrap_or_default()
    };
    let mut found: BTreeMap<SymbolAt, Vec<SymbolAt>> = BTreeMap::new();
    let inherits =
        all.iter().filter(|used| used.kind == EdgeKind::Inherit && survey.is_source(used.from_file));
    for used in inherits {
        let Some(derived) = used.from else { continue };
        let base = members(used.to);
        for (name, method) in members(derived) {
            if let Some(overridden) = base.get(name).filter(|_| !name.starts_with("__init")) {
                found.entry(*overridden).or_default().push(method);
            }
        }
    }
    for methods in found.values_mut() {
        methods.sort_unstable();
        methods.dedup();
    }
    found
}

/// Where the knowledge base's numbers of files and symbols stand in the survey.
struct Numbers {
    files: HashMap<i64, usize>,
    /// The first symbol's number and the position of each file that has symbols, by number.
    firsts: Vec<(i64, usize)>,
    /// For each symbol of a file the one that stands for all of its name.
    shared: Vec<Vec<u32>>,
}

impl Numbers {
    fn new(survey: &Survey<'_>) -> Result<Self, DocumentError> {
        let mut numbers = Self { files: HashMap::new(), firsts: Vec::new(), shared: Vec::new() };
        for numbered in survey.kb.numbered_files()? {
            let Some(at) = survey.at(&numbered.path) else { continue };
            numbers.files.insert(numbered.file, at);
            numbers.firsts.extend(numbered.first_symbol.map(|first| (first, at)));
        }
        numbers.firsts.sort_unstable();
        numbers.shared = survey.files.iter().map(|facts| shared(&facts.symbols)).collect();
        Ok(numbers)
    }

    fn file(&self, number: i64) -> Option<usize> {
        self.files.get(&number).copied()
    }

    fn symbol(&self, number: i64) -> Option<SymbolAt> {
        let after = self.firsts.partition_point(|(first, _)| *first <= number);
        let (first, file) = *self.firsts.get(after.checked_sub(1)?)?;
        let own = usize::try_from(number - first).ok()?;
        let symbol = *self.shared.get(file)?.get(own)? as usize;
        Some(SymbolAt { file, symbol })
    }
}

/// Of overloads, which share a name, the one with the body stands for all.
fn shared(symbols: &[Symbol]) -> Vec<u32> {
    let lines = |at: u32| symbols.get(at as usize).map_or(0, |symbol| super::lines_of(symbol.lines));
    let mut of_name: HashMap<String, u32> = HashMap::new();
    for (at, symbol) in (0..).zip(symbols) {
        let known = of_name.entry(symbol.qualified_name()).or_insert(at);
        if lines(at) > lines(*known) {
            *known = at;
        }
    }
    (0..)
        .zip(symbols)
        .map(|(at, symbol)| of_name.get(&symbol.qualified_name()).copied().unwrap_or(at))
        .collect()
}

impl Survey<'_> {
    /// Uses of a symbol, by file and line.
    pub(crate) fn uses_of(&self, symbol: SymbolAt) -> impl Iterator<Item = SymbolUse> + '_ {
        self.uses.to.get(&symbol).into_iter().flatten().filter_map(|at| self.uses.all.get(*at).copied())
    }

    /// What a symbol uses, by line.
    pub(crate) fn used_by(&self, symbol: SymbolAt) -> impl Iterator<Item = SymbolUse> + '_ {
        self.uses.from.get(&symbol).into_iter().flatten().filter_map(|at| self.uses.all.get(*at).copied())
    }

    /// Source files that use names of a file which they need not import.
    pub(crate) fn users_of_file(&self, at: usize) -> &BTreeSet<usize> {
        static NONE: BTreeSet<usize> = BTreeSet::new();
        self.uses.users.get(&at).unwrap_or(&NONE)
    }

    /// Methods that override a method, in types that extend its own directly.
    pub(crate) fn overriding(&self, method: SymbolAt) -> &[SymbolAt] {
        self.uses.overrides.get(&method).map(Vec::as_slice).unwrap_or_default()
    }

    /// Whether the language of a file lets it use names of files that it does not import one by one.
    pub(crate) fn binds_by_name(&self, at: usize) -> bool {
        use crate::domain::Language;
        !matches!(
            self.files.get(at).and_then(|facts| facts.file.language),
            None | Some(
                Language::Python
                    | Language::JavaScript
                    | Language::TypeScript
                    | Language::Tsx
                    | Language::C
                    | Language::Cpp
            )
        )
    }

    /// All resolved uses.
    pub(crate) fn all_uses(&self) -> &[SymbolUse] {
        &self.uses.all
    }

    /// How many source files other than its own use a symbol, or something that it holds.
    pub(crate) fn users(&self, symbol: SymbolAt) -> usize {
        let held = self.uses.held.get(&symbol).map(Vec::as_slice).unwrap_or_default();
        let files: BTreeSet<usize> = std::iter::once(&symbol)
            .chain(held)
            .flat_map(|at| self.uses_of(*at))
            .map(|used| used.from_file)
            .filter(|file| *file != symbol.file && self.is_source(*file))
            .collect();
        files.len()
    }
}

fn methods_by_type<'s>(survey: &'s Survey<'_>, file: usize) -> HashMap<&'s str, BTreeMap<&'s str, SymbolAt>> {
    let mut methods: HashMap<&str, BTreeMap<&str, SymbolAt>> = HashMap::new();
    let symbols = survey.files.get(file).map(|facts| facts.symbols.as_slice()).unwrap_or_default();
    for (symbol, own) in symbols.iter().enumerate().filter(|(_, own)| super::calls::is_callable(own.kind)) {
        if let Some(parent) = own.parent.as_deref() {
            methods.entry(parent).or_default().insert(&own.name, SymbolAt { file, symbol });
        }
    }
    methods
}

/// The used symbols that stand in types, at whatever depth, by type.
fn held(survey: &Survey<'_>, used: impl Iterator<Item = SymbolAt>) -> BTreeMap<SymbolAt, Vec<SymbolAt>> {
    let mut holders: HashMap<usize, HashMap<String, Vec<SymbolAt>>> = HashMap::new();
    let mut found: BTreeMap<SymbolAt, Vec<SymbolAt>> = BTreeMap::new();
    for at in used {
        let Some(parent) = survey.symbol(at).and_then(|symbol| symbol.parent.as_deref()) else { continue };
        let of_file = holders.entry(at.file).or_insert_with(|| types_by_name(survey, at.file));
        let outer = parent.match_indices('.').map(|(end, _)| &parent[..end]);
        for holder in outer.chain([parent]).filter_map(|name| of_file.get(name)).flatten() {
            found.entry(*holder).or_default().push(at);
        }
    }
    found
}

fn types_by_name(survey: &Survey<'_>, file: usize) -> HashMap<String, Vec<SymbolAt>> {
    let mut types: HashMap<String, Vec<SymbolAt>> = HashMap::new();
    let symbols = survey.files.get(file).map(|facts| facts.symbols.as_slice()).unwrap_or_default();
    for (symbol, own) in symbols.iter().enumerate().filter(|(_, own)| may_hold(own.kind)) {
        types.entry(own.qualified_name()).or_default().push(SymbolAt { file, symbol });
    }
    types
}

/// What has members that are used in its stead; a function's inner ones are not.
fn may_hold(kind: SymbolKind) -> bool {
    use SymbolKind::{Class, Enum, Interface, Struct, Trait, Type};
    matches!(kind, Class | Enum | Interface | Struct | Trait | Type)
}
