//! One page for each module, and the page that lists them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::markdown::{Writer, cite, code, prose};
use super::super::sentence::opening;
use super::super::survey::{ImportLink, Survey, SymbolAt, SymbolUse, is_door, lines_of};
use super::super::text::{self, Key};
use super::book::{ARCHITECTURE, Book, MODULES};
use super::overview::module_row;
use crate::domain::{EdgeKind, Language, Page, Symbol, SymbolKind};
use crate::facts::ImportTime;

/// Rows of the table of files and of names; the rest is counted.
const MOST_FILES: usize = 40;
const MOST_NAMES: usize = 60;
const MOST_INNER_NAMES: usize = 25;
const MOST_HANDED_ON: usize = 90;
/// Members of one class in the table.
const MOST_MEMBERS: usize = 24;
const MOST_USERS: usize = 16;
const MOST_TESTS: usize = 10;

pub(super) fn pages(book: &Book<'_>) -> Vec<Page> {
    let survey = book.survey;
    if survey.modules.is_empty() {
        return Vec::new();
    }
    let mut pages = vec![list(book)];
    for number in 0..survey.modules.len() {
        pages.push(page(book, number));
    }
    pages
}

fn list(book: &Book<'_>) -> Page {
    let survey = book.survey;
    let title = book.word(Key::TitleModules);
    let size = super::size::source(book);
    let lines = text::count(book.language, size.lines, Key::NounLine);
    let facts = book.say(Key::ModuleFacts, &[&book.count(survey.modules.len(), Key::NounModule), &lines]);
    let mut writer = book.begin(&title, Some(&facts));
    let lazy = survey.has_late_imports();
    writer.paragraph(&book.word(if lazy { Key::RankNote } else { Key::RankNoteFew }));
    let rows: Vec<Vec<String>> = (0..survey.modules.len()).map(|number| module_row(book, number)).collect();
    writer.table(
        &[
            &book.word(Key::ColModule),
            &book.word(Key::ColImportedBy),
            &book.word(Key::ColLines),
            &book.word(Key::ColHolds),
        ],
        &rows,
    );
    if survey.modules.len() > 1 {
        writer.paragraph(&book.say(
            Key::SeeAlso,
            &[&super::super::markdown::page_link(&book.word(Key::TitleArchitecture), ARCHITECTURE)],
        ));
    }
    book.page(MODULES, &title, None, 3, writer)
}

fn page(book: &Book<'_>, number: usize) -> Page {
    let survey = book.survey;
    let module = &survey.modules[number];
    let title = book.say(Key::TitleModule, &[&module.name]);
    let heading = book.say(Key::TitleModule, &["{}"]).replace("`{}`", &code(&module.name));
    let mut writer = book.begin(&heading, Some(&facts(book, number)));
    purpose(book, number, &mut writer);
    relations(book, number, &mut writer);
    if module.files.len() > 1 {
        files(book, number, &mut writer);
    }
    names(book, number, &mut writer);
    surroundings(book, number, &mut writer);
    tests(book, number, &mut writer);
    book.page(&module.slug, &title, Some(MODULES), number, writer)
}

/// `src/click/parser.py, 533 lines` or `12 files in src/x, 3,000 lines`.
fn facts(book: &Book<'_>, number: usize) -> String {
    let module = &book.survey.modules[number];
    let lines = text::count(book.language, module.lines, Key::NounLine);
    match module.files.as_slice() {
        [only] => {
            let path = book.survey.path(*only);
            let whole = crate::domain::LineRange {
                start_line: 1,
                end_line: book.survey.files[*only].file.lines.max(1),
            };
            book.say(Key::Size, &[&cite(&code(path), path, whole), &lines])
        }
        files => {
            let folder = if module.path.is_empty() { "." } else { module.path.as_str() };
            book.say(Key::SizeIn, &[&book.count(files.len(), Key::NounFile), &lines, &code(folder)])
        }
    }
}

/// The module's own words, as far as a paragraph goes.
fn purpose(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let Some((at, words)) = book.own_words(number) else { return };
    let doc = book.survey.files[at].doc.as_deref().unwrap_or("");
    let first: String = doc
        .split("\n\n")
        .map(str::trim)
        .find(|part| part.contains(words.split_whitespace().next().unwrap_or("")))
        .unwrap_or(doc)
        .to_owned();
    let longer = opening(&first, 420);
    let words = if longer.len() > words.len() && longer.starts_with(words.trim_end_matches('…')) {
        longer
    } else {
        words
    };
    let lines = book.survey.doc_lines(at, &words);
    writer.paragraph(&format!(
        "**{}** ({})",
        book.say(Key::Quoted, &[&prose(&words)]),
        book.place(book.survey.path(at), lines)
    ));
}

