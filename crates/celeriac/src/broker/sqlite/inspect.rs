//! The statements behind queues, peek, purge and the dead letters.

use std::collections::BTreeMap;

use rusqlite::{Connection, OptionalExtension, Row, params};
use sqlite_group_commit::DatabaseError;

use super::super::{DeadLetter, DeadLetterId, Peeked, PeekedState, QueueInfo};
use super::queue::MAX_ROW_BYTES;
use crate::protocol::{MAX_BODY_BYTES, Message, NodeName, Priority, ProtocolError, QueueName, Timestamp};
use crate::sqlite::now_ms;

/// Messages that one step of a purge drops.
const PURGED_AT_ONCE: i64 = 10_000;

pub(super) fn queues(conn: &Connection) -> Result<Vec<QueueInfo>, DatabaseError> {
    let now = now_ms();
    let mut queues: BTreeMap<String, QueueInfo> = BTreeMap::new();
    let mut counts = conn.prepare_cached(
        "SELECT queue, sum(state = 0 OR (state = 1 AND visible_at <= ?1)), sum(state = 1 AND visible_at > ?1),
             sum(state = 2), priority
         FROM message GROUP BY queue, priority",
    )?;
    let mut rows = counts.query([now])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        let queue = entry(&mut queues, name);
        queue.add_ready(row.get(4)?, count(row, 1)?);
        queue.delayed += count(row, 2)?;
        queue.claimed += count(row, 3)?;
    }
    let mut oldest = conn.prepare_cached(
        "SELECT CASE WHEN length(body) <= ?2 THEN body END FROM payload
         WHERE id = (SELECT min(id) FROM message WHERE queue = ?1 AND state = 0)",
    )?;
    for queue in queues.values_mut().filter(|queue| queue.ready > 0) {
        let body: Option<Option<Vec<u8>>> =
            oldest.query_row(params![queue.name.as_str(), MAX_ROW_BYTES], |row| row.get(0)).optional()?;
        if let Some(body) = body.flatten() {
            queue.note_age(&body);
        }
    }
    let mut consumers =
        conn.prepare_cached("SELECT queue, count(*) FROM consumer WHERE alive_until >= ?1 GROUP BY queue")?;
    let mut rows = consumers.query([now])?;
    while let Some(row) = rows.next()? {
        let name: String = row.get(0)?;
        entry(&mut queues, name).consumers = count(row, 1)?;
    }
    Ok(queues.into_values().collect())
}

fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or_default())
}

fn entry(queues: &mut BTreeMap<String, QueueInfo>, name: String) -> &mut QueueInfo {
    queues.entry(name).or_insert_with_key(|name| QueueInfo::empty(QueueName::from(name.as_str())))
}

