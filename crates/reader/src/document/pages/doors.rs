//! Where to start: the places of a repository that a newcomer looks for first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::super::manifest::{CommandFor, EntryKind};
use super::super::markdown::{Writer, code, page_link};
use super::super::survey::{Survey, SymbolAt, Trace, lines_of};
use super::super::text::Key;
use super::book::{Book, INTERFACES};
use super::size;
use super::start::commands as commands_of;
use crate::domain::{EdgeKind, SymbolKind};
use crate::facts::ImportTime;

/// What files hand on from others is followed so far.
const MOST_STARS: usize = 4;

/// What to read for which purpose, and why there.
pub(super) fn where_to_start(book: &Book<'_>, writer: &mut Writer, trace: Option<&Trace>) {
    let survey = book.survey;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |want: String, read: String, why: String| rows.push(vec![want, read, why]);
    let commands = survey.commands();
    let first =
        commands_of(book).into_iter().find(|known| known.purpose == CommandFor::Run && known.is_told(book));
    if let Some(known) = &first {
        row(
            book.word(Key::WantRun),
            known.shown(book),
            known.words().unwrap_or_else(|| book.word(Key::WhyTold)),
        );
    }
    let want_read = if first.is_some() { Key::WantProgram } else { Key::WantRun };
    for (entry, manifest) in commands.iter().take(3).copied() {
        let place = survey
            .target_symbol(entry, manifest)
            .map(|at| book.symbol_and_place(at))
            .or_else(|| survey.target_file(entry, manifest).map(|at| book.file(at)));
        if let Some(place) = place {
            let why = book.say(Key::WhyCommand, &[&code(&entry.name)]);
            row(book.word(want_read), place, format!("{why} ({})", book.place(&manifest.path, entry.lines)));
        }
    }
    let named_main = commands.iter().any(|(entry, manifest)| survey.target_file(entry, manifest).is_some());
    if !named_main {
        let mut starts = survey.entry_points();
        // The one whose call is told below comes first.
        let lines = |at: &SymbolAt| survey.symbol(*at).map_or(0, |symbol| lines_of(symbol.lines));
        starts.sort_by_key(|at| {
            let is_other = !survey.is_named_like_the_project(at.file);
            (trace.is_none_or(|trace| trace.root != *at), is_other, Reverse(lines(at)), *at)
        });
        for at in starts.iter().copied().take(3) {
            row(book.word(want_read), book.symbol_and_place(at), why_main(book, at.file));
        }
        for file in survey.program_files().into_iter().take(3_usize.saturating_sub(starts.len())) {
            row(book.word(want_read), book.file(file), why_main(book, file));
        }
    }
    if let Some((at, why)) = door(book) {
        row(book.word(Key::WantUse), book.file(at), why);
    }
    if let Some(trace) = trace.filter(|trace| trace.declared.is_none()) {
        let symbol = survey.symbol(trace.root);
        // A program's start is a row of its own already.
        if symbol.is_some_and(|symbol| !symbol.name.eq_ignore_ascii_case("main")) {
            row(book.word(Key::WantFollow), book.symbol_and_place(trace.root), book.word(Key::WhyReach));
        }
    }
    if let Some((at, routes, all)) = most_routes(book) {
        let why = book.say(Key::WhyRoutes, &[&routes.to_string(), &book.count(all, Key::NounRoute)]);
        row(
            book.word(Key::WantServe),
            format!("{} ({})", book.file(at), page_link(&book.word(Key::TitleInterfaces), INTERFACES)),
            why,
        );
    }
    if let Some((at, subclasses)) = most_extended(book) {
        let name = survey.symbol(at).map_or("", |symbol| symbol.name.as_str());
        row(
            book.say(Key::WantExtend, &[&code(name)]),
            book.symbol_and_place(at),
            book.say(Key::WhySubclasses, &[&subclasses.to_string()]),
        );
    }
    if let Some((at, users, others)) = most_imported(book) {
        row(
            book.word(Key::WantChange),
            book.file(at),
            book.say(Key::WhyImported, &[&users.to_string(), &others.to_string()]),
        );
    }
    if let Some((at, why)) = main_test(book) {
        row(book.word(Key::WantTest), book.file(at), why);
    }
    let examples: Vec<usize> = (0..survey.files.len()).filter(|at| survey.is_example(*at)).collect();
    let linked = examples
        .iter()
        .copied()
        .find(|at| survey.imports_of(*at).next().is_some())
        .or_else(|| examples.first().copied());
    if let Some(at) = linked {
        row(
            book.word(Key::WantExample),
            book.file(at),
            match examples.len() {
                1 => book.word(Key::WhyOnlyExample),
                number => book.say(Key::WhyExamples, &[&book.count(number, Key::NounExample)]),
            },
        );
    }
    if rows.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadWhereToStart));
    writer.table(&[&book.word(Key::ColWant), &book.word(Key::ColRead), &book.word(Key::ColWhy)], &rows);
}

