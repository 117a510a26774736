//! What was read of one content with one set of settings.

use rusqlite::{Connection, OptionalExtension, params};

use super::{now, word};
use crate::{AnalysisId, KnowledgeEntry, ObjectKey, ReadResult, ResultId};

/// Adds the result if it is not there.
pub(crate) fn insert(db: &Connection, id: &ResultId) -> rusqlite::Result<()> {
    db.prepare_cached("INSERT INTO results (id, created_at) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
        .execute(params![id.as_str(), now()])?;
    Ok(())
}

/// Notes the knowledge base.
pub(crate) fn set_knowledge(db: &Connection, id: &ResultId, entry: &KnowledgeEntry) -> rusqlite::Result<()> {
    db.prepare_cached(
        "UPDATE results SET knowledge = ?2, files = ?3, skipped = ?4, symbols = ?5 WHERE id = ?1",
    )?
    .execute(params![
        id.as_str(),
        entry.key.as_str(),
        entry.files as i64,
        entry.skipped as i64,
        entry.symbols as i64
    ])?;
    Ok(())
}

/// Notes that all pages are there, or are to be made again.
pub(crate) fn set_complete(db: &Connection, id: &ResultId, is_complete: bool) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE results SET is_complete = ?2 WHERE id = ?1")?
        .execute(params![id.as_str(), is_complete])?;
    Ok(())
}

/// The result.
pub(crate) fn get(db: &Connection, id: &ResultId) -> rusqlite::Result<Option<ReadResult>> {
    db.prepare_cached(
        "SELECT *, (SELECT count(*) FROM readings WHERE result = id) AS analyzed,
            (SELECT count(*) FROM readings WHERE result = id AND is_fallback) AS fallbacks,
            (SELECT count(*) FROM pages WHERE result = id) AS pages
         FROM results WHERE id = ?1",
    )?
    .query_row([id.as_str()], |row| {
        let count = |column: &str| row.get::<_, i64>(column).map(|number| number.max(0) as u64);
        let knowledge: Option<String> = row.get("knowledge")?;
        let knowledge = match knowledge {
            Some(_) => Some(KnowledgeEntry {
                key: word::<ObjectKey>(row, "knowledge")?,
                files: count("files")?,
                skipped: count("skipped")?,
                symbols: count("symbols")?,
            }),
            None => None,
        };
        Ok(ReadResult {
            id: word(row, "id")?,
            knowledge,
            analyzed: count("analyzed")?,
            fallbacks: count("fallbacks")?,
            pages: count("pages")?,
            is_complete: row.get("is_complete")?,
        })
    })
    .optional()
}

/// The result of an analysis, once it has one.
pub(crate) fn of(db: &Connection, analysis: &AnalysisId) -> rusqlite::Result<Option<ResultId>> {
    let id: Option<String> = db
        .prepare_cached("SELECT result FROM analyses WHERE id = ?1")?
        .query_row([analysis.as_str()], |row| row.get(0))
        .optional()?
        .flatten();
    id.map(|id| id.parse().map_err(|error| super::unreadable("result", &error))).transpose()
}

/// Removes the result, its readings and pages, unless an analysis uses it; the knowledge base to delete.
pub(crate) fn delete_unused(db: &Connection, id: &ResultId) -> rusqlite::Result<Option<ObjectKey>> {
    let knowledge: Option<Option<String>> = db
        .prepare_cached(
            "DELETE FROM results WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM analyses WHERE result = ?1)
             RETURNING knowledge",
        )?
        .query_row([id.as_str()], |row| row.get(0))
        .optional()?;
    knowledge
        .flatten()
        .map(|key| key.parse().map_err(|error| super::unreadable("knowledge", &error)))
        .transpose()
}

/// Whether the result is there.
pub(crate) fn exists(db: &Connection, id: &ResultId) -> rusqlite::Result<bool> {
    Ok(db
        .prepare_cached("SELECT 1 FROM results WHERE id = ?1")?
        .query_row([id.as_str()], |_| Ok(()))
        .optional()?
        .is_some())
}