/// Used by and uses, with the importing lines and the names.
fn relations(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let mut used_by: BTreeMap<usize, Vec<ImportLink>> = BTreeMap::new();
    let mut uses: BTreeMap<usize, Vec<ImportLink>> = BTreeMap::new();
    for &file in &survey.modules[number].files {
        for link in survey.imported_by(file).filter(|link| !link.declares) {
            if let Some(other) = survey.module_of(link.from).filter(|other| *other != number) {
                used_by.entry(other).or_default().push(link);
            }
        }
        for link in survey.imports_of(file).filter(|link| !link.declares) {
            if let Some(other) = survey.module_of(link.to).filter(|other| *other != number) {
                uses.entry(other).or_default().push(link);
            }
        }
    }
    // Uses that resolve without an import of their own (same package, handed on by a third).
    let mut names: BTreeMap<(usize, usize), Vec<SymbolUse>> = BTreeMap::new();
    for used in survey.all_uses() {
        if let (Some(from), Some(to)) = (survey.module_of(used.from_file), survey.module_of(used.to.file))
            && from != to
            && (from == number || to == number)
        {
            names.entry((from, to)).or_default().push(*used);
        }
    }
    for (from, to) in names.keys() {
        if *to == number {
            used_by.entry(*from).or_default();
        } else {
            uses.entry(*to).or_default();
        }
    }
    let sentence = |others: &BTreeMap<usize, Vec<ImportLink>>, inward: bool| -> Vec<String> {
        let mut order: Vec<(&usize, &Vec<ImportLink>)> = others.iter().collect();
        let weight = |other: usize| {
            names.get(&if inward { (other, number) } else { (number, other) }).map_or(0, Vec::len)
        };
        order.sort_by_key(|(other, links)| (std::cmp::Reverse(weight(**other) + links.len()), **other));
        let mut items: Vec<String> = order
            .iter()
            .take(MOST_USERS)
            .map(|(other, links)| {
                let mut links = (*links).clone();
                links.sort_by_key(|link| (link.from, link.line, link.to));
                links.dedup_by_key(|link| (link.from, link.line));
                let key = if inward { (**other, number) } else { (number, **other) };
                let used = names.get(&key).map(Vec::as_slice).unwrap_or_default();
                let mut parts: Vec<String> = Vec::new();
                if !links.is_empty() {
                    parts.push(book.import_places(&links, 3));
                }
                let used = used_names(book, used, inward);
                if !used.is_empty() {
                    parts.push(used);
                }
                format!("{} ({})", book.module(**other), parts.join(&book.word(Key::Semicolon)))
            })
            .collect();
        if order.len() > MOST_USERS {
            items.push(book.say(Key::More, &[&(order.len() - MOST_USERS).to_string()]));
        }
        items
    };
    let inward = sentence(&used_by, true);
    let outward = sentence(&uses, false);
    if !inward.is_empty() {
        writer.heading(2, &book.word(Key::HeadUsedBy));
        writer.list(&inward);
    } else if survey.modules.len() > 1
        && survey.modules[number]
            .files
            .iter()
            .all(|at| survey.imported_by(*at).all(|link| link.declares || !survey.is_source(link.from)))
    {
        writer.paragraph(&book.word(Key::UsedByNobody));
    }
    let outside = outside(book, number);
    if !outward.is_empty() || !outside.is_empty() {
        writer.heading(2, &book.word(Key::HeadUses));
        writer.list(&outward);
        if !outside.is_empty() {
            writer.paragraph(&book.say(Key::FromOutside, &[&outside]));
        }
    }
}

