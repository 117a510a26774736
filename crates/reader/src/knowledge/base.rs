//! The knowledge base of one repository, as it is read.

use std::{path::Path, sync::Weak};

use parking_lot::Mutex;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter, types::Value};

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
    /// Where to start: at this file, and behind so many of those that are wanted of it.
    pub from: Option<(String, usize)>,
    /// How many at most; 0 is no limit.
    pub limit: usize,
}

impl SymbolQuery {
    /// The statement and its values. Only what is asked for stands in it, so that the indexes can be used: a condition
    /// that may be left out by its value would be held against every symbol of the repository.
    fn sql(&self) -> (String, Vec<Value>) {
        let mut conditions: Vec<&str> = Vec::new();
        let mut values: Vec<Value> = Vec::new();
        let mut passed_over = 0;
        if let Some((path, symbols)) = &self.from {
            conditions.push("f.path >= ?");
            values.push(path.clone().into());
            passed_over = i64::try_from(*symbols).unwrap_or(i64::MAX);
        }
        if let Some(path) = &self.path {
            conditions.push("f.path = ?");
            values.push(path.clone().into());
        }
        if let Some(name) = &self.name {
            let folded = crate::index::words::fold(name);
            conditions.push("y.folded >= ? AND y.folded < ?");
            // Above every string that starts with the prefix.
            let above = format!("{folded}\u{10FFFF}");
            values.extend([folded.into(), above.into()]);
        }
        if let Some(kind) = self.kind {
            conditions.push("y.kind = ?");
            values.push(rows::word(kind).into());
        }
        if let Some(exported) = self.exported {
            conditions.push("y.exported = ?");
            values.push(exported.into());
        }
        let wanted = match conditions.as_slice() {
            [] => String::new(),
            conditions => format!(" WHERE {}", conditions.join(" AND ")),
        };
        let limit = if self.limit == 0 { -1 } else { i64::try_from(self.limit).unwrap_or(i64::MAX) };
        values.extend([limit.into(), passed_over.into()]);
        // File by file, so that only one file's are put in order at a time; but a name is looked up.
        let tables = if self.name.is_some() { "symbol y JOIN file f" } else { "file f CROSS JOIN symbol y" };
        let order = "ORDER BY f.path, y.start_line, y.id LIMIT ? OFFSET ?";
        (format!("SELECT {SYMBOL} FROM {tables} ON f.id = y.file{wanted} {order}"), values)
    }
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

const FILE: &str = "SELECT f.path, f.language, f.lines, f.bytes, f.hash, f.skipped, f.summary, s.rank, s.imports, f.id, f.doc, s.routes
                    FROM file f JOIN standing s ON s.file = f.id";
const SYMBOL: &str =
    "f.path, y.name, y.kind, y.start_line, y.end_line, y.parent, y.signature, y.doc, y.exported";

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

    /// At most `limit` files, by path: those behind the path `after`, or from the first on; of all, or only those that
    /// were skipped, or only the others.
    pub fn files_after(
        &self,
        after: Option<&str>,
        skipped: Option<bool>,
        limit: usize,
    ) -> Result<Vec<File>, KnowledgeError> {
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(&format!(
                "{FILE} WHERE f.path > ?1 AND (?2 IS NULL OR (f.skipped IS NOT NULL) = ?2) ORDER BY f.path LIMIT ?3"
            ))?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            // No path is empty.
            statement.query_map(params![after.unwrap_or(""), skipped, limit], file_of)?.collect()
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
        let (sql, values) = query.sql();
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(&sql)?;
            statement.query_map(params_from_iter(&values), symbol_of)?.collect()
        })
    }

    /// Everything that scanning told of a file.
    pub fn facts(&self, path: &str) -> Result<Option<FileFacts>, KnowledgeError> {
        let parts = self.pool.read(|db| {
            let found = db
                .prepare_cached(&format!("{FILE} WHERE f.path = ?"))?
                .query_row([path], |row| {
                    Ok((file_of(row)?, row.get::<_, i64>(9)?, row.get(10)?, row.get(11)?))
                })
                .optional()?;
            let Some((file, id, doc, routes)) = found else { return Ok(None) };
            let (rest, uses): (String, String) = db
                .prepare_cached("SELECT rest, uses FROM facts WHERE file = ?")?
                .query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let symbols = symbols_of_file(db, id)?;
            Ok(Some(Parts { file, doc, symbols, rest, uses: Some(uses), routes }))
        })?;
        parts.map(|parts| self.assemble(parts)).transpose()
    }

    /// Everything that scanning told of all files, by path, but for the uses: [`KnowledgeBase::graph`] has what
    /// became of them, [`KnowledgeBase::facts`] has those of one file.
    pub fn all_facts(&self) -> Result<Vec<FileFacts>, KnowledgeError> {
        self.pool.read(|db| {
            let mut statement = db.prepare_cached(&format!("{FILE} ORDER BY f.path"))?;
            let mut rest = db.prepare_cached("SELECT rest FROM facts WHERE file = ?")?;
            let mut files = statement.query([])?;
            let mut all = Vec::new();
            // One after the other: the JSON of all files together would be as large as what it says.
            while let Some(row) = files.next()? {
                let (file, id, doc): (File, i64, Option<String>) = (file_of(row)?, row.get(9)?, row.get(10)?);
                let rest = rest.query_row([id], |row| row.get(0))?;
                let (symbols, routes) = (symbols_of_file(db, id)?, row.get(11)?);
                match self.assemble(Parts { file, doc, symbols, rest, uses: None, routes }) {
                    Ok(facts) => all.push(facts),
                    Err(error) => return Ok(Err(error)),
                }
            }
            Ok(Ok(all))
        })?
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
        let rows::Rest { imports, settings, mut routes, mounts, commands, entry_points } = rest;
        if let Some(mounted) = &parts.routes {
            routes = serde_json::from_str(mounted).map_err(|error| self.pool.damaged(error))?;
        }
        let Parts { file, doc, symbols, .. } = parts;
        Ok(FileFacts { file, doc, symbols, imports, uses, settings, routes, mounts, commands, entry_points })
    }
}

