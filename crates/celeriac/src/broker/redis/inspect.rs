//! Looking at queues and dead letters.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use redis::Value;

use super::super::{Binding, DeadLetter, DeadLetterId, Peeked, PeekedState, QueueInfo};
use super::Inner;
use super::consume::consumer_of;
use super::record::{self, Note, Record};
use crate::protocol::{NodeName, Priority, ProtocolError, QueueName, Timestamp};
use crate::redis::{Keys, RedisError, pattern};

/// Steps of a scan over all keys, each of [`SCANNED_AT_ONCE`].
const MAX_SCANS: usize = 2_000;
const SCANNED_AT_ONCE: usize = 10_000;

/// Records that are read at once.
const RECORDS_AT_ONCE: usize = 500;

/// At most so many messages or letters are shown.
const MAX_SHOWN: usize = 10_000;

/// Exchanges whose queues hold no tasks.
const NO_TASKS: [&str; 3] = ["celeryev", "celery.pidbox", "reply.celery.pidbox"];

impl Inner {
    pub(super) async fn queues(&self) -> Result<Vec<QueueInfo>, RedisError> {
        let mut queues: BTreeMap<String, QueueInfo> = BTreeMap::new();
        for name in self.queue_names().await? {
            entry(&mut queues, &name);
        }
        let mut alive = redis::cmd("ZRANGEBYSCORE");
        alive.arg(&self.names.consumers).arg(Timestamp::now().unix_seconds()).arg("+inf");
        let consumers: Vec<String> = self.link.ask("ZRANGEBYSCORE", &alive).await?;
        for (queue, _) in consumers.iter().filter_map(|member| consumer_of(member)) {
            entry(&mut queues, queue.as_str()).consumers += 1;
        }
        let delayed = self.delayed_tags().await?;
        self.each_record(|tag, record| {
            if let Some(queue) = record::queue_of(record) {
                let queue = entry(&mut queues, queue.as_str());
                if delayed.contains_key(tag) { queue.delayed += 1 } else { queue.claimed += 1 }
            }
            true
        })
        .await?;
        if queues.is_empty() {
            return Ok(Vec::new());
        }
        let mut looks = redis::pipe();
        for queue in queues.values() {
            for list in self.keys.lists(&queue.name) {
                looks.cmd("LLEN").arg(&list);
                // What is delivered next is at the end, and the oldest of its list, but for what came back.
                looks.cmd("LINDEX").arg(&list).arg(-1);
            }
        }
        let looks = self.link.ask_all(&looks).await?;
        for (queue, looks) in queues.values_mut().zip(looks.chunks(2 * self.keys.steps().len())) {
            for (step, look) in self.keys.steps().iter().zip(looks.chunks(2)) {
                queue.add_ready(*step, look.first().map_or(0, number));
                if let Some(Value::BulkString(envelope)) = look.get(1) {
                    queue.note_age(envelope);
                }
            }
        }
        Ok(queues.into_values().collect())
    }

    /// What we and kombu know of: ours by name, kombu's by the bindings that its workers declare.
    async fn queue_names(&self) -> Result<HashSet<String>, RedisError> {
        let mut names = self.own_names().await?;
        names.extend(self.tables().await?.into_iter().map(|binding| binding.queue));
        names.retain(|name| !name.is_empty());
        Ok(names)
    }

    /// Kombu's bindings of task queues; queues that only we know are reached by their own names.
    pub(super) async fn bindings(&self) -> Result<BTreeSet<Binding>, RedisError> {
        let mut bindings = self.tables().await?;
        for name in self.own_names().await? {
            if !bindings.iter().any(|binding| binding.queue == name) {
                bindings.insert(Binding::of(&QueueName::from(name)));
            }
        }
        Ok(bindings)
    }

    async fn own_names(&self) -> Result<HashSet<String>, RedisError> {
        let mut ours = redis::cmd("SMEMBERS");
        ours.arg(&self.names.queues);
        self.link.ask("SMEMBERS", &ours).await
    }

    /// What stands in the binding tables, but for those of events and remote control.
    async fn tables(&self) -> Result<BTreeSet<Binding>, RedisError> {
        let mut bindings = BTreeSet::new();
        let prefix = self.keys.binding("");
        let mut cursor = "0".to_owned();
        for _ in 0..MAX_SCANS {
            let mut scan = redis::cmd("SCAN");
            scan.arg(&cursor).arg("MATCH").arg(pattern(&prefix));
            scan.arg("COUNT").arg(SCANNED_AT_ONCE).arg("TYPE").arg("set");
            let (next, found): (String, Vec<String>) = self.link.ask("SCAN", &scan).await?;
            for key in found {
                let exchange = key.strip_prefix(&prefix).unwrap_or_default();
                if NO_TASKS.contains(&exchange) {
                    continue;
                }
                let mut members = redis::cmd("SMEMBERS");
                members.arg(&key);
                let members: Vec<String> = self.link.ask("SMEMBERS", &members).await?;
                bindings.extend(members.iter().map(|member| {
                    let (routing_key, queue) = Keys::unbound(member);
                    Binding {
                        queue: queue.to_owned(),
                        exchange: exchange.to_owned(),
                        routing_key: routing_key.to_owned(),
                    }
                }));
            }
            if next == "0" {
                break;
            }
            cursor = next;
        }
        Ok(bindings)
    }

