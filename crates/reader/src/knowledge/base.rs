//! The knowledge base of one repository, as it is read.

use std::{path::Path, sync::Weak};

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{KnowledgeError, pool::Pool};
use crate::{
    domain::{File, Graph, LineRange, Symbol, SymbolKind},
    facts::FileFacts,
    index::{Counts, RepositoryMeta, rows},
};

/// What `index` made of a repository; never changes, may be shared by threads.
#[derive(Debug)]
pub struct KnowledgeBase {
    pub(super) pool: Pool,
    pub(super) graph: Mutex<Weak<Graph>>,
    meta: RepositoryMeta,
    counts: Counts,
}

/// Which symbols are wanted; the default means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SymbolQuery {
    /// Only of this file.
    pub path: Option<String>,
    /// Only of this kind.
    pub kind: Option<SymbolKind>,
    /// Only those whose name starts so, case and `_` aside.
    pub name: Option<String>,
    /// Only exported ones, or only those that are not.
    pub exported: Option<bool>,
    /// How many to pass over.
    pub offset: usize,
    /// How many at most; 0 is no limit.
    pub limit: usize,
}

/// A piece of a file that is searched as one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// The file.
    pub path: String,
    /// Where it stands.
    pub lines: LineRange,
    /// Its text.
    pub text: String,
}

const FILE: &str = "SELECT f.path, f.language, f.lines, f.bytes, f.hash, f.skipped, f.summary, s.rank, s.imports, f.id, f.doc
                    FROM file f JOIN standing s ON s.file = f.id";
const SYMBOL: &str =
    "SELECT f.path, y.name, y.kind, y.start_line, y.end_line, y.parent, y.signature, y.doc, y.exported
                      FROM symbol y JOIN file f ON f.id = y.file";

