//! How connections are set up.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::DatabaseError;

/// How long a connection waits for another process's lock.
const LOCK_PATIENCE: Duration = Duration::from_secs(30);

/// The longest pause between two looks at the lock. SQLite's own pauses grow to 100 ms, which would make two busy
/// processes on one file wait far longer than the other's commit takes.
const LONGEST_PAUSE: Duration = Duration::from_millis(4);

/// How many prepared statements a connection keeps.
const STATEMENTS_CACHED: usize = 128;

/// A connection that may write. The file is made when it is not there.
pub(crate) fn connect_writer(path: &Path) -> Result<Connection, DatabaseError> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = connect(path, flags)?;
    let patience = std::time::Instant::now();
    // Switching a new file to WAL does not ask the busy handler.
    loop {
        match conn.pragma_update(None, "journal_mode", "wal") {
            Err(error)
                if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy)
                    && patience.elapsed() < LOCK_PATIENCE =>
            {
                std::thread::sleep(LONGEST_PAUSE);
            }
            other => break other?,
        }
    }
    conn.pragma_update(None, "synchronous", "full")?;
    conn.pragma_update(None, "wal_autocheckpoint", 4000)?;
    conn.pragma_update(None, "journal_size_limit", 64 * 1024 * 1024)?;
    Ok(conn)
}

/// A connection that only reads.
pub(crate) fn connect_reader(path: &Path) -> Result<Connection, DatabaseError> {
    // Opened for writing all the same: a reader of a WAL file whose last writer died has to rebuild its index.
    let conn = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    conn.pragma_update(None, "query_only", true)?;
    Ok(conn)
}

/// A connection to a file in a folder that may not be written. Nothing is made beside the file, so what its log holds can
/// be read only where the index of the log lies there too.
pub(crate) fn connect_onlooker(path: &Path) -> Result<Connection, DatabaseError> {
    let log = beside(path, "-wal");
    let has_log = log.metadata().is_ok_and(|log| log.len() > 0);
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let uri = uri(path, if has_log { "mode=ro" } else { "immutable=1" });
    let looked = connect(Path::new(&uri), flags).and_then(|conn| {
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    });
    match looked {
        Err(DatabaseError::CannotOpen { .. }) if has_log => {
            Err(DatabaseError::LogUnreadable { path: path.to_owned() })
        }
        other => other,
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The file's address with a parameter.
fn uri(path: &Path, parameter: &str) -> String {
    use std::fmt::Write;

    let mut uri = String::from("file:");
    // A path that starts with two slashes would be taken for another machine's.
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
    uri.push('?');
    uri.push_str(parameter);
    uri
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection, DatabaseError> {
    let mut conn = Connection::open_with_flags(path, flags)?;
    // Without, SQLite plans by the values that are bound, which means that it parses and plans most statements anew each
    // time that they run, cached or not.
    conn.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    conn.busy_handler(Some(wait_for_lock))?;
    conn.set_prepared_statement_cache_capacity(STATEMENTS_CACHED);
    conn.pragma_update(None, "foreign_keys", true)?;
    conn.pragma_update(None, "temp_store", "memory")?;
    conn.pragma_update(None, "cache_size", -16 * 1024)?;
    Ok(conn)
}

/// Sleeps 0.1 ms, 0.2 ms, … up to [`LONGEST_PAUSE`] between looks; gives up after about [`LOCK_PATIENCE`].
fn wait_for_lock(looks: i32) -> bool {
    let looks = u32::try_from(looks).unwrap_or(0);
    let pause = Duration::from_micros(100).saturating_mul(looks.saturating_add(1)).min(LONGEST_PAUSE);
    std::thread::sleep(pause);
    LONGEST_PAUSE.saturating_mul(looks) < LOCK_PATIENCE
}

#[cfg(test)]
mod tests {
    use rusqlite::StatementStatus;

    use super::*;

    #[test]
    fn a_statement_is_planned_once() {
        let folder = tempfile::tempdir().unwrap();
        let conn = connect_writer(&folder.path().join("a.db")).unwrap();
        conn.execute_batch(
            "CREATE TABLE place (file INTEGER, line INTEGER); CREATE INDEX i ON place (file);",
        )
        .unwrap();
        let mut statement = conn.prepare("SELECT line FROM place WHERE file = ?1 AND line = ?2").unwrap();
        for line in 0..5 {
            statement.query_map([0, line], |row| row.get::<_, i64>(0)).unwrap().for_each(drop);
        }
        assert_eq!(statement.get_status(StatementStatus::RePrepare), 0);
    }
}
