//! The statements behind publish, consume, settle, extend and recover. They run on the writer's thread.

use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};
use sqlite_group_commit::DatabaseError;

use super::super::{
    DeliveryTag, Exchange, MAX_DEATHS, Outcome, Publication, Recovered, Returns, Settlement, counts_death,
};
use super::fanout;
use crate::protocol::{MAX_BODY_BYTES, Message, NodeName, ProtocolError, QueueName};
use crate::sqlite::{Bell, ms, now_ms};

const READY: i64 = 0;
const DELAYED: i64 = 1;
const CLAIMED: i64 = 2;

/// A consumer that was not heard of for so long counts as gone.
pub(super) const ALIVE_FOR: Duration = Duration::from_secs(20);

/// Most bytes of bodies that one claim takes, however many messages were asked for.
const MAX_CLAIM_BYTES: i64 = 64 * 1024 * 1024;

/// Bodies in the table that are larger were not written by this program; they are not even loaded.
pub(super) const MAX_ROW_BYTES: i64 = 2 * MAX_BODY_BYTES as i64;

/// Most messages that one call of [`recover`] puts back.
const MAX_RECOVERED: i64 = 1000;

/// A message to be inserted, its bytes made on the caller's thread.
pub(super) enum Incoming {
    Queued {
        queue: QueueName,
        priority: u8,
        visible_at: i64,
        body: Vec<u8>,
    },
    /// For those who listen.
    Broadcast {
        topic: String,
        body: Vec<u8>,
    },
}

impl Incoming {
    pub(super) fn new(publication: &Publication) -> Result<Self, ProtocolError> {
        let message = &publication.message;
        let queue = QueueName::parse(publication.queue.as_str())?;
        let body = message.encode(&queue)?;
        Ok(match &publication.exchange {
            Some(Exchange::Fanout(exchange)) => {
                Self::Broadcast { topic: Exchange::topic(exchange, queue.as_str()), body }
            }
            Some(Exchange::Bound(_)) | None => Self::Queued {
                priority: message.properties.priority.0,
                visible_at: message.headers.eta.as_ref().map_or(0, |eta| eta.at().unix_ms()),
                body,
                queue,
            },
        })
    }

    /// Who is to be told of it.
    pub(super) fn bell(&self) -> Bell {
        match self {
            Self::Queued { .. } => Bell::Queue,
            Self::Broadcast { .. } => Bell::Broadcast,
        }
    }
}

pub(super) fn insert(conn: &Connection, incoming: &[Incoming]) -> Result<(), DatabaseError> {
    let now = now_ms();
    let mut message = conn
        .prepare_cached("INSERT INTO message (queue, priority, state, visible_at) VALUES (?1, ?2, ?3, ?4)")?;
    let mut payload = conn.prepare_cached("INSERT INTO payload (id, body) VALUES (?1, ?2)")?;
    for new in incoming {
        match new {
            Incoming::Queued { queue, priority, visible_at, body } => {
                let state = if *visible_at > now { DELAYED } else { READY };
                message.execute(params![queue.as_str(), priority, state, visible_at])?;
                payload.execute(params![conn.last_insert_rowid(), body])?;
            }
            Incoming::Broadcast { topic, body } => fanout::insert(conn, topic, body)?,
        }
    }
    Ok(())
}

/// What [`super::SqliteBroker`] wants to claim.
pub(super) struct Claim {
    pub queues: Vec<QueueName>,
    pub max: usize,
    pub consumer: NodeName,
    /// By its sign of life, if it has one.
    pub process: Option<Arc<str>>,
    pub lease: Duration,
    /// The queues that the consumer is to be announced for.
    pub announce: Vec<QueueName>,
    pub returns: Arc<dyn Returns>,
}

/// Messages that were claimed but are not in a consumer's hands yet: those that are left when this is dropped, because
/// whoever asked for them has gone, go back to their queues.
pub(super) struct Claimed {
    rows: Vec<ClaimedRow>,
    /// When the next delayed message is due, of any queue.
    pub next_due: Option<i64>,
    returns: Arc<dyn Returns>,
}

pub(super) struct ClaimedRow {
    pub tag: DeliveryTag,
    pub queue: QueueName,
    pub redelivered: bool,
    pub deaths: u32,
    /// The envelope; nothing when it is too large to be loaded.
    pub body: Option<Vec<u8>>,
}

