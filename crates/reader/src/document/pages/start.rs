//! How to start: what is needed, and how it is installed, built, run, tested and checked.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::super::manifest::{Command, CommandFor, Ecosystem, Manifest};
use super::super::markdown::{Writer, code, escape, prose};
use super::super::readme::About;
use super::super::sentence::first_sentence;
use super::super::text::Key;
use super::book::{Book, START};
use crate::domain::{Language, LineRange, Page};

const MOST_COMMANDS: usize = 14;
/// Of what a script or target runs.
const MOST_CHARACTERS: usize = 140;

/// A shell line and all places that tell it.
pub(super) struct Known {
    pub(super) purpose: CommandFor,
    line: String,
    note: Option<String>,
    in_words: bool,
    places: Vec<(String, LineRange)>,
}

impl Known {
    /// The comment that its line of the README ends with, as Markdown.
    pub(super) fn words(&self) -> Option<String> {
        self.note.as_deref().filter(|_| self.in_words).map(prose)
    }

    /// Whether the README tells it.
    pub(super) fn is_told(&self, book: &Book<'_>) -> bool {
        let readme = book.survey.readme.as_ref();
        readme.is_some_and(|readme| self.places.iter().any(|(path, _)| *path == readme.path))
    }

    /// The line with its first places.
    pub(super) fn shown(&self, book: &Book<'_>) -> String {
        let places: Vec<String> =
            self.places.iter().take(2).map(|(path, lines)| book.place(path, *lines)).collect();
        format!("{} ({})", code(&self.line), places.join(", "))
    }
}

