//! Cuts a long file into parts that fit into a prompt each, at the borders of symbols.

use llm::estimate_tokens;

use crate::domain::LineRange;

/// Symbols that one call describes at most: more make the answer too long.
const MAX_SYMBOLS: usize = 30;

/// A line at which a symbol begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Border {
    pub line: u32,
    /// Not inside of another symbol.
    pub is_top: bool,
}

/// Ranges that cover all lines in order, each within `budget` tokens as far as single lines allow.
pub(super) fn segments(lines: &[&str], borders: &[Border], budget: usize) -> Vec<LineRange> {
    let mut segments = Vec::new();
    let mut start = 1;
    let last = u32::try_from(lines.len()).unwrap_or(u32::MAX);
    while start <= last {
        let end = match overflow(lines, borders, start, budget) {
            Some(line) => border_before(borders, start, line) - 1,
            None => last,
        };
        segments.push(LineRange { start_line: start, end_line: end });
        start = end + 1;
    }
    segments
}

/// The first line that no longer fits, after the first one.
fn overflow(lines: &[&str], borders: &[Border], start: u32, budget: usize) -> Option<u32> {
    let mut tokens = 0;
    let mut symbols = 0;
    for (number, line) in (1u32..).zip(lines).skip(start as usize - 1) {
        // The number and the bar in front of the line cost a few.
        tokens += estimate_tokens(line) + 4;
        symbols += borders.iter().filter(|border| border.line == number).count();
        if number > start && (tokens > budget || symbols > MAX_SYMBOLS) {
            return Some(number);
        }
    }
    None
}

/// The best line at or before `line` to begin the next segment with.
fn border_before(borders: &[Border], start: u32, line: u32) -> u32 {
    let within = || borders.iter().filter(|border| border.line > start && border.line <= line);
    let top = within().filter(|border| border.is_top).map(|border| border.line).max();
    // A border near the start would leave the segment almost empty.
    let is_late = |at: &u32| at - start >= (line - start) / 3;
    top.filter(is_late).or_else(|| within().map(|border| border.line).max()).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_short_file_is_one_segment_and_a_long_one_is_cut_where_symbols_begin() {
        let lines = vec!["x = one + two"; 100];
        let borders: Vec<Border> = [1, 21, 41, 61, 81].map(|line| Border { line, is_top: true }).to_vec();
        assert_eq!(segments(&lines, &borders, 100_000), [LineRange { start_line: 1, end_line: 100 }]);
        let per_line = estimate_tokens("x = one + two") + 4;
        let cut = segments(&lines, &borders, per_line * 50);
        let starts: Vec<u32> = cut.iter().map(|segment| segment.start_line).collect();
        assert_eq!(starts, [1, 41, 81]);
    }

    proptest! {
        #[test]
        fn segments_cover_every_line_once(
            lengths in prop::collection::vec(0usize..400, 0..80),
            borders in prop::collection::vec((1u32..90, any::<bool>()), 0..60),
            budget in 1usize..500,
        ) {
            let texts: Vec<String> = lengths.iter().map(|length| "a".repeat(*length)).collect();
            let lines: Vec<&str> = texts.iter().map(String::as_str).collect();
            let borders: Vec<Border> = borders.into_iter().map(|(line, is_top)| Border { line, is_top }).collect();
            let mut next = 1;
            for segment in segments(&lines, &borders, budget) {
                prop_assert_eq!(segment.start_line, next);
                prop_assert!(segment.end_line >= segment.start_line);
                next = segment.end_line + 1;
            }
            prop_assert_eq!(next as usize, lines.len() + 1);
        }
    }
}
