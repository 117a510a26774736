//! The JSON that API and command line share: one shape for one thing, whoever asks.

use std::fmt;
use std::str::FromStr;

use reader::{File, FileReading, KnowledgeBase, KnowledgeError, Symbol};
use serde::Serialize;

use crate::AnalysisError;
use crate::analyses::bad_cursor;

/// A part of a list.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct List<T> {
    /// The entries.
    pub items: Vec<T>,
    /// Ask again with `cursor` set to this for more; null at the end.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// All that there is.
    pub fn whole(items: Vec<T>) -> List<T> {
        List { items, next: None }
    }

    /// A part of at most `limit` entries; what was found holds one more when there is a next part.
    pub fn part(mut found: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> List<T> {
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| key(last).to_owned());
        List { items: found, next }
    }
}

/// Where a list of what stands in files goes on: `<index>:<path>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// So many of the file were given.
    pub index: usize,
    /// The file.
    pub path: String,
}

impl FromStr for Cursor {
    type Err = AnalysisError;

    fn from_str(text: &str) -> Result<Self, AnalysisError> {
        let (index, path) = text.split_once(':').ok_or_else(bad_cursor)?;
        Ok(Self { index: index.parse().map_err(|_| bad_cursor())?, path: path.to_owned() })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.index, self.path)
    }
}

/// A file with its text and what is known of it.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct FileDetail {
    /// The row.
    #[serde(flatten)]
    pub file: File,
    /// The text asked for; null for a file that was not read.
    pub source: Option<SourceText>,
    /// Its symbols, by line.
    pub symbols: Vec<Symbol>,
    /// What is said about it and its parts.
    pub reading: Option<FileReading>,
    /// Files that import it.
    pub imported_by: Vec<String>,
}

impl FileDetail {
    /// The file of this path with these lines of its text; `None` when there is none. Waits for the disk.
    pub fn of(
        knowledge: &KnowledgeBase,
        path: &str,
        lines: Lines,
        reading: Option<FileReading>,
    ) -> Result<Option<FileDetail>, KnowledgeError> {
        let Some(mut file) = knowledge.file(path)? else { return Ok(None) };
        file.summary =
            reading.as_ref().map(|reading| reading.summary.clone()).filter(|said| !said.is_empty());
        let source = knowledge.source(path)?.map(|text| lines.of(&text));
        let symbols = knowledge.facts(path)?.map(|facts| facts.symbols).unwrap_or_default();
        let imported_by = knowledge.imported_by(path)?.into_iter().map(|link| link.path).collect();
        Ok(Some(FileDetail { file, source, symbols, reading, imported_by }))
    }
}

/// Lines of text.
#[derive(Debug, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SourceText {
    /// The number of the first line given.
    pub start_line: u32,
    /// The number of the last line given.
    pub end_line: u32,
    /// All lines of the file.
    pub total_lines: u32,
    /// The text, lines joined by `\n`.
    pub text: String,
}

/// Which lines of a text, both ends included, from 1; all when left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lines {
    /// First line.
    pub start: Option<u32>,
    /// Last line.
    pub end: Option<u32>,
}

impl Lines {
    fn of(self, text: &str) -> SourceText {
        let all: Vec<&str> = text.lines().collect();
        let total = all.len();
        let start = self.start.map_or(1, |line| line as usize).max(1);
        let end = self.end.map_or(total, |line| line as usize).min(total);
        let chosen = if start <= end { all.get(start - 1..end).unwrap_or_default() } else { &[] };
        SourceText {
            start_line: number(start),
            end_line: number(end),
            total_lines: number(total),
            text: chosen.join("\n"),
        }
    }
}

fn number(lines: usize) -> u32 {
    u32::try_from(lines).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_to_its_end_part_by_part() {
        let all = ["a", "b", "c", "d", "e"];
        let (mut cursor, mut seen) = (None, Vec::new());
        loop {
            let behind = |entry: &&str| cursor.as_deref().is_none_or(|cursor| *entry > cursor);
            let found = all.into_iter().filter(behind).take(3).collect();
            let part = List::part(found, 2, |entry| entry);
            seen.extend(part.items);
            cursor = part.next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen, all);
    }

    #[test]
    fn lines_are_cut_within_the_text() {
        let cut = |start, end| Lines { start, end }.of("a\nb\nc\n");
        assert_eq!(cut(None, None).text, "a\nb\nc");
        assert_eq!(cut(Some(2), Some(2)).text, "b");
        assert_eq!(cut(Some(2), Some(99)).text, "b\nc");
        assert_eq!(cut(Some(9), Some(3)).text, "");
        assert_eq!(cut(Some(0), Some(1)).text, "a");
        assert_eq!(cut(None, None).total_lines, 3);
    }
}
