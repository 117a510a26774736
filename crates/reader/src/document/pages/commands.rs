//! Commands and options of command-line programs: the options beneath the command that takes them.

use std::collections::{BTreeMap, BTreeSet};

use super::super::markdown::{Writer, code, prose};
use super::super::sentence::first_sentence;
use super::super::text::Key;
use super::book::Book;
use super::interfaces::in_tests;
use crate::facts::Command;

const MOST_COMMANDS: usize = 200;

/// A command or option, and its file.
type Found<'s> = (usize, &'s Command);

pub(super) fn section(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let mut by_package: BTreeMap<String, Vec<Found<'_>>> = BTreeMap::new();
    for (at, facts) in survey.files.iter().enumerate().filter(|(at, _)| survey.is_source(*at)) {
        for command in facts.commands.iter().filter(|command| !in_tests(survey, at, command.line)) {
            by_package.entry(package(book, at)).or_default().push((at, command));
        }
    }
    if by_package.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadCommands));
    let several = by_package.len() > 1;
    let mut left = MOST_COMMANDS;
    for (package, found) in by_package {
        let found = in_order(book, found);
        let mut rows: Vec<Vec<String>> = found.iter().take(left).map(|found| row(book, *found)).collect();
        if found.len() > rows.len() {
            rows.push(vec![book.say(Key::More, &[&(found.len() - rows.len()).to_string()])]);
        }
        left = left.saturating_sub(found.len());
        if several {
            writer.heading(3, &code(if package.is_empty() { &book.survey.kb.meta().name } else { &package }));
        }
        writer.table(
            &[&book.word(Key::ColCommand), &book.word(Key::ColHelp), &book.word(Key::ColWhere)],
            &rows,
        );
    }
}

/// The name of the package that holds a file; empty when there is none.
fn package(book: &Book<'_>, at: usize) -> String {
    let package = book.survey.package_of(book.survey.path(at));
    package.and_then(|manifest| manifest.name.as_ref()).map_or_else(String::new, |name| name.value.clone())
}

/// The options of each command behind it; options of types that no command takes come first, as they are the
/// program's own.
fn in_order<'s>(book: &Book<'_>, found: Vec<Found<'s>>) -> Vec<Found<'s>> {
    let mut options: BTreeMap<&str, Vec<Found<'s>>> = BTreeMap::new();
    for (at, command) in &found {
        if let Some(of) = &command.of {
            options.entry(of).or_default().push((*at, *command));
        }
    }
    let taken: BTreeSet<String> = found
        .iter()
        .filter(|(_, c)| c.of.is_none())
        .filter_map(|found| takes(book, *found, &options))
        .collect();
    let mut ordered: Vec<Found<'s>> = Vec::with_capacity(found.len());
    let own = |of: &str| found.iter().any(|(_, c)| c.of.is_none() && c.name == of);
    ordered.extend(
        found
            .iter()
            .filter(|(_, command)| command.of.as_deref().is_some_and(|of| !taken.contains(of) && !own(of))),
    );
    for (at, command) in found.iter().filter(|(_, command)| command.of.is_none()) {
        ordered.push((*at, *command));
        let of = takes(book, (*at, *command), &options).unwrap_or_else(|| command.name.clone());
        // Of two commands that take the same options, the first shows them.
        ordered.extend(options.remove(of.as_str()).unwrap_or_default());
    }
    ordered
}

/// The type of options that a variant of clap's subcommands holds: `BeatArgs` of `Beat(BeatArgs)`, or the variant
/// itself when its fields are the options.
fn takes(
    book: &Book<'_>,
    (at, command): Found<'_>,
    options: &BTreeMap<&str, Vec<Found<'_>>>,
) -> Option<String> {
    let facts = book.survey.files.get(at)?;
    let variant = facts.symbols.iter().find(|symbol| {
        symbol.lines.start_line <= command.line
            && command.line <= symbol.lines.end_line
            && symbol.signature.starts_with(&symbol.name)
            && symbol.parent.is_some()
    })?;
    let qualified = variant.qualified_name();
    if options.contains_key(qualified.as_str()) {
        return Some(qualified);
    }
    let inner = variant.signature.split_once('(')?.1.trim_end_matches(')');
    let name = inner.trim_start_matches("Box<").trim_end_matches('>').rsplit("::").next()?.trim();
    options.contains_key(name).then(|| name.to_owned())
}

fn row(book: &Book<'_>, (at, command): Found<'_>) -> Vec<String> {
    let name = match &command.of {
        Some(of) => format!("· {} ({})", code(&command.name), code(of)),
        None => code(&command.name),
    };
    let help = command.help.as_deref().and_then(first_sentence).map_or_else(String::new, |text| prose(&text));
    vec![name, help, book.line(at, command.line)]
}