impl ClaimedRow {
    pub(super) fn message(&self) -> Result<Message, ProtocolError> {
        match &self.body {
            Some(body) => Message::decode(body),
            None => Err(ProtocolError::TooLarge { bytes: MAX_ROW_BYTES as usize, limit: MAX_BODY_BYTES }),
        }
    }
}

impl Claimed {
    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    pub(super) fn take(&mut self) -> Vec<ClaimedRow> {
        std::mem::take(&mut self.rows)
    }
}

impl Drop for Claimed {
    fn drop(&mut self) {
        for row in self.rows.drain(..) {
            self.returns.give_back(row.tag);
        }
    }
}

/// A message that can be claimed.
struct Candidate {
    priority: u8,
    id: i64,
    /// Its queue's place in [`Claim::queues`].
    queue: usize,
    redelivered: bool,
    deaths: u32,
}

impl Claim {
    pub(super) fn run(self, conn: &Connection) -> Result<Claimed, DatabaseError> {
        let now = now_ms();
        self.announce(conn, now)?;
        let next_due = wake_delayed(conn, now)?;
        let mut claimed = Claimed { rows: Vec::new(), next_due, returns: Arc::clone(&self.returns) };
        let candidates = self.candidates(conn)?;
        if candidates.is_empty() {
            return Ok(claimed);
        }
        // Random: together with the id never met twice.
        let claim = i64::from(rand::random::<u32>()) << 31 | i64::from(rand::random::<u32>() >> 1);
        let lease_until = now.saturating_add(ms(self.lease));
        let mut body = conn.prepare_cached(
            "SELECT length(body), CASE WHEN length(body) <= ?2 THEN body END FROM payload WHERE id = ?1",
        )?;
        let mut take = conn.prepare_cached(
            "UPDATE message SET state = 2, claim = ?2, lease_until = ?3, holder = ?4, process = ?5
             WHERE id = ?1 AND state = 0",
        )?;
        let mut left = MAX_CLAIM_BYTES;
        for candidate in candidates {
            let Some(queue) = self.queues.get(candidate.queue) else { continue };
            // One that is too large for what is left waits for the next claim; but the first is never too large.
            let bound = if claimed.rows.is_empty() { MAX_ROW_BYTES } else { left.min(MAX_ROW_BYTES) };
            let read =
                |row: &rusqlite::Row<'_>| Ok((row.get::<_, i64>(0)?, row.get::<_, Option<Vec<u8>>>(1)?));
            let stored = body.query_row([candidate.id, bound], read).optional()?;
            let (length, body) = stored.unwrap_or((i64::MAX, None));
            if body.is_none() && length <= MAX_ROW_BYTES {
                break;
            }
            left -= body.as_ref().map_or(0, |_| length);
            let (consumer, process) = (self.consumer.as_str(), self.process.as_deref());
            take.execute(params![candidate.id, claim, lease_until, consumer, process])?;
            claimed.rows.push(ClaimedRow {
                tag: tag(candidate.id, claim),
                queue: queue.clone(),
                redelivered: candidate.redelivered,
                deaths: candidate.deaths,
                body,
            });
        }
        Ok(claimed)
    }

    fn announce(&self, conn: &Connection, now: i64) -> Result<(), DatabaseError> {
        let mut announce = conn.prepare_cached(
            "INSERT INTO consumer (queue, node, alive_until) VALUES (?1, ?2, ?3)
             ON CONFLICT (queue, node) DO UPDATE SET alive_until = excluded.alive_until",
        )?;
        for queue in &self.announce {
            announce.execute(params![queue.as_str(), self.consumer.as_str(), now + ms(ALIVE_FOR)])?;
        }
        if !self.announce.is_empty() {
            conn.prepare_cached("DELETE FROM consumer WHERE alive_until < ?1")?
                .execute([now - ms(ALIVE_FOR)])?;
        }
        Ok(())
    }

