//! The overview: what it is for, where to start, how a call runs, what it is made of.

use std::collections::{BTreeMap, BTreeSet};

use super::super::manifest::{CommandFor, Dependency, Ecosystem, EntryKind, Manifest, Need};
use super::super::markdown::{Writer, code, escape, page_link, prose};
use super::super::sentence::opening;
use super::super::survey::{Survey, SymbolAt, Trace};
use super::super::text::Key;
use super::architecture::{circles_sentence, module_arrows, overview_diagram};
use super::book::{Book, CONFIGURATION, INTERFACES, MODULES, OVERVIEW, START};
use super::{configuration, size, start};
use crate::domain::{EdgeKind, LineRange, Page, SymbolKind};
use crate::facts::ImportTime;

const MOST_MODULES: usize = 12;
const MOST_DEPENDENCIES: usize = 20;
const MOST_SETTINGS: usize = 8;

pub(super) fn page(book: &Book<'_>) -> Page {
    let title = book.say(Key::TitleOverview, &[&escape(&book.survey.kb.meta().name)]);
    let mut writer = book.begin(&title, None);
    purpose(book, &mut writer);
    writer.paragraph(&[size::kind(book), size::numbers(book)].join(" "));
    packages(book, &mut writer);
    let trace = book.survey.trace();
    where_to_start(book, &mut writer, trace.as_ref());
    if let Some(trace) = &trace {
        call(book, &mut writer, trace);
    }
    modules(book, &mut writer);
    outside(book, &mut writer);
    settings(book, &mut writer);
    commands(book, &mut writer);
    let plain = book.say(Key::TitleOverview, &[&book.survey.kb.meta().name]);
    book.page(OVERVIEW, &plain, None, 0, writer)
}

/// The README's first words, else the manifest's description.
fn purpose(book: &Book<'_>, writer: &mut Writer) {
    let readme = book.survey.readme.as_ref();
    let told = readme.and_then(|readme| Some((readme.path.as_str(), readme.purpose.as_ref()?)));
    let described = size::main_manifest(book.survey)
        .and_then(|manifest| Some((manifest.path.as_str(), manifest.description.as_ref()?)));
    if let Some((path, fact)) = told.or(described) {
        let words = prose(&opening(&fact.value, 420));
        writer.paragraph(&format!(
            "**{}** ({})",
            book.say(Key::Quoted, &[&words]),
            book.place(path, fact.lines)
        ));
    }
    if let Some(readme) = readme.filter(|readme| !readme.features.is_empty()) {
        writer.paragraph(&book.word(Key::Lists));
        let items: Vec<String> = readme
            .features
            .iter()
            .take(6)
            .map(|fact| {
                format!("{} ({})", prose(&opening(&fact.value, 160)), book.place(&readme.path, fact.lines))
            })
            .collect();
        writer.list(&items);
    }
}

/// What each package of a workspace says of itself.
fn packages(book: &Book<'_>, writer: &mut Writer) {
    let named: Vec<_> = book
        .survey
        .manifests
        .iter()
        .filter(|manifest| manifest.is_package() && manifest.name.is_some())
        .filter(|manifest| {
            crate::role_of(&manifest.path) == crate::FileRole::Build
                || crate::role_of(&manifest.path) == crate::FileRole::Source
        })
        .collect();
    if named.len() < 2 {
        return;
    }
    let rows: Vec<Vec<String>> = named
        .iter()
        .take(40)
        .filter_map(|manifest| {
            let name = manifest.name.as_ref()?;
            let does = manifest
                .description
                .as_ref()
                .map_or_else(String::new, |fact| prose(&opening(&fact.value, 200)));
            Some(vec![code(&name.value), does, book.place(&manifest.path, name.lines)])
        })
        .collect();
    writer.heading(2, &book.word(Key::HeadPackages));
    writer.table(&[&book.word(Key::ColPackage), &book.word(Key::ColDoes), &book.word(Key::ColWhere)], &rows);
}

