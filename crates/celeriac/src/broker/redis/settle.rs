//! Ending deliveries.

use std::time::Duration;

use super::super::{MAX_DEATHS, Outcome, Settlement};
use super::Inner;
use super::queue::millis;
use super::record::{self, Note, Record};
use crate::redis::RedisError;

/// So many messages are acknowledged with one command.
const MAX_ACKED: usize = 1_000;

impl Inner {
    pub(super) async fn settle(&self, batch: &[Settlement]) -> Result<(), RedisError> {
        self.recorded(batch.iter().map(|settlement| &settlement.tag)).await;
        let (mut acks, mut rejects, mut returns) = (Vec::new(), Vec::new(), Vec::new());
        for Settlement { tag, outcome } in batch {
            match outcome {
                Outcome::Ack => acks.push(tag.as_str()),
                Outcome::Reject { reason } => rejects.push((tag.as_str(), Note::write(reason))),
                Outcome::Requeue { .. } | Outcome::Restore | Outcome::Lost { .. } => {
                    returns.push((tag.as_str(), outcome));
                }
            }
        }
        let returns = self.read_returned(returns).await?;
        if acks.is_empty() && rejects.is_empty() && returns.is_empty() {
            return Ok(());
        }
        let names = &self.names;
        if rejects.is_empty() && returns.is_empty() {
            let mut ack = redis::pipe();
            for some in acks.chunks(MAX_ACKED) {
                ack.cmd("HDEL").arg(&names.unacked).arg(some);
                ack.cmd("ZREM").arg(&names.unacked_index).arg(some);
                ack.cmd("ZREM").arg(&names.leases).arg(some);
            }
            return self.link.transact("a settlement", &mut ack).await;
        }
        let mut settle = self.scripts.settle.call(&[
            &names.unacked,
            &names.unacked_index,
            &names.leases,
            &names.delayed,
            &names.dead,
            &names.dead_index,
        ]);
        settle.arg(acks.len()).arg(acks);
        settle.arg(rejects.len());
        for (tag, note) in rejects {
            settle.arg(tag).arg(note);
        }
        settle.arg(returns.len());
        for (tag, place) in returns {
            settle.arg(tag).arg(place.side).arg(place.name).arg(place.bytes).arg(millis(place.delay));
        }
        self.link.ask("a settlement", &settle).await
    }

    /// What goes back is read first, to be marked as redelivered.
    async fn read_returned<'a>(
        &self,
        returned: Vec<(&'a str, &Outcome)>,
    ) -> Result<Vec<(&'a str, Place)>, RedisError> {
        if returned.is_empty() {
            return Ok(Vec::new());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(&self.names.unacked);
        for (tag, _) in &returned {
            read.arg(tag);
        }
        let records: Vec<Option<Vec<u8>>> = self.link.ask("HMGET", &read).await?;
        let places = returned.into_iter().zip(records).filter_map(|((tag, outcome), record)| {
            match Record::read(&record?) {
                Ok(record) => Some((tag, self.place(tag, record, outcome))),
                Err(error) => {
                    tracing::error!(target: "celery.redis", "the record of {tag} stays in unacked: {error}");
                    None
                }
            }
        });
        Ok(places.collect())
    }

    /// Where a message goes that is not ended.
    fn place(&self, tag: &str, mut record: Record, outcome: &Outcome) -> Place {
        record.mark_redelivered();
        let list = record.list(&self.keys);
        let end_of_list = |side, record: Record| Place {
            side,
            name: list.clone(),
            bytes: record.envelope(),
            delay: Duration::ZERO,
        };
        match outcome {
            Outcome::Requeue { delay } if !delay.is_zero() => {
                let cut = record::ending(record.queue()).len();
                Place {
                    side: "W",
                    name: format!("{cut}:{tag}\n{list}"),
                    bytes: record.bytes(),
                    delay: *delay,
                }
            }
            Outcome::Lost { reason } => {
                record.count_death();
                let deaths = record.deaths();
                if deaths < MAX_DEATHS {
                    return end_of_list("L", record);
                }
                let note = Note::write(&format!("it killed {deaths} processes, the last: {reason}"));
                Place { side: "D", name: note, bytes: record.bytes(), delay: Duration::ZERO }
            }
            Outcome::Restore => end_of_list("R", record),
            _ => end_of_list("L", record),
        }
    }
}

/// Where a returned message goes.
struct Place {
    /// The end of the list, `W` to wait, or `D` for the dead letters.
    side: &'static str,
    /// The list, the member of the delayed set, or the note of the dead letter.
    name: String,
    bytes: Vec<u8>,
    delay: Duration,
}