pub(super) fn peek(conn: &Connection, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, DatabaseError> {
    let columns = "SELECT priority, deaths, state, visible_at, lease_until, holder,
             CASE WHEN length(body) <= ?3 THEN body END
         FROM message JOIN payload USING (id)";
    let mut peeked = Vec::new();
    // Each state has an index that gives its messages in order.
    for rest in [
        "WHERE queue = ?1 AND state = 0 ORDER BY priority, message.id LIMIT ?2",
        "WHERE queue = ?1 AND state = 1 ORDER BY visible_at LIMIT ?2",
        "WHERE queue = ?1 AND state = 2 ORDER BY lease_until LIMIT ?2",
    ] {
        let left = i64::try_from(limit - peeked.len()).unwrap_or(i64::MAX);
        let mut select = conn.prepare_cached(&format!("{columns} {rest}"))?;
        let rows = select.query_map(params![queue.as_str(), left, MAX_ROW_BYTES], |row| {
            let state = match row.get::<_, i64>(2)? {
                0 => PeekedState::Ready,
                1 => PeekedState::Delayed(Timestamp::from_unix_ms(row.get(3)?)),
                _ => PeekedState::Claimed {
                    by: NodeName::from(row.get::<_, Option<String>>(5)?.unwrap_or_default()),
                    until: Timestamp::from_unix_ms(row.get::<_, Option<i64>>(4)?.unwrap_or_default()),
                },
            };
            Ok(Peeked {
                message: message(row, 6)?,
                state,
                priority: Priority(row.get(0)?),
                deaths: row.get(1)?,
            })
        })?;
        for row in rows {
            peeked.push(row?);
        }
    }
    Ok(peeked)
}

/// The envelope in this column, or why it cannot be read; the column is null when it is too large to be loaded.
fn message(row: &Row<'_>, column: usize) -> rusqlite::Result<Result<Message, ProtocolError>> {
    Ok(match row.get_ref(column)?.as_blob_or_null()? {
        Some(body) => Message::decode(body),
        None => Err(ProtocolError::TooLarge { bytes: MAX_ROW_BYTES as usize, limit: MAX_BODY_BYTES }),
    })
}

/// Drops some messages that no consumer holds; 0 when none is left.
pub(super) fn purge_some(conn: &Connection, queue: &QueueName) -> Result<u64, DatabaseError> {
    let mut some = conn.prepare_cached("SELECT id FROM message WHERE queue = ?1 AND state < 2 LIMIT ?2")?;
    let ids = some
        .query_map(params![queue.as_str(), PURGED_AT_ONCE], |row| row.get::<_, i64>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let mut message = conn.prepare_cached("DELETE FROM message WHERE id = ?1")?;
    let mut payload = conn.prepare_cached("DELETE FROM payload WHERE id = ?1")?;
    for id in &ids {
        message.execute([id])?;
        payload.execute([id])?;
    }
    Ok(ids.len() as u64)
}

pub(super) fn dead_letters(conn: &Connection, limit: usize) -> Result<Vec<DeadLetter>, DatabaseError> {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut select = conn.prepare_cached(
        "SELECT id, queue, reason, at, deaths, CASE WHEN length(body) <= ?2 THEN body END
         FROM dead_letter ORDER BY id DESC LIMIT ?1",
    )?;
    let rows = select.query_map([limit, MAX_ROW_BYTES], |row| {
        Ok(DeadLetter {
            id: DeadLetterId(row.get::<_, i64>(0)?.to_string()),
            queue: QueueName::from(row.get::<_, String>(1)?),
            reason: row.get(2)?,
            at: Timestamp::from_unix_ms(row.get(3)?),
            deaths: row.get(4)?,
            message: message(row, 5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn revive(conn: &Connection, letters: &[DeadLetterId]) -> Result<u64, DatabaseError> {
    let mut revived = 0;
    for id in letters.iter().filter_map(|letter| letter.0.parse::<i64>().ok()) {
        let inserted = conn
            .prepare_cached(
                "INSERT INTO message (queue, priority, state, redelivered)
                 SELECT queue, priority, 0, 1 FROM dead_letter WHERE id = ?1",
            )?
            .execute([id])?;
        if inserted > 0 {
            let message = conn.last_insert_rowid();
            conn.prepare_cached(
                "INSERT INTO payload (id, body) SELECT ?1, body FROM dead_letter WHERE id = ?2",
            )?
            .execute([message, id])?;
            revived += discard_one(conn, id)?;
        }
    }
    Ok(revived)
}

pub(super) fn discard(conn: &Connection, letters: &[DeadLetterId]) -> Result<u64, DatabaseError> {
    let mut discarded = 0;
    for id in letters.iter().filter_map(|letter| letter.0.parse::<i64>().ok()) {
        discarded += discard_one(conn, id)?;
    }
    Ok(discarded)
}

fn discard_one(conn: &Connection, id: i64) -> Result<u64, DatabaseError> {
    Ok(conn.prepare_cached("DELETE FROM dead_letter WHERE id = ?1")?.execute([id])? as u64)
}