impl KnowledgeBase {
    /// Opens a knowledge base.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, KnowledgeError> {
        let pool = Pool::open(path.as_ref())?;
        let (meta, counts, chunks) = pool.read(|db| {
            let value = |key: &str| {
                db.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| row.get::<_, String>(0))
            };
            let chunks: i64 = db.query_row("SELECT coalesce(max(id), 0) FROM chunk", [], |row| row.get(0))?;
            Ok((value(rows::REPOSITORY)?, value(rows::COUNTS)?, chunks))
        })?;
        let meta: RepositoryMeta = serde_json::from_str(&meta).map_err(|error| pool.damaged(error))?;
        let mut counts: Counts = serde_json::from_str(&counts).map_err(|error| pool.damaged(error))?;
        counts.chunks = u64::try_from(chunks).unwrap_or(0);
        Ok(Self { pool, graph: Mutex::new(Weak::new()), meta, counts })
    }

    /// The repository that it was made of.
    pub fn meta(&self) -> &RepositoryMeta {
        &self.meta
    }

    /// How much it holds.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// All files, read and skipped, by path.
    pub fn files(&self) -> Result<Vec<File>, KnowledgeError> {
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(&format!("{FILE} ORDER BY f.path"))?;
            statement.query_map([], file_of)?.collect()
        })
    }

    /// One file.
    pub fn file(&self, path: &str) -> Result<Option<File>, KnowledgeError> {
        self.pool.read(|db| {
            db.prepare_cached(&format!("{FILE} WHERE f.path = ?"))?.query_row([path], file_of).optional()
        })
    }

    /// The text of a file; `None` when there is no such file or it was not read.
    pub fn source(&self, path: &str) -> Result<Option<String>, KnowledgeError> {
        self.pool.read(|db| {
            let sql = "SELECT s.text FROM source s JOIN file f ON f.id = s.file WHERE f.path = ?";
            db.prepare_cached(sql)?.query_row([path], |row| row.get(0)).optional()
        })
    }

    /// Lines of a file, as far as it has them.
    pub fn source_lines(&self, path: &str, lines: LineRange) -> Result<Option<String>, KnowledgeError> {
        Ok(self.source(path)?.map(|text| {
            let skip = lines.start_line.saturating_sub(1) as usize;
            let take = (lines.end_line as usize).saturating_sub(skip);
            text.split_inclusive('\n').skip(skip).take(take).collect()
        }))
    }

    /// Symbols by path and line.
    pub fn symbols(&self, query: &SymbolQuery) -> Result<Vec<Symbol>, KnowledgeError> {
        let folded = query.name.as_deref().map(crate::index::words::fold);
        // Above every string that starts with the prefix.
        let above = folded.as_ref().map(|folded| format!("{folded}\u{10FFFF}"));
        let limit = if query.limit == 0 { -1 } else { i64::try_from(query.limit).unwrap_or(i64::MAX) };
        let sql = format!(
            "{SYMBOL} WHERE (?1 IS NULL OR f.path = ?1) AND (?2 IS NULL OR y.kind = ?2)
               AND (?3 IS NULL OR (y.folded >= ?3 AND y.folded < ?4)) AND (?5 IS NULL OR y.exported = ?5)
             ORDER BY f.path, y.start_line, y.id LIMIT ?6 OFFSET ?7"
        );
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(&sql)?;
            let values = params![
                query.path,
                query.kind.map(rows::word),
                folded,
                above,
                query.exported,
                limit,
                i64::try_from(query.offset).unwrap_or(i64::MAX)
            ];
            statement.query_map(values, symbol_of)?.collect()
        })
    }

    /// Everything that scanning told of a file.
    pub fn facts(&self, path: &str) -> Result<Option<FileFacts>, KnowledgeError> {
        let parts = self.pool.read(|db| {
            let found = db
                .prepare_cached(&format!("{FILE} WHERE f.path = ?"))?
                .query_row([path], |row| Ok((file_of(row)?, row.get::<_, i64>(9)?, row.get(10)?)))
                .optional()?;
            let Some((file, id, doc)) = found else { return Ok(None) };
            let (rest, uses): (String, String) = db
                .prepare_cached("SELECT rest, uses FROM facts WHERE file = ?")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let symbols = symbols_of_file(db, id)?;
            Ok(Some(Parts { file, doc, symbols, rest, uses: Some(uses) }))
        })?;
        parts.map(|parts| self.assemble(parts)).transpose()
    }

    /// Everything that scanning told of all files, by path, but for the uses: [`KnowledgeBase::graph`] has what
    /// became of them, [`KnowledgeBase::facts`] has those of one file.
    pub fn all_facts(&self) -> Result<Vec<FileFacts>, KnowledgeError> {
        let parts = self.pool.read(|db| {
            let mut statement = db.prepare_cached(&format!("{FILE} ORDER BY f.path"))?;
            let files: Vec<(File, i64, Option<String>)> = statement
                .query_map([], |row| Ok((file_of(row)?, row.get(9)?, row.get(10)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let mut rest = db.prepare_cached("SELECT rest FROM facts WHERE file = ?")?;
            files
                .into_iter()
                .map(|(file, id, doc)| {
                    let rest = rest.query_row([id], |row| row.get(0))?;
                    Ok(Parts { file, doc, symbols: symbols_of_file(db, id)?, rest, uses: None })
                })
                .collect::<rusqlite::Result<Vec<Parts>>>()
        })?;
        parts.into_iter().map(|parts| self.assemble(parts)).collect()
    }

    /// The chunks of a file, by line; empty when there is no such file or it was not read.
    pub fn chunks(&self, path: &str) -> Result<Vec<Chunk>, KnowledgeError> {
        let Some(text) = self.source(path)? else { return Ok(Vec::new()) };
        self.pool.read(|db| {
            let sql = "SELECT c.start_line, c.end_line, c.start_byte, c.end_byte
                       FROM chunk c JOIN file f ON f.id = c.file WHERE f.path = ? ORDER BY c.id";
            let mut statement = db.prepare_cached(sql)?;
            let chunks = statement.query_map([path], |row| {
                let (from, to): (u32, u32) = (row.get(2)?, row.get(3)?);
                Ok(Chunk {
                    path: path.to_owned(),
                    lines: LineRange { start_line: row.get(0)?, end_line: row.get(1)? },
                    text: text.get(from as usize..to as usize).unwrap_or_default().to_owned(),
                })
            })?;
            chunks.collect()
        })
    }

    fn assemble(&self, parts: Parts) -> Result<FileFacts, KnowledgeError> {
        let rest: rows::Rest = serde_json::from_str(&parts.rest).map_err(|error| self.pool.damaged(error))?;
        let uses = match &parts.uses {
            Some(uses) => rows::read_uses(uses).map_err(|error| self.pool.damaged(error))?,
            None => Vec::new(),
        };
        let rows::Rest { imports, settings, routes, commands, entry_points } = rest;
        let Parts { file, doc, symbols, .. } = parts;
        Ok(FileFacts { file, doc, symbols, imports, uses, settings, routes, commands, entry_points })
    }
}

/// A file's facts before the JSON in them is read.
struct Parts {
    file: File,
    doc: Option<String>,
    symbols: Vec<Symbol>,
    rest: String,
    uses: Option<String>,
}

fn symbols_of_file(db: &Connection, file: i64) -> rusqlite::Result<Vec<Symbol>> {
    let mut statement = db.prepare_cached(&format!("{SYMBOL} WHERE y.file = ? ORDER BY y.id"))?;
    statement.query_map([file], symbol_of)?.collect()
}

fn file_of(row: &Row<'_>) -> rusqlite::Result<File> {
    let imports: String = row.get(8)?;
    Ok(File {
        path: row.get(0)?,
        language: word_of(row, 1)?,
        lines: row.get(2)?,
        bytes: row.get::<_, i64>(3)?.try_into().unwrap_or(0),
        hash: row.get(4)?,
        skipped: word_of(row, 5)?,
        summary: row.get(6)?,
        rank: row.get(7)?,
        imports: serde_json::from_str(&imports).map_err(|error| unreadable(8, error))?,
    })
}

/// The symbol of a row of [`SYMBOL`].
pub(super) fn symbol_of(row: &Row<'_>) -> rusqlite::Result<Symbol> {
    let kind: Option<SymbolKind> = word_of(row, 2)?;
    Ok(Symbol {
        path: row.get(0)?,
        name: row.get(1)?,
        kind: kind.ok_or_else(|| unreadable(2, "a symbol has no kind"))?,
        lines: LineRange { start_line: row.get(3)?, end_line: row.get(4)? },
        parent: row.get(5)?,
        signature: row.get(6)?,
        doc: row.get(7)?,
        exported: row.get(8)?,
    })
}

/// The enum value whose word stands in a column.
pub(super) fn word_of<T: serde::de::DeserializeOwned>(
    row: &Row<'_>,
    column: usize,
) -> rusqlite::Result<Option<T>> {
    let word: Option<String> = row.get(column)?;
    word.map(|word| rows::value(&word).ok_or_else(|| unreadable(column, format!("unknown word {word}"))))
        .transpose()
}

fn unreadable(column: usize, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, error.into())
}
