//! The thread that owns the SQLite file: cuts, spells out and inserts, off the parsers' way.

use std::{path::PathBuf, thread::JoinHandle};

use crossbeam_channel::{Receiver, Sender};
use rusqlite::{Connection, params};

use super::{
    chunk,
    error::IndexError,
    rows::{self, word},
    schema, words,
};
use crate::{domain::Symbol, facts::FileFacts, scan::role_of};

/// Files that wait for the thread; with scanned files of at most a few megabytes this bounds the memory.
const WAITING_FILES: usize = 16;

/// What the thread writes.
pub(super) enum Row {
    /// A file that was scanned.
    File(Box<FileRow>),
    /// No file follows: the thread makes their indexes while others resolve.
    FilesEnd,
    /// Rank and imports of a file, and its routes if other files tell where they answer.
    Standing { file: i64, rank: f64, imports: String, routes: Option<String> },
    /// Resolved uses.
    Links(Vec<LinkRow>),
    /// An import of what is not here.
    Outside { file: i64, package: String, module: String, time: &'static str, line: u32 },
    /// A row of `meta`.
    Meta { key: &'static str, value: String },
}

/// A file with its place and the place of its first symbol.
pub(super) struct FileRow {
    pub(super) id: i64,
    pub(super) first_symbol: i64,
    pub(super) facts: FileFacts,
    pub(super) text: Option<String>,
}

/// A row of `link`.
pub(super) struct LinkRow {
    pub(super) from_file: i64,
    pub(super) from_symbol: i64,
    pub(super) to_file: i64,
    pub(super) to_symbol: i64,
    pub(super) kind: &'static str,
    pub(super) time: Option<&'static str>,
    pub(super) line: u32,
}

/// How much was written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Written {
    pub(super) chunks: u64,
}

/// The thread and the way to it.
pub(super) struct RowThread {
    rows: Option<Sender<Row>>,
    thread: Option<JoinHandle<rusqlite::Result<Written>>>,
    path: PathBuf,
}

impl RowThread {
    /// Starts it on a new, empty file.
    pub(super) fn start(path: PathBuf, shown: PathBuf) -> Result<Self, IndexError> {
        let db = Connection::open(&path).map_err(|source| sqlite_error(shown.clone(), source))?;
        schema::create(&db).map_err(|source| sqlite_error(shown.clone(), source))?;
        let (rows, waiting) = crossbeam_channel::bounded(WAITING_FILES);
        let thread = std::thread::Builder::new()
            .name("knowledge-writer".into())
            .spawn(move || write_all(db, &waiting))
            .map_err(|source| IndexError::Write { path: shown.clone(), source })?;
        Ok(Self { rows: Some(rows), thread: Some(thread), path: shown })
    }

    /// Hands a row on, waiting while too many wait.
    pub(super) fn send(&mut self, row: Row) -> Result<(), IndexError> {
        match &self.rows {
            Some(rows) if rows.send(row).is_ok() => Ok(()),
            // The thread ends early only with an error.
            _ => Err(self.join().err().unwrap_or(IndexError::Stopped)),
        }
    }

    /// Waits until everything is written and committed.
    pub(super) fn join(&mut self) -> Result<Written, IndexError> {
        self.rows = None;
        let thread = self.thread.take().ok_or(IndexError::Stopped)?;
        let outcome = thread.join().map_err(|_| IndexError::Stopped)?;
        outcome.map_err(|source| sqlite_error(self.path.clone(), source))
    }

    /// Stops it; what it has written is of no use.
    pub(super) fn abandon(&mut self) {
        self.rows = None;
        if let Some(thread) = self.thread.take() {
            // The file is removed in any case.
            let _ = thread.join();
        }
    }
}

fn sqlite_error(path: PathBuf, source: rusqlite::Error) -> IndexError {
    match source.sqlite_error_code() {
        Some(rusqlite::ErrorCode::DiskFull) => IndexError::Full { path },
        _ => IndexError::Sqlite { path, source },
    }
}

fn write_all(db: Connection, waiting: &Receiver<Row>) -> rusqlite::Result<Written> {
    let mut written = Written::default();
    let mut is_whole = false;
    {
        let mut rows = Rows::prepare(&db)?;
        for row in waiting {
            match row {
                Row::File(file) => rows.file(&file, &mut written)?,
                Row::FilesEnd => schema::index_files(&db)?,
                Row::Standing { file, rank, imports, routes } => {
                    rows.standing.execute(params![file, rank, imports, routes])?;
                }
                Row::Links(links) => {
                    for link in links {
                        rows.link.execute(params![
                            link.from_file,
                            link.from_symbol,
                            link.to_file,
                            link.to_symbol,
                            link.kind,
                            link.time,
                            link.line
                        ])?;
                    }
                }
                Row::Outside { file, package, module, time, line } => {
                    rows.outside.execute(params![file, package, module, time, line])?;
                }
                Row::Meta { key, value } => {
                    rows.meta.execute(params![key, value])?;
                    is_whole |= key == rows::COUNTS;
                }
            }
        }
    }
    if is_whole {
        schema::finish(&db)?;
        db.close().map_err(|(_, error)| error)?;
    }
    Ok(written)
}

/// The prepared statements.
struct Rows<'db> {
    file: rusqlite::Statement<'db>,
    source: rusqlite::Statement<'db>,
    facts: rusqlite::Statement<'db>,
    symbol: rusqlite::Statement<'db>,
    chunk: rusqlite::Statement<'db>,
    chunk_words: rusqlite::Statement<'db>,
    standing: rusqlite::Statement<'db>,
    link: rusqlite::Statement<'db>,
    outside: rusqlite::Statement<'db>,
    meta: rusqlite::Statement<'db>,
    body: String,
    names: String,
    path: String,
}

