//! A few read-only connections to one file.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags, config::DbConfig};

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
        let (pool, version) = Self::open_any(path)?;
        if version != schema::VERSION {
            return Err(KnowledgeError::Version {
                path: pool.path,
                found: version,
                supported: schema::VERSION,
            });
        }
        Ok(pool)
    }

    /// Opens a knowledge base of any version, and tells which.
    pub(super) fn open_any(path: &Path) -> Result<(Self, i32), KnowledgeError> {
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
        Ok((pool, version))
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
        let flags =
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
        let db = Connection::open_with_flags(immutable(&self.path), flags)?;
        // Statements keep their plan, whatever is bound: without, SQLite plans most of them anew each time.
        db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        db.execute_batch("PRAGMA query_only=ON; PRAGMA cache_size=-4000; PRAGMA mmap_size=67108864;")?;
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

/// The file as one that never changes: nothing is locked, nothing is looked for beside it, and its folder need not be
/// writable.
fn immutable(path: &Path) -> String {
    use std::fmt::Write;

    let mut uri = String::from("file:");
    // A name that starts with two slashes would be taken for that of another machine.
    if path.is_absolute() {
        uri.push_str("//");
    }
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'_' | b'.' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => {
                uri.push(char::from(*byte))
            }
            // Writing to a string does not fail.
            other => drop(write!(uri, "%{other:02X}")),
        }
    }
    uri.push_str("?immutable=1");
    uri
}

#[cfg(test)]
mod tests {
    use crate::knowledge::{KnowledgeBase, tests::base_of};

    #[test]
    fn a_knowledge_base_is_opened_whatever_its_folder_is_called() {
        let (folder, base) = base_of(&[("a.py", "x = 1\n")]);
        let strange = folder.path().join("50% off?\u{661F} #1&mode=rw");
        std::fs::create_dir(&strange).expect("a folder");
        let moved = strange.join("a b.sqlite");
        std::fs::copy(&base.pool.path, &moved).expect("copied");
        let moved = KnowledgeBase::open(&moved).expect("opens");
        assert_eq!(moved.files().expect("files"), base.files().expect("files"));
    }

    #[test]
    fn a_statement_is_planned_once() {
        let (_folder, base) = base_of(&[("a.py", "x = 1\n")]);
        let planned = base.pool.read(|db| {
            let mut statement = db.prepare("SELECT name FROM symbol WHERE file = ?1 AND start_line <= ?2")?;
            for line in 0..5 {
                statement.query_map([0, line], |row| row.get::<_, String>(0))?.for_each(drop);
            }
            Ok(statement.get_status(rusqlite::StatementStatus::RePrepare))
        });
        assert_eq!(planned.expect("reads"), 0);
    }
}
