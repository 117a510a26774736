//! The broker: durable queues, and broadcasts to everybody.
//!
//! A message is on the broker until it is settled. Whoever consumes it holds it by a lease and renews that with
//! [`Broker::extend`]; when the holder dies, [`Broker::recover`] (any process may call it, consumers do so by
//! themselves) puts the message back. A message that loses its holder for the third time, or that cannot be read, goes
//! to the dead letters, with the reason. The first loss makes it a suspect, whether or not its task had begun; after
//! that only losses count that came after [`Broker::begin`].
//!
//! All methods take batches, for one commit or round trip serves many messages.

#[cfg(test)]
pub(crate) mod conformance;
mod delivery;
mod dropped;
mod error;
mod inspect;
mod redis;
mod sqlite;
mod subscription;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

pub use self::redis::RedisBroker;
pub use crate::backlog::{Backlog, BacklogSender, Room};
pub use delivery::{Delivery, DeliveryTag, Outcome, Returns, Settlement};
pub use error::BrokerError;
pub use inspect::{Binding, DeadLetter, DeadLetterId, Peeked, PeekedState, QueueInfo, Recovered};
pub use sqlite::SqliteBroker;
pub use subscription::{Broadcast, Subscription};

use crate::beat::TickStore;
use crate::protocol::{Message, NodeName, ProtocolError, QueueName, TaskId};
pub use crate::redis::{RedisError, RedisOptions};

/// How long a consumer holds a message before it must renew its lease.
pub const DEFAULT_LEASE: Duration = Duration::from_secs(20);

/// How often a message may lose its holder: at the third time it goes to the dead letters.
pub const MAX_DEATHS: u32 = 3;

/// Does the death of its holder count for a message? The first one does in any case, so that nothing need be recorded
/// of messages that no worker has died with; later ones if its task is known to have begun.
fn counts_death(deaths: u32, has_begun: bool) -> bool {
    deaths == 0 || has_begun
}

/// A message for a queue. Its priority is that of `message.properties`, and a message with an eta in its headers is
/// not delivered before (a broker may deliver it early; then the worker waits).
#[derive(Debug, Clone)]
pub struct Publication {
    /// Where it goes; with an exchange, the routing key.
    pub queue: QueueName,
    /// The exchange that it goes to instead.
    pub exchange: Option<Exchange>,
    /// What goes there.
    pub message: Message,
}

/// What a message may be sent to instead of a queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exchange {
    /// The queues that are bound there under the routing key get it, where a broker has exchanges. Where none is bound,
    /// the queue of that name does.
    Bound(String),
    /// Everybody who listens at this moment gets it (kombu's `Broadcast`), and nobody else: no queue keeps it.
    Fanout(String),
}

impl Exchange {
    /// What is broadcast under a routing key of a fanout exchange has this topic, as kombu has it.
    pub(crate) fn topic(exchange: &str, routing_key: &str) -> String {
        format!("{exchange}/{routing_key}")
    }
}

impl Publication {
    /// A message for a queue.
    pub fn new(queue: impl Into<QueueName>, message: Message) -> Self {
        Self { queue: queue.into(), exchange: None, message }
    }
}

/// What a consumer wants.
#[derive(Debug, Clone)]
pub struct Consume {
    /// The queues, equal among each other: the most urgent priority first, then the oldest message.
    pub queues: Vec<QueueName>,
    /// At most so many messages.
    pub max: usize,
    /// How long to wait for the first message.
    pub wait: Duration,
    /// How long the consumer holds them before it must renew.
    pub lease: Duration,
    /// Who consumes.
    pub consumer: NodeName,
    /// Who is to be told of messages that cannot be read, if anybody.
    pub unreadable: Option<mpsc::Sender<Unreadable>>,
}

/// A message that cannot be read and has gone to the dead letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The queue that it was in.
    pub queue: QueueName,
    /// The task that it was for, as far as it tells.
    pub task_id: Option<TaskId>,
    /// Why it cannot be read.
    pub error: ProtocolError,
}

impl Consume {
    /// For brokers: tells of a message that cannot be read. Never waits; nobody is told when too many wait to be.
    pub(crate) fn tell_unreadable(&self, queue: &QueueName, bytes: &[u8], error: &ProtocolError) {
        if let Some(listener) = &self.unreadable {
            let task_id = Message::identify(bytes);
            let told = listener.try_send(Unreadable { queue: queue.clone(), task_id, error: error.clone() });
            if told.is_err() {
                tracing::warn!(queue = %queue, "too many messages cannot be read: some callers are not told");
            }
        }
    }
}

impl Consume {
    /// One message of one queue, waiting for up to a second, held by [`DEFAULT_LEASE`].
    pub fn new(consumer: impl Into<NodeName>, queue: impl Into<QueueName>) -> Self {
        Self {
            queues: vec![queue.into()],
            max: 1,
            wait: Duration::from_secs(1),
            lease: DEFAULT_LEASE,
            consumer: consumer.into(),
            unreadable: None,
        }
    }
}

