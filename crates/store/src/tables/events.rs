//! The history that watchers catch up with.

use rusqlite::{Connection, params};

use super::{json, to_json};
use crate::{Analysis, AnalysisEvent, AnalysisId, EventId};

/// Events of an analysis that are kept.
const KEPT: i64 = 200;

/// Adds an event and forgets the oldest ones.
pub(crate) fn insert(db: &Connection, analysis: &Analysis) -> rusqlite::Result<EventId> {
    let id = analysis.id.as_str();
    db.prepare_cached("INSERT INTO events (analysis, body) VALUES (?1, ?2)")?
        .execute(params![id, to_json(analysis)?])?;
    let event = db.last_insert_rowid();
    db.prepare_cached(
        "DELETE FROM events WHERE analysis = ?1 AND id <=
            (SELECT id FROM events WHERE analysis = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)",
    )?
    .execute(params![id, KEPT])?;
    Ok(EventId(event as u64))
}

/// At most `limit` events later than `after`, in order.
pub(crate) fn after(
    db: &Connection,
    analysis: &AnalysisId,
    after: EventId,
    limit: usize,
) -> rusqlite::Result<Vec<AnalysisEvent>> {
    db.prepare_cached("SELECT id, body FROM events WHERE analysis = ?1 AND id > ?2 ORDER BY id LIMIT ?3")?
        .query_map(params![analysis.as_str(), after.0 as i64, limit as i64], |row| {
            Ok(AnalysisEvent { id: EventId(row.get::<_, i64>("id")? as u64), analysis: json(row, "body")? })
        })?
        .collect()
}

/// The id of the last event of an analysis; 0 when there is none.
pub(crate) fn last(db: &Connection, analysis: &AnalysisId) -> rusqlite::Result<EventId> {
    db.prepare_cached("SELECT coalesce(max(id), 0) FROM events WHERE analysis = ?1")?
        .query_row([analysis.as_str()], |row| row.get::<_, i64>(0))
        .map(|id| EventId(id as u64))
}