    /// The messages to claim, over all queues the most urgent first, then the oldest. Each queue is asked by itself, for
    /// then the index gives its first messages without looking at the others.
    fn candidates(&self, conn: &Connection) -> Result<Vec<Candidate>, DatabaseError> {
        let mut ready = conn.prepare_cached(
            "SELECT priority, id, redelivered, deaths FROM message
             WHERE queue = ?1 AND state = 0 ORDER BY priority, id LIMIT ?2",
        )?;
        let limit = i64::try_from(self.max).unwrap_or(i64::MAX);
        let mut candidates = Vec::new();
        for (index, queue) in self.queues.iter().enumerate() {
            if self.queues.iter().take(index).any(|earlier| earlier == queue) {
                continue;
            }
            let rows = ready.query_map(params![queue.as_str(), limit], |row| {
                Ok(Candidate {
                    priority: row.get(0)?,
                    id: row.get(1)?,
                    queue: index,
                    redelivered: row.get(2)?,
                    deaths: row.get(3)?,
                })
            })?;
            for candidate in rows {
                candidates.push(candidate?);
            }
        }
        if self.queues.len() > 1 {
            candidates.sort_unstable_by_key(|candidate| (candidate.priority, candidate.id));
            candidates.truncate(self.max);
        }
        Ok(candidates)
    }
}

/// Makes delayed messages ready whose time has come. Returns when the next one is due.
fn wake_delayed(conn: &Connection, now: i64) -> Result<Option<i64>, DatabaseError> {
    let mut next = conn.prepare_cached("SELECT min(visible_at) FROM message WHERE state = 1")?;
    let due: Option<i64> = next.query_row([], |row| row.get(0))?;
    if due.is_none_or(|due| due > now) {
        return Ok(due);
    }
    conn.prepare_cached("UPDATE message SET state = 0 WHERE state = 1 AND visible_at <= ?1")?
        .execute([now])?;
    Ok(next.query_row([], |row| row.get(0))?)
}

fn tag(id: i64, claim: i64) -> DeliveryTag {
    DeliveryTag::from(format!("{id}:{claim}"))
}

/// The row and the claim that a tag names; tags of other brokers name none.
fn row_of(tag: &DeliveryTag) -> Option<(i64, i64)> {
    let (id, claim) = tag.as_str().split_once(':')?;
    Some((id.parse().ok()?, claim.parse().ok()?))
}

/// A holder that lost its lease may still end the message as long as nobody else has claimed it: the work is done, and
/// doing it again would help nobody. It cannot give it back, for that has been done.
pub(super) fn settle(conn: &Connection, batch: &[Settlement]) -> Result<(), DatabaseError> {
    let now = now_ms();
    for Settlement { tag, outcome } in batch {
        let Some((id, claim)) = row_of(tag) else { continue };
        match outcome {
            Outcome::Ack => {
                let ended = conn
                    .prepare_cached("DELETE FROM message WHERE id = ?1 AND claim = ?2")?
                    .execute([id, claim])?;
                if ended > 0 {
                    conn.prepare_cached("DELETE FROM payload WHERE id = ?1")?.execute([id])?;
                }
            }
            Outcome::Reject { reason } => bury(conn, id, claim, reason, now)?,
            Outcome::Lost { reason } => {
                let deaths = conn
                    .prepare_cached(
                        "UPDATE message SET deaths = deaths + 1, redelivered = 1 WHERE id = ?1 AND claim = ?2
                         AND state = 2 RETURNING deaths",
                    )?
                    .query_row([id, claim], |row| row.get::<_, u32>(0))
                    .optional()?;
                match deaths {
                    None => {}
                    Some(deaths) if deaths >= MAX_DEATHS => {
                        let reason = format!("it killed {deaths} processes, the last: {reason}");
                        bury(conn, id, claim, &reason, now)?;
                    }
                    Some(_) => requeue(conn, id, claim, Duration::ZERO, now)?,
                }
            }
            Outcome::Requeue { delay } => requeue(conn, id, claim, *delay, now)?,
            Outcome::Restore => requeue(conn, id, claim, Duration::ZERO, now)?,
        }
    }
    Ok(())
}

/// Puts a message back into its queue.
fn requeue(conn: &Connection, id: i64, claim: i64, delay: Duration, now: i64) -> Result<(), DatabaseError> {
    let (state, visible_at) = match ms(delay) {
        0 => (READY, 0),
        delay => (DELAYED, now.saturating_add(delay)),
    };
    conn.prepare_cached(
        "UPDATE message SET state = ?3, visible_at = ?4, redelivered = 1, claim = NULL,
             lease_until = NULL, holder = NULL
         WHERE id = ?1 AND claim = ?2 AND state = 2",
    )?
    .execute([id, claim, state, visible_at])?;
    Ok(())
}