    /// The tags of messages that wait for their time, and when that is.
    async fn delayed_tags(&self) -> Result<HashMap<String, i64>, RedisError> {
        let mut delayed = redis::cmd("ZRANGE");
        delayed.arg(&self.names.delayed).arg(0).arg(-1).arg("WITHSCORES");
        let members: Vec<(String, f64)> = self.link.ask("ZRANGE", &delayed).await?;
        let tag = |member: &str| Some(member.split_once(':')?.1.split_once('\n')?.0.to_owned());
        Ok(members.iter().filter_map(|(member, due)| Some((tag(member)?, *due as i64))).collect())
    }

    /// Calls `see` with each record of `unacked`, until it returns false.
    async fn each_record(&self, mut see: impl FnMut(&str, &[u8]) -> bool) -> Result<(), RedisError> {
        let mut cursor = "0".to_owned();
        loop {
            let mut scan = redis::cmd("HSCAN");
            scan.arg(&self.names.unacked).arg(&cursor).arg("COUNT").arg(RECORDS_AT_ONCE);
            let (next, found): (String, Vec<(String, Vec<u8>)>) = self.link.ask("HSCAN", &scan).await?;
            for (tag, record) in &found {
                if !see(tag, record) {
                    return Ok(());
                }
            }
            if next == "0" {
                return Ok(());
            }
            cursor = next;
        }
    }

    pub(super) async fn peek(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, RedisError> {
        let limit = limit.min(MAX_SHOWN);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut ready = redis::pipe();
        for list in self.keys.lists(queue) {
            ready.cmd("LRANGE").arg(list).arg(-(limit as i64)).arg(-1);
        }
        let mut peeked = Vec::new();
        for (step, list) in self.keys.steps().iter().zip(self.link.ask_all(&ready).await?) {
            let list: Vec<Vec<u8>> = self.link.read("LRANGE", list)?;
            // The next one to be delivered is the last of the list.
            for envelope in list.iter().rev().take(limit - peeked.len()) {
                peeked.push(seen(record::decode(envelope), PeekedState::Ready, Priority(*step)));
            }
        }
        if peeked.len() < limit {
            peeked.extend(self.peek_unacked(queue, limit - peeked.len()).await?);
        }
        Ok(peeked)
    }

    async fn peek_unacked(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, RedisError> {
        let delayed = self.delayed_tags().await?;
        let mut found: Vec<(String, Vec<u8>)> = Vec::new();
        self.each_record(|tag, record| {
            // A scan may meet a record twice.
            if record::queue_of(record).as_ref() == Some(queue) && found.iter().all(|(seen, _)| seen != tag) {
                found.push((tag.to_owned(), record.to_vec()));
            }
            found.len() < limit
        })
        .await?;
        found.sort_by_key(|(tag, _)| !delayed.contains_key(tag));
        let mut scores = redis::pipe();
        for (tag, _) in &found {
            scores.cmd("ZSCORE").arg(&self.names.leases).arg(tag);
            scores.cmd("ZSCORE").arg(&self.names.unacked_index).arg(tag);
        }
        if found.is_empty() {
            return Ok(Vec::new());
        }
        let scores = self.link.ask_all(&scores).await?;
        let timeout = self.link.server().options().visibility_timeout;
        let peeked = found.iter().zip(scores.chunks(2)).map(|((tag, bytes), scores)| {
            let score = |index: usize| {
                let score = scores.get(index).cloned().map(redis::from_redis_value::<Option<f64>>);
                score.and_then(Result::ok).flatten()
            };
            let state = match (delayed.get(tag), score(0), score(1)) {
                (Some(due), _, _) => PeekedState::Delayed(Timestamp::from_unix_ms(*due)),
                (None, Some(lease), _) => PeekedState::Claimed {
                    by: record::holder(tag).unwrap_or_else(|| NodeName::from(tag.as_str())),
                    until: Timestamp::from_unix_ms(lease as i64),
                },
                // One of Python's workers has it; kombu does not say which.
                (None, None, since) => PeekedState::Claimed {
                    by: NodeName::from("python"),
                    until: Timestamp::from_unix_ms((since.unwrap_or(0.0) * 1000.0) as i64) + timeout,
                },
            };
            let envelope = Record::read(bytes).map(|record| record.envelope());
            let message = envelope.and_then(|envelope| record::decode(&envelope));
            seen(message, state, Priority(0))
        });
        Ok(peeked.collect())
    }

    pub(super) async fn purge(&self, queue: &QueueName) -> Result<u64, RedisError> {
        let lists = self.keys.lists(queue);
        let mut purge = redis::pipe();
        for list in &lists {
            purge.cmd("LLEN").arg(list);
        }
        purge.cmd("UNLINK").arg(&lists);
        let answers: Vec<Value> = self.link.transact("a purge", &mut purge).await?;
        let mut purged: u64 = answers.iter().take(lists.len()).map(number).sum();

        let waiting = self.delayed_tags().await?;
        let mut tags = Vec::new();
        if !waiting.is_empty() {
            self.each_record(|tag, record| {
                if waiting.contains_key(tag) && record::queue_of(record).as_ref() == Some(queue) {
                    tags.push(tag.to_owned());
                }
                true
            })
            .await?;
        }
        if !tags.is_empty() {
            let mut drop_waiting = redis::pipe();
            drop_waiting.cmd("HDEL").arg(&self.names.unacked).arg(&tags);
            drop_waiting.cmd("ZREM").arg(&self.names.unacked_index).arg(&tags);
            let answers: Vec<Value> = self.link.transact("a purge", &mut drop_waiting).await?;
            purged += answers.first().map_or(0, number);
        }
        Ok(purged)
    }

    pub(super) async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RedisError> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let mut newest = redis::cmd("ZREVRANGE");
        newest.arg(&self.names.dead_index).arg(0).arg(limit.min(MAX_SHOWN) - 1).arg("WITHSCORES");
        let tags: Vec<(String, f64)> = self.link.ask("ZREVRANGE", &newest).await?;
        let stored = self.stored_letters(tags.iter().map(|(tag, _)| tag.as_str())).await?;
        let letters = tags.into_iter().zip(stored).filter_map(|((tag, at), stored)| {
            let stored = stored?;
            let (note, bytes) = Note::split(&stored)?;
            let record = Record::read(bytes);
            Some(DeadLetter {
                queue: record::queue_of(bytes).unwrap_or_else(|| QueueName::from("")),
                reason: note.reason,
                at: Timestamp::from_unix_ms(at as i64),
                deaths: record.as_ref().map_or(0, Record::deaths),
                message: record.and_then(|record| record.message()),
                id: DeadLetterId(tag),
            })
        });
        Ok(letters.collect())
    }

    async fn stored_letters<'a>(
        &self,
        tags: impl ExactSizeIterator<Item = &'a str>,
    ) -> Result<Vec<Option<Vec<u8>>>, RedisError> {
        if tags.len() == 0 {
            return Ok(Vec::new());
        }
        let mut read = redis::cmd("HMGET");
        read.arg(&self.names.dead);
        for tag in tags {
            read.arg(tag);
        }
        self.link.ask("HMGET", &read).await
    }