fn where_to_start(book: &Book<'_>, writer: &mut Writer, trace: Option<&Trace>) {
    let survey = book.survey;
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut row = |want: String, read: String, why: String| rows.push(vec![want, read, why]);
    for (entry, manifest) in survey.entries_of_kind(EntryKind::Command).take(3) {
        let place = survey
            .target_symbol(entry, manifest)
            .map(|at| book.symbol_and_place(at))
            .or_else(|| survey.target_file(entry, manifest).map(|at| book.file(at)));
        if let Some(place) = place {
            let why = book.say(Key::WhyCommand, &[&code(&entry.name)]);
            row(
                book.word(Key::WantRun),
                place,
                format!("{why} ({})", book.place(&manifest.path, entry.lines)),
            );
        }
    }
    let named_main = survey
        .entries_of_kind(EntryKind::Command)
        .any(|(entry, manifest)| survey.target_file(entry, manifest).is_some());
    if !named_main {
        let mut starts = survey.entry_points();
        // The one whose call is told below comes first.
        starts.sort_by_key(|at| trace.is_none_or(|trace| trace.root != *at));
        for at in starts.into_iter().take(3) {
            row(book.word(Key::WantRun), book.symbol_and_place(at), why_main(book, at));
        }
    }
    if let Some((at, why)) = door(book) {
        row(book.word(Key::WantUse), book.file(at), why);
    }
    if let Some(trace) = trace.filter(|trace| trace.declared.is_none()) {
        let symbol = survey.symbol(trace.root);
        // A program's start is a row of its own already.
        if symbol.is_some_and(|symbol| symbol.name != "main") {
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
            book.say(Key::WhyExamples, &[&book.count(examples.len(), Key::NounExample)]),
        );
    }
    if rows.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadWhereToStart));
    writer.table(&[&book.word(Key::ColWant), &book.word(Key::ColRead), &book.word(Key::ColWhy)], &rows);
}

/// Which program starts there, when a manifest around it tells its name.
fn why_main(book: &Book<'_>, at: SymbolAt) -> String {
    let path = book.survey.path(at.file);
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
        doors.sort_by_key(|at| (survey.path(*at).matches('/').count(), *at));
        doors.first().map(|at| (*at, None))
    };
    let (at, entry) = declared.or_else(by_rule)?;
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

/// Names that a file takes from others of the repository for its own users, with what they stand for.
pub(super) fn handed_on(book: &Book<'_>, at: usize) -> Vec<(String, Option<SymbolAt>)> {
    let survey = book.survey;
    let Some(facts) = survey.files.get(at) else { return Vec::new() };
    let is_init = survey.path(at).ends_with("__init__.py");
    let mut found: Vec<(String, Option<SymbolAt>)> = Vec::new();
    for import in
        facts.imports.iter().filter(|import| import.reexport || (is_init && import.module.starts_with('.')))
    {
        let targets: Vec<usize> =
            survey.imports_of(at).filter(|link| link.line == import.line).map(|link| link.to).collect();
        for name in &import.names {
            let shown = name.alias.as_deref().unwrap_or(&name.name);
            if shown.starts_with('_') || found.iter().any(|(known, _)| known == shown) {
                continue;
            }
            // The name stands for the one symbol of this name at the top of an imported file.
            let symbol = targets.iter().find_map(|to| {
                let symbols = &survey.files.get(*to)?.symbols;
                let symbol =
                    symbols.iter().position(|symbol| symbol.parent.is_none() && symbol.name == name.name)?;
                Some(SymbolAt { file: *to, symbol })
            });
            found.push((shown.to_owned(), symbol));
        }
    }
    found
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
        .max_by_key(|(n, at)| (*n, std::cmp::Reverse(*at)))?;
    (routes >= 2).then_some((at, routes, all))
}

/// The type with the most resolved subclasses.
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
    let (at, subclasses) = counts
        .into_iter()
        .map(|(at, set)| (at, set.len()))
        .max_by_key(|(at, n)| (*n, std::cmp::Reverse(*at)))?;
    (subclasses >= 3).then_some((at, subclasses))
}

