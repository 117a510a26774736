//! A message in the hands of a consumer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::protocol::{Message, QueueName};

/// Names a delivery to its broker.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeliveryTag(Arc<str>);

impl DeliveryTag {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for DeliveryTag {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for DeliveryTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Takes back deliveries that were dropped without being settled. Brokers implement it.
pub trait Returns: Send + Sync {
    /// Puts the message back into its queue soon. Must not block.
    fn give_back(&self, tag: DeliveryTag);
}

/// A message that a consumer holds. It is settled exactly once: [`ack`](Self::ack), [`reject`](Self::reject),
/// [`requeue`](Self::requeue) and [`restore`](Self::restore) consume it and make the [`Settlement`] for [`Broker::settle`](super::Broker::settle).
/// A delivery that is dropped goes back to its queue, also if its broker was dropped before.
pub struct Delivery {
    /// Names the delivery.
    tag: DeliveryTag,
    /// Where the message came from.
    queue: QueueName,
    /// The message.
    message: Arc<Message>,
    /// Whether a consumer had it before.
    redelivered: bool,
    /// How often it lost its holder.
    deaths: u32,
    /// Who takes it back; nothing once it was settled.
    returns: Option<Arc<dyn Returns>>,
}

impl Delivery {
    /// For brokers: a delivery that `returns` takes back when it is dropped.
    pub fn new(
        tag: DeliveryTag,
        queue: QueueName,
        mut message: Message,
        redelivered: bool,
        deaths: u32,
        returns: Arc<dyn Returns>,
    ) -> Self {
        if redelivered {
            message.mark_redelivered();
        }
        Self { tag, queue, message: Arc::new(message), redelivered, deaths, returns: Some(returns) }
    }

    /// Names the delivery, for [`Broker::extend`](super::Broker::extend).
    pub fn tag(&self) -> &DeliveryTag {
        &self.tag
    }

    /// Where the message came from.
    pub fn queue(&self) -> &QueueName {
        &self.queue
    }

    /// The message.
    pub fn message(&self) -> &Message {
        &self.message
    }

    /// The message, to be kept longer than the delivery.
    pub fn shared_message(&self) -> Arc<Message> {
        self.message.clone()
    }

    /// Whether a consumer had the message before.
    pub fn is_redelivered(&self) -> bool {
        self.redelivered
    }

    /// How often the message lost its holder; at [`MAX_DEATHS`](super::MAX_DEATHS) it is not delivered any more.
    pub fn deaths(&self) -> u32 {
        self.deaths
    }

    /// It is done: the message leaves the broker.
    pub fn ack(self) -> Settlement {
        self.settled(Outcome::Ack)
    }

    /// It will never be done: the message goes to the dead letters.
    pub fn reject(self, reason: impl Into<String>) -> Settlement {
        self.settled(Outcome::Reject { reason: reason.into() })
    }

    /// Somebody else shall do it: the message goes back to its queue, not to be delivered before `delay` has passed.
    pub fn requeue(self, delay: Duration) -> Settlement {
        self.settled(Outcome::Requeue { delay })
    }

    /// The process that did it has died: the message goes back to its queue with one more death, or at the last to the
    /// dead letters.
    pub fn lost(self, reason: impl Into<String>) -> Settlement {
        self.settled(Outcome::Lost { reason: reason.into() })
    }

    /// It was not begun: the message goes back to where it was, to be delivered next.
    pub fn restore(self) -> Settlement {
        self.settled(Outcome::Restore)
    }

    fn settled(mut self, outcome: Outcome) -> Settlement {
        self.returns = None;
        Settlement { tag: self.tag.clone(), outcome }
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        if let Some(returns) = self.returns.take() {
            returns.give_back(self.tag.clone());
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Delivery")
            .field("tag", &self.tag)
            .field("queue", &self.queue)
            .field("id", self.message.id())
            .field("redelivered", &self.redelivered)
            .field("deaths", &self.deaths)
            .finish_non_exhaustive()
    }
}

/// How a delivery ended, to be told to its broker with [`Broker::settle`](super::Broker::settle). Lost settlements
/// are harmless: the lease expires and the message is delivered again.
#[derive(Debug, Clone)]
#[must_use = "a settlement does nothing until it is given to Broker::settle"]
pub struct Settlement {
    /// The delivery.
    pub tag: DeliveryTag,
    /// How it ended.
    pub outcome: Outcome,
}

impl Settlement {
    /// The same delivery, whose holder has died.
    pub(crate) fn lost(self, reason: &str) -> Self {
        Self { outcome: Outcome::Lost { reason: reason.to_owned() }, ..self }
    }
}

/// How a delivery ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The message leaves the broker.
    Ack,
    /// The message goes to the dead letters.
    Reject {
        /// Why, for the person who looks at it.
        reason: String,
    },
    /// The message goes back to its queue, marked as redelivered, with one more death; or, when that is the last
    /// ([`MAX_DEATHS`](super::MAX_DEATHS)), to the dead letters.
    Lost {
        /// How its holder died, for the person who looks at it.
        reason: String,
    },
    /// The message goes back to its queue, marked as redelivered.
    Requeue {
        /// Not to be delivered before.
        delay: Duration,
    },
    /// The message goes back to where it was in its queue, marked as redelivered.
    Restore,
}
