//! Which queues are bound to an exchange, and those of kombu's that belong to one process: a client's for its replies, a
//! worker's for control requests.
//!
//! Nothing of ours reads a worker's control queue: requests come by PUBLISH. It is bound all the same, as by a Python
//! worker, so that whoever looks at the bindings finds each node.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::Inner;
use crate::protocol::{NodeName, PIDBOX_TOPIC, QueueName};
use crate::redis::{Keys, RedisError};

/// The table of an exchange is kept for so long without word from those who are bound to it.
const KEPT: Duration = Duration::from_secs(60 * 60);

/// How often to give word.
const RENEWED_EVERY: Duration = Duration::from_secs(20 * 60);

/// The pause before a binding that failed is tried again.
const PAUSE: Duration = Duration::from_secs(5);

impl Inner {
    /// Has a queue get what is sent to an exchange under a routing key.
    pub(super) async fn bind(&self, binding: &crate::broker::Binding) -> Result<(), RedisError> {
        let member = self.keys.bound(&binding.routing_key, &binding.queue);
        let mut bind = redis::pipe();
        for table in [self.keys.binding(&binding.exchange), self.keys.permanent_binding(&binding.exchange)] {
            bind.cmd("SADD").arg(table).arg(&member);
        }
        self.link.ask_all(&bind).await.map(drop)
    }

    /// The members of an exchange's table.
    pub(super) async fn bound_to(&self, exchange: &str) -> Result<Vec<String>, RedisError> {
        let mut members = redis::cmd("SMEMBERS");
        members.arg(self.keys.binding(exchange));
        self.link.ask("SMEMBERS", &members).await
    }
}

/// The queues of a table that get what has this routing key, as kombu has it for direct and topic exchanges.
pub(super) fn queues_for(members: &[String], key: &str) -> Vec<QueueName> {
    let words: Vec<&str> = key.split('.').collect();
    let queue_of = |member: &String| {
        let (bound, queue) = Keys::unbound(member);
        let pattern: Vec<&str> = bound.split('.').collect();
        matches(&pattern, &words).then(|| QueueName::from(queue))
    };
    members.iter().filter_map(queue_of).collect()
}

/// Whether a routing key's words are those of a pattern: `*` stands for one word, `#` for any number.
fn matches(pattern: &[&str], words: &[&str]) -> bool {
    match (pattern, words) {
        ([], []) => true,
        (["#", rest @ ..], words) => {
            (0..=words.len()).any(|skipped| words.get(skipped..).is_some_and(|left| matches(rest, left)))
        }
        ([first, rest @ ..], [word, left @ ..]) => (*first == "*" || first == word) && matches(rest, left),
        _ => false,
    }
}

/// A queue of this process, and the exchange by which it is reached.
pub(super) struct Binding {
    pub(super) broker: Arc<Inner>,
    exchange: &'static str,
    member: String,
}

impl Binding {
    /// Binds `queue` to `exchange`.
    pub(super) async fn new(
        broker: &Arc<Inner>,
        exchange: &'static str,
        routing_key: &str,
        queue: &str,
    ) -> Result<Self, RedisError> {
        let binding =
            Self { broker: broker.clone(), exchange, member: broker.keys.bound(routing_key, queue) };
        binding.renew().await?;
        Ok(binding)
    }

    /// Binds the queue that kombu would have for the node's control requests.
    pub(super) async fn of_node(broker: &Arc<Inner>, node: &NodeName) -> Result<Self, RedisError> {
        Self::new(broker, PIDBOX_TOPIC, "", &format!("{node}.{PIDBOX_TOPIC}")).await
    }

    async fn renew(&self) -> Result<(), RedisError> {
        let keys = &self.broker.keys;
        let mut bind =
            self.broker.scripts.bind.call(&[keys.binding(self.exchange), keys.binding_deadlines()]);
        bind.arg(&self.member).arg(self.exchange).arg(KEPT.as_millis().to_string());
        self.broker.link.ask::<()>("a binding", &bind).await
    }

    /// Keeps it bound until `end`, on each new connection anew, for that may be another Redis.
    pub(super) async fn keep(self, end: CancellationToken) {
        let mut epochs = self.broker.hub.epochs();
        let mut next = Instant::now() + RENEWED_EVERY;
        loop {
            tokio::select! {
                changed = epochs.changed() => if changed.is_err() { break },
                () = tokio::time::sleep_until(next) => {}
                () = end.cancelled() => break,
            }
            next = Instant::now() + RENEWED_EVERY;
            if let Err(error) = self.renew().await {
                tracing::debug!(target: "celery.redis", "cannot bind to {}: {error}", self.exchange);
                next = Instant::now() + PAUSE;
            }
        }
        self.remove(None).await;
    }

    /// Unbinds the queue, and drops it when it is given.
    pub(super) async fn remove(&self, queue: Option<&str>) {
        let mut unbind = redis::pipe();
        unbind.cmd("SREM").arg(self.broker.keys.binding(self.exchange)).arg(&self.member);
        if let Some(queue) = queue {
            unbind.cmd("DEL").arg(queue);
        }
        if let Err(error) = self.broker.link.ask_all(&unbind).await {
            tracing::debug!(target: "celery.redis", "a queue of {} is left behind: {error}", self.exchange);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_keys_match_as_in_kombu() {
        let is_match = |pattern: &str, key: &str| {
            matches(&pattern.split('.').collect::<Vec<_>>(), &key.split('.').collect::<Vec<_>>())
        };
        assert!(
            is_match("a.b", "a.b")
                && is_match("a.*", "a.b")
                && is_match("#", "a.b.c")
                && is_match("a.#", "a")
        );
        assert!(is_match("#.c", "a.b.c") && is_match("*.b.#", "a.b.c.d"));
        assert!(
            !is_match("a.b", "a.b.c")
                && !is_match("a.*", "a")
                && !is_match("*.b", "a.c")
                && !is_match("", "a")
        );
    }
}
