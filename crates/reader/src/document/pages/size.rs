//! How large the project is and of what kind.

use std::collections::BTreeMap;

use super::super::manifest::{Dependency, EntryKind, Manifest, Need};
use super::super::markdown::{code, escape};
use super::super::survey::Survey;
use super::super::text::{Key, grouped};
use super::book::Book;
use super::dependencies;
use crate::domain::SkipReason;
use crate::{FileRole, Language};

/// Files and lines of one sort.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Size {
    pub(super) files: usize,
    pub(super) lines: u64,
}

impl Size {
    fn add(&mut self, lines: u32) {
        self.files += 1;
        self.lines += u64::from(lines);
    }
}

/// The size of all source files.
pub(super) fn source(book: &Book<'_>) -> Size {
    sum(book.survey, |at| book.survey.is_source(at))
}

/// The size of all tests.
pub(super) fn tests(book: &Book<'_>) -> Size {
    sum(book.survey, |at| book.survey.is_test(at))
}

fn sum(survey: &Survey<'_>, wanted: impl Fn(usize) -> bool) -> Size {
    let mut size = Size::default();
    for (_, facts) in survey.files.iter().enumerate().filter(|(at, _)| wanted(*at)) {
        size.add(facts.file.lines);
    }
    size
}

/// Lines of source by language as people name it, the most first.
pub(super) fn languages(survey: &Survey<'_>) -> Vec<(&'static str, u64)> {
    let mut lines: BTreeMap<&'static str, u64> = BTreeMap::new();
    for (_, facts) in survey.files.iter().enumerate().filter(|(at, _)| survey.is_source(*at)) {
        if let Some(language) = facts.file.language {
            let language = if language == Language::Tsx { Language::TypeScript } else { language };
            *lines.entry(Language::name(language)).or_default() += u64::from(facts.file.lines);
        }
    }
    let mut sorted: Vec<(&'static str, u64)> = lines.into_iter().collect();
    sorted.sort_by_key(|(name, lines)| (std::cmp::Reverse(*lines), *name));
    sorted
}

/// The language of most lines of source.
fn main_language(survey: &Survey<'_>) -> Option<Language> {
    let (name, _) = languages(survey).into_iter().next()?;
    survey.files.iter().filter_map(|facts| facts.file.language).find(|language| language.name() == name)
}

/// One sentence on what it is: `A Python library for Python ≥ 3.10, typed, without runtime dependencies.`
pub(super) fn kind(book: &Book<'_>) -> String {
    let survey = book.survey;
    let languages = languages(survey);
    let Some((language, _)) = languages.first() else { return String::new() };
    let packages: Vec<&Manifest> =
        survey.manifests.iter().filter(|manifest| manifest.is_package() && manifest.name.is_some()).collect();
    let root = main_manifest(survey);
    let mut commands: Vec<String> = survey
        .commands()
        .into_iter()
        .filter(|(_, manifest)| !matches!(crate::role_of(&manifest.path), FileRole::Test | FileRole::Example))
        .map(|(entry, _)| code(&entry.name))
        .collect();
    commands.dedup();
    commands.truncate(4);
    let members = root.is_some_and(|root| !root.members.is_empty());
    let has_main =
        !survey.entry_points().is_empty() || !survey.program_files().is_empty() || is_served(survey);
    let library = has_library(book, root);
    let mut sentence = if members && packages.len() > 1 {
        book.say(Key::KindWorkspace, &[language, &book.count(packages.len(), Key::NounPackage)])
    } else if !commands.is_empty() && library {
        book.say(Key::KindBoth, &[language, &book.and(&commands)])
    } else if !commands.is_empty() || (has_main && !library) {
        book.say(Key::KindProgram, &[language])
    } else if library {
        book.say(Key::KindLibrary, &[language])
    } else {
        book.say(Key::KindCode, &[language])
    };
    let Some(root) = root else { return format!("{sentence}.") };
    let mut parts: Vec<String> = Vec::new();
    if let Some(requires) = &root.requires {
        let shown = book.say(Key::Requires, &[&escape(&requires.value)]);
        parts.push(format!("{shown} ({})", book.place(&root.path, requires.lines)));
    }
    if let Some(typed) = &root.typed {
        parts.push(format!("{} ({})", book.word(Key::Typed), book.place(&root.path, typed.lines)));
    }
    if !members && let Some(lines) = root.dependency_lines {
        let runtime: Vec<String> =
            root.dependencies.iter().filter(|d| d.need == Need::Runtime).map(|d| code(&d.name)).collect();
        let place = book.place(&root.path, lines);
        let within =
            |d: &Dependency| lines.start_line <= d.lines.start_line && d.lines.end_line <= lines.end_line;
        let partly = root.dependencies.iter().any(|d| d.need == Need::Optional && within(d));
        parts.push(if runtime.is_empty() && partly {
            format!("{} ({place})", book.word(Key::OnlyOptional))
        } else if runtime.is_empty() {
            format!("**{}** ({place})", book.word(Key::WithoutRuntime))
        } else {
            let number = book.count(runtime.len(), Key::NounDependency);
            book.say(Key::WithRuntime, &[&number, &place])
        });
    }
    if let Some(license) = &root.license {
        parts.push(format!(
            "{} ({})",
            book.say(Key::Licensed, &[&escape(&license.value)]),
            book.place(&root.path, license.lines)
        ));
    }
    for part in parts {
        sentence.push_str(book.word(Key::Comma).as_str());
        sentence.push_str(&part);
    }
    format!("{sentence}{}", book.word(Key::Stop))
}

fn has_library(book: &Book<'_>, root: Option<&Manifest>) -> bool {
    use super::super::manifest::Ecosystem;
    let declared = book.survey.entries_of_kind(EntryKind::Library).any(|(entry, manifest)| {
        entry.target.is_none() || book.survey.target_file(entry, manifest).is_some()
    });
    let python = root.is_some_and(|root| root.ecosystem == Ecosystem::Python)
        && book.survey.files.iter().any(|facts| facts.file.path.ends_with("__init__.py"));
    let rust = book.survey.files.iter().any(|facts| facts.file.path.ends_with("src/lib.rs"));
    declared
        || python
        || rust
        || root.is_some_and(|root| match root.ecosystem {
            // A Gemfile alone tells what a program needs.
            Ecosystem::Ruby => root.path.ends_with(".gemspec") || !is_served(book.survey),
            ecosystem => ecosystem == Ecosystem::Composer,
        })
        || root.is_some_and(|root| root.ecosystem == Ecosystem::Go) && go_is_imported(book)
}

/// Whether users import the package at the top of a module of Go, or there is nothing to run.
fn go_is_imported(book: &Book<'_>) -> bool {
    let survey = book.survey;
    let starts = survey.entry_points();
    let runs = |at: usize| starts.iter().any(|start| start.file == at);
    let is_top = |at: &usize| {
        survey.is_source(*at) && !survey.path(*at).contains('/') && survey.path(*at).ends_with(".go")
    };
    let top: Vec<usize> = (0..survey.files.len()).filter(is_top).collect();
    starts.is_empty() || (!top.is_empty() && !top.into_iter().any(runs))
}

/// Whether a web server of Ruby starts it.
fn is_served(survey: &Survey<'_>) -> bool {
    survey.files.iter().any(|facts| facts.file.path == "config.ru")
}

/// The manifest that speaks for the whole: the package at the root, else the only one.
pub(super) fn main_manifest<'s>(survey: &'s Survey<'_>) -> Option<&'s Manifest> {
    let packages = || survey.manifests.iter().filter(|manifest| manifest.is_package());
    // A website of npm beside a package of Python is not what the project is.
    let main = main_language(survey);
    let speaks = |manifest: &&Manifest| main.is_none_or(|main| dependencies::takes(main, manifest.ecosystem));
    let named = || packages().filter(|manifest| manifest.folder().is_empty() && manifest.name.is_some());
    named()
        .find(speaks)
        .or_else(|| named().next())
        .or_else(|| packages().find(|manifest| manifest.folder().is_empty()))
        .or_else(|| {
            let mut named = packages().filter(|manifest| manifest.name.is_some());
            named.next().filter(|_| named.next().is_none())
        })
}

/// Source, tests and languages in numbers.
pub(super) fn numbers(book: &Book<'_>) -> String {
    let source = source(book);
    let tests = tests(book);
    let files = book.count(source.files, Key::NounSourceFile);
    let lines = super::super::text::count(book.language, source.lines, Key::NounLine);
    let mut text = match book.source_folder() {
        "" => book.say(Key::Size, &[&files, &lines]),
        folder => book.say(Key::SizeIn, &[&files, &lines, &code(folder)]),
    };
    if tests.files > 0 {
        let counted: usize = (0..book.survey.files.len())
            .filter(|at| book.survey.is_test(*at))
            .filter_map(|at| book.survey.tests_in(at))
            .sum();
        let files = book.count(tests.files, Key::NounTestFile);
        let lines = super::super::text::count(book.language, tests.lines, Key::NounLine);
        text.push_str(&book.word(Key::Semicolon));
        text.push_str(&if counted > 0 {
            book.say(Key::SizeTestsCounted, &[&lines, &files, &book.count(counted, Key::NounTest)])
        } else {
            book.say(Key::SizeTests, &[&lines, &files])
        });
    }
    let inner: u64 = book
        .survey
        .files
        .iter()
        .enumerate()
        .filter(|(at, _)| book.survey.is_source(*at))
        .map(|(_, facts)| u64::from(Survey::inner_test_lines(facts)))
        .sum();
    if inner > 0 {
        let lines = super::super::text::count(book.language, inner, Key::NounLine);
        let counted: usize = (0..book.survey.files.len())
            .filter(|at| book.survey.is_source(*at))
            .filter_map(|at| book.survey.tests_in(at))
            .sum();
        text.push_str(&book.word(Key::Semicolon));
        text.push_str(&if counted > 0 {
            book.say(Key::SizeInnerCounted, &[&lines, &book.count(counted, Key::NounTest)])
        } else {
            book.say(Key::SizeInner, &[&lines])
        });
    }
    text.push_str(&book.word(Key::Stop));
    for (folder, files, lines) in book.survey.foreign() {
        let files = book.count(files, Key::NounFile);
        let lines = super::super::text::count(book.language, lines, Key::NounLine);
        text.push_str(book.between_sentences());
        text.push_str(&book.say(Key::SizeForeign, &[&code(folder), &files, &lines]));
    }
    let languages = languages(book.survey);
    let total: u64 = languages.iter().map(|(_, lines)| lines).sum();
    let shares: Vec<String> = languages
        .iter()
        .filter(|(_, lines)| *lines * 100 >= total)
        .take(6)
        .map(|(name, lines)| format!("{name} {} %", (lines * 100 + total / 2) / total.max(1)))
        .collect();
    if shares.len() > 1 {
        text.push_str(book.between_sentences());
        text.push_str(&book.say(Key::Languages, &[&shares.join(&book.word(Key::ListComma))]));
    }
    let skipped: Vec<String> =
        book.survey.skipped().into_iter().map(|(reason, count)| skip(book, reason, count)).collect();
    if !skipped.is_empty() {
        text.push_str(book.between_sentences());
        text.push_str(&book.say(Key::NotRead, &[&skipped.join(&book.word(Key::ListComma))]));
    }
    text
}

fn skip(book: &Book<'_>, reason: SkipReason, count: u64) -> String {
    let key = match reason {
        SkipReason::Binary => Key::SkipBinary,
        SkipReason::Vendored => Key::SkipVendored,
        SkipReason::Generated => Key::SkipGenerated,
        SkipReason::Minified => Key::SkipMinified,
        SkipReason::TooLarge => Key::SkipTooLarge,
        SkipReason::Symlink => Key::SkipSymlink,
        SkipReason::Special => Key::SkipSpecial,
        SkipReason::Unreadable => Key::SkipUnreadable,
        SkipReason::TooMany => Key::SkipTooMany,
    };
    book.say(key, &[&grouped(count)])
}