impl<'db> Rows<'db> {
    fn prepare(db: &'db Connection) -> rusqlite::Result<Self> {
        Ok(Self {
            file: db.prepare("INSERT INTO file VALUES(?,?,?,?,?,?,?,?,?,?)")?,
            source: db.prepare("INSERT INTO source VALUES(?,?)")?,
            facts: db.prepare("INSERT INTO facts VALUES(?,?,?)")?,
            symbol: db.prepare("INSERT INTO symbol VALUES(?,?,?,?,?,?,?,?,?,?,?)")?,
            chunk: db.prepare("INSERT INTO chunk VALUES(?,?,?,?,?,?)")?,
            chunk_words: db.prepare("INSERT INTO chunk_words(rowid, names, path, body) VALUES(?,?,?,?)")?,
            standing: db.prepare("INSERT INTO standing VALUES(?,?,?,?)")?,
            link: db.prepare("INSERT OR IGNORE INTO link VALUES(?,?,?,?,?,?,?)")?,
            outside: db.prepare("INSERT INTO outside VALUES(?,?,?,?,?)")?,
            meta: db.prepare("INSERT INTO meta VALUES(?,?)")?,
            body: String::new(),
            names: String::new(),
            path: String::new(),
        })
    }

    fn file(&mut self, row: &FileRow, written: &mut Written) -> rusqlite::Result<()> {
        let file = &row.facts.file;
        self.file.execute(params![
            row.id,
            file.path,
            file.language.map(word),
            file.lines,
            i64::try_from(file.bytes).unwrap_or(i64::MAX),
            file.hash,
            file.skipped.map(word),
            word(role_of(&file.path)),
            file.summary,
            row.facts.doc,
        ])?;
        self.facts.execute(params![row.id, rows::rest(&row.facts), rows::uses(&row.facts.uses)])?;
        let mut folded = String::new();
        for (symbol, id) in row.facts.symbols.iter().zip(row.first_symbol..) {
            folded.clear();
            folded.push_str(&words::fold(&symbol.name));
            self.symbol.execute(params![
                id,
                row.id,
                symbol.name,
                folded,
                word(symbol.kind),
                symbol.lines.start_line,
                symbol.lines.end_line,
                symbol.parent,
                symbol.signature,
                symbol.doc,
                symbol.exported
            ])?;
        }
        if let Some(text) = &row.text {
            self.source.execute(params![row.id, text])?;
            self.chunks(row, text, written)?;
        }
        Ok(())
    }

    fn chunks(&mut self, row: &FileRow, text: &str, written: &mut Written) -> rusqlite::Result<()> {
        self.path.clear();
        words::spell_out(&row.facts.file.path, &mut self.path);
        let symbols = &row.facts.symbols;
        for piece in chunk::cut(text, symbols) {
            written.chunks += 1;
            let id = i64::try_from(written.chunks).unwrap_or(i64::MAX);
            self.chunk.execute(params![
                id,
                row.id,
                piece.lines.start_line,
                piece.lines.end_line,
                i64::try_from(piece.bytes.start).unwrap_or(i64::MAX),
                i64::try_from(piece.bytes.end).unwrap_or(i64::MAX),
            ])?;
            self.names.clear();
            let first = symbols.partition_point(|symbol| symbol.lines.start_line < piece.lines.start_line);
            symbols[first..]
                .iter()
                .take_while(|symbol| symbol.lines.start_line <= piece.lines.end_line)
                .for_each(|symbol| spell_symbol(symbol, &mut self.names));
            self.body.clear();
            words::spell_out(&text[piece.bytes], &mut self.body);
            self.chunk_words.execute(params![id, self.names, self.path, self.body])?;
        }
        Ok(())
    }
}

fn spell_symbol(symbol: &Symbol, out: &mut String) {
    words::spell_out(&symbol.name, out);
    if let Some(parent) = &symbol.parent {
        words::spell_out(parent.rsplit('.').next().unwrap_or(parent), out);
    }
}