/// The names used most between two modules, each with where: `Parser` in `Command.make` core.py:12.
fn used_names(book: &Book<'_>, uses: &[SymbolUse], inward: bool) -> String {
    let survey = book.survey;
    let mut by_name: BTreeMap<SymbolAt, Vec<SymbolUse>> = BTreeMap::new();
    for used in uses {
        by_name.entry(used.to).or_default().push(*used);
    }
    let mut order: Vec<(SymbolAt, Vec<SymbolUse>)> = by_name.into_iter().collect();
    order.sort_by_key(|(to, uses)| (std::cmp::Reverse(uses.len()), *to));
    let more = order.len().saturating_sub(5);
    let mut shown: Vec<String> = order
        .iter()
        .take(5)
        .map(|(to, uses)| {
            let name = code(&survey.symbol(*to).map_or_else(String::new, Symbol::qualified_name));
            let first = uses.iter().find(|used| used.from.is_some()).or_else(|| uses.first());
            let Some(first) = first else { return name };
            let place = book.line(first.from_file, first.line);
            let times = if uses.len() > 1 { format!(" ×{}", uses.len()) } else { String::new() };
            match first.from.filter(|_| inward).and_then(|from| survey.symbol(from)) {
                Some(user) => {
                    format!("{name} {} {} {place}{times}", book.word(Key::In), code(&user.qualified_name()))
                }
                None => format!("{name} {place}{times}"),
            }
        })
        .collect();
    if more > 0 {
        shown.push(book.say(Key::More, &[&more.to_string()]));
    }
    shown.join(", ")
}

/// Packages of others that the module imports and that a manifest names.
fn outside(book: &Book<'_>, number: usize) -> String {
    let survey = book.survey;
    let files: BTreeSet<&str> = survey.modules[number].files.iter().map(|at| survey.path(*at)).collect();
    let mut shown = Vec::new();
    for package in survey.outside.iter().filter(|package| super::overview::is_named(book, &package.package)) {
        let first = package.imports.iter().find(|import| files.contains(import.path.as_str()));
        if let Some((import, at)) = first.and_then(|import| Some((import, survey.at(&import.path)?))) {
            shown.push(format!("{} ({})", code(&package.package), book.line(at, import.line)));
        }
    }
    let more = shown.len().saturating_sub(10);
    shown.truncate(10);
    if more > 0 {
        shown.push(book.say(Key::More, &[&more.to_string()]));
    }
    shown.join(", ")
}

fn files(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let module = &survey.modules[number];
    writer.heading(2, &book.word(Key::HeadFiles));
    let mut rows: Vec<Vec<String>> = module
        .files
        .iter()
        .take(MOST_FILES)
        .map(|at| {
            let what = survey.summary(*at).map_or_else(|| book.main_names(&[*at], 4), |words| prose(&words));
            let users = super::overview::importers(book, *at, ImportTime::Load);
            vec![
                book.file(*at),
                users.to_string(),
                text::grouped(u64::from(survey.files[*at].file.lines)),
                what,
            ]
        })
        .collect();
    if module.files.len() > MOST_FILES {
        rows.push(vec![book.say(Key::More, &[&(module.files.len() - MOST_FILES).to_string()])]);
    }
    writer.table(
        &[
            &book.word(Key::ColFile),
            &book.word(Key::ColImportedBy),
            &book.word(Key::ColLines),
            &book.word(Key::ColHolds),
        ],
        &rows,
    );
}

/// Two tables of names: what is exported or used by other files, and what else stands at the top.
fn names(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let module = &survey.modules[number];
    let top: Vec<SymbolAt> = module.files.iter().flat_map(|file| book.top_level(*file)).collect();
    let is_public =
        |at: &SymbolAt| survey.symbol(*at).is_some_and(|symbol| symbol.exported) || survey.users(*at) > 0;
    let (public, inner): (Vec<SymbolAt>, Vec<SymbolAt>) = top.into_iter().partition(is_public);
    let mut budget = MOST_NAMES * 3;
    let mut intro: Vec<String> = Vec::new();
    for &file in module.files.iter().filter(|file| is_door(survey.path(**file))) {
        let handed = super::overview::handed_on(book, file);
        if handed.len() < 2 {
            continue;
        }
        let mut shown: Vec<String> = handed
            .iter()
            .take(MOST_HANDED_ON)
            .map(|(name, at)| match at.and_then(|at| survey.symbol(at)) {
                Some(symbol) => cite(&code(name), &symbol.path, symbol.lines),
                None => code(name),
            })
            .collect();
        if handed.len() > MOST_HANDED_ON {
            shown.push(book.say(Key::More, &[&(handed.len() - MOST_HANDED_ON).to_string()]));
        }
        let number = book.count(handed.len(), Key::NounName);
        intro.push(book.say(Key::HandsOn, &[&number, &shown.join(", ")]));
    }
    if !intro.is_empty() {
        writer.heading(2, &book.word(Key::HeadApi));
        for text in &intro {
            writer.paragraph(text);
        }
    }
    let heading = if intro.is_empty() { Key::HeadApi } else { Key::HeadOwn };
    name_table(book, number, writer, (heading, MOST_NAMES), public, &mut budget);
    name_table(book, number, writer, (Key::HeadInside, MOST_INNER_NAMES), inner, &mut budget);
}

