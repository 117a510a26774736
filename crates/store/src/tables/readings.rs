//! What the step `analyze` made of each file.

use std::collections::{BTreeMap, BTreeSet};

use reader::FileReading;
use rusqlite::{Connection, OptionalExtension, params};

use super::{json, sum_of_usage, to_json};
use crate::{LlmUsage, ResultId, SavedReading};

/// Saves a reading; true when the file had none.
pub(crate) fn save(db: &Connection, result: &ResultId, reading: &SavedReading) -> rusqlite::Result<bool> {
    let is_new = db
        .prepare_cached("SELECT 1 FROM readings WHERE result = ?1 AND path = ?2")?
        .query_row(params![result.as_str(), reading.reading.path], |_| Ok(()))
        .optional()?
        .is_none();
    db.prepare_cached(
        "INSERT OR REPLACE INTO readings (result, path, is_fallback, summary, usage, body)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute(params![
        result.as_str(),
        reading.reading.path,
        reading.is_fallback,
        reading.reading.summary,
        reading.usage.as_ref().map(to_json).transpose()?,
        to_json(&reading.reading)?
    ])?;
    Ok(is_new)
}

/// At most `limit` readings of files after `after`, by path.
pub(crate) fn list(
    db: &Connection,
    result: &ResultId,
    after: Option<&str>,
    limit: usize,
) -> rusqlite::Result<Vec<FileReading>> {
    db.prepare_cached(
        "SELECT body FROM readings WHERE result = ?1 AND (?2 IS NULL OR path > ?2) ORDER BY path LIMIT ?3",
    )?
    .query_map(params![result.as_str(), after, limit as i64], |row| json(row, "body"))?
    .collect()
}

/// The readings of these files, as far as there are any, in the order asked.
pub(crate) fn get(
    db: &Connection,
    result: &ResultId,
    paths: &[String],
) -> rusqlite::Result<Vec<FileReading>> {
    let mut select = db.prepare_cached("SELECT body FROM readings WHERE result = ?1 AND path = ?2")?;
    let mut found = Vec::with_capacity(paths.len());
    for path in paths {
        found.extend(select.query_row(params![result.as_str(), path], |row| json(row, "body")).optional()?);
    }
    Ok(found)
}

/// The summaries of these files and of those between them, by path; empty ones are left out.
pub(crate) fn summaries(
    db: &Connection,
    result: &ResultId,
    first: &str,
    last: &str,
) -> rusqlite::Result<BTreeMap<String, String>> {
    db.prepare_cached(
        "SELECT path, summary FROM readings WHERE result = ?1 AND path BETWEEN ?2 AND ?3 AND summary <> ''",
    )?
    .query_map(params![result.as_str(), first, last], |row| Ok((row.get(0)?, row.get(1)?)))?
    .collect()
}

/// The files that have a reading.
pub(crate) fn paths(db: &Connection, result: &ResultId) -> rusqlite::Result<BTreeSet<String>> {
    db.prepare_cached("SELECT path FROM readings WHERE result = ?1")?
        .query_map([result.as_str()], |row| row.get(0))?
        .collect()
}

/// Forgets the readings that stand in for the LLM's; how many they were.
pub(crate) fn delete_fallbacks(db: &Connection, result: &ResultId) -> rusqlite::Result<usize> {
    db.prepare_cached("DELETE FROM readings WHERE result = ?1 AND is_fallback")?.execute([result.as_str()])
}

/// What the readings cost when they were made.
pub(crate) fn usage(db: &Connection, result: &ResultId) -> rusqlite::Result<LlmUsage> {
    // In one order: sums of fractions depend on it.
    sum_of_usage(
        db,
        "SELECT usage FROM readings WHERE result = ?1 AND usage IS NOT NULL ORDER BY path",
        result,
    )
}
