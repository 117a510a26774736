//! What beats share, on Redis: a tick and its messages are one script.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::super::BrokerError;
use super::Inner;
use super::queue::millis;
use crate::beat::{Tick, TickStore};
use crate::protocol::{NodeName, QueueName, Timestamp};

pub(super) struct RedisTicks(pub(super) Arc<Inner>);

impl RedisTicks {
    fn key(&self, beat: &str, what: &str) -> String {
        self.0.keys.key(&format!("celeriac.beat.{beat}.{what}"))
    }
}

#[async_trait]
impl TickStore for RedisTicks {
    async fn lead(&self, beat: &str, node: &NodeName, lease: Duration) -> Result<bool, BrokerError> {
        let mut lead = self.0.scripts.lead.call(&[self.key(beat, "leader")]);
        lead.arg(node.as_str()).arg(millis(lease).max(1));
        Ok(self.0.link.ask::<i64>("a beat's lease", &lead).await? == 1)
    }

    async fn resign(&self, beat: &str, node: &NodeName) -> Result<(), BrokerError> {
        let mut resign = self.0.scripts.resign.call(&[self.key(beat, "leader")]);
        resign.arg(node.as_str());
        self.0.link.ask::<i64>("a beat's resignation", &resign).await?;
        Ok(())
    }

    async fn last_ticks(&self, beat: &str) -> Result<BTreeMap<String, Timestamp>, BrokerError> {
        let mut read = redis::cmd("HGETALL");
        read.arg(self.key(beat, "ticks"));
        let ticks: BTreeMap<String, i64> = self.0.link.ask("HGETALL", &read).await?;
        Ok(ticks.into_iter().map(|(entry, at)| (entry, Timestamp::from_unix_ms(at))).collect())
    }

    async fn tick(&self, beat: &str, ticks: Vec<Tick>) -> Result<Vec<bool>, BrokerError> {
        if ticks.is_empty() {
            return Ok(Vec::new());
        }
        let mut make = self.0.scripts.tick.call(&[self.key(beat, "ticks")]);
        let mut queues = Vec::new();
        for tick in &ticks {
            make.arg(&tick.entry);
            make.arg(tick.previous.map_or_else(String::new, |previous| previous.unix_ms().to_string()));
            make.arg(tick.due.unix_ms()).arg(tick.publications.len());
            for publication in &tick.publications {
                let queue = QueueName::parse(publication.queue.as_str())?;
                make.arg(self.0.keys.list_for(&queue, publication.message.properties.priority));
                make.arg(publication.message.encode(&queue)?);
                queues.push(publication.queue.clone());
            }
        }
        self.0.tell_of_queues(&queues).await?;
        let made: Vec<i64> = self.0.link.ask("a beat's ticks", &make).await?;
        Ok(made.into_iter().map(|made| made == 1).collect())
    }
}