/// Names by file; of too many those that others use most.
fn name_table(
    book: &Book<'_>,
    number: usize,
    writer: &mut Writer,
    (heading, most): (Key, usize),
    mut wanted: Vec<SymbolAt>,
    budget: &mut usize,
) {
    let survey = book.survey;
    let module = &survey.modules[number];
    if wanted.is_empty() {
        return;
    }
    let all = wanted.len();
    if all > most {
        let size = |at: &SymbolAt| survey.symbol(*at).map_or(0, |symbol| lines_of(symbol.lines));
        wanted.sort_by_key(|at| (std::cmp::Reverse(survey.users(*at)), std::cmp::Reverse(size(at)), *at));
        wanted.truncate(most);
    }
    wanted.sort_by_key(|at| (module.files.iter().position(|file| *file == at.file), at.symbol));
    writer.heading(2, &book.word(heading));
    if all > most {
        writer.paragraph(&book.say(Key::CutTable, &[&most.to_string(), &book.count(all, Key::NounName)]));
    }
    let header = [book.word(Key::ColName), book.word(Key::ColLines), book.word(Key::ColWhat)];
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    for file in &module.files {
        let rows: Vec<Vec<String>> =
            wanted.iter().filter(|at| at.file == *file).flat_map(|at| rows(book, *at, budget)).collect();
        if !rows.is_empty() {
            if module.files.len() > 1 {
                writer.heading(3, &book.file(*file));
            }
            writer.table(&header, &rows);
        }
    }
}

/// A row for the symbol, and one for each member that matters.
fn rows(book: &Book<'_>, at: SymbolAt, budget: &mut usize) -> Vec<Vec<String>> {
    let survey = book.survey;
    let Some(symbol) = survey.symbol(at) else { return Vec::new() };
    let Some(facts) = survey.files.get(at.file) else { return Vec::new() };
    let owner = symbol.qualified_name();
    let mut rows = vec![row(book, symbol, false)];
    // A method whose type is declared in another file is shown with the type's name.
    if let Some(parent) = &symbol.parent
        && !facts.symbols.iter().any(|other| other.qualified_name() == *parent)
        && let Some(cell) = rows.first_mut().and_then(|row| row.first_mut())
    {
        *cell = format!("{} · {cell}", code(parent));
    }
    let members: Vec<(usize, &Symbol)> = facts
        .symbols
        .iter()
        .enumerate()
        .filter(|(_, member)| member.parent.as_deref() == Some(owner.as_str()))
        .collect();
    let methods: Vec<(usize, &Symbol)> = members
        .iter()
        .copied()
        .filter(|(_, member)| {
            matches!(member.kind, SymbolKind::Method | SymbolKind::Function | SymbolKind::Class)
        })
        .collect();
    let public: Vec<(usize, &Symbol)> = methods
        .iter()
        .copied()
        .filter(|(symbol, member)| {
            member.exported
                || survey
                    .uses_of(SymbolAt { file: at.file, symbol: *symbol })
                    .any(|used| used.from_file != at.file)
        })
        .filter(|(_, member)| {
            !(member.name.starts_with("__") && member.name != "__init__" && member.name != "__call__")
        })
        // Of Python's overloads the one with the body stands for all.
        .filter(|(symbol, member)| {
            let python = facts.file.language == Some(Language::Python) && member.doc.is_none();
            !(python && methods.iter().any(|(later, other)| later > symbol && other.name == member.name))
        })
        .collect();
    let mut shown = 0;
    for (_, member) in public.iter().take(MOST_MEMBERS) {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        shown += 1;
        rows.push(row(book, member, true));
    }
    let is_owner = !matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method);
    let hidden = if is_owner { methods.len() - shown } else { 0 };
    if hidden > 0 {
        let rest = book.say(Key::MoreMembers, &[&hidden.to_string()]);
        if let Some(cell) = rows.first_mut().and_then(|row| row.last_mut()) {
            cell.push_str(if cell.is_empty() { "" } else { " " });
            cell.push_str(&rest);
        }
    }
    rows
}

