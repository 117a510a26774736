//! How the queues that a worker consumes are reached.

use std::collections::HashMap;

use crate::broker::Binding;
use crate::outgoing::FANOUT;
use crate::protocol::{NodeName, QueueName};

/// So many queues that are not consumed any more are remembered.
const MAX_FORGOTTEN: usize = 1_000;

/// A queue's exchange and key, as they were given when it was first named. A queue that nothing was given for has an
/// exchange of its own name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    pub(crate) binding: Binding,
    /// `direct`, `topic` or `fanout`.
    pub(crate) exchange_type: String,
}

impl Declared {
    pub(crate) fn of(queue: &QueueName) -> Self {
        Self { binding: Binding::of(queue), exchange_type: "direct".to_owned() }
    }

    /// The queue by which a node is reached through a fanout exchange. It is the same when the node starts again, so that
    /// no lists are left behind.
    pub(crate) fn broadcast(exchange: &str, node: &NodeName, routing_key: &QueueName) -> Self {
        let binding = Binding {
            queue: format!("bcast.{exchange}.{node}"),
            exchange: exchange.to_owned(),
            routing_key: routing_key.to_string(),
        };
        Self { binding, exchange_type: FANOUT.to_owned() }
    }
}

/// The queues that are or were consumed. As in Celery a queue keeps what it was first given, also while it is not
/// consumed.
#[derive(Debug, Default)]
pub(crate) struct Declarations(HashMap<QueueName, Declared>);

impl Declarations {
    pub(crate) fn new(queues: &[QueueName]) -> Self {
        Self(queues.iter().map(|queue| (queue.clone(), Declared::of(queue))).collect())
    }

    /// How a queue is reached; as given, unless that was told before.
    pub(crate) fn declare(&mut self, queue: &QueueName, given: Declared) -> Declared {
        self.0.entry(queue.clone()).or_insert(given).clone()
    }

    pub(crate) fn get(&self, queue: &QueueName) -> Declared {
        self.0.get(queue).cloned().unwrap_or_else(|| Declared::of(queue))
    }

    /// Forgets what is not consumed once that has become much.
    pub(crate) fn tidy(&mut self, consumed: &[QueueName]) {
        if self.0.len() > consumed.len() + MAX_FORGOTTEN {
            self.0.retain(|queue, _| consumed.contains(queue));
        }
    }
}
