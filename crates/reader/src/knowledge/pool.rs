//! A few read-only connections to one file.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

use super::KnowledgeError;
use crate::index::schema;

/// Connections kept for the next reader; more are opened when more read at once.
const KEPT: usize = 4;

/// The connections that nobody uses just now.
#[derive(Debug)]
pub(super) struct Pool {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
}

impl Pool {
    /// Opens the file and checks that it is a knowledge base of this version.
    pub(super) fn open(path: &Path) -> Result<Self, KnowledgeError> {
        if !path.is_file() {
            return Err(KnowledgeError::Missing { path: path.to_owned() });
        }
        let pool = Self { path: path.to_owned(), idle: Mutex::new(Vec::new()) };
        let (application, version) = pool.read(|db| {
            let application: i32 = db.pragma_query_value(None, "application_id", |row| row.get(0))?;
            let version: i32 = db.pragma_query_value(None, "user_version", |row| row.get(0))?;
            Ok((application, version))
        })?;
        if application != schema::APPLICATION_ID {
            return Err(KnowledgeError::Foreign { path: pool.path });
        }
        if version != schema::VERSION {
            return Err(KnowledgeError::Version {
                path: pool.path,
                found: version,
                supported: schema::VERSION,
            });
        }
        Ok(pool)
    }

    /// Reads with a connection of its own.
    pub(super) fn read<T>(
        &self,
        read: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, KnowledgeError> {
        let idle = self.idle.lock().pop();
        let db = match idle {
            Some(db) => db,
            None => self.connect().map_err(|error| self.error(error))?,
        };
        let outcome = read(&db).map_err(|error| self.error(error));
        let mut idle = self.idle.lock();
        if idle.len() < KEPT {
            idle.push(db);
        }
        outcome
    }

    fn connect(&self) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let db = Connection::open_with_flags(&self.path, flags)?;
        db.execute_batch("PRAGMA query_only=ON; PRAGMA cache_size=-4000; PRAGMA mmap_size=268435456;")?;
        db.set_prepared_statement_cache_capacity(32);
        Ok(db)
    }

    fn error(&self, error: rusqlite::Error) -> KnowledgeError {
        let path = self.path.clone();
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => KnowledgeError::Foreign { path },
            Some(rusqlite::ErrorCode::DatabaseCorrupt) | None => {
                KnowledgeError::Damaged { path, what: error.to_string() }
            }
            Some(_) => KnowledgeError::Sqlite { path, source: error },
        }
    }

    /// The error for a row that says what it cannot say.
    pub(super) fn damaged(&self, what: impl ToString) -> KnowledgeError {
        KnowledgeError::Damaged { path: self.path.clone(), what: what.to_string() }
    }
}
