//! Publish, consume, settle, extend.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::{Pipeline, Value};
use tokio::sync::oneshot;

use super::super::{BrokerError, Consume, Delivery, DeliveryTag, Outcome, Publication, Returns, Settlement};
use super::record;
use super::{DroppedDeliveries, Inner};
use crate::protocol::{NodeName, QueueName};
use crate::redis::RedisError;

/// A consumer that was not heard of for so long counts as gone.
const ALIVE_FOR: Duration = Duration::from_secs(30);

/// At most so many messages are taken at a time.
const MAX_TAKEN: usize = 1_024;

/// So many messages are pushed with one command.
const MAX_PUSHED: usize = 1_000;

/// How often queues are looked at where the server cannot tell of new messages.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// Envelopes that together have more bytes than this are parsed on a thread of their own.
const PARSE_INLINE_BYTES: usize = 256 * 1024;

impl Inner {
    pub(super) async fn publish(&self, batch: &[Publication]) -> Result<(), BrokerError> {
        let mut lists: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for Publication { queue, message } in batch {
            let queue = QueueName::parse(queue.as_str())?;
            let list = self.keys.list_for(&queue, message.properties.priority);
            lists.entry(list).or_default().push(message.encode(&queue)?);
        }
        let mut commands = redis::pipe();
        let unknown = self.unknown_queues(batch.iter().map(|new| &new.queue));
        if !unknown.is_empty() {
            commands.cmd("SADD").arg(&self.names.queues).arg(&unknown);
        }
        for (list, messages) in &lists {
            for some in messages.chunks(MAX_PUSHED) {
                commands.cmd("LPUSH").arg(list).arg(some);
            }
        }
        match commands.len() {
            0 => return Ok(()),
            1 => drop(self.link.ask_all(&commands).await?),
            _ => self.link.transact::<()>("a publish", &mut commands).await?,
        }
        self.note_known(unknown);
        Ok(())
    }

    /// Makes queues known to those who look at the broker.
    pub(super) async fn tell_of_queues(&self, queues: &[QueueName]) -> Result<(), RedisError> {
        let unknown = self.unknown_queues(queues.iter());
        if !unknown.is_empty() {
            let mut tell = redis::cmd("SADD");
            tell.arg(&self.names.queues).arg(&unknown);
            self.link.ask::<i64>("SADD", &tell).await?;
            self.note_known(unknown);
        }
        Ok(())
    }

    fn note_known(&self, queues: Vec<String>) {
        let mut known = self.known.lock();
        let generation = self.link.generation();
        if known.0 != generation {
            *known = (generation, HashSet::new());
        }
        known.1.extend(queues.into_iter().map(QueueName::from));
    }

