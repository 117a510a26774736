//! Cuts a file into chunks at the borders of its symbols.
//!
//! A class gives its head and each method, a long function is split, small neighbours are merged; what
//! stands between symbols is kept, so that the chunks of a file always hold all of its text.

use std::ops::Range;

use crate::domain::{LineRange, Symbol, SymbolKind};

/// Chunks are merged up to this many lines …
const GOOD_LINES: usize = 60;
/// … and split above this many.
const MAX_LINES: usize = 80;
/// A quarter of the bytes is a fair guess of the tokens: chunks hold up to about 1,500.
const MAX_BYTES: usize = 6_000;

/// A piece of a file's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// Lines that it covers; several pieces share a line that is too long for one.
    pub(crate) lines: LineRange,
    /// Its bytes in the text.
    pub(crate) bytes: Range<usize>,
}

/// Cuts `text`; `symbols` are sorted by line.
pub(crate) fn cut(text: &str, symbols: &[Symbol]) -> Vec<Piece> {
    let starts = line_starts(text);
    let last = starts.len();
    if last == 0 {
        return Vec::new();
    }
    let borders = borders(text, &starts, symbols);
    let mut pieces = Vec::new();
    let mut merged: Option<Range<usize>> = None;
    for pair in borders.windows(2) {
        let (from, to) = (pair[0].line, pair[1].line);
        if from == to {
            continue;
        }
        merged = match merged {
            Some(open) if !pair[0].starts_anew && fits(&starts, text, open.start..to, GOOD_LINES) => {
                Some(open.start..to)
            }
            open => {
                if let Some(open) = open {
                    split(text, &starts, open, &mut pieces);
                }
                Some(from..to)
            }
        };
    }
    if let Some(open) = merged {
        split(text, &starts, open, &mut pieces);
    }
    pieces
}

/// A line (from 0) before which a chunk may end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Border {
    line: usize,
    /// What follows is never merged with what stands before.
    starts_anew: bool,
}

fn borders(text: &str, starts: &[usize], symbols: &[Symbol]) -> Vec<Border> {
    let last = starts.len();
    let mut borders = vec![Border { line: 0, starts_anew: false }, Border { line: last, starts_anew: false }];
    for symbol in symbols.iter().filter(|symbol| is_cut_at(symbol.kind)) {
        let from = (symbol.lines.start_line as usize).saturating_sub(1).min(last);
        let to = (symbol.lines.end_line as usize).clamp(from, last);
        let is_big = to - from > GOOD_LINES;
        borders.push(Border { line: with_comment(text, starts, from), starts_anew: is_big });
        borders.push(Border { line: to, starts_anew: is_big });
    }
    // Of two borders at one line the one that starts anew counts: it sorts last and is kept.
    borders.sort_unstable();
    borders.reverse();
    borders.dedup_by_key(|border| border.line);
    borders.reverse();
    borders
}

fn is_cut_at(kind: SymbolKind) -> bool {
    !matches!(kind, SymbolKind::Field | SymbolKind::Variable | SymbolKind::Constant)
}

/// The first of the unbroken lines above `line` that are comments, attributes or the like.
fn with_comment(text: &str, starts: &[usize], line: usize) -> usize {
    let mut first = line;
    while first > 0 && line - first < 30 {
        let above = line_text(text, starts, first - 1).trim_start();
        let is_comment =
            ["//", "/*", "*", "#", "--", "@", "\"\"\""].iter().any(|mark| above.starts_with(mark));
        if !is_comment {
            break;
        }
        first -= 1;
    }
    first
}

fn fits(starts: &[usize], text: &str, lines: Range<usize>, max_lines: usize) -> bool {
    lines.len() <= max_lines && byte_range(starts, text, &lines).len() <= MAX_BYTES
}

/// Pushes `lines` as one piece, or as several when they are too many, cut at blank lines if there are any.
fn split(text: &str, starts: &[usize], lines: Range<usize>, pieces: &mut Vec<Piece>) {
    let mut from = lines.start;
    while from < lines.end {
        if fits(starts, text, from..lines.end, MAX_LINES) {
            push(text, starts, from..lines.end, pieces);
            return;
        }
        let mut to = (from + GOOD_LINES).min(lines.end);
        while to > from + 1 && byte_range(starts, text, &(from..to)).len() > MAX_BYTES {
            to = from + (to - from) / 2;
        }
        let blank =
            (from + (to - from) / 2..to).rev().find(|&line| line_text(text, starts, line).trim().is_empty());
        let to = blank.map_or(to, |line| (line + 1).max(from + 1));
        push(text, starts, from..to, pieces);
        from = to;
    }
}