/// The file that most others import when they are loaded, and how many others there are.
fn most_imported(book: &Book<'_>) -> Option<(usize, usize, usize)> {
    let survey = book.survey;
    let source: Vec<usize> = (0..survey.files.len()).filter(|at| survey.is_source(*at)).collect();
    let (users, at) = source
        .iter()
        .map(|at| (importers(book, *at, ImportTime::Load), *at))
        .max_by_key(|(users, at)| (*users, std::cmp::Reverse(*at)))?;
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
        .max_by_key(|(n, at)| (*n, std::cmp::Reverse(*at)));
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
        .max_by_key(|at| (survey.files[*at].file.lines, std::cmp::Reverse(*at)))?;
    Some((at, book.say(Key::WhyTests, &[&book.count(tests.len(), Key::NounTestFile)])))
}

fn call(book: &Book<'_>, writer: &mut Writer, trace: &Trace) {
    writer.heading(2, &book.word(Key::HeadCall));
    let root =
        code(&book.survey.symbol(trace.root).map_or_else(String::new, crate::domain::Symbol::qualified_name));
    writer.paragraph(&book.say(Key::CallIntro, &[&root]));
    let mut items = vec![describe(book, trace)];
    for step in &trace.steps {
        let from = book.line(step.caller.file, step.line);
        let name = book.symbol_and_place(step.callee);
        let caller =
            book.survey.symbol(step.caller).map_or_else(String::new, |symbol| code(&symbol.qualified_name()));
        let mut text = book.say(Key::CallStep, &[&format!("{caller} ({from})"), &name]);
        if let Some(doc) =
            book.survey.symbol(step.callee).map(|symbol| book.doc(symbol)).filter(|doc| !doc.is_empty())
        {
            text.push_str(&book.word(Key::Colon));
            text.push_str(&book.say(Key::Quoted, &[&doc]));
        }
        let overriding: Vec<String> = step.overridden.iter().map(|at| book.symbol(*at)).collect();
        if !overriding.is_empty() {
            text.push_str(&book.word(Key::Semicolon));
            text.push_str(&book.say(Key::Overridden, &[&book.and(&overriding)]));
        }
        let inner: Vec<String> = step.inner.iter().map(|at| book.symbol(*at)).collect();
        if !inner.is_empty() {
            text.push_str(&book.word(Key::Semicolon));
            text.push_str(&book.say(Key::CallInner, &[&book.and(&inner)]));
        }
        items.push(text);
    }
    writer.steps(&items);
}

fn describe(book: &Book<'_>, trace: &Trace) -> String {
    let start = book.symbol_and_place(trace.root);
    let mut text = match &trace.declared {
        Some((name, path, lines)) => {
            format!("{} ({})", book.say(Key::CallDeclared, &[&code(name), &start]), book.place(path, *lines))
        }
        None => start,
    };
    if let Some(doc) =
        book.survey.symbol(trace.root).map(|symbol| book.doc(symbol)).filter(|doc| !doc.is_empty())
    {
        text.push_str(&book.word(Key::Colon));
        text.push_str(&book.say(Key::Quoted, &[&doc]));
    }
    text
}

fn modules(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    if survey.modules.len() < 2 {
        return;
    }
    writer.heading(2, &book.word(Key::HeadModules));
    let lazy = survey.has_late_imports();
    writer.paragraph(&book.word(if lazy { Key::RankNote } else { Key::RankNoteFew }));
    let rows: Vec<Vec<String>> =
        (0..survey.modules.len().min(MOST_MODULES)).map(|number| module_row(book, number)).collect();
    writer.table(
        &[
            &book.word(Key::ColModule),
            &book.word(Key::ColImportedBy),
            &book.word(Key::ColLines),
            &book.word(Key::ColHolds),
        ],
        &rows,
    );
    if survey.modules.len() > MOST_MODULES {
        let rest = (survey.modules.len() - MOST_MODULES).to_string();
        writer.paragraph(
            &book.say(Key::MoreModules, &[&rest, &page_link(&book.word(Key::TitleModules), MODULES)]),
        );
    }
    let arrows = module_arrows(survey);
    overview_diagram(book, writer, &arrows, 20);
    writer.paragraph(&circles_sentence(book, &arrows));
}

