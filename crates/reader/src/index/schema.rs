//! The tables of a knowledge base.
//!
//! | table | holds |
//! | --- | --- |
//! | `meta` | the repository's name and revision, the counts |
//! | `file`, `standing` | a row per file, read or skipped; its rank, the files that it imports, its routes where they are mounted |
//! | `source` | the text of each file that was read |
//! | `facts` | what scanning told beside the symbols, as JSON |
//! | `symbol` | definitions |
//! | `chunk`, `chunk_words` | pieces of the text, and the full-text index over them (it holds no text) |
//! | `link` | which file or symbol uses which, resolved |
//! | `outside` | imports of what is not in the repository |

use rusqlite::Connection;

/// Marks the file as a knowledge base of ours: `CRkb`.
pub(crate) const APPLICATION_ID: i32 = 0x4352_6b62;
/// The version of the tables; a file of another version is not opened. What an older one was made of is read from it
/// again, so every version has `meta`, `source` and the columns id, path, bytes, hash and skipped of `file`.
pub(crate) const VERSION: i32 = 2;
/// The file id of no file, the symbol id of no symbol.
pub(crate) const NONE: i64 = -1;

const TABLES: &str = "
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE file(
    id INTEGER PRIMARY KEY, path TEXT NOT NULL, language TEXT, lines INTEGER NOT NULL, bytes INTEGER NOT NULL,
    hash TEXT NOT NULL, skipped TEXT, role TEXT NOT NULL, summary TEXT, doc TEXT);
CREATE TABLE standing(file INTEGER PRIMARY KEY, rank REAL NOT NULL, imports TEXT NOT NULL, routes TEXT);
CREATE TABLE source(file INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE facts(file INTEGER PRIMARY KEY, rest TEXT NOT NULL, uses TEXT NOT NULL);
CREATE TABLE symbol(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL, kind TEXT NOT NULL,
    start_line INTEGER NOT NULL, end_line INTEGER NOT NULL, parent TEXT, signature TEXT NOT NULL, doc TEXT,
    exported INTEGER NOT NULL);
CREATE TABLE chunk(
    id INTEGER PRIMARY KEY, file INTEGER NOT NULL, start_line INTEGER NOT NULL, end_line INTEGER NOT NULL,
    start_byte INTEGER NOT NULL, end_byte INTEGER NOT NULL);
CREATE VIRTUAL TABLE chunk_words USING fts5(names, path, body, content='', tokenize='ascii');
CREATE TABLE link(
    from_file INTEGER NOT NULL, from_symbol INTEGER NOT NULL, to_file INTEGER NOT NULL, to_symbol INTEGER NOT NULL,
    kind TEXT NOT NULL, time TEXT, line INTEGER NOT NULL,
    PRIMARY KEY(from_file, from_symbol, to_file, to_symbol, kind)) WITHOUT ROWID;
CREATE TABLE outside(file INTEGER NOT NULL, package TEXT NOT NULL, module TEXT NOT NULL, time TEXT NOT NULL, line INTEGER NOT NULL);
";

const FILE_INDEXES: &str = "
CREATE UNIQUE INDEX file_by_path ON file(path);
CREATE INDEX symbol_by_file ON symbol(file);
CREATE INDEX symbol_by_folded ON symbol(folded, file);
CREATE INDEX chunk_by_file ON chunk(file);
";
const LINK_INDEXES: &str = "CREATE INDEX link_by_target ON link(to_file, to_symbol);";

/// Sets the file up for one writer that starts anew when it fails: no journal, no waiting for the disk.
pub(crate) fn create(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(
        "PRAGMA page_size=8192; PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF; PRAGMA locking_mode=EXCLUSIVE;
         PRAGMA cache_size=-32000; PRAGMA temp_store=MEMORY; BEGIN;",
    )?;
    db.pragma_update(None, "application_id", APPLICATION_ID)?;
    db.pragma_update(None, "user_version", VERSION)?;
    db.execute_batch(TABLES)?;
    // Flushed seldom and merged at the end: fewer rewrites of the index's pages.
    db.execute_batch(
        "INSERT INTO chunk_words(chunk_words, rank) VALUES('hashsize', 16000000);
         INSERT INTO chunk_words(chunk_words, rank) VALUES('automerge', 0);
         INSERT INTO chunk_words(chunk_words, rank) VALUES('crisismerge', 64);",
    )
}

/// Makes the indexes over the files and what stands in them; all of them are there.
pub(crate) fn index_files(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(FILE_INDEXES)
}

/// Makes the indexes over the links and commits.
pub(crate) fn finish(db: &Connection) -> rusqlite::Result<()> {
    db.execute_batch(LINK_INDEXES)?;
    db.execute_batch("COMMIT;")
}
