//! The broker on Redis, with kombu's keys: Python's workers and clients work on the same queues.
//!
//! A message is popped and recorded in `unacked` and `unacked_index` by one script. Beside kombu's records each of our
//! deliveries has a lease in `celeriac.leases`; who holds it is part of its name. Workers renew their leases, and the
//! scores in `unacked_index` with them, so that kombu's visibility timeout never strikes what is held. When a worker
//! dies, its leases run out and any of ours puts its messages back, long before the visibility timeout would.
//!
//! | key | holds |
//! | --- | --- |
//! | `<queue>`, `<queue>\x06\x16<step>` | the messages, a list for each step of priority |
//! | `unacked`, `unacked_index` | what consumers hold, and since when |
//! | `_kombu.binding.<exchange>`, `_kombu.binding_permanent.<exchange>` | how queues are reached, those of workers for control requests and of clients for replies too |
//! | `_kombu.binding_deadlines` | until when the tables of such queues are kept |
//! | `celeriac.leases` | until when our deliveries are leased, in ms |
//! | `celeriac.incoming`, `celeriac.incoming.…` | the lists of consumers that are handed messages, and until when they are leased, in ms; what is on its way to one |
//! | `celeriac.delayed` | returned messages that wait, by the time when they are due |
//! | `celeriac.dead`, `celeriac.dead_index` | dead letters, and since when they are there |
//! | `celeriac.beat.<name>.…` | who leads, and the last tick of each entry |
//! | `celeriac.queues`, `celeriac.consumers` | names of queues; who consumes which, and until when that holds |

mod binding;
mod consume;
mod fanout;
mod handover;
mod inspect;
mod lines;
mod queue;
mod record;
mod recover;
mod scripts;
mod settle;
mod taken;
#[cfg(test)]
mod tests;
mod ticks;
mod unrecorded;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;

use super::dropped::{Dropped, DroppedDeliveries};
use super::{
    Binding, Broker, BrokerError, Consume, DeadLetter, DeadLetterId, Delivery, DeliveryTag, Peeked,
    Publication, QueueInfo, Recovered, Settlement, Subscription,
};
use crate::beat::TickStore;
use crate::protocol::{NodeName, QueueName};
use crate::redis::{Hub, Keys, Link, RedisError, RedisOptions, Server};
use scripts::Scripts;

/// A broker on Redis; cheap to clone.
#[derive(Clone)]
pub struct RedisBroker {
    inner: Arc<Inner>,
    /// Keeps the task that takes back what was dropped.
    _returns: Arc<DroppedDeliveries>,
}

struct Inner {
    link: Link,
    /// A connection of the thread that renews leases, so that it need not wait for a runtime that is blocked.
    lease_link: Link,
    hub: Hub,
    keys: Keys,
    names: Names,
    scripts: Scripts,
    /// Takes back deliveries that were dropped. The broker's clones and the deliveries keep it; the task behind it, which
    /// keeps this, ends with the last of them.
    returns: Weak<DroppedDeliveries>,
    /// Queues that this process has told the server of, and over which connection.
    known: Mutex<(u64, HashSet<QueueName>)>,
    /// When this process last said that a node consumes a queue.
    announced: Mutex<HashMap<(QueueName, NodeName), consume::Announced>>,
    /// What the last look at the queues told.
    look: Mutex<consume::Look>,
    handover: handover::Handover,
    unrecorded: unrecorded::Unrecorded,
    /// Which queue is the first of the next claim.
    turn: AtomicUsize,
    /// When overdue messages are looked for by kombu's visibility timeout next.
    next_overdue: Mutex<Instant>,
}

/// The keys that do not depend on a queue.
struct Names {
    unacked: String,
    unacked_index: String,
    unacked_mutex: String,
    leases: String,
    incoming: String,
    delayed: String,
    dead: String,
    dead_index: String,
    queues: String,
    consumers: String,
}

impl Names {
    fn new(keys: &Keys) -> Self {
        Self {
            unacked: keys.key("unacked"),
            unacked_index: keys.key("unacked_index"),
            unacked_mutex: keys.key("unacked_mutex"),
            leases: keys.key("celeriac.leases"),
            incoming: keys.key("celeriac.incoming"),
            delayed: keys.key("celeriac.delayed"),
            dead: keys.key("celeriac.dead"),
            dead_index: keys.key("celeriac.dead_index"),
            queues: keys.key("celeriac.queues"),
            consumers: keys.key("celeriac.consumers"),
        }
    }
}