fn row(book: &Book<'_>, symbol: &Symbol, member: bool) -> Vec<String> {
    let shown = signature(symbol);
    let name = if member { format!("· {}", code(&shown)) } else { code(&shown) };
    let lines = if symbol.lines.end_line > symbol.lines.start_line {
        format!("{}-{}", symbol.lines.start_line, symbol.lines.end_line)
    } else {
        symbol.lines.start_line.to_string()
    };
    vec![name, cite(&lines, &symbol.path, symbol.lines), book.doc(symbol)]
}

/// The declaration as far as a table can show it.
fn signature(symbol: &Symbol) -> String {
    let text = super::super::markdown::one_line(&symbol.signature);
    let text = if text.is_empty() { symbol.name.clone() } else { text };
    let text = text.trim_end_matches(['{', ':', ';', ' ']).to_owned();
    // Python's decorators and `self` tell a reader nothing here.
    let text = text.strip_prefix("async def ").map(|rest| format!("async {rest}")).unwrap_or(text);
    let text = text.strip_prefix("def ").map(str::to_owned).unwrap_or(text);
    let text =
        text.split(": #").next().unwrap_or(&text).replace("( ", "(").replace(", )", ")").replace(" )", ")");
    let text =
        text.replace("(self, ", "(").replace("(self)", "()").replace("(cls, ", "(").replace("(cls)", "()");
    if text.chars().count() <= 120 {
        return text;
    }
    let cut: String = text.chars().take(118).collect();
    format!("{cut}…")
}

/// Settings, routes and commands in the module.
fn surroundings(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let mut parts = Vec::new();
    for &file in &survey.modules[number].files {
        for setting in &survey.files[file].settings {
            parts.push(format!("{} ({})", code(&setting.name), book.line(file, setting.line)));
        }
    }
    parts.dedup();
    let more = parts.len().saturating_sub(12);
    parts.truncate(12);
    if more > 0 {
        parts.push(book.say(Key::More, &[&more.to_string()]));
    }
    if !parts.is_empty() {
        writer.heading(2, &book.word(Key::HeadSettings));
        writer.paragraph(&book.say(Key::ReadsSettings, &[&parts.join(", ")]));
    }
}

fn tests(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let found = survey.tests_of(number);
    let inner: Vec<String> = survey.modules[number]
        .files
        .iter()
        .flat_map(|file| {
            let symbols = survey.files[*file].symbols.iter();
            symbols.filter(|symbol| {
                symbol.kind == SymbolKind::Module && matches!(symbol.name.as_str(), "tests" | "test")
            })
        })
        .take(MOST_TESTS)
        .map(|symbol| book.place(&symbol.path, symbol.lines))
        .collect();
    if found.is_empty() && inner.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadTests));
    let mut items: Vec<String> = Vec::new();
    if !inner.is_empty() {
        items.push(book.say(Key::TestsWithin, &[&inner.join(", ")]));
    }
    for (at, line) in found.iter().take(MOST_TESTS) {
        let counted = survey
            .tests_in(*at)
            .filter(|number| *number > 0)
            .map(|number| format!(" ({})", book.count(number, Key::NounTest)));
        let how = match line {
            Some(line) => book.say(Key::ImportsAt, &[&book.line(*at, *line)]),
            None => book.word(Key::NamedAfter),
        };
        items.push(format!(
            "{}{}{}{how}",
            book.file(*at),
            counted.unwrap_or_default(),
            book.word(Key::Comma)
        ));
    }
    if found.len() > MOST_TESTS {
        items.push(book.say(Key::More, &[&(found.len() - MOST_TESTS).to_string()]));
    }
    writer.list(&items);
}

/// Whether an edge makes two types relatives.
pub(super) fn is_inheritance(used: &SymbolUse) -> bool {
    used.kind == EdgeKind::Inherit
}

/// Whether a symbol stands among the source rather than among tests.
pub(super) fn is_of_source(survey: &Survey<'_>, at: SymbolAt) -> bool {
    survey.is_source(at.file) && survey.symbol(at).is_some_and(|symbol| !Survey::is_test_symbol(symbol))
}
