//! Blocks of reStructuredText, and of plain text, which it contains.

use std::borrow::Cow;

use super::super::manifest::Fact;
use super::Block;
use crate::domain::LineRange;

/// Whether a file without an extension is written in it.
pub(super) fn looks_like(text: &str) -> bool {
    text.lines()
        .take(200)
        .any(|line| line.starts_with(".. ") || (is_rule(line) && line.len() >= 4 && !line.starts_with("---")))
}

fn is_rule(line: &str) -> bool {
    let line = line.trim_end();
    let Some(first) = line.chars().next() else { return false };
    line.len() >= 3 && "=-~^\"'`#*+.:_".contains(first) && line.chars().all(|c| c == first)
}

pub(super) fn blocks(text: &str) -> Vec<Block> {
    let lines: Vec<&str> = text.lines().collect();
    let mut blocks = Vec::new();
    // Heading levels in the order in which their rules first appear.
    let mut rules: Vec<char> = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let line = lines.get(at).copied().unwrap_or("");
        let trimmed = line.trim();
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if trimmed.is_empty() || is_rule(line) {
            at += 1;
        } else if lines
            .get(at + 1)
            .is_some_and(|next| is_rule(next) && next.trim_end().len() + 2 >= trimmed.len())
        {
            let rule = lines.get(at + 1).and_then(|next| next.chars().next()).unwrap_or('=');
            let level = rules.iter().position(|known| *known == rule).unwrap_or_else(|| {
                rules.push(rule);
                rules.len() - 1
            });
            blocks.push(Block::Heading { level: level + 1, text: plain(trimmed), line: number });
            at += 2;
        } else if trimmed.starts_with("..") || trimmed.starts_with("|") {
            let code = [".. code-block::", ".. code::", ".. sourcecode::"]
                .iter()
                .find_map(|start| trimmed.strip_prefix(start));
            let (body, start, end) = indented(&lines, at + 1);
            if let Some(language) = code {
                let shell = ["sh", "bash", "shell", "console", "text"].contains(&language.trim());
                blocks.push(Block::Code { text: body, shell, start });
            }
            at = end;
        } else if let Some(marker) = bullet(line) {
            let (items, end) = list(&lines, at, marker);
            blocks.push(Block::List { items });
            at = end;
        } else {
            let start = at;
            let mut words = Vec::new();
            while lines.get(at).is_some_and(|line| !line.trim().is_empty()) {
                words.push(lines.get(at).map_or("", |line| line.trim()));
                at += 1;
            }
            let joined = words.join(" ");
            let linked = joined.matches("`_").count() * 10;
            let end = u32::try_from(at).unwrap_or(u32::MAX);
            let introduces_code = joined.ends_with("::");
            let substitution = words.iter().all(|word| word.starts_with('|') || word.starts_with(':'));
            if !substitution && !lines.get(start).is_some_and(|line| line.starts_with(' ')) {
                let text = plain(joined.trim_end_matches(':'));
                blocks.push(Block::Paragraph {
                    text,
                    linked,
                    lines: LineRange { start_line: number, end_line: end },
                });
            }
            if introduces_code {
                let (body, start, end) = indented(&lines, at);
                blocks.push(Block::Code { text: body, shell: false, start });
                at = end;
            }
        }
    }
    blocks
}

/// The indented block that starts at or after line `at`; its text, first line number, and the next line.
fn indented(lines: &[&str], mut at: usize) -> (String, u32, usize) {
    let mut body: Vec<&str> = Vec::new();
    let mut first = None;
    while let Some(line) = lines.get(at) {
        if line.trim().is_empty() {
            if first.is_some() {
                body.push("");
            }
        } else if line.starts_with([' ', '\t']) {
            first.get_or_insert(at);
            body.push(line.trim());
        } else {
            break;
        }
        at += 1;
    }
    (body.join("\n"), u32::try_from(first.unwrap_or(at) + 1).unwrap_or(u32::MAX), at)
}

fn bullet(line: &str) -> Option<char> {
    let mut chars = line.trim_start().chars();
    let marker = chars.next().filter(|c| matches!(c, '*' | '-' | '+' | '•'))?;
    (chars.next() == Some(' ')).then_some(marker)
}

fn list(lines: &[&str], mut at: usize, marker: char) -> (Vec<Fact>, usize) {
    let mut items: Vec<Fact> = Vec::new();
    while let Some(line) = lines.get(at) {
        let number = u32::try_from(at + 1).unwrap_or(u32::MAX);
        if bullet(line) == Some(marker) {
            let text = line.trim_start().chars().skip(1).collect::<String>();
            items.push(Fact {
                value: plain(text.trim()),
                lines: LineRange { start_line: number, end_line: number },
            });
        } else if line.trim().is_empty() {
            // A blank line goes on only when another item follows.
            if lines.get(at + 1).is_none_or(|next| bullet(next) != Some(marker)) {
                break;
            }
        } else if let (true, Some(item)) = (line.starts_with(' '), items.last_mut()) {
            item.value.push(' ');
            item.value.push_str(&plain(line.trim()));
            item.lines.end_line = number;
        } else {
            break;
        }
        at += 1;
    }
    (items, at)
}

/// Substitutions (badges) removed; the other marks are left to the one who shows the text.
fn plain(text: &str) -> String {
    text.split_whitespace()
        .filter(|word| {
            !(word.len() > 2 && word.starts_with('|') && word.trim_end_matches('_').ends_with('|'))
        })
        .map(without_reference)
        .collect::<Vec<_>>()
        .join(" ")
}

/// `Scrapy` of the link `Scrapy_`, with the mark behind it.
fn without_reference(word: &str) -> Cow<'_, str> {
    let name = word.trim_end_matches(['.', ',', ';', ':', '!', '?', ')']);
    let marks = &word[name.len()..];
    match name.strip_suffix('_') {
        Some(link) if !link.is_empty() && link.chars().all(|c| c.is_alphanumeric() || c == '-') => {
            format!("{link}{marks}").into()
        }
        _ => word.into(),
    }
}
