//! What beats share, on SQLite: a tick and its messages are one commit.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{OptionalExtension, params};

use super::super::BrokerError;
use super::queue::{self, Incoming};
use crate::beat::{Tick, TickStore};
use crate::protocol::{NodeName, Timestamp};
use crate::sqlite::{Bell, File, ms, now_ms};

/// The lead needs no fsync: a power cut ends all beats of the machine, and a tick is made once, whoever leads.
pub(super) struct SqliteTicks(pub(super) File);

#[async_trait]
impl TickStore for SqliteTicks {
    async fn lead(&self, beat: &str, node: &NodeName, lease: Duration) -> Result<bool, BrokerError> {
        let (beat, node) = (beat.to_owned(), node.clone());
        let lead = move |conn: &rusqlite::Connection| {
            let now = now_ms();
            let led = conn
                .prepare_cached(
                    "INSERT INTO beat_leader (beat, node, leads_until) VALUES (?1, ?2, ?3)
                     ON CONFLICT (beat) DO UPDATE SET node = excluded.node, leads_until = excluded.leads_until
                     WHERE node = excluded.node OR leads_until <= ?4",
                )?
                .execute(params![beat, node.as_str(), now.saturating_add(ms(lease)), now])?;
            Ok(led > 0)
        };
        Ok(self.0.db.write_lazily(lead).await?)
    }

    async fn resign(&self, beat: &str, node: &NodeName) -> Result<(), BrokerError> {
        let (beat, node) = (beat.to_owned(), node.clone());
        let resign = move |conn: &rusqlite::Connection| {
            conn.execute("DELETE FROM beat_leader WHERE beat = ?1 AND node = ?2", [&beat, node.as_str()])?;
            Ok(())
        };
        Ok(self.0.db.write_lazily(resign).await?)
    }

    async fn last_ticks(&self, beat: &str) -> Result<BTreeMap<String, Timestamp>, BrokerError> {
        let beat = beat.to_owned();
        let look_up = move |conn: &rusqlite::Connection| {
            let mut rows = conn.prepare_cached("SELECT entry, at FROM beat_tick WHERE beat = ?1")?;
            let ticks = rows
                .query_map([beat], |row| Ok((row.get(0)?, Timestamp::from_unix_ms(row.get(1)?))))?
                .collect::<Result<BTreeMap<_, _>, _>>()?;
            Ok(ticks)
        };
        Ok(self.0.db.read(look_up).await?)
    }

    async fn tick(&self, beat: &str, ticks: Vec<Tick>) -> Result<Vec<bool>, BrokerError> {
        struct Row {
            entry: String,
            previous: Option<i64>,
            due: i64,
            incoming: Vec<Incoming>,
        }
        let beat = beat.to_owned();
        let mut rows = Vec::with_capacity(ticks.len());
        for tick in ticks {
            rows.push(Row {
                incoming: tick.publications.iter().map(Incoming::new).collect::<Result<_, _>>()?,
                previous: tick.previous.map(Timestamp::unix_ms),
                due: tick.due.unix_ms(),
                entry: tick.entry,
            });
        }
        let ring = self.0.bells.when_dropped(Bell::Queue);
        let make = move |conn: &rusqlite::Connection| {
            let mut last = conn.prepare_cached("SELECT at FROM beat_tick WHERE beat = ?1 AND entry = ?2")?;
            let mut note = conn.prepare_cached(
                "INSERT INTO beat_tick (beat, entry, at) VALUES (?1, ?2, ?3)
                 ON CONFLICT (beat, entry) DO UPDATE SET at = excluded.at",
            )?;
            let mut made = Vec::with_capacity(rows.len());
            for row in &rows {
                let seen: Option<i64> =
                    last.query_row(params![beat, row.entry], |row| row.get(0)).optional()?;
                let is_next = seen == row.previous;
                if is_next {
                    note.execute(params![beat, row.entry, row.due])?;
                    queue::insert(conn, &row.incoming)?;
                }
                made.push(is_next);
            }
            Ok((made, ring))
        };
        let (made, _ring) = self.0.db.write(make).await?;
        Ok(made)
    }
}
