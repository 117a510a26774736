//! Counting the parts of a chord.
//!
//! A part is counted once for each task id. The part that completes the chord is told so together with all results; its
//! task is the chord's dispatcher until [`end`], so that the redelivery of that very task (its worker died between the
//! count and the body) is told so again, and no other is, unless the dispatcher keeps everybody waiting for too long.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sqlite_group_commit::DatabaseError;

use super::super::{ChordPart, ChordProgress};
use crate::protocol::{GroupId, ProtocolError, TaskId, TaskState};
use crate::sqlite::{ms, now_ms};

/// After this, another part that comes again may dispatch the body instead of a dispatcher that was not heard of.
const DISPATCH_PATIENCE: Duration = Duration::from_secs(60);

pub(super) fn start(
    conn: &Connection,
    chord: &GroupId,
    size: u64,
    expires_at: Option<i64>,
) -> Result<(), DatabaseError> {
    conn.prepare_cached("DELETE FROM chord_part WHERE chord = ?1")?.execute([chord.as_str()])?;
    conn.prepare_cached("INSERT OR REPLACE INTO chord (id, size, expires_at) VALUES (?1, ?2, ?3)")?
        .execute(params![chord.as_str(), i64::try_from(size).unwrap_or(i64::MAX), expires_at])?;
    Ok(())
}

pub(super) fn grow(
    conn: &Connection,
    chord: &GroupId,
    more: u64,
    expires_at: Option<i64>,
) -> Result<(), DatabaseError> {
    let more = i64::try_from(more).unwrap_or(i64::MAX);
    conn.prepare_cached("UPDATE chord SET size = coalesce(size, 0) + ?2, expires_at = ?3 WHERE id = ?1")?
        .execute(params![chord.as_str(), more, expires_at])?;
    Ok(())
}

/// What counting a part brought, its results not parsed yet.
pub(super) enum Counted {
    Waiting { done: u64, total: Option<u64> },
    Complete { chord: GroupId, parts: Vec<StoredPart> },
    Dispatched,
}

pub(super) struct StoredPart {
    task_id: String,
    place: i64,
    state: String,
    result: Vec<u8>,
}

impl Counted {
    /// The same with the results parsed.
    pub(super) fn into_progress(self) -> Result<ChordProgress, ProtocolError> {
        let parts = match self {
            Self::Waiting { done, total } => return Ok(ChordProgress::Waiting { done, total }),
            Self::Dispatched => return Ok(ChordProgress::Dispatched),
            Self::Complete { chord, parts } => parts.into_iter().map(move |part| {
                let result = crate::json::parse(&part.result);
                Ok(ChordPart {
                    chord: chord.clone(),
                    task_id: TaskId::from(part.task_id),
                    index: u64::try_from(part.place).unwrap_or_default(),
                    state: TaskState::from(part.state.as_str()),
                    result: result.map_err(|error| ProtocolError::malformed("the chord's part", error))?,
                })
            }),
        };
        Ok(ChordProgress::Complete(parts.collect::<Result<_, ProtocolError>>()?))
    }
}

pub(super) fn count(
    conn: &Connection,
    part: &ChordPart,
    result: &[u8],
    expires_at: Option<i64>,
) -> Result<Counted, DatabaseError> {
    let now = now_ms();
    let chord = part.chord.as_str();
    let mut standing = conn
        .prepare_cached("SELECT size, parts, is_done, dispatcher, dispatch_until FROM chord WHERE id = ?1")?;
    let read = |row: &rusqlite::Row<'_>| {
        Ok(Standing {
            size: row.get(0)?,
            parts: row.get(1)?,
            is_done: row.get(2)?,
            dispatcher: row.get(3)?,
            dispatch_until: row.get::<_, Option<i64>>(4)?.unwrap_or(0),
        })
    };
    let mut stands = standing.query_row([chord], read).optional()?.unwrap_or_default();
    if stands.is_done {
        return Ok(Counted::Dispatched);
    }
    let place = i64::try_from(part.index).unwrap_or(i64::MAX);
    let is_new = conn
        .prepare_cached(
            "INSERT OR IGNORE INTO chord_part (chord, task_id, place, state, result) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![chord, part.task_id.as_str(), place, part.state.as_str(), result])?
        > 0;
    if is_new {
        stands.parts += 1;
        conn.prepare_cached(
            "INSERT INTO chord (id, parts, expires_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (id) DO UPDATE SET parts = excluded.parts, expires_at = excluded.expires_at",
        )?
        .execute(params![chord, stands.parts, expires_at])?;
    }
    if stands.size.is_none_or(|size| stands.parts < size) {
        let unsigned = |count: i64| u64::try_from(count).unwrap_or_default();
        return Ok(Counted::Waiting { done: unsigned(stands.parts), total: stands.size.map(unsigned) });
    }
    let is_dispatcher = match &stands.dispatcher {
        None => true,
        Some(dispatcher) => dispatcher == part.task_id.as_str() || stands.dispatch_until < now,
    };
    if !is_dispatcher {
        return Ok(Counted::Dispatched);
    }
    conn.prepare_cached("UPDATE chord SET dispatcher = ?2, dispatch_until = ?3 WHERE id = ?1")?
        .execute(params![chord, part.task_id.as_str(), now + ms(DISPATCH_PATIENCE)])?;
    let mut parts = conn.prepare_cached(
        "SELECT task_id, place, state, result FROM chord_part WHERE chord = ?1 ORDER BY place, task_id",
    )?;
    let parts = parts.query_map([chord], |row| {
        Ok(StoredPart { task_id: row.get(0)?, place: row.get(1)?, state: row.get(2)?, result: row.get(3)? })
    })?;
    Ok(Counted::Complete { chord: part.chord.clone(), parts: parts.collect::<Result<_, _>>()? })
}

/// A row of `chord`; the default is that of a chord whose size is not known yet.
#[derive(Default)]
struct Standing {
    size: Option<i64>,
    parts: i64,
    is_done: bool,
    dispatcher: Option<String>,
    dispatch_until: i64,
}

pub(super) fn end(conn: &Connection, chord: &GroupId) -> Result<(), DatabaseError> {
    conn.prepare_cached("UPDATE chord SET is_done = 1 WHERE id = ?1")?.execute([chord.as_str()])?;
    conn.prepare_cached("DELETE FROM chord_part WHERE chord = ?1")?.execute([chord.as_str()])?;
    Ok(())
}
