//! The tables and how they came to be.

/// Each is applied once to a file. Never change one that was released: append.
pub(crate) const STEPS: &[&str] = &[FIRST, COST_OF_PAGES, COMMIT, HEADS];

const FIRST: &str = "
-- What was read of one content with one set of settings; analyses of an unchanged repository share it.
CREATE TABLE results (
    id              TEXT PRIMARY KEY,
    knowledge       TEXT,               -- key of the knowledge base in the object store, once it is built
    files           INTEGER NOT NULL DEFAULT 0,
    skipped         INTEGER NOT NULL DEFAULT 0,
    symbols         INTEGER NOT NULL DEFAULT 0,
    is_complete     INTEGER NOT NULL DEFAULT 0,
    created_at      INTEGER NOT NULL    -- times are microseconds since 1970
) STRICT;

CREATE TABLE analyses (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    task_id         TEXT NOT NULL,
    run             INTEGER NOT NULL,   -- 1, and one more with each resume; tasks of older runs do nothing
    shared_out_run  INTEGER,            -- the run whose files were shared out to tasks
    status          TEXT NOT NULL,
    step            TEXT,
    done            INTEGER,
    total           INTEGER,
    source          TEXT NOT NULL,      -- JSON
    language        TEXT NOT NULL,
    model           TEXT,
    files           INTEGER NOT NULL DEFAULT 0,
    skipped         INTEGER NOT NULL DEFAULT 0,
    symbols         INTEGER NOT NULL DEFAULT 0,
    analyzed        INTEGER NOT NULL DEFAULT 0,
    failed          INTEGER NOT NULL DEFAULT 0,
    pages           INTEGER NOT NULL DEFAULT 0,
    calls           INTEGER NOT NULL DEFAULT 0,
    cached          INTEGER NOT NULL DEFAULT 0,
    prompt_tokens   INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    cost            REAL NOT NULL DEFAULT 0,
    error           TEXT,               -- JSON
    result          TEXT REFERENCES results (id),
    created_at      INTEGER NOT NULL,
    started_at      INTEGER,
    finished_at     INTEGER
) STRICT;
CREATE INDEX analyses_by_name ON analyses (name, id);
CREATE INDEX analyses_unfinished ON analyses (status) WHERE status IN ('queued', 'running');
CREATE INDEX analyses_by_result ON analyses (result);

-- The history that watchers catch up with; each body is the whole analysis.
CREATE TABLE events (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    analysis        TEXT NOT NULL REFERENCES analyses (id) ON DELETE CASCADE,
    body            TEXT NOT NULL
) STRICT;
CREATE INDEX events_by_analysis ON events (analysis, id);

