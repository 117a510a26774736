//! What a model is told about a file.
//!
//! Source is shown with a number and a bar in front of each line, so that no text in it can look like the
//! end of the block. Secrets are masked before anything else happens to the text.

use std::fmt::Write;
use std::sync::LazyLock;

use llm::estimate_tokens;

use super::context::Context;
use super::excerpt::short;
use super::names::{attribute, shown_name};
use super::parts::Part;
use super::phrases::word;
use super::{AnalyzeError, answer};
use crate::document::PageLanguage;
use crate::domain::{LineRange, Symbol};
use crate::knowledge::SymbolQuery;
use crate::secrets;

const SYSTEM: &str = include_str!("../../prompts/file_items.md");
const REPAIR: &str = include_str!("../../prompts/file_items_repair.md");

/// What is told of neighbours at most.
const MAX_NEIGHBOURS: usize = 10;
const MAX_SIGNATURES: usize = 10;
const MAX_NEIGHBOUR_TOKENS: usize = 2_500;
const MAX_IMPORTERS: usize = 10;
const MAX_OUTLINE: usize = 120;

/// Changes whenever a prompt, the form of an answer or the way of showing source changes.
pub static PROMPT_VERSION: LazyLock<String> = LazyLock::new(|| {
    // Raised by hand when this module shows the file in another way.
    const LAYOUT: &str = "3";
    let mut hasher = blake3::Hasher::new();
    for part in [LAYOUT, SYSTEM, REPAIR, &answer::schema().to_string()] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(16).collect()
});

/// The rules.
pub(super) fn system(language: PageLanguage) -> String {
    SYSTEM.replace("{{language}}", language_name(language))
}

/// What is wrong with an answer.
pub(super) fn repair(problems: &[String]) -> String {
    let list: Vec<String> = problems.iter().map(|problem| format!("- {problem}")).collect();
    REPAIR.replace("{{problems}}", &list.join("\n"))
}

/// The language as a model understands it.
pub(crate) fn language_name(language: PageLanguage) -> &'static str {
    match language {
        PageLanguage::En => "English",
        PageLanguage::Zh => "simplified Chinese",
    }
}

/// One segment of a file, as it is shown.
pub(super) struct Shown<'a> {
    /// The masked lines of the whole file.
    pub lines: &'a [&'a str],
    pub segment: LineRange,
    /// Which of how many, from 1.
    pub place: (usize, usize),
    /// The symbols to describe.
    pub parts: &'a [Part<'a>],
}

/// The question about one segment.
pub(super) fn question(context: &Context<'_>, shown: &Shown<'_>, around: &str) -> String {
    let mut out = String::new();
    let file = &context.facts.file;
    let name = attribute(&context.kb.meta().name);
    let _ = writeln!(out, "Repository: {name}");
    if shown.place.1 > 1 {
        let (start, end) = (shown.segment.start_line, shown.segment.end_line);
        let (number, count) = shown.place;
        let _ = writeln!(
            out,
            "The file is long: this is part {number} of {count}, lines {start} to {end} of {}.",
            file.lines
        );
    }
    let _ = writeln!(out, "\n{}", numbered(&file.path, shown.lines, shown.segment));
    if shown.parts.is_empty() {
        out.push_str("Describe these symbols: none. Answer with an empty list of items.\n");
    } else {
        out.push_str("Describe these symbols:\n");
        for part in shown.parts {
            out.push_str(&symbol_line(part.symbol));
        }
    }
    if shown.place.1 > 1 {
        out.push_str("\nOther symbols of the file, for orientation only:\n");
        let others = context.facts.symbols.iter().filter(|symbol| symbol.parent.is_none());
        for symbol in others.take(MAX_OUTLINE) {
            let _ = writeln!(out, "* {} {}", word(symbol.kind), shown_name(&symbol.name));
        }
    }
    out.push_str(around);
    out
}

/// Lines with their numbers, in a block that names the file.
pub(crate) fn numbered(path: &str, lines: &[&str], range: LineRange) -> String {
    let mut out = format!("<file path=\"{}\" lines=\"{}\">\n", attribute(path), lines.len());
    let first = range.start_line.saturating_sub(1) as usize;
    let count = (range.end_line as usize).saturating_sub(first);
    for (number, line) in (range.start_line..).zip(lines.iter().skip(first).take(count)) {
        let _ = writeln!(out, "{number:>5}| {}", short(line));
    }
    out.push_str("</file>\n");
    out
}

fn symbol_line(symbol: &Symbol) -> String {
    let LineRange { start_line, end_line } = symbol.lines;
    let signature = secrets::mask(&symbol.signature);
    let signature: String = signature.chars().take(200).collect();
    format!(
        "- {} `{}` lines {start_line}-{end_line}: {signature}\n",
        word(symbol.kind),
        shown_name(&symbol.qualified_name())
    )
}

/// What neighbours offer and who imports the file; the same for all segments.
pub(super) fn around(context: &Context<'_>) -> Result<String, AnalyzeError> {
    let mut out = String::new();
    for path in context.facts.file.imports.iter().take(MAX_NEIGHBOURS) {
        let query = SymbolQuery {
            path: Some(path.clone()),
            exported: Some(true),
            limit: MAX_SIGNATURES,
            ..SymbolQuery::default()
        };
        let signatures: Vec<String> = context
            .kb
            .symbols(&query)?
            .iter()
            .map(|symbol| secrets::mask(&symbol.signature).chars().take(120).collect())
            .collect();
        let line = format!("* {}: {}\n", attribute(path), signatures.join("; "));
        if estimate_tokens(&out) + estimate_tokens(&line) > MAX_NEIGHBOUR_TOKENS {
            break;
        }
        out.push_str(&line);
    }
    if !out.is_empty() {
        out.insert_str(0, "\nIt imports these files of the repository, which offer:\n");
    }
    if !context.imported_by.is_empty() {
        let paths: Vec<String> =
            context.imported_by.iter().take(MAX_IMPORTERS).map(|link| attribute(&link.path)).collect();
        let _ = writeln!(
            out,
            "\nImported by {} files, among them: {}",
            context.imported_by.len(),
            paths.join(", ")
        );
    }
    Ok(out)
}