/// Which program starts there, when a manifest around it tells its name.
fn why_main(book: &Book<'_>, file: usize) -> String {
    let path = book.survey.path(file);
    let holding = book
        .survey
        .manifests
        .iter()
        .filter(|manifest| manifest.is_package() && !manifest.folder().is_empty());
    let nearest = holding
        .filter(|manifest| path.strip_prefix(manifest.folder()).is_some_and(|rest| rest.starts_with('/')))
        .max_by_key(|manifest| manifest.folder().len());
    match nearest.and_then(|manifest| manifest.name.as_ref()) {
        Some(name) => book.say(Key::WhyMainOf, &[&code(&name.value)]),
        None => book.word(Key::WhyMain),
    }
}

/// The file that users import, and what it hands out; of several packages none is the one.
fn door(book: &Book<'_>) -> Option<(usize, String)> {
    let survey = book.survey;
    if size::main_manifest(survey).is_some_and(|manifest| !manifest.members.is_empty()) {
        return None;
    }
    let declared = survey
        .entries_of_kind(EntryKind::Library)
        .find_map(|(entry, manifest)| Some((survey.target_file(entry, manifest)?, Some((entry, manifest)))));
    let by_rule = || {
        let doors = (0..survey.files.len()).filter(|at| survey.is_source(*at));
        let mut doors: Vec<usize> = doors
            .filter(|at| {
                let path = survey.path(*at);
                path.ends_with("__init__.py") || path.ends_with("src/lib.rs")
            })
            .collect();
        let depth = |at: usize| survey.path(at).matches('/').count();
        doors.sort_by_key(|at| (depth(*at), *at));
        // Of packages side by side none stands for the whole.
        let first = doors.first().copied()?;
        let is_alone = doors.get(1).is_none_or(|next| depth(*next) > depth(first));
        is_alone.then_some((first, None))
    };
    let named = || named_like_the_project(book).map(|at| (at, None));
    let (at, entry) = declared.or_else(by_rule).or_else(named)?;
    let exports = exports(book, at);
    let why = match (exports, entry) {
        (Some(exports), _) => book.say(Key::WhyExports, &[&exports]),
        (None, Some((entry, _))) if entry.is_default => book.word(Key::WhyDefault),
        (None, Some((entry, manifest))) => {
            let place = book.place(&manifest.path, entry.lines);
            format!(
                "{} ({place})",
                book.say(Key::WhyDoor, &[&code(manifest.path.rsplit('/').next().unwrap_or(&manifest.path))])
            )
        }
        (None, None) => return None,
    };
    Some((at, why))
}

/// The file of a library that is named like the project: `gin.go`, `zlib.h`, `re2/re2.h`.
fn named_like_the_project(book: &Book<'_>) -> Option<usize> {
    let survey = book.survey;
    let package = size::main_manifest(survey).and_then(|manifest| manifest.name.as_ref());
    let names = [package.map(|fact| fact.value.as_str()), Some(survey.kb.meta().name.as_str())];
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .map(|name| name.rsplit('/').next().unwrap_or(name).to_lowercase())
        .collect();
    let is_named = |at: &usize| {
        let file = survey.path(*at).rsplit('/').next().unwrap_or("");
        let (stem, ending) = file.split_once('.').unwrap_or((file, ""));
        matches!(ending, "go" | "h" | "hpp" | "hh" | "php" | "rb" | "cs" | "java" | "kt" | "swift" | "scala")
            && names.contains(&stem.to_lowercase())
    };
    let found = (0..survey.files.len()).filter(|at| survey.is_source(*at)).filter(is_named);
    found.min_by_key(|at| (survey.path(*at).matches('/').count(), *at))
}

/// Names that a file takes from others of the repository for its own users, with what they stand for.
pub(super) fn handed_on(book: &Book<'_>, at: usize) -> Vec<(String, Option<SymbolAt>)> {
    let mut handed = HandedOn::default();
    handed.add_from(book.survey, at, 0);
    handed.names
}