/// All commands that manifests, the README and continuous integration tell, the root's first.
pub(super) fn commands(book: &Book<'_>) -> Vec<Known> {
    let mut known: Vec<Known> = Vec::new();
    let is_readme = |path: &str| book.survey.readme.as_ref().is_some_and(|readme| readme.path == path);
    let mut add =
        |purpose: CommandFor, line: &str, note: Option<&str>, path: &str, lines: LineRange| match known
            .iter_mut()
            .find(|known| known.line == line)
        {
            Some(found) => {
                if found.note.is_none() {
                    found.note = note.map(str::to_owned);
                }
                if !found.places.iter().any(|(known, _)| known == path) {
                    found.places.push((path.to_owned(), lines));
                }
            }
            None => known.push(Known {
                purpose,
                line: line.to_owned(),
                note: note.map(str::to_owned),
                in_words: line.starts_with("./") || is_readme(path),
                places: vec![(path.to_owned(), lines)],
            }),
        };
    // What the README tells a newcomer to type comes first.
    let is_program = !book.survey.commands().is_empty()
        || !book.survey.entry_points().is_empty()
        || !book.survey.program_files().is_empty();
    if let Some(readme) = &book.survey.readme {
        for section in &readme.sections {
            let purpose = match section.about {
                Some(About::Install) => CommandFor::Install,
                Some(About::Build) => CommandFor::Build,
                Some(About::Test) => CommandFor::Test,
                Some(About::Usage) if is_program => CommandFor::Run,
                _ => continue,
            };
            let noise = |line: &str| {
                ["git clone", "cd ", "mkdir ", "echo ", "cat ", "curl ", "export "]
                    .iter()
                    .any(|start| line.starts_with(start))
            };
            // A folder of the repository into which the line before has gone, and that line.
            let mut inside: Option<(&str, u32)> = None;
            for command in &section.commands {
                inside = inside.filter(|(_, line)| command.lines.start_line == line + 1);
                let folder = command.value.strip_prefix("cd ").map(|folder| folder.trim_matches(['/', ' ']));
                if let Some(folder) = folder.filter(|folder| book.survey.has_folder(folder)) {
                    inside = Some((folder, command.lines.end_line));
                    continue;
                }
                if noise(&command.value) {
                    continue;
                }
                let purpose = match CommandFor::of_line(&command.value) {
                    Some(purpose) => purpose,
                    None if calls_own_program(book, &command.value) => CommandFor::Run,
                    None => purpose,
                };
                let line = match &mut inside {
                    Some((folder, last)) => {
                        *last = command.lines.end_line;
                        format!("cd {folder} && {}", command.value)
                    }
                    None => command.value.clone(),
                };
                add(purpose, &line, command.note.as_deref(), &readme.path, command.lines);
            }
        }
    }
    // Scripts at the top are what the maintainers type.
    for facts in &book.survey.files {
        let file = &facts.file;
        let is_script =
            file.language == Some(Language::Bash) && file.skipped.is_none() && !file.path.contains('/');
        let purpose = CommandFor::of_name(file.path.split('.').next().unwrap_or(""));
        if is_script && file.lines > 0 && purpose != CommandFor::Other {
            let says = facts.doc.as_deref().and_then(first_sentence);
            let whole = LineRange { start_line: 1, end_line: file.lines };
            add(purpose, &format!("./{}", file.path), says.as_deref(), &file.path, whole);
        }
    }
    for (path, line) in
        [("autogen.sh", "./autogen.sh"), ("configure.ac", "./configure"), ("configure.in", "./configure")]
    {
        if book.survey.files.iter().any(|facts| facts.file.path == path && facts.file.skipped.is_none()) {
            add(CommandFor::Build, line, None, path, LineRange { start_line: 1, end_line: 1 });
        }
    }
    // A command of a part's own manifest is the same as the whole's, or belongs to the part.
    for manifest in book.survey.manifests.iter().filter(|manifest| manifest.ecosystem != Ecosystem::Ci) {
        for command in
            manifest.commands.iter().filter(|command| is_typed_at_the_root(book, manifest, command))
        {
            add(command.purpose, &command.line, command.note.as_deref(), &manifest.path, command.lines);
        }
    }
    // Continuous integration runs the same program with many flags: two lines of each tell enough.
    let mut runs: BTreeMap<(CommandFor, String), usize> = BTreeMap::new();
    for manifest in book.survey.manifests.iter().filter(|manifest| manifest.ecosystem == Ecosystem::Ci) {
        for command in &manifest.commands {
            let program = command.line.split_whitespace().next().unwrap_or("").to_owned();
            let times = runs.entry((command.purpose, program)).or_default();
            *times += 1;
            let asks_version = command.line.ends_with(" --version") || command.line.ends_with(" -version");
            if *times > 2 || asks_version {
                continue;
            }
            add(command.purpose, &command.line, command.note.as_deref(), &manifest.path, command.lines);
        }
    }
    known
}

/// Whether a shell line calls a program of the project: `./prometheus --config.file=x`.
fn calls_own_program(book: &Book<'_>, line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or("");
    let program = first.rsplit('/').next().unwrap_or(first);
    let is_installed = || book.survey.commands().iter().any(|(entry, _)| entry.name == program);
    program == book.survey.kb.meta().name || is_installed()
}

/// .NET's projects lie in folders and are named by path; where a solution builds them all, they are only run so.
fn is_typed_at_the_root(book: &Book<'_>, manifest: &Manifest, command: &Command) -> bool {
    let is_of_dotnet = |other: &Manifest| matches!(other.ecosystem, Ecosystem::DotNet | Ecosystem::Solution);
    let names_all = |other: &&Manifest| other.folder().is_empty() || other.ecosystem == Ecosystem::Solution;
    // Projects with RSpec have `bin/rails`, but no tests for it.
    let has_tests = || book.survey.files.iter().any(|facts| facts.file.path == "test/test_helper.rb");
    manifest.folder().is_empty()
        || manifest.ecosystem == Ecosystem::Solution
        || manifest.path == "bin/rails" && (command.purpose != CommandFor::Test || has_tests())
        || manifest.ecosystem == Ecosystem::DotNet
            && (command.purpose == CommandFor::Run
                || !book.survey.manifests.iter().filter(names_all).any(is_of_dotnet))
}

