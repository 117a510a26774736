//! A file in a sentence.

use super::context::Context;
use super::parts::Part;
use super::phrases;
use crate::document::markdown::{code, prose};
use crate::document::sentence::first_sentence;
use crate::domain::{Language, SymbolKind};
use crate::secrets;

/// Names in the sentence at most.
const MAX_NAMES: usize = 4;

/// What the file says of itself, else what it holds.
pub(super) fn summary(context: &Context<'_>, parts: &[Part<'_>]) -> String {
    let own = context.facts.doc.as_deref().and_then(first_sentence).or_else(|| heading(context));
    if let Some(own) = own {
        return prose(&secrets::mask(&own));
    }
    let mut sentences = Vec::new();
    if let Some(entry) = context.facts.entry_points.first() {
        sentences.push(phrases::starts_here(context.language, &code(&entry.name), entry.line));
    }
    sentences.extend(definitions(context, parts));
    if sentences.is_empty() {
        sentences.push(held(context));
    }
    phrases::joined(context.language, &sentences)
}

/// The first heading of a Markdown or reStructuredText file.
fn heading(context: &Context<'_>) -> Option<String> {
    let lines: Vec<&str> = context.text.lines().take(60).map(str::trim).collect();
    match context.facts.file.language? {
        Language::Markdown => lines.iter().find_map(|line| Some(line.strip_prefix("# ")?.trim().to_owned())),
        Language::Rst => lines.windows(2).find_map(|pair| {
            let is_rule = pair[1].len() >= 3 && pair[1].chars().all(|c| "=-~*^\"#".contains(c));
            (is_rule && pair[0].chars().any(char::is_alphabetic)).then(|| pair[0].to_owned())
        }),
        _ => None,
    }
    .filter(|title| !title.is_empty() && title.len() <= 200)
}

/// `Defines the classes `A`, `B` and 3 functions.`
fn definitions(context: &Context<'_>, parts: &[Part<'_>]) -> Option<String> {
    use SymbolKind::*;
    let top: Vec<(SymbolKind, &str)> = parts
        .iter()
        .filter(|part| part.symbol.kind != Method)
        .map(|part| (part.symbol.kind, part.symbol.name.as_str()))
        .collect();
    let top = if top.is_empty() {
        let values = context.facts.symbols.iter().filter(|symbol| symbol.parent.is_none());
        values.map(|symbol| (symbol.kind, symbol.name.as_str())).collect()
    } else {
        top
    };
    let mut some = Vec::new();
    for kind in [Class, Struct, Trait, Interface, Enum, Table, Type, Function, Module, Constant, Variable] {
        let mut names: Vec<&str> = top.iter().filter(|(of, _)| *of == kind).map(|(_, name)| *name).collect();
        names.dedup();
        if names.is_empty() {
            continue;
        }
        let left = MAX_NAMES.saturating_sub(some.len());
        let shown: Vec<String> = names.iter().take(left.max(1)).map(|name| code(name)).collect();
        some.push(phrases::some_of_kind(context.language, kind, &shown, names.len() - shown.len()));
    }
    (!some.is_empty()).then(|| phrases::defines(context.language, &some))
}

/// What is left to say of a file without definitions.
fn held(context: &Context<'_>) -> String {
    let file = &context.facts.file;
    let imports: Vec<&str> = file.imports.iter().map(String::as_str).collect();
    if file.lines == 0 {
        let words = if file.skipped.is_some() { phrases::not_read } else { phrases::empty_file };
        return words(context.language).to_owned();
    }
    if !imports.is_empty() {
        let shown: Vec<String> = imports.iter().take(MAX_NAMES).map(|path| code(path)).collect();
        return phrases::only_imports(context.language, &shown, imports.len() - shown.len());
    }
    let language = file.language.and_then(|language| serde_json::to_value(language).ok());
    let language = language.as_ref().and_then(|value| value.as_str()).unwrap_or("text");
    phrases::lines_of(context.language, file.lines, language)
}
