//! The tables.

use rusqlite::Connection;
use sqlite_group_commit::{DatabaseError, apply_migrations};

/// Brings a file to the newest schema.
pub(super) fn migrate(conn: &Connection) -> Result<(), DatabaseError> {
    apply_migrations(conn, "celeriac", &[SCHEMA_1, SCHEMA_2, SCHEMA_3, SCHEMA_4])
}

/// Times are milliseconds since 1970.
///
/// A message is two rows: where it stands (small, changed by each claim and renewed lease) and its bytes (written once).
/// `state` is 0 when it is ready, 1 when it waits for `visible_at`, 2 when it is claimed. `claim` is drawn at random
/// for each claim: together with the id it is the delivery tag, so that a holder who lost its lease, or a row id that is
/// used again, is never taken for another.
const SCHEMA_1: &str = "
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    state INTEGER NOT NULL,
    visible_at INTEGER NOT NULL DEFAULT 0,
    redelivered INTEGER NOT NULL DEFAULT 0,
    deaths INTEGER NOT NULL DEFAULT 0,
    claim INTEGER,
    lease_until INTEGER,
    holder TEXT
);
CREATE INDEX message_ready ON message (queue, priority, id) WHERE state = 0;
CREATE INDEX message_delayed ON message (visible_at) WHERE state = 1;
CREATE INDEX message_claimed ON message (lease_until) WHERE state = 2;
CREATE TABLE payload (id INTEGER PRIMARY KEY, body BLOB NOT NULL);

CREATE TABLE dead_letter (
    id INTEGER PRIMARY KEY,
    queue TEXT NOT NULL,
    priority INTEGER NOT NULL,
    reason TEXT NOT NULL,
    at INTEGER NOT NULL,
    deaths INTEGER NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE consumer (
    queue TEXT NOT NULL,
    node TEXT NOT NULL,
    alive_until INTEGER NOT NULL,
    PRIMARY KEY (queue, node)
) WITHOUT ROWID;

CREATE TABLE broadcast (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    topic TEXT NOT NULL,
    body BLOB NOT NULL
);

CREATE TABLE result (
    task_id TEXT NOT NULL UNIQUE,
    state TEXT NOT NULL,
    expires_at INTEGER,
    meta BLOB NOT NULL
);
CREATE INDEX result_expires ON result (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE group_result (id TEXT PRIMARY KEY, expires_at INTEGER, body BLOB NOT NULL) WITHOUT ROWID;
CREATE INDEX group_result_expires ON group_result (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE chord (
    id TEXT PRIMARY KEY,
    size INTEGER,
    parts INTEGER NOT NULL DEFAULT 0,
    is_done INTEGER NOT NULL DEFAULT 0,
    dispatcher TEXT,
    dispatch_until INTEGER,
    expires_at INTEGER
) WITHOUT ROWID;
CREATE INDEX chord_expires ON chord (expires_at) WHERE expires_at IS NOT NULL;
CREATE TABLE chord_part (
    chord TEXT NOT NULL,
    task_id TEXT NOT NULL,
    place INTEGER NOT NULL,
    state TEXT NOT NULL,
    result BLOB NOT NULL,
    PRIMARY KEY (chord, task_id)
) WITHOUT ROWID;
";

/// What beats share. A leader's lease ends at `leads_until`; `at` is an entry's last tick.
const SCHEMA_2: &str = "
CREATE TABLE beat_leader (
    beat TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    leads_until INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE beat_tick (
    beat TEXT NOT NULL,
    entry TEXT NOT NULL,
    at INTEGER NOT NULL,
    PRIMARY KEY (beat, entry)
) WITHOUT ROWID;
";

/// The process that claimed a message, by its sign of life ([`Alive`](super::Alive)).
const SCHEMA_3: &str = "ALTER TABLE message ADD COLUMN process TEXT;";

/// The claim under which a message's task began, where that is recorded; of an earlier claim it says nothing.
const SCHEMA_4: &str = "ALTER TABLE message ADD COLUMN began INTEGER;";