impl RedisBroker {
    /// The broker at a URL of any form that Celery takes: `redis://`, `rediss://`, `unix://`, `redis+socket://`,
    /// `sentinel://`. It is connected to when it is first needed. To be called on a Tokio runtime that lives as long
    /// as the broker.
    ///
    /// # Errors
    /// When the URL or an option in it cannot be used.
    pub fn open(url: &str, options: &RedisOptions) -> Result<Self, BrokerError> {
        Ok(Self::on(crate::redis::parse(url, options)?))
    }

    fn on(server: Server) -> Self {
        let (returns, dropped) = Dropped::channel();
        let keys = Keys::new(server.options(), server.db());
        let inner = Arc::new(Inner {
            link: Link::new(server.clone(), Scripts::all()),
            lease_link: Link::new(server.clone(), Scripts::all()),
            hub: Hub::start(server),
            names: Names::new(&keys),
            keys,
            scripts: Scripts::new(),
            returns: Arc::downgrade(&returns),
            known: Mutex::default(),
            announced: Mutex::default(),
            look: Mutex::default(),
            handover: handover::Handover::default(),
            unrecorded: unrecorded::Unrecorded::default(),
            turn: AtomicUsize::new(0),
            next_overdue: Mutex::new(Instant::now()),
        });
        tokio::spawn(put_back(inner.clone(), dropped));
        Self { inner, _returns: returns }
    }
}

impl Inner {
    fn returns(&self) -> Arc<DroppedDeliveries> {
        self.returns.upgrade().unwrap_or_else(DroppedDeliveries::nowhere)
    }
}

#[async_trait]
impl Broker for RedisBroker {
    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        self.inner.publish(&batch).await
    }

    async fn consume(&self, want: Consume) -> Result<Vec<Delivery>, BrokerError> {
        self.inner.consume(want).await
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<(), BrokerError> {
        Ok(self.inner.settle(&batch).await?)
    }

    async fn extend(&self, tags: &[DeliveryTag], lease: Duration) -> Result<Vec<DeliveryTag>, BrokerError> {
        Ok(self.inner.extend(tags, lease).await?)
    }

    async fn begin(&self, tags: &[DeliveryTag]) -> Result<(), BrokerError> {
        Ok(self.inner.begin(tags).await?)
    }

    async fn recover(&self) -> Result<Recovered, BrokerError> {
        Ok(self.inner.recover().await?)
    }

    async fn leave(&self, consumer: &NodeName) -> Result<(), BrokerError> {
        Ok(self.inner.leave(consumer).await?)
    }

    async fn broadcast(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError> {
        Ok(self.inner.broadcast(topic, payload).await?)
    }

    async fn subscribe(&self, topics: &[&str]) -> Result<Subscription, BrokerError> {
        Ok(fanout::subscribe(&self.inner, topics).await?)
    }

    async fn mailbox(&self, node: &NodeName) -> Result<Subscription, BrokerError> {
        Ok(fanout::mailbox(&self.inner, node).await?)
    }

    async fn bindings(&self) -> Result<BTreeSet<Binding>, BrokerError> {
        Ok(self.inner.bindings().await?)
    }

    async fn bind(&self, binding: &Binding) -> Result<(), BrokerError> {
        Ok(self.inner.bind(binding).await?)
    }

    async fn queues(&self) -> Result<Vec<QueueInfo>, BrokerError> {
        Ok(self.inner.queues().await?)
    }

    async fn peek(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, BrokerError> {
        Ok(self.inner.peek(queue, limit).await?)
    }

    async fn purge(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        Ok(self.inner.purge(queue).await?)
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BrokerError> {
        Ok(self.inner.dead_letters(limit).await?)
    }

    async fn revive(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        Ok(self.inner.revive(letters).await?)
    }

    async fn discard(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        Ok(self.inner.discard(letters).await?)
    }

    fn tick_store(&self) -> Arc<dyn TickStore> {
        Arc::new(ticks::RedisTicks(self.inner.clone()))
    }
}

/// The pauses before dropped deliveries are tried to be put back again; after the last their leases end by themselves.
const PUT_BACK_AFTER: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(3), Duration::from_secs(5)];

/// Puts dropped deliveries back until the broker and all of them have gone.
async fn put_back(broker: Arc<Inner>, mut dropped: Dropped) {
    while let Some(batch) = dropped.next().await {
        for pause in PUT_BACK_AFTER {
            match broker.settle(&batch).await {
                Err(error) if error.is_transient() => {
                    tracing::debug!(%error, "dropped deliveries wait for Redis to be put back");
                    tokio::time::sleep(pause).await;
                }
                Err(error) => {
                    tracing::warn!(%error, "dropped deliveries stay claimed until their lease ends");
                    break;
                }
                Ok(()) => break,
            }
        }
    }
}

impl From<RedisError> for BrokerError {
    fn from(error: RedisError) -> Self {
        Self::Redis(error)
    }
}
