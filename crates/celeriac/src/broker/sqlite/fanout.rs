//! Broadcasts: a table that all subscribers read on from where they are, and that is trimmed at its old end.

use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sqlite_group_commit::{Database, DatabaseError};
use tokio_util::sync::CancellationToken;

use super::super::subscription::WAITING_BYTES;
use super::super::{Broadcast, Subscription};
use crate::backlog::{Backlog, BacklogSender, Room};
use crate::sqlite::{Bell, FALLBACK_POLL, File, ms, now_ms};

/// Broadcasts are kept for this long: who lags behind further loses them.
const KEPT_FOR: Duration = Duration::from_secs(60);

/// At most so many broadcasts are kept.
const KEPT_AT_MOST: i64 = 100_000;

/// One broadcast in so many trims the table.
const TRIM_EVERY: i64 = 64;

/// Rows that one trim drops at most: more than come in between two.
const TRIMMED_AT_ONCE: i64 = 4 * TRIM_EVERY;

/// Rows that a subscriber reads at once.
const READ_AT_ONCE: i64 = 256;

/// It reads no more at once when they have so many bytes.
const BYTES_AT_ONCE: usize = 16 * 1024 * 1024;

/// Broadcasts that wait for a subscriber to take them.
const WAITING_AT_MOST: usize = 256;

pub(super) fn insert(conn: &Connection, topic: &str, payload: &[u8]) -> Result<(), DatabaseError> {
    let now = now_ms();
    conn.prepare_cached("INSERT INTO broadcast (at, topic, body) VALUES (?1, ?2, ?3)")?
        .execute(params![now, topic, payload])?;
    let id = conn.last_insert_rowid();
    if id % TRIM_EVERY == 0 {
        conn.prepare_cached(
            "DELETE FROM broadcast WHERE id IN (
                 SELECT id FROM (SELECT id, at FROM broadcast ORDER BY id LIMIT ?3) WHERE at < ?1 OR id <= ?2)",
        )?
        .execute([now - ms(KEPT_FOR), id - KEPT_AT_MOST, TRIMMED_AT_ONCE])?;
    }
    Ok(())
}

/// The id of the last broadcast there ever was.
fn last_id(conn: &Connection) -> Result<i64, DatabaseError> {
    let mut last = conn.prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'broadcast'")?;
    Ok(last.query_row([], |row| row.get(0)).optional()?.unwrap_or(0))
}

/// What came after `id`, with the id of each.
fn after(conn: &Connection, id: i64) -> Result<Vec<(i64, Broadcast)>, DatabaseError> {
    let mut select =
        conn.prepare_cached("SELECT id, topic, body FROM broadcast WHERE id > ?1 ORDER BY id LIMIT ?2")?;
    let rows = select.query_map([id, READ_AT_ONCE], |row| {
        Ok((row.get(0)?, Broadcast { topic: row.get(1)?, payload: row.get(2)? }))
    })?;
    let (mut read, mut bytes) = (Vec::new(), 0);
    for row in rows {
        let (id, broadcast): (i64, Broadcast) = row?;
        bytes += broadcast.size();
        read.push((id, broadcast));
        if bytes >= BYTES_AT_ONCE {
            break;
        }
    }
    Ok(read)
}

/// Topics, of which those that end in `*` stand for all that begin alike.
struct Topics(Vec<String>);

impl Topics {
    fn has(&self, topic: &str) -> bool {
        self.0.iter().any(|wanted| match wanted.strip_suffix('*') {
            Some(beginning) => topic.starts_with(beginning),
            None => topic == wanted,
        })
    }
}

pub(super) async fn subscribe(file: &File, topics: &[&str]) -> Result<Subscription, DatabaseError> {
    let topics = Topics(topics.iter().map(|topic| (*topic).to_owned()).collect());
    let mut position = file.db.read(last_id).await?;
    let (sender, received) = Backlog::bounded(WAITING_AT_MOST, Room::new(WAITING_BYTES));
    let end = CancellationToken::new();
    let ended = end.clone();
    let file = file.clone();
    tokio::spawn(async move {
        let mut bell = file.bells.listen(Bell::Broadcast);
        let forward = async {
            loop {
                match forward_new(&file.db, &topics, &mut position, &sender).await {
                    Ok(()) => bell.wait(FALLBACK_POLL).await,
                    Err(Interrupted::SubscriberGone) => return,
                    Err(Interrupted::Failed(error)) => {
                        tracing::warn!(%error, "cannot read broadcasts");
                        tokio::time::sleep(FALLBACK_POLL).await;
                    }
                }
            }
        };
        tokio::select! {
            () = forward => {}
            () = ended.cancelled() => {}
        }
    });
    Ok(Subscription::new(received, end.drop_guard()))
}

/// Why forwarding stopped before all was forwarded.
enum Interrupted {
    SubscriberGone,
    Failed(DatabaseError),
}

/// Hands the subscriber all that is new.
async fn forward_new(
    db: &Database,
    topics: &Topics,
    position: &mut i64,
    sender: &BacklogSender<Broadcast>,
) -> Result<(), Interrupted> {
    loop {
        let from = *position;
        let new = db.read(move |conn| after(conn, from)).await.map_err(Interrupted::Failed)?;
        if new.is_empty() {
            return Ok(());
        }
        for (id, broadcast) in new {
            *position = id;
            if topics.has(&broadcast.topic) && !sender.send(broadcast.size(), broadcast).await {
                return Err(Interrupted::SubscriberGone);
            }
        }
    }
}