/// A file's facts before the JSON in them is read.
struct Parts {
    file: File,
    doc: Option<String>,
    symbols: Vec<Symbol>,
    rest: String,
    uses: Option<String>,
    /// The routes where their routers are mounted, if they are.
    routes: Option<String>,
}

fn symbols_of_file(db: &Connection, file: i64) -> rusqlite::Result<Vec<Symbol>> {
    let mut statement = db.prepare_cached(&format!(
        "SELECT {SYMBOL} FROM symbol y JOIN file f ON f.id = y.file WHERE y.file = ? ORDER BY y.id"
    ))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::knowledge::tests::base_of;

    #[test]
    fn symbols_of_one_file_are_found_by_the_indexes() {
        let (_folder, kb) = base_of(&[("a.py", "def one(): pass\n"), ("b.py", "def two(): pass\n")]);
        let narrow = [
            SymbolQuery { path: Some("a.py".into()), ..SymbolQuery::default() },
            SymbolQuery { name: Some("on".into()), ..SymbolQuery::default() },
            SymbolQuery {
                path: Some("a.py".into()),
                exported: Some(true),
                limit: 3,
                ..SymbolQuery::default()
            },
        ];
        for query in narrow {
            let (sql, values) = query.sql();
            let plan: Vec<String> = kb
                .pool
                .read(|db| {
                    let mut statement = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}"))?;
                    statement.query_map(params_from_iter(&values), |row| row.get(3))?.collect()
                })
                .expect("a plan");
            assert!(!plan.iter().any(|step| step.starts_with("SCAN")), "{query:?}: {plan:?}");
        }
    }

    #[test]
    fn files_are_listed_part_by_part() {
        let text = "x = 1\n";
        let (_folder, kb) = base_of(&[("a.py", text), ("b.bin", "\0"), ("b/c.py", text), ("d.py", text)]);
        let paths = |after, skipped, limit| -> Vec<String> {
            let files = kb.files_after(after, skipped, limit).expect("files");
            files.into_iter().map(|file| file.path).collect()
        };
        assert_eq!(paths(None, None, 9), ["a.py", "b.bin", "b/c.py", "d.py"]);
        assert_eq!(paths(None, Some(false), 2), ["a.py", "b/c.py"]);
        assert_eq!(paths(Some("b/c.py"), Some(false), 2), ["d.py"]);
        assert_eq!(paths(Some("a.py"), Some(true), 2), ["b.bin"]);
        assert!(paths(Some("d.py"), None, 2).is_empty());
    }

    #[test]
    fn every_wish_for_symbols_is_a_filter_of_all() {
        let (_folder, kb) = base_of(&[
            ("a.py", "class One:\n    def on_call(self): pass\n\ndef _one(): pass\n"),
            ("b/c.py", "def one(): pass\nX = 1\n"),
        ]);
        let all = kb.symbols(&SymbolQuery::default()).expect("all");
        assert!(all.len() >= 5);
        for path in [None, Some("a.py")] {
            for kind in [None, Some(SymbolKind::Function)] {
                for name in [None, Some("On")] {
                    for exported in [None, Some(true), Some(false)] {
                        let query = SymbolQuery {
                            path: path.map(str::to_owned),
                            kind,
                            name: name.map(str::to_owned),
                            exported,
                            ..SymbolQuery::default()
                        };
                        let wanted: Vec<&Symbol> = all
                            .iter()
                            .filter(|symbol| path.is_none_or(|path| symbol.path == path))
                            .filter(|symbol| kind.is_none_or(|kind| symbol.kind == kind))
                            .filter(|s| {
                                name.is_none_or(|_| s.name.replace('_', "").to_lowercase().starts_with("on"))
                            })
                            .filter(|symbol| exported.is_none_or(|exported| symbol.exported == exported))
                            .collect();
                        let found = kb.symbols(&query).expect("some");
                        assert_eq!(found.iter().collect::<Vec<_>>(), wanted, "{query:?}");
                        let part = SymbolQuery { from: Some(("b/c.py".into(), 1)), limit: 1, ..query };
                        let second: Vec<&Symbol> = wanted
                            .into_iter()
                            .filter(|symbol| symbol.path == "b/c.py")
                            .skip(1)
                            .take(1)
                            .collect();
                        assert_eq!(kb.symbols(&part).expect("one").iter().collect::<Vec<_>>(), second);
                    }
                }
            }
        }
    }
}