    pub(super) async fn revive(&self, letters: &[DeadLetterId]) -> Result<u64, RedisError> {
        let stored = self.stored_letters(letters.iter().map(|letter| letter.0.as_str())).await?;
        let mut revive = self.scripts.revive.call(&[&self.names.dead, &self.names.dead_index]);
        for (letter, stored) in letters.iter().zip(stored) {
            let record =
                stored.as_deref().and_then(Note::split).and_then(|(_, bytes)| Record::read(bytes).ok());
            if let Some(mut record) = record {
                record.mark_redelivered();
                record.forget_deaths();
                revive.arg(&letter.0).arg(record.list(&self.keys)).arg(record.envelope());
            }
        }
        self.link.ask("a revival", &revive).await
    }

    pub(super) async fn discard(&self, letters: &[DeadLetterId]) -> Result<u64, RedisError> {
        if letters.is_empty() {
            return Ok(0);
        }
        let tags: Vec<&str> = letters.iter().map(|letter| letter.0.as_str()).collect();
        let mut discard = redis::pipe();
        discard.cmd("HDEL").arg(&self.names.dead).arg(&tags);
        discard.cmd("ZREM").arg(&self.names.dead_index).arg(&tags);
        let answers: Vec<Value> = self.link.transact("a discard", &mut discard).await?;
        Ok(answers.first().map_or(0, number))
    }
}

fn seen(
    message: Result<(crate::protocol::Message, u32), ProtocolError>,
    state: PeekedState,
    priority: Priority,
) -> Peeked {
    let deaths = message.as_ref().map_or(0, |(_, deaths)| *deaths);
    let priority = message.as_ref().map_or(priority, |(message, _)| message.properties.priority);
    Peeked { message: message.map(|(message, _)| message), state, priority, deaths }
}

fn entry<'a>(queues: &'a mut BTreeMap<String, QueueInfo>, name: &str) -> &'a mut QueueInfo {
    queues.entry(name.to_owned()).or_insert_with(|| QueueInfo::empty(name.into()))
}

fn number(value: &Value) -> u64 {
    match value {
        Value::Int(number) => u64::try_from(*number).unwrap_or(0),
        _ => 0,
    }
}
