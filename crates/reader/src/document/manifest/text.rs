//! Lines, quotes and comments of manifests that have no parser of their own.

use crate::domain::LineRange;

/// One line.
pub(super) fn line(number: u32) -> LineRange {
    LineRange { start_line: number, end_line: number }
}

/// From `start` to `end`, never backwards.
pub(super) fn lines(start: u32, end: u32) -> LineRange {
    LineRange { start_line: start, end_line: end.max(start) }
}

/// The lines of `text` with their numbers, from 1.
pub(super) fn numbered(text: &str) -> impl Iterator<Item = (u32, &str)> {
    text.lines().zip(1..).map(|(line, number)| (number, line))
}

/// Where each line of a text starts, to turn byte offsets into line numbers.
pub(super) struct LineStarts(Vec<usize>);

impl LineStarts {
    pub(super) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1));
        Self(starts)
    }

    /// The line, from 1, that the byte at `offset` stands in.
    pub(super) fn at(&self, offset: usize) -> u32 {
        u32::try_from(self.0.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX)
    }
}

/// All texts in single or double quotes on one line, without the quotes.
pub(super) fn quoted(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(at) = rest.find(['"', '\'']) {
        let quote = &rest[at..=at];
        let after = &rest[at + 1..];
        let Some(end) = after.find(quote) else { break };
        found.push(&after[..end]);
        rest = &after[end + 1..];
    }
    found
}

/// The first quoted text on the line.
pub(super) fn first_quoted(line: &str) -> Option<&str> {
    quoted(line).into_iter().next()
}

/// The value of `key = "value"` or `key: "value"` where the line starts with the key as a whole word.
pub(super) fn assigned<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let rest = line.trim_start().strip_prefix(key)?.trim_start();
    let rest = rest.strip_prefix(":=").or_else(|| rest.strip_prefix(['=', ':'])).unwrap_or(rest);
    if rest.trim_start().starts_with(['"', '\'']) { first_quoted(rest) } else { None }
}

/// Spaces at the start of the line.
pub(super) fn indent(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// Without quotes around it.
pub(super) fn unquote(text: &str) -> &str {
    let text = text.trim();
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}