    fn unknown_queues<'a>(&self, queues: impl Iterator<Item = &'a QueueName>) -> Vec<String> {
        let known = self.known.lock();
        let is_current = known.0 == self.link.generation();
        let mut unknown: Vec<String> = queues
            .filter(|queue| !is_current || !known.1.contains(*queue))
            .map(ToString::to_string)
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    pub(super) async fn consume(self: &Arc<Self>, mut want: Consume) -> Result<Vec<Delivery>, BrokerError> {
        want.queues = unique(want.queues);
        want.max = want.max.min(MAX_TAKEN);
        let deadline = Instant::now().checked_add(want.wait);
        let mut wakes = self.link.wakes();
        // First only what is there; then, if nothing is, with an eye on the lists from just before.
        let mut watches = false;
        loop {
            wakes.mark_unchanged();
            let taken = self.take_for(&want, watches).await?;
            let (is_watched, next_due) = (taken.is_watched, taken.next_due);
            let is_empty = taken.rows.is_empty();
            let deliveries = self.deliver(taken, &want).await?;
            let left = deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if !deliveries.is_empty() || left.is_zero() || want.max == 0 || want.queues.is_empty() {
                return Ok(deliveries);
            }
            if !is_empty {
                // All that was there was unreadable: there may be more.
                continue;
            }
            if !watches {
                watches = true;
                continue;
            }
            let mut pause = left.min(next_due.unwrap_or(Duration::MAX));
            if !is_watched {
                pause = pause.min(POLL_EVERY);
            }
            tokio::select! {
                _ = wakes.changed() => watches = !is_watched,
                () = tokio::time::sleep(pause.max(Duration::from_millis(1))) => {}
            }
        }
    }

    /// Takes what there is. In a task of its own, for what was taken for a caller who went away must go back.
    async fn take_for(self: &Arc<Self>, want: &Consume, watches: bool) -> Result<Taken, RedisError> {
        let (sender, taken) = oneshot::channel();
        let (broker, want) = (self.clone(), want.clone());
        tokio::spawn(async move {
            // The rows of who has gone are dropped, and so given back.
            drop(sender.send(broker.take(&want, watches).await));
        });
        match taken.await {
            Ok(taken) => taken,
            Err(_) => Err(RedisError::Unreachable {
                server: self.link.server().shown(),
                reason: "the runtime has ended".into(),
            }),
        }
    }

    async fn take(&self, want: &Consume, watches: bool) -> Result<Taken, RedisError> {
        self.link.connect_first().await?;
        let mut commands = redis::pipe();
        self.announce(want, &mut commands);
        let queues = self.in_turn(&want.queues);
        let mut keys =
            [&self.names.unacked, &self.names.unacked_index, &self.names.leases, &self.names.delayed]
                .map(String::clone)
                .to_vec();
        let fixed = keys.len();
        for step in self.keys.steps() {
            keys.extend(queues.iter().map(|queue| self.keys.list(queue, *step)));
        }
        let (prefix, suffix) = record::tag_parts(&format!("{:016x}", rand::random::<u64>()), &want.consumer);
        let mut take = self.scripts.take.call(&keys);
        take.arg(want.max).arg(millis(want.lease)).arg(&prefix).arg(&suffix).arg(queues.len());
        for queue in &queues {
            take.arg(record::ending(queue));
        }
        commands.add_command(take);
        let asked = if watches {
            self.link.watching(&keys[fixed..], &commands).await
        } else {
            self.link.ask_all_once(&commands).await.map(|answers| (false, answers))
        };
        let tag = |number: usize| DeliveryTag::from(format!("{prefix}{number}{suffix}"));
        let (is_watched, mut answers) = match asked {
            Ok(answered) => answered,
            Err(error) => {
                if error.leaves_in_doubt() {
                    // Should the server have taken messages nevertheless, they are nobody's.
                    (1..=want.max).for_each(|number| self.returns.give_back(tag(number)));
                }
                return Err(error);
            }
        };
        let mut taken = Taken { rows: Vec::new(), next_due: None, is_watched, returns: self.returns.clone() };
        let not_understood = || RedisError::Answer { server: self.link.server().shown(), what: "a claim" };
        let Some(Value::Array(answer)) = answers.pop() else { return Err(not_understood()) };
        let mut answer = answer.into_iter();
        if let Some(Value::Int(due)) = answer.next()
            && due >= 0
        {
            let now = crate::protocol::Timestamp::now().unix_ms();
            taken.next_due = Some(Duration::from_millis(u64::try_from(due - now).unwrap_or(0)));
        }
        while let (Some(queue), Some(body)) = (answer.next(), answer.next()) {
            let (Value::Int(queue), Value::BulkString(body)) = (queue, body) else {
                return Err(not_understood());
            };
            let queue = usize::try_from(queue - 1)
                .ok()
                .and_then(|queue| queues.get(queue))
                .ok_or_else(not_understood)?;
            taken.rows.push(Row { tag: tag(taken.rows.len() + 1), queue: queue.clone(), body });
        }
        Ok(taken)
    }

    /// The queues, each time another one first.
    fn in_turn(&self, queues: &[QueueName]) -> Vec<QueueName> {
        let mut queues = queues.to_vec();
        if queues.len() > 1 {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % queues.len();
            queues.rotate_left(turn);
        }
        queues
    }

    /// Says from time to time that the consumer is there; at first, and on each new connection, also that its queues are.
    fn announce(&self, want: &Consume, commands: &mut Pipeline) {
        let mut announced = self.announced.lock();
        let generation = self.link.generation();
        let until = crate::protocol::Timestamp::now() + ALIVE_FOR;
        for queue in &want.queues {
            let key = (queue.clone(), want.consumer.clone());
            let (last, told) = announced.get(&key).copied().unzip();
            if told != Some(generation) {
                let (name, bound) = (queue.as_str(), self.keys.bound(queue.as_str(), queue.as_str()));
                commands.cmd("SADD").arg(self.keys.binding(name)).arg(&bound);
                commands.cmd("SADD").arg(self.keys.permanent_binding(name)).arg(&bound);
                commands.cmd("SADD").arg(&self.names.queues).arg(name);
            }
            if told != Some(generation) || last.is_none_or(|at: Instant| at.elapsed() >= ALIVE_FOR / 4) {
                let member = self.keys.bound(queue.as_str(), want.consumer.as_str());
                commands.cmd("ZADD").arg(&self.names.consumers).arg(until.unix_seconds()).arg(member);
                let gone = (until - ALIVE_FOR * 2).unix_seconds();
                commands.cmd("ZREMRANGEBYSCORE").arg(&self.names.consumers).arg("-inf").arg(gone);
                announced.insert(key, (Instant::now(), generation));
            }
        }
    }

    /// Makes deliveries of what was taken; what cannot be read goes to the dead letters.
    async fn deliver(&self, mut taken: Taken, want: &Consume) -> Result<Vec<Delivery>, BrokerError> {
        let rows = std::mem::take(&mut taken.rows);
        let returns = Arc::clone(&self.returns) as Arc<dyn Returns>;
        let bytes: usize = rows.iter().map(|row| row.body.len()).sum();
        let (deliveries, unreadable) = if bytes <= PARSE_INLINE_BYTES {
            parse(rows, &returns, want)
        } else {
            let want = want.clone();
            let lost = || RedisError::Unreachable {
                server: self.link.server().shown(),
                reason: "the runtime has ended".into(),
            };
            tokio::task::spawn_blocking(move || parse(rows, &returns, &want)).await.map_err(|_| lost())?
        };
        if !unreadable.is_empty() {
            self.settle(&unreadable).await?;
        }
        Ok(deliveries)
    }

    pub(super) async fn extend(
        &self,
        tags: &[DeliveryTag],
        lease: Duration,
    ) -> Result<Vec<DeliveryTag>, RedisError> {
        let mut lost: Vec<String> = Vec::new();
        for some in tags.chunks(MAX_TAKEN) {
            let mut extend = self.scripts.extend.call(&[&self.names.unacked_index, &self.names.leases]);
            extend.arg(millis(lease));
            for tag in some {
                extend.arg(tag.as_str());
            }
            lost.extend(self.lease_link.ask::<Vec<String>>("a renewal of leases", &extend).await?);
        }
        Ok(lost.into_iter().map(DeliveryTag::from).collect())
    }
}

