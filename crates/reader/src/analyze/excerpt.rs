//! The code that an item shows.

use crate::domain::LineRange;
use crate::secrets;

/// Lines and bytes of an excerpt at most.
const MAX_LINES: usize = 120;
const MAX_BYTES: usize = 8 << 10;
/// Longer lines are cut.
const MAX_LINE_CHARS: usize = 500;

/// A file's text, masked and cut into lines once for all its items.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    /// `masked` has passed [`secrets::mask`].
    pub(super) fn new(masked: &'a str) -> Self {
        Self { lines: masked.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line)).collect() }
    }

    /// The lines, as many as are shown.
    pub(super) fn excerpt(&self, range: LineRange, most: usize) -> String {
        let first = range.start_line.saturating_sub(1) as usize;
        let count = (range.end_line as usize).saturating_sub(first);
        let mut out = String::new();
        for line in self.lines.iter().skip(first).take(count.min(most).min(MAX_LINES)) {
            let line = short(line);
            if !out.is_empty() && out.len() + line.len() > MAX_BYTES {
                break;
            }
            out.push_str(&line);
            out.push('\n');
        }
        out.truncate(out.trim_end_matches('\n').len());
        out
    }
}

/// The masked text of a file.
pub(super) fn masked(text: &str) -> std::borrow::Cow<'_, str> {
    secrets::mask(text)
}

/// A line of bounded length.
pub(super) fn short(line: &str) -> std::borrow::Cow<'_, str> {
    match line.char_indices().nth(MAX_LINE_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]).into(),
        None => line.into(),
    }
}
