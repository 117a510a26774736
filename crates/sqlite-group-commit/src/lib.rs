//! One writer thread per SQLite file that commits together what arrived together.
//!
//! SQLite allows one writer at a time, and a durable commit costs an fsync whether it holds one change or a thousand.
//! A [`Database`] therefore sends all changes of a process to one thread, which runs everything that waits inside one
//! transaction, each change in a savepoint of its own, commits once, and then answers everybody. Under load each
//! commit carries more, so throughput grows while every answer still means "it is on disk".
//!
//! ```
//! # async fn example(path: &std::path::Path) -> Result<(), sqlite_group_commit::DatabaseError> {
//! use sqlite_group_commit::{Database, OpenOptions, apply_migrations};
//!
//! fn migrate(conn: &rusqlite::Connection) -> Result<(), sqlite_group_commit::DatabaseError> {
//!     apply_migrations(conn, "notes", &["CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"])
//! }
//!
//! let db = Database::open(path, OpenOptions { migrate, ..OpenOptions::default() })?;
//! db.write(|conn| Ok(conn.prepare_cached("INSERT INTO note (text) VALUES (?1)")?.execute(["hello"])?)).await?;
//! let count: i64 = db.read(|conn| Ok(conn.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?)).await?;
//! assert_eq!(count, 1);
//! # Ok(())
//! # }
//! # let dir = tempfile::tempdir().unwrap();
//! # tokio::runtime::Runtime::new().unwrap().block_on(example(&dir.path().join("notes.db"))).unwrap();
//! ```

mod connection;
mod database;
mod error;
mod migrate;
mod readers;
mod writer;

pub use database::{Database, OpenOptions};
pub use error::DatabaseError;
pub use migrate::apply_migrations;