/// A module's row: link, importing modules, lines, what it is.
pub(super) fn module_row(book: &Book<'_>, number: usize) -> Vec<String> {
    let survey = book.survey;
    let Some(module) = survey.modules.get(number) else { return Vec::new() };
    let importing = module
        .files
        .iter()
        .flat_map(|at| survey.imported_by(*at))
        .filter(|link| link.time == ImportTime::Load && !link.declares)
        .map(|link| link.from);
    let naming = module.files.iter().flat_map(|at| survey.users_of_file(*at)).copied();
    let users: BTreeSet<usize> = importing
        .chain(naming)
        .filter_map(|from| survey.module_of(from))
        .filter(|user| *user != number)
        .collect();
    vec![
        book.module(number),
        users.len().to_string(),
        super::super::text::grouped(module.lines),
        book.purpose(number),
    ]
}

/// A dependency as a row: how needed and how much used, its name, its cells.
type DependencyRow = ((Need, std::cmp::Reverse<usize>), String, Vec<String>);

fn outside(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let packages: Vec<&Manifest> = survey
        .manifests
        .iter()
        .filter(|manifest| manifest.is_package() || manifest.ecosystem == Ecosystem::Requirements)
        .collect();
    let own: BTreeSet<String> =
        survey.manifests.iter().filter_map(|manifest| Some(normal(&manifest.name.as_ref()?.value))).collect();
    let versions: BTreeMap<String, &str> = packages
        .iter()
        .flat_map(|manifest| &manifest.catalogue)
        .filter_map(|dependency| Some((normal(&dependency.name), dependency.requirement.as_deref()?)))
        .collect();
    // Of several declarations the one that is needed most counts: runtime before development.
    let mut declared: Vec<(&Manifest, &Dependency)> = packages
        .iter()
        .flat_map(|manifest| manifest.dependencies.iter().map(move |dependency| (*manifest, dependency)))
        .collect();
    declared.sort_by_key(|(_, dependency)| dependency.need);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut rows: Vec<DependencyRow> = Vec::new();
    // Those to develop, by manifest, with the lines from the first to the last.
    let mut dev: Vec<(&str, Vec<&str>, LineRange)> = Vec::new();
    for (manifest, dependency) in declared {
        let key = normal(&dependency.name);
        if own.contains(&key) || !names.insert(key.clone()) {
            continue;
        }
        if dependency.need == Need::Dev {
            match dev.iter_mut().find(|(path, ..)| *path == manifest.path) {
                Some((_, names, lines)) => {
                    names.push(&dependency.name);
                    lines.start_line = lines.start_line.min(dependency.lines.start_line);
                    lines.end_line = lines.end_line.max(dependency.lines.end_line);
                }
                None => dev.push((&manifest.path, vec![&dependency.name], dependency.lines)),
            }
            continue;
        }
        let version = dependency.requirement.as_deref().or_else(|| versions.get(&key).copied());
        let need = match dependency.need {
            Need::Runtime => Key::NeedRuntime,
            Need::Optional => Key::NeedOptional,
            Need::Build => Key::NeedBuild,
            Need::Dev => Key::NeedDev,
        };
        let (used, places) = used_in(book, &key);
        let name = format!("{} ({})", code(&dependency.name), book.place(&manifest.path, dependency.lines));
        let cells = vec![name, version.map_or_else(String::new, code), book.word(need), places];
        rows.push(((dependency.need, std::cmp::Reverse(used)), key, cells));
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let none = size::main_manifest(survey)
        .filter(|_| !rows.iter().any(|((need, _), ..)| *need == Need::Runtime))
        .and_then(|manifest| Some((manifest, manifest.dependency_lines?)));
    if rows.is_empty() && dev.is_empty() && none.is_none() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadOutside));
    if let Some((manifest, lines)) = none {
        let key = if rows.is_empty() { Key::NoneAtAll } else { Key::NoDependencies };
        writer.paragraph(&book.say(key, &[&book.place(&manifest.path, lines)]));
    }
    let more = rows.len().saturating_sub(MOST_DEPENDENCIES);
    let mut table: Vec<Vec<String>> =
        rows.into_iter().take(MOST_DEPENDENCIES).map(|(_, _, cells)| cells).collect();
    if more > 0 {
        table.push(vec![book.say(Key::More, &[&more.to_string()])]);
    }
    let header = [Key::ColPackage, Key::ColVersion, Key::ColNeed, Key::ColUsedIn].map(|key| book.word(key));
    writer.table(&header.each_ref().map(String::as_str), &table);
    let shown: Vec<String> = dev
        .iter()
        .take(4)
        .map(|(path, names, lines)| {
            let mut shown: Vec<String> = names.iter().take(10).map(|name| code(name)).collect();
            if names.len() > 10 {
                shown.push(book.say(Key::More, &[&(names.len() - 10).to_string()]));
            }
            format!("{} ({})", shown.join(", "), book.place(path, *lines))
        })
        .collect();
    if !shown.is_empty() {
        writer.paragraph(&book.say(Key::OutsideDev, &[&shown.join("; ")]));
    }
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Whether a manifest names a package of others.
pub(super) fn is_named(book: &Book<'_>, package: &str) -> bool {
    let key = normal(package);
    book.survey
        .manifests
        .iter()
        .flat_map(|manifest| &manifest.dependencies)
        .any(|dependency| normal(&dependency.name) == key)
}

