//! What a broker tells of itself.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::protocol::{Message, NodeName, Priority, ProtocolError, QueueName, Timestamp};

/// What [`Broker::recover`](super::Broker::recover) did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Messages that went back to their queues.
    pub requeued: u64,
    /// Messages that went to the dead letters.
    pub dead: u64,
}

/// How a queue is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Binding {
    /// The queue.
    pub queue: String,
    /// The exchange that messages are sent to.
    pub exchange: String,
    /// The routing key that they have.
    pub routing_key: String,
}

impl Binding {
    /// A queue that is reached by its own name.
    pub fn of(queue: &QueueName) -> Self {
        let name = || queue.as_str().to_owned();
        Self { queue: name(), exchange: name(), routing_key: name() }
    }
}

/// A queue and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct QueueInfo {
    /// Its name.
    pub name: QueueName,
    /// Messages that could be delivered now.
    pub ready: u64,
    /// The same by priority; on Redis by step of priority, as each step has a list of its own.
    pub priorities: BTreeMap<u8, u64>,
    /// When the oldest of them was sent, as far as its id tells: ours do, Python's do not.
    pub oldest: Option<Timestamp>,
    /// Messages that wait for their time.
    pub delayed: u64,
    /// Messages that consumers hold.
    pub claimed: u64,
    /// Consumers that are alive.
    pub consumers: u64,
}

impl QueueInfo {
    /// An empty queue.
    pub fn empty(name: QueueName) -> Self {
        Self {
            name,
            ready: 0,
            priorities: BTreeMap::new(),
            oldest: None,
            delayed: 0,
            claimed: 0,
            consumers: 0,
        }
    }

    /// Counts messages that could be delivered now.
    pub(super) fn add_ready(&mut self, priority: u8, count: u64) {
        if count > 0 {
            self.ready += count;
            *self.priorities.entry(priority).or_default() += count;
        }
    }

    /// Takes note of a message that waits.
    pub(super) fn note_age(&mut self, envelope: &[u8]) {
        let sent_at = Message::decode(envelope).ok().and_then(|message| message.id().created_at());
        self.oldest = self.oldest.into_iter().chain(sent_at).min();
    }
}

/// A message in a queue, looked at but not taken.
#[derive(Debug, Clone)]
pub struct Peeked {
    /// The message, or why it cannot be read.
    pub message: Result<Message, ProtocolError>,
    /// Whether it waits or is held.
    pub state: PeekedState,
    /// Its priority.
    pub priority: Priority,
    /// How often it lost its holder.
    pub deaths: u32,
}

/// Where a message in a queue stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PeekedState {
    /// It could be delivered now.
    Ready,
    /// It waits until then.
    Delayed(Timestamp),
    /// A consumer holds it.
    Claimed {
        /// Who.
        by: NodeName,
        /// Until when, unless renewed.
        until: Timestamp,
    },
}

/// Names a dead letter to its broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct DeadLetterId(pub String);

impl fmt::Display for DeadLetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A message that will not be delivered any more.
#[derive(Debug, Clone)]
pub struct DeadLetter {
    /// Names it.
    pub id: DeadLetterId,
    /// The queue that it was in.
    pub queue: QueueName,
    /// Why it is here.
    pub reason: String,
    /// Since when it is here.
    pub at: Timestamp,
    /// How often it lost its holder.
    pub deaths: u32,
    /// The message, or why it cannot be read.
    pub message: Result<Message, ProtocolError>,
}
