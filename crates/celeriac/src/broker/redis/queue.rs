//! Publishing, and the renewal of leases.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::super::{BrokerError, DeliveryTag, Exchange, Publication};
use super::Inner;
use super::binding::queues_for;
use super::record;
use crate::protocol::QueueName;
use crate::redis::RedisError;

/// So many leases are renewed with one call.
const MAX_EXTENDED: usize = 1_024;

/// So many messages are pushed with one command.
const MAX_PUSHED: usize = 1_000;

impl Inner {
    pub(super) async fn publish(&self, batch: &[Publication]) -> Result<(), BrokerError> {
        let mut lists: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        let mut queues = Vec::with_capacity(batch.len());
        let mut tables: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for new in batch {
            if let Some(Exchange::Bound(exchange)) = &new.exchange
                && !tables.contains_key(exchange.as_str())
            {
                tables.insert(exchange, self.bound_to(exchange).await?);
            }
        }
        let mut commands = redis::pipe();
        for Publication { queue, exchange, message } in batch {
            let bound = match exchange {
                Some(Exchange::Fanout(exchange)) => {
                    let channel = self.keys.channel(&Exchange::topic(exchange, queue.as_str()));
                    commands.cmd("PUBLISH").arg(channel).arg(message.encode(queue)?);
                    continue;
                }
                Some(Exchange::Bound(exchange)) => {
                    let members = tables.get(exchange.as_str()).map(Vec::as_slice);
                    queues_for(members.unwrap_or_default(), queue.as_str())
                }
                None => Vec::new(),
            };
            let named = bound.is_empty().then_some(queue);
            for queue in bound.iter().chain(named) {
                let queue = QueueName::parse(queue.as_str())?;
                let list = self.keys.list_for(&queue, message.properties.priority);
                lists.entry(list).or_default().push(message.encode(&queue)?);
                queues.push(queue);
            }
        }
        let unknown = self.unknown_queues(queues.iter());
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
            1 => drop(self.link.ask_all_awake(&commands).await?),
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

    pub(super) async fn extend(
        &self,
        tags: &[DeliveryTag],
        lease: Duration,
    ) -> Result<Vec<DeliveryTag>, RedisError> {
        self.record_now(tags).await?;
        let mut lost: Vec<String> = Vec::new();
        for some in tags.chunks(MAX_EXTENDED) {
            let mut extend = self.scripts.extend.call(&[&self.names.unacked_index, &self.names.leases]);
            extend.arg(millis(lease));
            for tag in some {
                extend.arg(tag.as_str());
            }
            lost.extend(self.lease_link.ask::<Vec<String>>("a renewal of leases", &extend).await?);
        }
        Ok(lost.into_iter().map(DeliveryTag::from).collect())
    }

    pub(super) async fn begin(&self, tags: &[DeliveryTag]) -> Result<(), RedisError> {
        self.recorded(tags.iter()).await;
        let mut begin = self.scripts.begin.call(&[&self.names.unacked]);
        for tag in tags {
            begin.arg(tag.as_str()).arg(record::began(tag.as_str()));
        }
        self.link.ask::<i64>("a beginning", &begin).await.map(drop)
    }
}

pub(super) fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).min(i64::MAX as u64 >> 12)
}