#[derive(Default)]
struct HandedOn {
    names: Vec<(String, Option<SymbolAt>)>,
    known: HashSet<String>,
    /// At which depth a file was followed: stars may lead in circles.
    followed: HashMap<usize, usize>,
}

impl HandedOn {
    /// What stars hand on is handed on by the files behind them.
    fn add_from(&mut self, survey: &Survey<'_>, at: usize, depth: usize) {
        let Some(facts) = survey.files.get(at) else { return };
        if self.followed.get(&at).is_some_and(|before| *before <= depth) {
            return;
        }
        self.followed.insert(at, depth);
        let package = survey.path(at).strip_suffix("__init__.py");
        let all_targets = survey.targets(at);
        for import in &facts.imports {
            let targets = all_targets.of(import);
            // `from scrapy.http import Request` in `scrapy/__init__.py`.
            let is_own = |package: &str| targets.iter().any(|to| survey.path(*to).starts_with(package));
            if !import.reexport && !package.is_some_and(is_own) {
                continue;
            }
            if import.wildcard && depth < MOST_STARS {
                for to in targets.iter().copied().filter(|to| *to != at) {
                    let symbols = survey.files.get(to).map_or(&[][..], |facts| &facts.symbols);
                    for (symbol, own) in symbols.iter().enumerate() {
                        if own.parent.is_none() && own.exported && own.kind != SymbolKind::Module {
                            self.add(&own.name, || Some(SymbolAt { file: to, symbol }));
                        }
                    }
                    self.add_from(survey, to, depth + 1);
                }
            }
            for name in &import.names {
                let shown = name.alias.as_deref().unwrap_or(&name.name);
                if !shown.starts_with('_') {
                    self.add(shown, || {
                        targets.iter().find_map(|to| symbol_behind(survey, *to, &name.name, 0))
                    });
                }
            }
        }
    }

    fn add(&mut self, name: &str, symbol: impl FnOnce() -> Option<SymbolAt>) {
        if self.known.insert(name.to_owned()) {
            self.names.push((name.to_owned(), symbol()));
        }
    }
}

/// The symbol of a name at the top of a file, or of the files that it takes the name from.
fn symbol_behind(survey: &Survey<'_>, file: usize, name: &str, depth: usize) -> Option<SymbolAt> {
    let facts = survey.files.get(file)?;
    let own = facts.symbols.iter().position(|symbol| symbol.parent.is_none() && symbol.name == name);
    if let Some(symbol) = own {
        return Some(SymbolAt { file, symbol });
    }
    if depth >= MOST_STARS {
        return None;
    }
    facts.imports.iter().find_map(|import| {
        let taken =
            import.names.iter().find(|taken| taken.alias.as_deref().unwrap_or(&taken.name) == name)?;
        let mut targets = survey
            .imports_of(file)
            .filter(|link| link.line == import.line && link.to != file)
            .map(|link| link.to);
        targets.find_map(|to| symbol_behind(survey, to, &taken.name, depth + 1))
    })
}

/// How many names of which kind a file hands on.
fn exports(book: &Book<'_>, at: usize) -> Option<String> {
    let facts = book.survey.files.get(at)?;
    let own: Vec<SymbolKind> = facts
        .symbols
        .iter()
        .filter(|s| s.parent.is_none() && s.exported && !Survey::is_test_symbol(s))
        .map(|s| s.kind)
        .collect();
    let mut handed: usize = 0;
    let (mut classes, mut functions, mut others) = (0, 0, 0);
    let mut count = |kind: SymbolKind| match kind {
        SymbolKind::Class
        | SymbolKind::Struct
        | SymbolKind::Enum
        | SymbolKind::Interface
        | SymbolKind::Trait
        | SymbolKind::Type => classes += 1,
        SymbolKind::Function | SymbolKind::Method => functions += 1,
        _ => others += 1,
    };
    for kind in own {
        count(kind);
    }
    for (_, found) in handed_on(book, at) {
        match found.and_then(|found| book.survey.symbol(found)) {
            Some(symbol) => count(symbol.kind),
            None => handed += 1,
        }
    }
    let mut parts = Vec::new();
    for (number, noun) in
        [(classes, Key::NounType), (functions, Key::NounFunction), (others + handed, Key::NounName)]
    {
        if number > 0 {
            let noun =
                if noun == Key::NounName && classes + functions > 0 { Key::NounOtherName } else { noun };
            parts.push(book.count(number, noun));
        }
    }
    (classes + functions + others + handed >= 2).then(|| book.and(&parts))
}

