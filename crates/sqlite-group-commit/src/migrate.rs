//! Schema versions: several components may keep their tables in one file.

use std::cmp::Ordering;

use rusqlite::{Connection, OptionalExtension};

use crate::DatabaseError;

/// Brings the tables of `component` to the newest schema: runs those of `steps` (SQL, the first makes schema 1) that
/// the file has not seen. A file that has seen more steps than there are is refused, for it belongs to a newer program.
///
/// To be called from [`OpenOptions::migrate`](crate::OpenOptions::migrate), which runs inside a transaction.
pub fn apply_migrations(conn: &Connection, component: &str, steps: &[&str]) -> Result<(), DatabaseError> {
    conn.execute_batch(
        "CREATE TABLE IF NOT EXISTS schema_version (component TEXT PRIMARY KEY, version INTEGER NOT NULL) WITHOUT ROWID",
    )?;
    let found = version_of(conn, component)?;
    let known = u32::try_from(steps.len()).unwrap_or(u32::MAX);
    if found > known {
        let component = component.to_owned();
        return Err(DatabaseError::NewerSchema { path: Default::default(), component, found, known });
    }
    for step in steps.iter().skip(found as usize) {
        conn.execute_batch(step)?;
    }
    if found < known {
        conn.execute(
            "INSERT INTO schema_version (component, version) VALUES (?1, ?2)
             ON CONFLICT (component) DO UPDATE SET version = excluded.version",
            (component, known),
        )?;
    }
    Ok(())
}

/// Refuses tables of another schema than the newest, where they cannot be brought there.
pub(crate) fn check_schema(conn: &Connection, component: &str, steps: &[&str]) -> Result<(), DatabaseError> {
    let found = version_of(conn, component)?;
    let (path, component, known) =
        (Default::default(), component.to_owned(), u32::try_from(steps.len()).unwrap_or(u32::MAX));
    match found.cmp(&known) {
        Ordering::Greater => Err(DatabaseError::NewerSchema { path, component, found, known }),
        Ordering::Less => Err(DatabaseError::OlderSchema { path, component, found, known }),
        Ordering::Equal => Ok(()),
    }
}

fn version_of(conn: &Connection, component: &str) -> Result<u32, DatabaseError> {
    let found =
        conn.query_row("SELECT version FROM schema_version WHERE component = ?1", [component], |row| {
            row.get(0)
        });
    Ok(found.optional()?.unwrap_or(0))
}
