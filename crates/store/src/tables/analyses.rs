//! The rows that everybody sees.

use rusqlite::{Connection, OptionalExtension, Row, named_params, params};

use super::{events, json, now, optional_json, optional_time, optional_word, time, to_json, word};
use crate::{
    Analysis, AnalysisId, Change, Changed, Counts, Failure, Found, LlmUsage, NewAnalysis, Progress, Run,
    Status,
};

const COLUMNS: &str = "SELECT * FROM analyses";

/// Adds a queued analysis.
pub(crate) fn insert(db: &Connection, new: &NewAnalysis) -> rusqlite::Result<Changed> {
    db.prepare_cached(
        "INSERT INTO analyses (id, name, task_id, run, status, source, revision, language, model, created_at)
         VALUES (:id, :name, :task, 1, 'queued', :source, :commit, :language, :model, :now)",
    )?
    .execute(named_params! {
        ":id": new.id.as_str(), ":name": new.name, ":task": new.task_id, ":source": to_json(&new.source)?,
        ":commit": new.commit, ":language": new.language.as_str(), ":model": new.model, ":now": now(),
    })?;
    announce(db, &new.id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Applies the change if the analysis is in one of the states that the change asks for; `None` otherwise.
pub(crate) fn change(db: &Connection, id: &AnalysisId, change: &Change) -> rusqlite::Result<Option<Changed>> {
    let Some((analysis, run)) = get(db, id)? else { return Ok(None) };
    if !change.from.contains(&analysis.status) || change.run.is_some_and(|wanted| wanted != run) {
        return Ok(None);
    }
    let next = change.applied_to(analysis);
    write(db, &next)?;
    if let Some(task_id) = &change.next_run {
        db.prepare_cached("UPDATE analyses SET run = run + 1, task_id = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), task_id])?;
    }
    if let Some(result) = &change.result {
        db.prepare_cached("UPDATE analyses SET result = ?2 WHERE id = ?1")?
            .execute(params![id.as_str(), result.as_str()])?;
    }
    if change.is_quiet {
        return Ok(get(db, id)?.map(|(analysis, run)| Changed { analysis, run, event: None }));
    }
    announce(db, id)
}

/// Writes an event of the analysis as it stands.
pub(crate) fn announce(db: &Connection, id: &AnalysisId) -> rusqlite::Result<Option<Changed>> {
    let Some((analysis, run)) = get(db, id)? else { return Ok(None) };
    let event = events::insert(db, &analysis)?;
    Ok(Some(Changed { analysis, run, event: Some(event) }))
}

fn write(db: &Connection, analysis: &Analysis) -> rusqlite::Result<()> {
    let microseconds = |time: Option<jiff::Timestamp>| time.map(jiff::Timestamp::as_microsecond);
    db.prepare_cached(
        "UPDATE analyses SET status = :status, step = :step, done = :done, total = :total, revision = :commit, model = :model,
            files = :files, skipped = :skipped, symbols = :symbols, analyzed = :analyzed, failed = :failed,
            pages = :pages, calls = :calls, cached = :cached, prompt_tokens = :prompt_tokens,
            completion_tokens = :completion_tokens, cost = :cost, error = :error, started_at = :started_at,
            finished_at = :finished_at
         WHERE id = :id",
    )?
    .execute(named_params! {
        ":id": analysis.id.as_str(),
        ":status": analysis.status.as_str(),
        ":step": analysis.step.map(crate::Step::as_str),
        ":done": analysis.progress.map(|progress| progress.done as i64),
        ":total": analysis.progress.and_then(|progress| progress.total).map(|total| total as i64),
        ":commit": analysis.commit,
        ":model": analysis.model,
        ":files": analysis.counts.files as i64,
        ":skipped": analysis.counts.skipped as i64,
        ":symbols": analysis.counts.symbols as i64,
        ":analyzed": analysis.counts.analyzed as i64,
        ":failed": analysis.counts.failed as i64,
        ":pages": analysis.counts.pages as i64,
        ":calls": analysis.llm.calls as i64,
        ":cached": analysis.llm.cached as i64,
        ":prompt_tokens": analysis.llm.prompt_tokens as i64,
        ":completion_tokens": analysis.llm.completion_tokens as i64,
        ":cost": analysis.llm.cost,
        ":error": analysis.error.as_ref().map(to_json).transpose()?,
        ":started_at": microseconds(analysis.started_at),
        ":finished_at": microseconds(analysis.finished_at),
    })?;
    Ok(())
}

/// The analysis and its run.
pub(crate) fn get(db: &Connection, id: &AnalysisId) -> rusqlite::Result<Option<(Analysis, Run)>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE id = ?1"))?
        .query_row([id.as_str()], |row| Ok((read(row)?, row.get("run")?)))
        .optional()
}

/// By id, by name (the newest), or by the beginning of an id.
pub(crate) fn find(db: &Connection, text: &str) -> rusqlite::Result<Found> {
    find_first(db, text, "id DESC")
}

/// The same for those who read: of a name the newest that is completed, if there is one.
pub(crate) fn find_readable(db: &Connection, text: &str) -> rusqlite::Result<Found> {
    find_first(db, text, "status = 'completed' DESC, id DESC")
}

fn find_first(db: &Connection, text: &str, order: &str) -> rusqlite::Result<Found> {
    let first = format!("{COLUMNS} WHERE id = ?1 OR name = ?1 ORDER BY id = ?1 DESC, {order} LIMIT 1");
    if let Some(analysis) = db.prepare_cached(&first)?.query_row([text], read).optional()? {
        return Ok(Found::One(Box::new(analysis)));
    }
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()) {
        return Ok(Found::None);
    }
    let mut begins =
        db.prepare_cached(&format!("{COLUMNS} WHERE id >= ?1 AND id < ?1 || '~' ORDER BY id LIMIT 5"))?;
    let mut found = begins.query_map([text], read)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(match found.len() {
        0 => Found::None,
        1 => Found::One(Box::new(found.remove(0))),
        _ => Found::Ambiguous(found.into_iter().map(|analysis| analysis.id).collect()),
    })
}

/// Whether the files were shared out to tasks in this run.
pub(crate) fn is_shared_out(db: &Connection, id: &AnalysisId, run: Run) -> rusqlite::Result<bool> {
    db.prepare_cached("SELECT EXISTS (SELECT 1 FROM analyses WHERE id = ?1 AND shared_out_run = ?2)")?
        .query_row(params![id.as_str(), run], |row| row.get(0))
}

/// Notes that the files were shared out to tasks in this run.
pub(crate) fn set_shared_out(db: &Connection, id: &AnalysisId, run: Run) -> rusqlite::Result<()> {
    db.prepare_cached("UPDATE analyses SET shared_out_run = ?2 WHERE id = ?1 AND run = ?2")?
        .execute(params![id.as_str(), run])?;
    Ok(())
}

/// At most `limit`, newest first, older than `before`.
pub(crate) fn list(
    db: &Connection,
    before: Option<&AnalysisId>,
    limit: usize,
) -> rusqlite::Result<Vec<Analysis>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE ?1 IS NULL OR id < ?1 ORDER BY id DESC LIMIT ?2"))?
        .query_map(params![before.map(AnalysisId::as_str), limit as i64], read)?
        .collect()
}

