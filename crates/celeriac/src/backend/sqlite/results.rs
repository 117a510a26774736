//! The statements behind results and saved groups.

use rusqlite::{Connection, OptionalExtension, params};
use sqlite_group_commit::DatabaseError;

use crate::protocol::{ProtocolError, TaskId, TaskMeta};

/// Expired rows of each kind that one sweep drops at most.
pub(super) const SWEPT_AT_ONCE: usize = 1000;

/// A meta to be stored, its bytes made on the caller's thread.
pub(super) struct Row {
    task_id: TaskId,
    state: String,
    meta: Vec<u8>,
}

impl Row {
    pub(super) fn new(meta: &TaskMeta) -> Result<Self, ProtocolError> {
        Ok(Self {
            task_id: meta.task_id.clone(),
            state: meta.status.as_str().to_owned(),
            meta: meta.encode()?,
        })
    }
}

pub(super) fn store(conn: &Connection, rows: &[Row], expires_at: Option<i64>) -> Result<(), DatabaseError> {
    let mut upsert = conn.prepare_cached(
        "INSERT INTO result (task_id, state, expires_at, meta) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT (task_id) DO UPDATE
         SET state = excluded.state, expires_at = excluded.expires_at, meta = excluded.meta
         WHERE result.state <> 'SUCCESS'",
    )?;
    for row in rows {
        upsert.execute(params![row.task_id.as_str(), row.state, expires_at, row.meta])?;
    }
    Ok(())
}

/// The metas of these tasks, in their order.
pub(super) fn find(
    conn: &Connection,
    ids: &[TaskId],
    now: i64,
) -> Result<Vec<Option<Vec<u8>>>, DatabaseError> {
    let mut select = conn.prepare_cached(
        "SELECT meta FROM result WHERE task_id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    )?;
    let find = |id: &TaskId| select.query_row(params![id.as_str(), now], |row| row.get(0)).optional();
    Ok(ids.iter().map(find).collect::<Result<_, _>>()?)
}

pub(super) fn forget(conn: &Connection, ids: &[TaskId]) -> Result<(), DatabaseError> {
    let mut delete = conn.prepare_cached("DELETE FROM result WHERE task_id = ?1")?;
    for id in ids {
        delete.execute([id.as_str()])?;
    }
    Ok(())
}

pub(super) fn save_group(
    conn: &Connection,
    id: &str,
    body: &[u8],
    expires_at: Option<i64>,
) -> Result<(), DatabaseError> {
    conn.prepare_cached("INSERT OR REPLACE INTO group_result (id, expires_at, body) VALUES (?1, ?2, ?3)")?
        .execute(params![id, expires_at, body])?;
    Ok(())
}

pub(super) fn find_group(conn: &Connection, id: &str, now: i64) -> Result<Option<Vec<u8>>, DatabaseError> {
    let mut select = conn.prepare_cached(
        "SELECT body FROM group_result WHERE id = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    )?;
    Ok(select.query_row(params![id, now], |row| row.get(0)).optional()?)
}

/// Drops what has expired; returns how many rows of the kind that had most.
pub(super) fn sweep(conn: &Connection, now: i64) -> Result<usize, DatabaseError> {
    let limit = i64::try_from(SWEPT_AT_ONCE).unwrap_or(i64::MAX);
    let results = conn
        .prepare_cached(
            "DELETE FROM result WHERE rowid IN (
                 SELECT rowid FROM result WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute([now, limit])?;
    let groups = conn
        .prepare_cached(
            "DELETE FROM group_result WHERE id IN (
                 SELECT id FROM group_result WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2)",
        )?
        .execute([now, limit])?;
    let mut chords =
        conn.prepare_cached("SELECT id FROM chord WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2")?;
    let chords = chords.query_map([now, limit], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
    for chord in &chords {
        conn.prepare_cached("DELETE FROM chord_part WHERE chord = ?1")?.execute([chord])?;
        conn.prepare_cached("DELETE FROM chord WHERE id = ?1")?.execute([chord])?;
    }
    Ok(results.max(groups).max(chords.len()))
}
