//! Archives that were uploaded.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{time, word};
use crate::{Upload, UploadId};

/// Adds an upload.
pub(crate) fn insert(db: &Connection, upload: &Upload) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO uploads (id, name, object, bytes, entries, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        upload.id.as_str(),
        upload.name,
        upload.object.as_str(),
        upload.bytes as i64,
        upload.entries as i64,
        upload.created_at.as_microsecond()
    ])?;
    Ok(())
}

/// The upload.
pub(crate) fn get(db: &Connection, id: &UploadId) -> rusqlite::Result<Option<Upload>> {
    db.prepare_cached("SELECT * FROM uploads WHERE id = ?1")?.query_row([id.as_str()], read).optional()
}

/// Removes an upload unless an analysis reads it.
pub(crate) fn delete_unused(db: &Connection, id: &UploadId) -> rusqlite::Result<Option<Upload>> {
    db.prepare_cached(
        "DELETE FROM uploads WHERE id = ?1
            AND NOT EXISTS (SELECT 1 FROM analyses WHERE source ->> '$.upload' = ?1)
         RETURNING *",
    )?
    .query_row([id.as_str()], read)
    .optional()
}

/// Uploads made before then that no analysis reads.
pub(crate) fn stale(db: &Connection, before: jiff::Timestamp) -> rusqlite::Result<Vec<Upload>> {
    db.prepare_cached(
        "SELECT * FROM uploads WHERE created_at < ?1
            AND NOT EXISTS (SELECT 1 FROM analyses WHERE source ->> '$.upload' = uploads.id)",
    )?
    .query_map([before.as_microsecond()], read)?
    .collect()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Upload> {
    Ok(Upload {
        id: word(row, "id")?,
        name: row.get("name")?,
        object: word(row, "object")?,
        bytes: row.get::<_, i64>("bytes")?.max(0) as u64,
        entries: row.get::<_, i64>("entries")?.max(0) as u64,
        created_at: time(row, "created_at")?,
    })
}