/// Those that are queued or running.
pub(crate) fn unfinished(db: &Connection) -> rusqlite::Result<Vec<(Analysis, Run)>> {
    db.prepare_cached(&format!("{COLUMNS} WHERE status IN ('queued', 'running') ORDER BY id"))?
        .query_map([], |row| Ok((read(row)?, row.get("run")?)))?
        .collect()
}

/// How many there are of each status.
pub(crate) fn totals(db: &Connection) -> rusqlite::Result<Vec<(Status, u64)>> {
    db.prepare_cached("SELECT status, count(*) AS count FROM analyses GROUP BY status ORDER BY status")?
        .query_map([], |row| Ok((word(row, "status")?, row.get::<_, i64>("count")? as u64)))?
        .collect()
}

/// What all analyses together asked of the LLM.
pub(crate) fn usage(db: &Connection) -> rusqlite::Result<LlmUsage> {
    db.prepare_cached(
        "SELECT total(calls), total(cached), total(prompt_tokens), total(completion_tokens), total(cost) FROM analyses",
    )?
    .query_row([], |row| {
        let count = |column: usize| row.get::<_, f64>(column).map(|sum| sum as u64);
        Ok(LlmUsage {
            calls: count(0)?,
            cached: count(1)?,
            prompt_tokens: count(2)?,
            completion_tokens: count(3)?,
            cost: row.get(4)?,
        })
    })
}

/// Removes the row and its events.
pub(crate) fn delete(db: &Connection, id: &AnalysisId) -> rusqlite::Result<bool> {
    Ok(db.prepare_cached("DELETE FROM analyses WHERE id = ?1")?.execute([id.as_str()])? > 0)
}

fn read(row: &Row<'_>) -> rusqlite::Result<Analysis> {
    let count = |column: &str| row.get::<_, i64>(column).map(|number| number.max(0) as u64);
    let done: Option<i64> = row.get("done")?;
    let total: Option<i64> = row.get("total")?;
    Ok(Analysis {
        id: word(row, "id")?,
        name: row.get("name")?,
        task_id: row.get("task_id")?,
        status: word(row, "status")?,
        step: optional_word(row, "step")?,
        progress: done
            .map(|done| Progress { done: done.max(0) as u64, total: total.map(|total| total.max(0) as u64) }),
        source: json(row, "source")?,
        commit: row.get("revision")?,
        language: word(row, "language")?,
        model: row.get("model")?,
        counts: Counts {
            files: count("files")?,
            skipped: count("skipped")?,
            symbols: count("symbols")?,
            analyzed: count("analyzed")?,
            failed: count("failed")?,
            pages: count("pages")?,
        },
        llm: LlmUsage {
            calls: count("calls")?,
            cached: count("cached")?,
            prompt_tokens: count("prompt_tokens")?,
            completion_tokens: count("completion_tokens")?,
            cost: row.get("cost")?,
        },
        error: optional_json::<Failure>(row, "error")?,
        created_at: time(row, "created_at")?,
        started_at: optional_time(row, "started_at")?,
        finished_at: optional_time(row, "finished_at")?,
    })
}