/// The first places at which a package is imported by source files.
fn used_in(book: &Book<'_>, key: &str) -> (usize, String) {
    let survey = book.survey;
    let mut places: Vec<(usize, u32)> = survey
        .outside
        .iter()
        .filter(|outside| normal(&outside.package) == key)
        .flat_map(|outside| &outside.imports)
        .filter_map(|import| Some((survey.at(&import.path).filter(|at| survey.is_source(*at))?, import.line)))
        .collect();
    places.sort_unstable();
    places.dedup_by_key(|(at, _)| *at);
    let mut shown: Vec<String> = places.iter().take(2).map(|(at, line)| book.line(*at, *line)).collect();
    if places.len() > 2 {
        shown.push(book.say(Key::More, &[&(places.len() - 2).to_string()]));
    }
    (places.len(), shown.join(", "))
}

fn settings(book: &Book<'_>, writer: &mut Writer) {
    let settings = configuration::settings(book);
    if settings.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadSettings));
    let mut shown: Vec<String> = settings
        .iter()
        .take(MOST_SETTINGS)
        .map(|setting| {
            let place = setting.places.first().map_or_else(String::new, |(at, line)| book.line(*at, *line));
            format!("{} ({place})", code(&setting.name))
        })
        .collect();
    if settings.len() > MOST_SETTINGS {
        let all = book.count(settings.len(), Key::NounSetting);
        let link = page_link(&book.word(Key::TitleConfiguration), CONFIGURATION);
        shown.push(book.say(Key::More, &[&(settings.len() - MOST_SETTINGS).to_string()]));
        writer.paragraph(&format!("{}{}", shown.join(", "), book.word(Key::Stop)));
        writer.paragraph(&book.say(Key::MoreSettings, &[&all, &link]));
    } else {
        writer.paragraph(&format!("{}{}", shown.join(", "), book.word(Key::Stop)));
    }
}

fn commands(book: &Book<'_>, writer: &mut Writer) {
    let known = start::commands(book);
    let mut lines: Vec<String> = Vec::new();
    for (purpose, key) in [
        (CommandFor::Install, Key::HeadInstall),
        (CommandFor::Build, Key::HeadCompile),
        (CommandFor::Run, Key::HeadRun),
        (CommandFor::Test, Key::HeadTest),
        (CommandFor::Check, Key::HeadCheck),
    ] {
        let shown: Vec<String> = known
            .iter()
            .filter(|command| command.purpose == purpose)
            .take(4)
            .map(|command| command.shown(book))
            .collect();
        if !shown.is_empty() {
            lines.push(format!("**{}**{}{}", book.word(key), book.word(Key::Colon), shown.join(" · ")));
        }
    }
    if let Some((manifest, builder)) =
        size::main_manifest(book.survey).and_then(|manifest| Some((manifest, manifest.builder.as_ref()?)))
    {
        let text =
            book.say(Key::BuiltWith, &[&code(builder.value.split('.').next().unwrap_or(&builder.value))]);
        lines.insert(0, format!("{text} ({})", book.place(&manifest.path, builder.lines)));
    }
    if lines.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadBuild));
    writer.list(&lines);
    if start::has_page(book) {
        writer.paragraph(&book.say(Key::SeeAlso, &[&page_link(&book.word(Key::TitleStart), START)]));
    }
}
