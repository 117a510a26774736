//! The documentation.

use reader::{Page, PageHead};
use rusqlite::{Connection, OptionalExtension, params};

use super::{json, sum_of_usage, to_json};
use crate::{LlmUsage, ResultId, SavedPage};

/// Replaces all pages of a result.
pub(crate) fn replace(db: &Connection, result: &ResultId, pages: &[SavedPage]) -> rusqlite::Result<()> {
    db.prepare_cached("DELETE FROM pages WHERE result = ?1")?.execute([result.as_str()])?;
    let mut insert = db.prepare_cached(
        "INSERT INTO pages (result, place, slug, head, usage, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for (place, page) in pages.iter().enumerate() {
        let usage = page.usage.as_ref().map(to_json).transpose()?;
        insert.execute(params![
            result.as_str(),
            place as i64,
            page.page.slug,
            to_json(&page.page.head())?,
            usage,
            to_json(&page.page)?
        ])?;
    }
    Ok(())
}

/// All pages, in the order in which they were made.
pub(crate) fn list(db: &Connection, result: &ResultId) -> rusqlite::Result<Vec<Page>> {
    db.prepare_cached("SELECT body FROM pages WHERE result = ?1 ORDER BY place")?
        .query_map([result.as_str()], |row| json(row, "body"))?
        .collect()
}

/// The heads of all pages, in the order in which they were made.
pub(crate) fn heads(db: &Connection, result: &ResultId) -> rusqlite::Result<Vec<PageHead>> {
    db.prepare_cached("SELECT head FROM pages WHERE result = ?1 ORDER BY place")?
        .query_map([result.as_str()], |row| json(row, "head"))?
        .collect()
}

/// One page.
pub(crate) fn get(db: &Connection, result: &ResultId, slug: &str) -> rusqlite::Result<Option<Page>> {
    db.prepare_cached("SELECT body FROM pages WHERE result = ?1 AND slug = ?2")?
        .query_row(params![result.as_str(), slug], |row| json(row, "body"))
        .optional()
}

/// What the pages cost when they were written.
pub(crate) fn usage(db: &Connection, result: &ResultId) -> rusqlite::Result<LlmUsage> {
    sum_of_usage(db, "SELECT usage FROM pages WHERE result = ?1 AND usage IS NOT NULL ORDER BY place", result)
}
