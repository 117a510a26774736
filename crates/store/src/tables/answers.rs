//! What the LLM wrote, by the digest of all that it was asked with.

use rusqlite::{Connection, OptionalExtension, params};

use super::{json, now, to_json};
use crate::Answer;

/// Saves an answer; a second one for the same key is dropped.
pub(crate) fn save(db: &Connection, key: &str, answer: &Answer) -> rusqlite::Result<()> {
    db.prepare_cached(
        "INSERT INTO answers (key, body, usage, used_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
    )?
    .execute(params![key, to_json(&answer.body)?, to_json(&answer.usage)?, now()])?;
    Ok(())
}

/// The answer.
pub(crate) fn get(db: &Connection, key: &str) -> rusqlite::Result<Option<Answer>> {
    db.prepare_cached("SELECT body, usage FROM answers WHERE key = ?1")?
        .query_row([key], |row| Ok(Answer { body: json(row, "body")?, usage: json(row, "usage")? }))
        .optional()
}

/// Notes that the answers were of use.
pub(crate) fn touch(db: &Connection, keys: &[String]) -> rusqlite::Result<()> {
    let mut update = db.prepare_cached("UPDATE answers SET used_at = ?2 WHERE key = ?1")?;
    for key in keys {
        update.execute(params![key, now()])?;
    }
    Ok(())
}

/// Forgets answers that nobody used since then; how many they were.
pub(crate) fn prune(db: &Connection, before: jiff::Timestamp) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM answers WHERE used_at < ?1")?.execute([before.as_microsecond()])
}