/// Messages that were taken but are not in a consumer's hands yet: those that are left when this is dropped, because
/// whoever asked for them has gone, go back.
struct Taken {
    rows: Vec<Row>,
    /// How long until the next delayed message is due, of any queue.
    next_due: Option<Duration>,
    /// Does the server tell when a message comes?
    is_watched: bool,
    returns: Arc<DroppedDeliveries>,
}

struct Row {
    tag: DeliveryTag,
    queue: QueueName,
    body: Vec<u8>,
}

impl Drop for Taken {
    fn drop(&mut self) {
        for row in self.rows.drain(..) {
            self.returns.give_back(row.tag);
        }
    }
}

fn parse(rows: Vec<Row>, returns: &Arc<dyn Returns>, want: &Consume) -> (Vec<Delivery>, Vec<Settlement>) {
    let mut unreadable = Vec::new();
    let mut deliveries = Vec::with_capacity(rows.len());
    for Row { tag, queue, body } in rows {
        match record::decode(&body) {
            Ok((message, deaths)) => {
                let redelivered = message.headers.redelivered == Some(true)
                    || message.properties.delivery_info.redelivered == Some(true);
                deliveries.push(Delivery::new(tag, queue, message, redelivered, deaths, Arc::clone(returns)));
            }
            Err(error) => {
                tracing::error!(queue = %queue, %error, "a message cannot be read: it goes to the dead letters");
                want.tell_unreadable(&queue, &body, &error);
                let reason = format!("unreadable: {error}");
                unreadable.push(Settlement { tag, outcome: Outcome::Reject { reason } });
            }
        }
    }
    (deliveries, unreadable)
}

/// Without repetitions, in order.
fn unique(queues: Vec<QueueName>) -> Vec<QueueName> {
    let mut unique = Vec::with_capacity(queues.len());
    for queue in queues {
        if !unique.contains(&queue) {
            unique.push(queue);
        }
    }
    unique
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64 >> 12)
}

/// For the queues' overview.
pub(super) fn consumer_of(member: &str) -> Option<(QueueName, NodeName)> {
    let separator = format!("{0}{0}", crate::redis::BINDING_SEP);
    let (queue, node) = member.split_once(&separator)?;
    Some((queue.into(), node.into()))
}
