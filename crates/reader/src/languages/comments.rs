//! Comments: which of them document what, and their text without markers.

use std::ops::Range;

/// Longest documentation text that is kept, in bytes.
const MAX_DOC: usize = 8 * 1024;

/// The text of one or more comments or of a docstring, markers and common indent removed.
pub(super) fn clean(raw: &str) -> Option<String> {
    let raw = cut(raw, MAX_DOC * 2);
    let mut lines: Vec<&str> = Vec::new();
    let mut in_block = false;
    for line in raw.lines() {
        let mut text = line.trim_end();
        let start = text.trim_start();
        if in_block {
            text = strip_block_line(start, text);
        } else if let Some(rest) = block_start(start) {
            in_block = true;
            text = if rest == "/" { "*/" } else { rest };
        } else {
            text = strip_line_marker(start);
        }
        if in_block && let Some(end) = text.find("*/") {
            text = &text[..end];
            in_block = false;
        }
        lines.push(text.trim_end_matches('*').trim_end());
    }
    finish(&lines)
}

/// A string literal's content without quotes and prefix, common indent removed.
pub(super) fn clean_docstring(raw: &str) -> Option<String> {
    let raw = cut(raw, MAX_DOC * 2);
    let body = raw.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let mut inner = body;
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        if let Some(rest) = body.strip_prefix(quote) {
            inner = rest.strip_suffix(quote).unwrap_or(rest);
            break;
        }
    }
    let lines: Vec<&str> = inner.lines().map(str::trim_end).collect();
    let (first, rest) = lines.split_first()?;
    let first = first.trim_start();
    let indent = rest
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start().len())
        .min()
        .unwrap_or(0);
    let mut out = vec![first];
    out.extend(rest.iter().map(|line| line.get(indent..).unwrap_or("")));
    finish(&out)
}

fn finish(lines: &[&str]) -> Option<String> {
    let start = lines.iter().position(|line| !line.trim().is_empty())?;
    let end = lines.iter().rposition(|line| !line.trim().is_empty())? + 1;
    let kept = &lines[start..end];
    let indent = kept
        .iter()
        .filter(|line| !line.trim().is_empty())
        .map(|line| line.len() - line.trim_start_matches(' ').len())
        .min()
        .unwrap_or(0);
    let text: Vec<&str> = kept.iter().map(|line| line.get(indent..).unwrap_or("")).collect();
    let text = text.join("\n");
    Some(cut(&text, MAX_DOC).to_owned())
}

fn block_start(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("/*")?;
    Some(rest.trim_start_matches(['*', '!']))
}

fn strip_block_line<'a>(trimmed: &'a str, line: &'a str) -> &'a str {
    match trimmed.strip_prefix('*') {
        Some(rest) if !trimmed.starts_with("*/") => rest,
        Some(_) => trimmed,
        None => line,
    }
}

fn strip_line_marker(line: &str) -> &str {
    for marker in ["///", "//!", "//", "--", "#!", "#"] {
        if let Some(rest) = line.strip_prefix(marker) {
            let repeated = marker.as_bytes()[marker.len() - 1] as char;
            return if marker == "#!" { "" } else { rest.trim_start_matches(repeated) };
        }
    }
    line
}

/// Documentation by its marker alone: `///`, `/** */`, `//!`, `/*!`.
pub(super) fn is_marked(raw: &str) -> bool {
    (raw.starts_with("///") && !raw.starts_with("////"))
        || raw.starts_with("//!")
        || raw.starts_with("/*!")
        || (raw.starts_with("/**") && !raw.starts_with("/**/"))
}

/// Documentation of what stands around it.
pub(super) fn is_inner(raw: &str) -> bool {
    raw.starts_with("//!") || raw.starts_with("/*!")
}

/// Says who owns the text or how it is edited instead of what it does.
pub(super) fn is_noise(text: &str) -> bool {
    let head = cut(text, 600).to_ascii_lowercase();
    [
        "copyright",
        "licen",
        "spdx-",
        "all rights reserved",
        "-*-",
        "vim:",
        "eslint",
        "@ts-",
        "use strict",
        "frozen_string_literal",
        "go:build",
        "+build",
        "shellcheck",
    ]
    .iter()
    .any(|word| head.contains(word))
}