-- One row a file, its items within: a million symbols are not a million rows.
CREATE TABLE readings (
    result          TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    path            TEXT NOT NULL,
    is_fallback     INTEGER NOT NULL,   -- static because the LLM did not manage
    body            TEXT NOT NULL,
    usage           TEXT,               -- what the LLM's answer cost when it was made
    PRIMARY KEY (result, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE pages (
    result          TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,
    slug            TEXT NOT NULL,
    body            TEXT NOT NULL,
    PRIMARY KEY (result, place)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX pages_by_slug ON pages (result, slug);

-- What the LLM wrote, by the digest of all that it was asked with.
CREATE TABLE answers (
    key             TEXT PRIMARY KEY,
    body            TEXT NOT NULL,
    usage           TEXT NOT NULL,
    used_at         INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE uploads (
    id              TEXT PRIMARY KEY,
    name            TEXT NOT NULL,
    object          TEXT NOT NULL,
    bytes           INTEGER NOT NULL,
    entries         INTEGER NOT NULL,
    created_at      INTEGER NOT NULL
) STRICT;
";

const COST_OF_PAGES: &str = "
ALTER TABLE pages ADD COLUMN usage TEXT; -- what the LLM's text cost when it was written
";

const COMMIT: &str = "
ALTER TABLE analyses ADD COLUMN revision TEXT; -- the commit of git that was read
";

const HEADS: &str = "
-- What lists show stands before the bodies, which need not be read for it.
CREATE TABLE readings_with_summaries (
    result          TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    path            TEXT NOT NULL,
    is_fallback     INTEGER NOT NULL,   -- static because the LLM did not manage
    summary         TEXT NOT NULL,
    usage           TEXT,               -- what the LLM's answer cost when it was made
    body            TEXT NOT NULL,      -- the whole reading as JSON
    PRIMARY KEY (result, path)
) STRICT, WITHOUT ROWID;
INSERT INTO readings_with_summaries (result, path, is_fallback, summary, usage, body)
    SELECT result, path, is_fallback, body ->> 'summary', usage, body FROM readings;
DROP TABLE readings;
ALTER TABLE readings_with_summaries RENAME TO readings;

CREATE TABLE pages_with_heads (
    result          TEXT NOT NULL REFERENCES results (id) ON DELETE CASCADE,
    place           INTEGER NOT NULL,
    slug            TEXT NOT NULL,
    head            TEXT NOT NULL,      -- JSON
    usage           TEXT,               -- what the LLM's text cost when it was written
    body            TEXT NOT NULL,      -- the whole page as JSON
    PRIMARY KEY (result, place)
) STRICT, WITHOUT ROWID;
INSERT INTO pages_with_heads (result, place, slug, head, usage, body)
    SELECT result, place, slug,
           json_object('slug', body ->> 'slug', 'title', body ->> 'title', 'parent', body ->> 'parent',
                       'order', body ->> 'order', 'origin', body ->> 'origin'),
           usage, body
    FROM pages;
DROP TABLE pages;
ALTER TABLE pages_with_heads RENAME TO pages;
CREATE UNIQUE INDEX pages_by_slug ON pages (result, slug);
";

#[cfg(test)]
mod tests {
    use rusqlite::{Connection, params};
    use sqlite_group_commit::apply_migrations;

    use super::STEPS;
    use crate::ResultId;
    use crate::tables::{pages, readings};

    #[test]
    fn what_was_read_before_keeps_its_heads() {
        let db = Connection::open_in_memory().unwrap();
        apply_migrations(&db, "analyses", &STEPS[..3]).unwrap();
        let result = ResultId::of(&["old"]);
        db.execute("INSERT INTO results (id, created_at) VALUES (?1, 0)", [result.as_str()]).unwrap();
        let page = r##"{"slug":"module/a","title":"A \"quoted\" title","parent":"modules","order":7,"origin":"llm",
            "markdown":"# A","citations":[],"diagrams":[],"links":[]}"##;
        let first = page.replace("module/a", "overview").replace(r#""modules""#, "null");
        for (place, page, usage) in [(0, first.as_str(), None), (1, page, Some("{}"))] {
            let slug = if place == 0 { "overview" } else { "module/a" };
            db.execute(
                "INSERT INTO pages (result, place, slug, body, usage) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![result.as_str(), place, slug, page, usage],
            )
            .unwrap();
        }
        let reading = r#"{"path":"a.py","summary":"Says a.","items":[],"dependencies":[],"origin":"static","note":null}"#;
        db.execute(
            "INSERT INTO readings (result, path, is_fallback, body) VALUES (?1, 'a.py', 1, ?2)",
            params![result.as_str(), reading],
        )
        .unwrap();

        apply_migrations(&db, "analyses", STEPS).unwrap();
        let pages = pages::list(&db, &result).unwrap();
        assert_eq!(pages.iter().map(|page| page.slug.as_str()).collect::<Vec<_>>(), ["overview", "module/a"]);
        assert_eq!(
            pages::heads(&db, &result).unwrap(),
            pages.iter().map(reader::Page::head).collect::<Vec<_>>()
        );
        let summaries = readings::summaries(&db, &result, "a.py", "a.py").unwrap();
        assert_eq!(summaries.into_iter().collect::<Vec<_>>(), [("a.py".to_owned(), "Says a.".to_owned())]);
        assert_eq!(readings::delete_fallbacks(&db, &result).unwrap(), 1);
    }
}
