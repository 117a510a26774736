//! One page for each module, and the page that lists them.

use super::super::markdown::{Writer, cite, code, prose};
use super::super::sentence::opening;
use super::super::survey::{Module, Survey, SymbolAt, SymbolUse};
use super::super::text::{self, Key};
use super::book::{ARCHITECTURE, Book, MODULES};
use super::names::names;
use super::overview::module_row;
use super::relations::relations;
use crate::domain::{EdgeKind, Page, SymbolKind};
use crate::facts::ImportTime;

/// Rows of the table of files; the rest is counted.
const MOST_FILES: usize = 40;
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
        // A source with its header or stub.
        [first, second] if !is_folder(book, module) => {
            let names = [*first, *second].map(|at| book.file(at));
            book.say(Key::Size, &[&book.and(&names), &lines])
        }
        files => {
            let folder = if module.path.is_empty() { "." } else { module.path.as_str() };
            book.say(Key::SizeIn, &[&book.count(files.len(), Key::NounFile), &lines, &code(folder)])
        }
    }
}

/// Whether the module is all of a folder; else it is some files of one.
fn is_folder(book: &Book<'_>, module: &Module) -> bool {
    book.survey.at(&module.path).is_none()
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
            let users = super::doors::importers(book, *at, ImportTime::Load);
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