/// Queues and broadcasts; see the [module](self).
#[async_trait]
pub trait Broker: Send + Sync + 'static {
    /// Puts the messages into their queues: all of them, durably, before it returns, or none.
    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError>;

    /// Takes messages out of the queues as soon as there is one, at most `max` of those that are there; none after
    /// `wait`. Cancel safe: messages that were taken for a caller who went away are put back.
    async fn consume(&self, want: Consume) -> Result<Vec<Delivery>, BrokerError>;

    /// Tells that the consumer has stopped. Nothing is on its way to it when this returns, and it is no longer told of.
    async fn leave(&self, consumer: &NodeName) -> Result<(), BrokerError> {
        tracing::trace!(target: "celery.worker", "{consumer} consumes no longer");
        Ok(())
    }

    /// Ends deliveries. A delivery that is no longer the caller's (its lease expired and another consumer has it) is
    /// passed over. On an error nothing was settled and the same batch may be settled again.
    async fn settle(&self, batch: Vec<Settlement>) -> Result<(), BrokerError>;

    /// Holds the deliveries for `lease` from now on. Returns those that the caller has lost, which it need not hold on
    /// to: they were settled, or given to somebody else.
    async fn extend(&self, tags: &[DeliveryTag], lease: Duration) -> Result<Vec<DeliveryTag>, BrokerError>;

    /// Records that the tasks of these deliveries are about to begin, in a way that outlives the caller: for messages
    /// that have lost a holder before, so that another death counts for those that ran and not for their neighbours.
    async fn begin(&self, tags: &[DeliveryTag]) -> Result<(), BrokerError>;

    /// Puts messages whose lease has expired back into their queues, or to the dead letters.
    async fn recover(&self) -> Result<Recovered, BrokerError>;

    /// Sends `payload` to everyone, in all processes, who is subscribed to `topic` at this moment: events
    /// (`celeryev/…`), control requests ([`PIDBOX_TOPIC`](crate::protocol::PIDBOX_TOPIC)) and their replies
    /// ([`reply_topic`](crate::protocol::reply_topic)).
    async fn broadcast(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError>;

    /// Receives what is broadcast from the moment that this returns. A topic that ends in `*` stands for all that
    /// begin with what is before it.
    async fn subscribe(&self, topics: &[&str]) -> Result<Subscription, BrokerError>;

    /// Receives control requests ([`PIDBOX_TOPIC`](crate::protocol::PIDBOX_TOPIC)) as this node. Where a broker tells
    /// who listens, it tells of the node until the subscription is [closed](Subscription::close).
    async fn mailbox(&self, node: &NodeName) -> Result<Subscription, BrokerError> {
        tracing::trace!(target: "celery.pidbox", "{node} listens");
        self.subscribe(&[crate::protocol::PIDBOX_TOPIC]).await
    }

    /// By which exchange and routing key each queue is reached.
    async fn bindings(&self) -> Result<BTreeSet<Binding>, BrokerError> {
        Ok(self.queues().await?.into_iter().map(|queue| Binding::of(&queue.name)).collect())
    }

    /// Has a queue get what is sent to an exchange under a routing key, where a broker has exchanges.
    async fn bind(&self, binding: &Binding) -> Result<(), BrokerError> {
        tracing::trace!(target: "celery.worker", "{} is reached by its own name alone", binding.queue);
        Ok(())
    }

    /// All queues that hold messages or have consumers, by name.
    async fn queues(&self) -> Result<Vec<QueueInfo>, BrokerError>;

    /// The messages of a queue, those that are delivered next first, without taking them.
    async fn peek(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, BrokerError>;

    /// Drops the messages of a queue that no consumer holds. Returns how many.
    async fn purge(&self, queue: &QueueName) -> Result<u64, BrokerError>;

    /// The dead letters, the newest first.
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BrokerError>;

    /// Puts dead letters back into their queues, with their deaths forgotten. Returns how many.
    async fn revive(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError>;

    /// Drops dead letters for good. Returns how many.
    async fn discard(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError>;

    /// What beats share.
    fn tick_store(&self) -> Arc<dyn TickStore>;
}

/// Opens the broker that a URL names: `sqlite:///absolute/path.db` or `sqlite://relative.db`, or a Redis in any form
/// that Celery takes (`redis://`, `rediss://`, `unix://`, `redis+socket://`, `sentinel://`).
pub async fn open(url: &str) -> Result<Arc<dyn Broker>, BrokerError> {
    open_with(url, &RedisOptions::default()).await
}

/// The same, with options for the case that it is a Redis; those in the URL override them.
pub async fn open_with(url: &str, redis: &RedisOptions) -> Result<Arc<dyn Broker>, BrokerError> {
    if crate::redis::is_redis(url) {
        return Ok(Arc::new(RedisBroker::open(url, redis)?));
    }
    match crate::sqlite::path_of(url) {
        Some(path) => Ok(Arc::new(SqliteBroker::open(path).await?)),
        None => Err(BrokerError::UnknownUrl { url: crate::host::without_password(url) }),
    }
}
