//! Putting back what dead workers held: ours by their leases, any by kombu's visibility timeout.

use std::time::{Duration, Instant};

use super::super::{MAX_DEATHS, Recovered, counts_death};
use super::Inner;
use super::handover::REMEMBERED_FOR;
use super::queue::millis;
use super::record::{self, Note, Record};
use crate::protocol::Timestamp;
use crate::redis::RedisError;

/// Most messages that one look puts back.
const MAX_RECOVERED: usize = 1_000;

/// What the names of deliveries begin with that were on their way to a worker that died.
const MOVED: &str = "moved-";

/// After a loss of the connection nobody is held to be dead for so long: the others may have been cut off as well and
/// are about to renew.
const GRACE: Duration = Duration::from_secs(10);

/// How often overdue messages are looked for, as kombu does (every tenth of its looks, which come every 10 s).
const OVERDUE_EVERY: Duration = Duration::from_secs(100);

/// Who looks for overdue messages locks the others out, at most for so long.
const MUTEX_FOR: Duration = Duration::from_secs(300);

impl Inner {
    pub(super) async fn recover(&self) -> Result<Recovered, RedisError> {
        let mut recovered = Recovered::default();
        if self.link.reconnected_at().is_none_or(|at| at.elapsed() >= GRACE) {
            add(&mut recovered, self.recover_leases().await?);
        }
        let is_due = {
            let mut next = self.next_overdue.lock();
            let is_due = *next <= Instant::now();
            if is_due {
                *next = Instant::now() + OVERDUE_EVERY;
            }
            is_due
        };
        if is_due {
            add(&mut recovered, self.recover_overdue().await?);
        }
        Ok(recovered)
    }

    async fn recover_leases(&self) -> Result<Recovered, RedisError> {
        let (overdue, mut found) = self.look_for_dead().await?;
        if !overdue.is_empty() {
            self.adopt_overdue(&overdue).await?;
            found = self.look_for_dead().await?.1;
        }
        self.restore("lease", found, true).await
    }

    /// Members of `celeriac.incoming`, and the tags and records of messages, whose leases have run out.
    async fn look_for_dead(&self) -> Result<(Vec<String>, Vec<(String, Vec<u8>)>), RedisError> {
        let names = &self.names;
        let mut look = self.scripts.expired.call(&[&names.unacked, &names.leases, &names.incoming]);
        look.arg(MAX_RECOVERED).arg(millis(REMEMBERED_FOR));
        self.link.ask("a look for dead workers", &look).await
    }

    /// What was on its way to dead workers counts as held by them.
    async fn adopt_overdue(&self, members: &[String]) -> Result<(), RedisError> {
        for member in members {
            let mut parts = member.splitn(3, '\n');
            let (Some(id), Some(queue), Some(node)) = (parts.next(), parts.next(), parts.next()) else {
                continue;
            };
            let (prefix, suffix) = record::tag_parts(MOVED, &node.into());
            let names = &self.names;
            let mut adopt = self.scripts.adopt.call(&[
                &self.incoming(id),
                &names.unacked,
                &names.unacked_index,
                &names.leases,
                &names.incoming,
            ]);
            adopt.arg(prefix).arg(suffix).arg(record::ending(&queue.into())).arg(MAX_RECOVERED).arg(member);
            self.link.ask::<i64>("a record", &adopt).await?;
        }
        Ok(())
    }

    /// What kombu's consumers do as well, under the same mutex.
    async fn recover_overdue(&self) -> Result<Recovered, RedisError> {
        let names = &self.names;
        let token = format!("{:032x}", rand::random::<u128>());
        let mut lock = redis::cmd("SET");
        lock.arg(&names.unacked_mutex).arg(&token).arg("PX").arg(MUTEX_FOR.as_millis() as u64).arg("NX");
        if self.link.ask::<Option<String>>("SET", &lock).await?.is_none() {
            return Ok(Recovered::default());
        }
        let restored = self.restore_overdue().await;
        let mut unlock = self.scripts.resign.call(&[&names.unacked_mutex]);
        unlock.arg(&token);
        self.link.ask::<i64>("an unlock", &unlock).await?;
        restored
    }

    async fn restore_overdue(&self) -> Result<Recovered, RedisError> {
        let names = &self.names;
        let limit =
            Timestamp::now().unix_seconds() - self.link.server().options().visibility_timeout.as_secs_f64();
        let mut look = redis::cmd("ZRANGEBYSCORE");
        look.arg(&names.unacked_index).arg(0).arg(limit).arg("LIMIT").arg(0).arg(MAX_RECOVERED);
        let tags: Vec<String> = self.link.ask("ZRANGEBYSCORE", &look).await?;
        if tags.is_empty() {
            return Ok(Recovered::default());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(&names.unacked).arg(&tags);
        let records: Vec<Option<Vec<u8>>> = self.link.ask("HMGET", &read).await?;
        let (mut found, mut stale) = (Vec::new(), Vec::new());
        for (tag, record) in tags.into_iter().zip(records) {
            match record {
                Some(record) => found.push((tag, record)),
                None => stale.push(tag),
            }
        }
        if !stale.is_empty() {
            let mut drop_stale = redis::cmd("ZREM");
            drop_stale.arg(&names.unacked_index).arg(&stale);
            self.link.ask::<i64>("ZREM", &drop_stale).await?;
        }
        self.restore(&limit.to_string(), found, false).await
    }

    /// Puts the messages back, or buries those that die too often.
    async fn restore(
        &self,
        silent: &str,
        found: Vec<(String, Vec<u8>)>,
        counts_deaths: bool,
    ) -> Result<Recovered, RedisError> {
        if found.is_empty() {
            return Ok(Recovered::default());
        }
        let names = &self.names;
        let mut restore = self.scripts.restore.call(&[
            &names.unacked,
            &names.unacked_index,
            &names.leases,
            &names.dead,
            &names.dead_index,
        ]);
        restore.arg(silent);
        for (tag, bytes) in found {
            let mut record = match Record::read(&bytes) {
                Ok(record) => record,
                Err(error) => {
                    let note = Note::write(&format!("unreadable: {error}"));
                    restore.arg(tag).arg("").arg(bytes).arg(note);
                    continue;
                }
            };
            // What was on its way to a worker had not begun, or for a moment only: once, that is no death.
            let counts_deaths = counts_deaths
                && counts_death(record.deaths(), record.has_begun(&tag))
                && (!tag.starts_with(MOVED) || record.is_redelivered());
            record.mark_redelivered();
            if counts_deaths {
                record.count_death();
            }
            if counts_deaths && record.deaths() >= MAX_DEATHS {
                let holder = record::holder(&tag).map_or_else(|| tag.clone(), |node| node.to_string());
                let reason = format!(
                    "its worker died or hung {MAX_DEATHS} times while it ran (the last was {holder})"
                );
                restore.arg(tag).arg("").arg(record.bytes()).arg(Note::write(&reason));
            } else {
                restore.arg(tag).arg(record.list(&self.keys)).arg(record.envelope()).arg("");
            }
        }
        let (requeued, dead) = self.link.ask("a restore", &restore).await?;
        Ok(Recovered { requeued, dead })
    }
}

fn add(sum: &mut Recovered, more: Recovered) {
    sum.requeued += more.requeued;
    sum.dead += more.dead;
}
