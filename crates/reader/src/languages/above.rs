//! What stands above a definition and belongs to it, and what stands above all of them.

use std::ops::Range;

use super::{
    comments,
    found::Found,
    table::{Docs, Spec},
};

/// What stands above a definition and belongs to it.
pub(super) struct Above<'a> {
    pub(super) found: &'a Found,
    pub(super) spec: &'a Spec,
    pub(super) text: &'a str,
}

impl Above<'_> {
    /// The start with attributes, and the documentation.
    pub(super) fn of(&self, from: usize) -> (usize, Option<String>) {
        let mut from = self.line_start(from);
        let mut at = from;
        let mut doc_from = None;
        let mut doc_to = 0;
        for _ in 0..500 {
            let attribute = last_before(&self.found.attributes, at).filter(|range| self.belongs(range, at));
            if let Some(range) = attribute {
                at = self.line_start(range.start);
                from = at;
                continue;
            }
            let comment = last_before(&self.found.comments, at).filter(|range| {
                self.belongs(range, at) || (doc_from.is_none() && self.belongs_apart(range, at))
            });
            let Some(range) = comment else { break };
            if !comments::starts_its_line(self.text, range.start) || !self.documents(range) {
                break;
            }
            if doc_from.is_none() {
                doc_to = range.end;
            }
            doc_from = Some(range.start);
            at = range.start;
        }
        let doc = doc_from.and_then(|doc_from| self.doc_text(doc_from..doc_to));
        (from, doc)
    }

    /// To the first word of the line when only words stand before.
    fn line_start(&self, at: usize) -> usize {
        let Some(line) = comments::near_line_start(self.text, at) else { return at };
        let before = &self.text.as_bytes()[line..at];
        if before.iter().all(|b| b.is_ascii_alphabetic() || matches!(b, b' ' | b'\t' | b'_')) {
            line + before.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(before.len())
        } else {
            at
        }
    }

    fn belongs(&self, range: &Range<usize>, at: usize) -> bool {
        let trimmed = self.text[range.clone()].trim_end().len();
        comments::touches(self.text, range.start + trimmed..at)
    }

    /// Many write one empty line below a `/** … */`; nothing else can stand there, so it still belongs.
    fn belongs_apart(&self, range: &Range<usize>, at: usize) -> bool {
        let raw = self.text[range.clone()].trim_end();
        let gap = self.text.as_bytes().get(range.start + raw.len()..at).unwrap_or_default();
        raw.starts_with("/**")
            && range.start > 0
            && gap.iter().all(u8::is_ascii_whitespace)
            && memchr::memchr_iter(b'\n', gap).count() <= 2
    }

    fn documents(&self, range: &Range<usize>) -> bool {
        let raw = &self.text[range.clone()];
        match self.spec.docs {
            Docs::Inside => false,
            _ if comments::is_inner(raw) || raw.starts_with("#!") => false,
            Docs::Marked => comments::is_marked(raw),
            Docs::Any => true,
        }
    }

    /// The comments between, without the attributes among them.
    fn doc_text(&self, range: Range<usize>) -> Option<String> {
        let first = self.found.comments.partition_point(|comment| comment.start < range.start);
        let mut raw = String::new();
        for comment in &self.found.comments[first..] {
            if comment.start >= range.end {
                break;
            }
            let piece = self.text[comment.clone()].trim_end();
            if !raw.is_empty() {
                raw.push('\n');
            }
            raw.push_str(piece);
        }
        let is_header = || self.text[..range.start].trim().is_empty();
        comments::clean(&raw).filter(|doc| {
            let is_other = comments::is_aside(doc) || (comments::is_licence(doc) && is_header());
            self.spec.docs != Docs::Any || !is_other
        })
    }
}

fn last_before(ranges: &[Range<usize>], at: usize) -> Option<&Range<usize>> {
    let end = ranges.partition_point(|range| range.start < at);
    ranges[..end].last().filter(|range| range.end <= at)
}

/// The first comments of the file that say what it is for.
///
/// `first` is where the first definition starts, and whether it has documentation of its own.
pub(super) fn leading_doc(
    comments: &[Range<usize>],
    first: Option<(usize, bool)>,
    text: &str,
) -> Option<String> {
    let (first_symbol, is_documented) = first.unwrap_or((text.len(), false));
    let mut block = String::new();
    let mut end = 0;
    for range in comments.iter().take(200) {
        if range.start >= first_symbol {
            break;
        }
        let raw = text[range.clone()].trim_end();
        if raw.starts_with("#!") {
            continue;
        }
        if !block.is_empty() && !comments::touches(text, end..range.start) {
            if let Some(doc) = comments::clean(&block).filter(|doc| speaks_of_file(doc)) {
                return Some(doc);
            }
            block.clear();
        }
        if block.is_empty() && !is_head(text.get(end..range.start).unwrap_or(""), end) {
            return None;
        }
        if !block.is_empty() {
            block.push('\n');
        }
        block.push_str(raw);
        end = range.start + raw.len();
    }
    let owned = is_documented && comments::touches(text, end..first_symbol);
    let is_inner = comments::is_inner(&block);
    if owned && !is_inner {
        return None;
    }
    comments::clean(&block).filter(|doc| speaks_of_file(doc))
}

fn speaks_of_file(doc: &str) -> bool {
    !comments::is_noise(doc) && !comments::is_aside(doc)
}

/// What may stand before the file's documentation: nothing, or an opening line.
fn is_head(between: &str, end: usize) -> bool {
    let between = between.trim();
    let opens = end == 0 && between.len() < 300 && between.starts_with(['#', '<', '"', '\'']);
    between.is_empty() || opens
}