/// Makes a message a dead letter.
fn bury(conn: &Connection, id: i64, claim: i64, reason: &str, now: i64) -> Result<(), DatabaseError> {
    let buried = conn
        .prepare_cached(
            "INSERT INTO dead_letter (queue, priority, reason, at, deaths, body)
             SELECT queue, priority, ?3, ?4, deaths, body FROM message JOIN payload USING (id)
             WHERE id = ?1 AND claim = ?2",
        )?
        .execute(params![id, claim, reason, now])?;
    if buried > 0 {
        conn.prepare_cached("DELETE FROM message WHERE id = ?1")?.execute([id])?;
        conn.prepare_cached("DELETE FROM payload WHERE id = ?1")?.execute([id])?;
    }
    Ok(())
}

/// Renews leases; returns those that are lost.
pub(super) fn extend(
    conn: &Connection,
    tags: Vec<DeliveryTag>,
    lease: Duration,
) -> Result<Vec<DeliveryTag>, DatabaseError> {
    let lease_until = now_ms().saturating_add(ms(lease));
    let mut renew = conn
        .prepare_cached("UPDATE message SET lease_until = ?3 WHERE id = ?1 AND claim = ?2 AND state = 2")?;
    let mut lost = Vec::new();
    for tag in tags {
        let is_held = match row_of(&tag) {
            Some((id, claim)) => renew.execute([id, claim, lease_until])? > 0,
            None => false,
        };
        if !is_held {
            lost.push(tag);
        }
    }
    Ok(lost)
}

/// Records that the tasks of these deliveries begin.
pub(super) fn begin(conn: &Connection, tags: &[DeliveryTag]) -> Result<(), DatabaseError> {
    let mut begin =
        conn.prepare_cached("UPDATE message SET began = claim WHERE id = ?1 AND claim = ?2 AND state = 2")?;
    for (id, claim) in tags.iter().filter_map(row_of) {
        begin.execute([id, claim])?;
    }
    Ok(())
}

/// Whether any lease has expired.
pub(super) fn has_expired(conn: &Connection, now: i64) -> Result<bool, DatabaseError> {
    let mut expired =
        conn.prepare_cached("SELECT 1 FROM message WHERE state = 2 AND lease_until < ?1 LIMIT 1")?;
    Ok(expired.exists([now])?)
}

/// Ends the leases of a process that has died.
pub(super) fn expire(conn: &Connection, process: &str) -> Result<(), DatabaseError> {
    conn.prepare_cached("UPDATE message SET lease_until = 0 WHERE state = 2 AND process = ?1")?
        .execute([process])?;
    Ok(())
}

/// Puts messages back whose lease has expired, or buries those that die too often.
pub(super) fn recover(conn: &Connection, now: i64) -> Result<Recovered, DatabaseError> {
    let mut expired = conn.prepare_cached(
        "SELECT id, claim, deaths, began IS claim, holder FROM message WHERE state = 2 AND lease_until < ?1
         ORDER BY lease_until LIMIT ?2",
    )?;
    let orphans = expired
        .query_map([now, MAX_RECOVERED], |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, u32>(2)?,
                row.get::<_, bool>(3)?,
                row.get::<_, String>(4)?,
            ))
        })?
        .collect::<Result<Vec<_>, _>>()?;
    // The claim stays, so that the holder can end the message should it turn out to be alive.
    let mut put_back = conn.prepare_cached(
        "UPDATE message SET state = 0, visible_at = 0, redelivered = 1, deaths = ?2, lease_until = NULL,
             holder = NULL
         WHERE id = ?1",
    )?;
    let mut recovered = Recovered::default();
    for (id, claim, deaths, has_begun, holder) in orphans {
        let counts = counts_death(deaths, has_begun);
        let deaths = deaths + u32::from(counts);
        if counts && deaths >= MAX_DEATHS {
            conn.prepare_cached("UPDATE message SET deaths = ?2 WHERE id = ?1")?
                .execute(params![id, deaths])?;
            let reason =
                format!("its worker died or hung {deaths} times while it ran (the last was {holder})");
            bury(conn, id, claim, &reason, now)?;
            recovered.dead += 1;
        } else {
            put_back.execute(params![id, deaths])?;
            recovered.requeued += 1;
        }
    }
    debug_assert_eq!((READY, DELAYED, CLAIMED), (0, 1, 2), "the statements above spell the states out");
    Ok(recovered)
}