/// Says in the usual words who owns the text.
pub(super) fn is_licence(text: &str) -> bool {
    let head = cut(text, 600).to_ascii_lowercase();
    [
        "copyright",
        "spdx-",
        "all rights reserved",
        "licensed under",
        "license: ",
        "mit licen",
        "apache licen",
        "bsd licen",
        "public licen",
    ]
    .iter()
    .any(|words| head.contains(words))
}

/// Speaks to a tool or to whoever edits the text, or is a mere line; documents nothing.
pub(super) fn is_aside(text: &str) -> bool {
    const STARTS: &[&str] = &[
        "eslint",
        "jshint",
        "jslint",
        "tslint",
        "biome-ignore",
        "prettier-ignore",
        "istanbul ignore",
        "c8 ignore",
        "global ",
        "globals ",
        "@ts-",
        "@flow",
        "@license",
        "@preserve",
        "todo",
        "fixme",
        "xxx",
    ];
    let head = cut(text.trim_start(), 40).to_ascii_lowercase();
    let is_word_end = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric());
    let speaks_aside = STARTS.iter().any(|start| {
        head.strip_prefix(start).is_some_and(|rest| start.ends_with(['-', ' ']) || is_word_end(rest))
    });
    speaks_aside || !text.chars().any(char::is_alphanumeric)
}

/// Where the line of `at` starts; `None` when that is far, as in a minified file.
pub(super) fn near_line_start(text: &str, at: usize) -> Option<usize> {
    const NEAR: usize = 300;
    let from = at.saturating_sub(NEAR);
    match memchr::memrchr(b'\n', text.as_bytes().get(from..at)?) {
        Some(newline) => Some(from + newline + 1),
        None => (from == 0).then_some(0),
    }
}

/// True when nothing but white space stands before `at` on its line.
pub(super) fn starts_its_line(text: &str, at: usize) -> bool {
    near_line_start(text, at)
        .is_some_and(|line| text.as_bytes()[line..at].iter().all(u8::is_ascii_whitespace))
}

/// True when the gap is white space without an empty line.
pub(super) fn touches(text: &str, gap: Range<usize>) -> bool {
    let Some(gap) = text.as_bytes().get(gap) else { return false };
    gap.iter().all(u8::is_ascii_whitespace) && memchr::memchr_iter(b'\n', gap).count() <= 1
}

/// The longest prefix of at most `max` bytes that ends at a character.
pub(crate) fn cut(text: &str, max: usize) -> &str {
    let mut end = max.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_removed() {
        assert_eq!(clean("/// One\n/// two").as_deref(), Some("One\ntwo"));
        assert_eq!(clean("/**\n * One.\n *\n *   indented\n */").as_deref(), Some("One.\n\n  indented"));
        assert_eq!(clean("# a\n# b").as_deref(), Some("a\nb"));
        assert_eq!(clean("/* one */").as_deref(), Some("one"));
        assert_eq!(clean("/***********/"), None);
        assert_eq!(clean("-- table of users").as_deref(), Some("table of users"));
    }

    #[test]
    fn what_speaks_to_tools_or_editors_is_told_from_documentation() {
        for aside in ["eslint-disable no-console", "TODO: split", "-----", "@ts-nocheck", "global window"] {
            assert!(is_aside(aside), "{aside}");
        }
        for doc in ["Todos by day.", "The globals.", "Checks the licence.", "所有"] {
            assert!(!is_aside(doc) && !is_licence(doc), "{doc}");
        }
    }

    #[test]
    fn docstrings_lose_quotes_and_indent() {
        assert_eq!(
            clean_docstring("r\"\"\"One.\n\n    Two\n      three\n    \"\"\"").as_deref(),
            Some("One.\n\nTwo\n  three")
        );
        assert_eq!(clean_docstring("''"), None);
    }
}
