//! What a model is told about a page.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::LazyLock;

use llm::estimate_tokens;

use super::WriteError;
use crate::analyze::names::attribute;
use crate::analyze::prompt::numbered;
use crate::document::collect::{MarkKind, marks};
use crate::document::sentence::first_sentence;
use crate::domain::{Citation, FileReading, ItemKind, LineRange, Page};
use crate::knowledge::KnowledgeBase;
use crate::secrets;

pub(super) use crate::analyze::names::attribute as shown_path;
pub(super) use crate::analyze::prompt::language_name;

const SYSTEM: &str = include_str!("../../../prompts/page.md");
const REPAIR: &str = include_str!("../../../prompts/page_repair.md");

/// Tokens of each part of a question at most.
const MAX_PAGE: usize = 8_000;
const MAX_READINGS: usize = 6_000;
const MAX_SOURCE: usize = 8_000;
/// Items of one file, and lines of one place, at most.
const MAX_ITEMS: usize = 14;
const MAX_LINES: u32 = 40;

/// Changes whenever a prompt or the way of showing a page changes.
pub(super) static PAGE_VERSION: LazyLock<String> = LazyLock::new(|| {
    // Raised by hand when this module shows the page in another way.
    const LAYOUT: &str = "2";
    let mut hasher = blake3::Hasher::new();
    for part in [LAYOUT, SYSTEM, REPAIR] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    hasher.finalize().to_hex().chars().take(16).collect()
});

/// The rules.
pub(super) fn system(language: crate::document::PageLanguage) -> String {
    SYSTEM.replace("{{language}}", language_name(language))
}

/// What is wrong with a page.
pub(super) fn repair(problems: &[String]) -> String {
    let list: Vec<String> = problems.iter().map(|problem| format!("- {problem}")).collect();
    REPAIR.replace("{{problems}}", &list.join("\n"))
}

/// The page, what is known of the files that it cites, and the lines that it cites.
pub(super) fn question(
    kb: &KnowledgeBase,
    page: &Page,
    readings: &[FileReading],
) -> Result<String, WriteError> {
    let mut out = format!("Repository: {}\n\n", attribute(&kb.meta().name));
    let _ = writeln!(out, "<page slug=\"{}\" title=\"{}\">", attribute(&page.slug), attribute(&page.title));
    let text = with_places(&page.markdown);
    let mut left = MAX_PAGE;
    for line in secrets::mask(&text).lines() {
        let Some(rest) = left.checked_sub(estimate_tokens(line) + 2) else { break };
        left = rest;
        let _ = writeln!(out, "| {line}");
    }
    out.push_str("</page>\n");
    out.push_str(&known(page, readings));
    out.push_str(&source(kb, &page.citations)?);
    Ok(out)
}

/// The Markdown with `[[PATH:A-B]]` behind each cited label, and without the note that it is static.
fn with_places(markdown: &str) -> String {
    let mut out = String::new();
    let mut copied = 0;
    let mut marks = marks(markdown);
    marks.sort_by_key(|mark| mark.bytes.start);
    for mark in marks {
        let MarkKind::Citation(Some(citation)) = &mark.kind else { continue };
        if mark.bytes.start < copied {
            continue;
        }
        out.push_str(markdown.get(copied..mark.bytes.start).unwrap_or_default());
        out.push_str(markdown.get(mark.label.clone()).unwrap_or_default());
        let _ = write!(out, " {}", place(&citation.path, citation.lines));
        copied = mark.bytes.end;
    }
    out.push_str(markdown.get(copied..).unwrap_or_default());
    let note = out.lines().position(|line| line.starts_with("> "));
    out.lines().enumerate().filter(|(at, _)| Some(*at) != note).map(|(_, line)| format!("{line}\n")).collect()
}

fn place(path: &str, lines: LineRange) -> String {
    format!("[[{}:{}-{}]]", attribute(path), lines.start_line, lines.end_line)
}

/// Summaries and items of the cited files, most cited first.
fn known(page: &Page, readings: &[FileReading]) -> String {
    let mut cited: BTreeMap<&str, usize> = BTreeMap::new();
    for citation in &page.citations {
        *cited.entry(&citation.path).or_default() += 1;
    }
    let mut readings: Vec<&FileReading> = readings.iter().collect();
    readings.sort_by_key(|reading| {
        (std::cmp::Reverse(cited.get(reading.path.as_str()).copied().unwrap_or(0)), reading.path.as_str())
    });
    let mut out = String::new();
    let mut left = MAX_READINGS;
    for reading in readings {
        let mut text = format!("\n* {}: {}\n", attribute(&reading.path), line_of(&reading.summary));
        for item in reading.items.iter().filter(|item| item.kind != ItemKind::File).take(MAX_ITEMS) {
            let first = first_sentence(&item.description).unwrap_or_default();
            let place = place(&item.path, item.lines);
            let _ = writeln!(text, "  * {} {place}: {}", attribute(&item.name), line_of(&first));
        }
        let Some(rest) = left.checked_sub(estimate_tokens(&text)) else { break };
        left = rest;
        out.push_str(&text);
    }
    if out.is_empty() { out } else { format!("\nWhat is known of the cited files:\n{}", secrets::mask(&out)) }
}

fn line_of(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

/// The cited lines, as many as fit.
fn source(kb: &KnowledgeBase, citations: &[Citation]) -> Result<String, WriteError> {
    let mut texts: BTreeMap<&str, String> = BTreeMap::new();
    let mut out = String::new();
    let mut left = MAX_SOURCE;
    for citation in citations {
        if !texts.contains_key(citation.path.as_str()) {
            let text = kb.source(&citation.path)?.unwrap_or_default();
            texts.insert(&citation.path, secrets::mask(&text).into_owned());
        }
        let Some(text) = texts.get(citation.path.as_str()) else { continue };
        let lines: Vec<&str> = text.lines().collect();
        let LineRange { start_line, end_line } = citation.lines;
        let range =
            LineRange { start_line, end_line: end_line.min(start_line.saturating_add(MAX_LINES - 1)) };
        let block = numbered(&citation.path, &lines, range);
        let Some(rest) = left.checked_sub(estimate_tokens(&block)) else { break };
        left = rest;
        out.push_str(&block);
    }
    if out.is_empty() { Ok(out) } else { Ok(format!("\nCited lines:\n{out}")) }
}