fn most_routes(book: &Book<'_>) -> Option<(usize, usize, usize)> {
    let files = || (0..book.survey.files.len()).filter(|at| book.survey.is_source(*at));
    let all: usize = files().map(|at| book.survey.files[at].routes.len()).sum();
    let (routes, at) = files()
        .map(|at| (book.survey.files[at].routes.len(), at))
        .max_by_key(|(n, at)| (*n, Reverse(*at)))?;
    (routes >= 2).then_some((at, routes, all))
}

/// The type with the most resolved subclasses. A trait or interface without members only marks, and asks for nothing.
fn most_extended(book: &Book<'_>) -> Option<(SymbolAt, usize)> {
    let survey = book.survey;
    let mut counts: BTreeMap<SymbolAt, BTreeSet<SymbolAt>> = BTreeMap::new();
    for used in survey.all_uses().iter().filter(|used| {
        used.kind == EdgeKind::Inherit && survey.is_source(used.from_file) && survey.is_source(used.to.file)
    }) {
        if let Some(from) = used.from {
            counts.entry(used.to).or_default().insert(from);
        }
    }
    // Classes of others are opened there to change them.
    let is_patch = |at: SymbolAt| {
        let path = survey.path(at.file);
        path.contains("config/initializers/") || path.contains("core_ext/") || path.contains("monkey")
    };
    let asks = |at: SymbolAt| {
        survey.symbol(at).is_some_and(|symbol| {
            let name = symbol.qualified_name();
            !matches!(symbol.kind, SymbolKind::Trait | SymbolKind::Interface)
                || survey.files[at.file].symbols.iter().any(|member| member.parent.as_ref() == Some(&name))
        })
    };
    let counts =
        counts.into_iter().filter(|(at, _)| asks(*at) && !is_patch(*at)).map(|(at, set)| (at, set.len()));
    let (at, subclasses) = counts.max_by_key(|(at, n)| (*n, Reverse(*at)))?;
    (subclasses >= 3).then_some((at, subclasses))
}

/// The file that most others use when they are loaded, and how many others there are. A file that only hands on the
/// names of others, or holds one name, is nothing to change.
fn most_imported(book: &Book<'_>) -> Option<(usize, usize, usize)> {
    let survey = book.survey;
    let source: Vec<usize> = (0..survey.files.len()).filter(|at| survey.is_source(*at)).collect();
    let (users, at) = source
        .iter()
        .filter(|at| survey.files[**at].symbols.iter().filter(|s| s.kind != SymbolKind::Module).count() >= 2)
        .map(|at| (importers(book, *at, ImportTime::Load), *at))
        .max_by_key(|(users, at)| (*users, Reverse(*at)))?;
    (users >= 3).then(|| (at, users, source.len() - 1))
}

/// How many other source files use a file: by importing it, or, where names need no import of their file, by
/// the names in it.
pub(super) fn importers(book: &Book<'_>, at: usize, latest: ImportTime) -> usize {
    let files: BTreeSet<usize> = book
        .survey
        .imported_by(at)
        .filter(|link| {
            link.time <= latest && !link.declares && book.survey.is_source(link.from) && link.from != at
        })
        .map(|link| link.from)
        .chain(book.survey.users_of_file(at).iter().copied())
        .collect();
    files.len()
}

fn main_test(book: &Book<'_>) -> Option<(usize, String)> {
    let survey = book.survey;
    let tests: Vec<usize> = (0..survey.files.len()).filter(|at| survey.is_test(*at)).collect();
    let counted = tests
        .iter()
        .filter_map(|at| Some((survey.tests_in(*at)?, *at)))
        .max_by_key(|(n, at)| (*n, Reverse(*at)));
    if let Some((number, at)) = counted.filter(|(number, _)| *number > 0) {
        return Some((at, book.say(Key::WhyMostTests, &[&number.to_string()])));
    }
    let is_help = |at: &usize| {
        let name = survey.path(*at).rsplit('/').next().unwrap_or("").to_lowercase();
        ["support", "common", "helper", "util", "conftest", "fixture", "mod."]
            .iter()
            .any(|word| name.contains(word))
    };
    let at = tests
        .iter()
        .copied()
        .filter(|at| !is_help(at))
        .max_by_key(|at| (survey.files[*at].file.lines, Reverse(*at)))?;
    if tests.len() == 1 {
        return Some((at, book.word(Key::WhyOnlyTest)));
    }
    Some((at, book.say(Key::WhyTests, &[&book.count(tests.len(), Key::NounTestFile)])))
}