/// Whether there is enough for a page.
pub(super) fn has_page(book: &Book<'_>) -> bool {
    commands(book).len() + sections(book).len() + needs(book).len() > 0
}

pub(super) fn page(book: &Book<'_>) -> Option<Page> {
    if !has_page(book) {
        return None;
    }
    let title = book.word(Key::TitleStart);
    let mut writer = book.begin(&title, None);
    writer.paragraph(&book.word(Key::StartIntro));
    let needs = needs(book);
    if !needs.is_empty() {
        writer.heading(2, &book.word(Key::HeadNeeds));
        writer.list(&needs);
    }
    let known = commands(book);
    for (purpose, key) in [
        (CommandFor::Install, Key::HeadInstall),
        (CommandFor::Build, Key::HeadCompile),
        (CommandFor::Run, Key::HeadRun),
        (CommandFor::Test, Key::HeadTest),
        (CommandFor::Check, Key::HeadCheck),
        (CommandFor::Docs, Key::HeadDocs),
        (CommandFor::Other, Key::HeadOther),
    ] {
        section(book, &mut writer, purpose, key, &known);
    }
    let sections = sections(book);
    if !sections.is_empty() {
        writer.heading(2, &book.word(Key::HeadReadme));
        writer.list(&sections);
    }
    Some(book.page(START, &title, None, 1, writer))
}

fn section(book: &Book<'_>, writer: &mut Writer, purpose: CommandFor, key: Key, known: &[Known]) {
    let own: Vec<&Known> = known.iter().filter(|known| known.purpose == purpose).collect();
    if own.is_empty() {
        return;
    }
    writer.heading(2, &book.word(key));
    let mut rows: Vec<Vec<String>> = own
        .iter()
        .take(MOST_COMMANDS)
        .map(|known| {
            let places: Vec<String> =
                known.places.iter().take(3).map(|(path, lines)| book.place(path, *lines)).collect();
            let runs = known.note.as_deref().map_or_else(String::new, |note| {
                // A script and a line of the README are described in words, a target by what it runs.
                if known.in_words { prose(note) } else { code(&shortened(note)) }
            });
            vec![code(&known.line), runs, places.join(", ")]
        })
        .collect();
    if own.len() > MOST_COMMANDS {
        rows.push(vec![book.say(Key::More, &[&(own.len() - MOST_COMMANDS).to_string()])]);
    }
    if own.iter().all(|known| known.note.is_none()) {
        for row in &mut rows {
            if row.len() > 1 {
                row.remove(1);
            }
        }
        writer.table(&[&book.word(Key::ColCommand), &book.word(Key::ColWhere)], &rows);
    } else {
        writer.table(
            &[&book.word(Key::ColCommand), &book.word(Key::ColRuns), &book.word(Key::ColWhere)],
            &rows,
        );
    }
}

/// A command as far as a cell holds it.
fn shortened(line: &str) -> Cow<'_, str> {
    match line.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{} …", line[..end].trim_end()).into(),
        None => line.into(),
    }
}

/// Versions of languages and platforms that manifests ask for.
fn needs(book: &Book<'_>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for manifest in &book.survey.manifests {
        if let Some(requires) = &manifest.requires
            && !seen.contains(&requires.value.as_str())
            && seen.len() < 8
        {
            seen.push(&requires.value);
            shown.push(format!(
                "{} ({})",
                escape(&requires.value),
                book.place(&manifest.path, requires.lines)
            ));
        }
    }
    shown
}

/// Sections of the README that a newcomer looks for.
fn sections(book: &Book<'_>) -> Vec<String> {
    let Some(readme) = &book.survey.readme else { return Vec::new() };
    readme
        .sections
        .iter()
        .filter(|section| section.about.is_some())
        .take(12)
        .map(|section| format!("{} ({})", prose(&section.title), book.place(&readme.path, section.lines)))
        .collect()
}