fn push(text: &str, starts: &[usize], lines: Range<usize>, pieces: &mut Vec<Piece>) {
    let bytes = byte_range(starts, text, &lines);
    let range = LineRange { start_line: number(lines.start + 1), end_line: number(lines.end) };
    let mut from = bytes.start;
    while bytes.end - from > MAX_BYTES && lines.len() == 1 {
        let mut to = from + MAX_BYTES;
        while !text.is_char_boundary(to) {
            to -= 1;
        }
        pieces.push(Piece { lines: range, bytes: from..to });
        from = to;
    }
    if !text[from..bytes.end].trim().is_empty() {
        pieces.push(Piece { lines: range, bytes: from..bytes.end });
    }
}

/// Where each line starts; empty for an empty text.
fn line_starts(text: &str) -> Vec<usize> {
    if text.is_empty() {
        return Vec::new();
    }
    let ends = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1).filter(|at| *at < text.len());
    std::iter::once(0).chain(ends).collect()
}

fn byte_range(starts: &[usize], text: &str, lines: &Range<usize>) -> Range<usize> {
    let at = |line: usize| starts.get(line).copied().unwrap_or(text.len());
    at(lines.start)..at(lines.end)
}

fn line_text<'t>(text: &'t str, starts: &[usize], line: usize) -> &'t str {
    &text[byte_range(starts, text, &(line..line + 1))]
}

fn number(lines: usize) -> u32 {
    u32::try_from(lines).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn symbol(name: &str, kind: SymbolKind, lines: (u32, u32)) -> Symbol {
        Symbol {
            path: "a.py".into(),
            name: name.into(),
            kind,
            lines: LineRange { start_line: lines.0, end_line: lines.1 },
            parent: None,
            signature: String::new(),
            doc: None,
            exported: true,
        }
    }

    fn text(lines: usize) -> String {
        (1..=lines).map(|line| format!("line {line}\n")).collect()
    }

    fn ranges(pieces: &[Piece]) -> Vec<(u32, u32)> {
        pieces.iter().map(|piece| (piece.lines.start_line, piece.lines.end_line)).collect()
    }

    #[test]
    fn small_neighbours_are_merged_and_long_ones_split() {
        let symbols =
            [symbol("a", SymbolKind::Function, (3, 10)), symbol("b", SymbolKind::Function, (12, 20))];
        assert_eq!(ranges(&cut(&text(20), &symbols)), [(1, 20)]);
        let long = [symbol("a", SymbolKind::Function, (11, 160))];
        assert_eq!(ranges(&cut(&text(170), &long)), [(1, 10), (11, 70), (71, 130), (131, 160), (161, 170)]);
    }

    #[test]
    fn a_class_gives_its_head_and_its_methods() {
        let symbols = [
            symbol("C", SymbolKind::Class, (1, 120)),
            symbol("x", SymbolKind::Method, (5, 50)),
            symbol("y", SymbolKind::Method, (52, 110)),
        ];
        assert_eq!(ranges(&cut(&text(120), &symbols)), [(1, 51), (52, 110), (111, 120)]);
    }

    #[test]
    fn one_long_line_gives_bounded_pieces() {
        let pieces = cut(&"ü".repeat(10_000), &[]);
        assert!(pieces.len() > 3);
        assert!(pieces.iter().all(|piece| piece.bytes.len() <= MAX_BYTES && piece.lines.start_line == 1));
    }

    proptest! {
        #[test]
        fn chunks_hold_every_line_that_is_not_blank(
            lines in proptest::collection::vec("[a-z ]{0,90}", 0..300),
            spans in proptest::collection::vec((1_u32..350, 0_u32..120), 0..20),
        ) {
            let text = lines.join("\n");
            let mut symbols: Vec<Symbol> = spans.iter()
                .map(|(start, long)| symbol("f", SymbolKind::Function, (*start, start + long))).collect();
            symbols.sort_by_key(|symbol| symbol.lines);
            let pieces = cut(&text, &symbols);
            let held: String = pieces.iter().map(|piece| &text[piece.bytes.clone()]).collect();
            let squeeze = |text: &str| text.split_whitespace().collect::<String>();
            prop_assert_eq!(squeeze(&held), squeeze(&text));
            for pair in pieces.windows(2) {
                prop_assert!(pair[0].bytes.end <= pair[1].bytes.start);
            }
            for piece in &pieces {
                prop_assert!(piece.bytes.len() <= MAX_BYTES);
                prop_assert!((piece.lines.end_line - piece.lines.start_line) < 80);
            }
        }
    }
}
