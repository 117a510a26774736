//! Messages of fanout exchanges (kombu's `Broadcast`): whoever listens gets each of them.
//!
//! A client that knows the exchange's type publishes them, which `listen` hears; one that does not, as most of Celery's,
//! puts them into the lists of all queues that are bound to the exchange. So such a queue is bound and consumed like any
//! other, and heard beside that. What is heard is on no broker: who is not there misses it, it is acknowledged when it
//! comes, and a retry goes into the queue's list.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::broker::{Binding, BrokerError, Delivery, DeliveryTag, Returns, Subscription};
use crate::protocol::{Message, QueueName};
use crate::worker::declared::{Declared, FANOUT};
use crate::worker::shared::Shared;
use crate::worker::strategy;

/// So many broadcast messages of a queue may be here at a time; more wait, and then get lost.
const MAX_HELD: usize = 1_024;

/// The queues that are listened for. Letting one go ends that.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts(Mutex<HashMap<QueueName, DropGuard>>);

impl Broadcasts {
    pub(crate) fn end(&self, queue: &QueueName) {
        self.0.lock().remove(queue);
    }
}

/// Has a queue get what is sent to its exchange.
pub(crate) async fn attach<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    declared: &Declared,
) -> Result<(), BrokerError> {
    shared.app.broker().bind(&declared.binding).await?;
    if declared.exchange_type == FANOUT {
        listen(shared, &declared.binding).await?;
    }
    Ok(())
}

/// Listens until the worker is to stop, or consumes the queue no longer.
async fn listen<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    binding: &Binding,
) -> Result<(), BrokerError> {
    let queue = QueueName::from(binding.queue.as_str());
    if shared.broadcasts.0.lock().contains_key(&queue) {
        return Ok(());
    }
    // Without `fanout_patterns` kombu leaves the key away.
    let with_key = format!("{}/{}", binding.exchange, binding.routing_key);
    let subscription = shared.app.broker().subscribe(&[&with_key, &binding.exchange]).await?;
    let end = CancellationToken::new();
    shared.broadcasts.0.lock().insert(queue.clone(), end.clone().drop_guard());
    shared.messages.spawn(hear(shared.clone(), queue, subscription, end));
    Ok(())
}

async fn hear<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    queue: QueueName,
    mut subscription: Subscription,
    end: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(MAX_HELD));
    loop {
        let next = async {
            let permit = room.clone().acquire_owned().await.ok()?;
            Some((permit, subscription.recv().await?))
        };
        let heard = tokio::select! {
            biased;
            () = shared.shutdown.requested() => None,
            () = end.cancelled() => None,
            heard = next => heard,
        };
        let Some((permit, broadcast)) = heard else { break };
        let message = match Message::decode(&broadcast.payload) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(target: "celery.worker", "a message that was broadcast to {queue} cannot be read: {error}");
                continue;
            }
        };
        let tag = DeliveryTag::from(message.properties.delivery_tag.clone().unwrap_or_default());
        let delivery = Delivery::new(tag, queue.clone(), message, false, 0, Arc::new(Nowhere));
        let held = shared.hold_acknowledged(delivery);
        let living = shared.clone();
        shared.messages.spawn(async move {
            strategy::live(living, held, None).await;
            drop(permit);
        });
    }
    subscription.close().await;
}

/// What was broadcast goes back to no queue.
struct Nowhere;

impl Returns for Nowhere {
    fn give_back(&self, tag: DeliveryTag) {
        tracing::debug!(target: "celery.worker", "the broadcast message {tag} is dropped");
    }
}
