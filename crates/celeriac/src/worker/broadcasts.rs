//! Messages of fanout exchanges (kombu's `Broadcast`): whoever listens gets each of them.
//!
//! A client that knows the exchange's type publishes them, which `listen` hears; one that does not, as most of Celery's,
//! puts them into the lists of all queues that are bound to the exchange. So such a queue is bound and consumed like any
//! other, and heard beside that. What is heard is on no broker: who is not there misses it, it is acknowledged when it
//! comes, and a retry goes into the queue's list.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::broker::{Binding, BrokerError, Delivery, DeliveryTag, Exchange, Returns, Subscription};
use crate::outgoing::FANOUT;
use crate::protocol::{Message, ProtocolError, QueueName, is_quick_to_read};
use crate::worker::declared::Declared;
use crate::worker::shared::Shared;
use crate::worker::strategy::{self, Line};

/// So many broadcast messages of a queue may be here at a time; more wait, and then get lost.
const MAX_HELD: u32 = 1_024;
/// A message counts as one more for each of these, so that large ones do not fill the memory.
const BYTES_OF_ONE: usize = 64 * 1024;
/// A larger message is parsed on a thread of its own, and so is a compressed one.
const PARSE_INLINE_BYTES: usize = 256 * 1024;
/// The pause before the broker is tried again: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// The queues that are listened for. Letting one go ends that.
#[derive(Debug, Default)]
pub(crate) struct Broadcasts(Mutex<HashMap<QueueName, DropGuard>>);

impl Broadcasts {
    /// To be called when the queue is consumed no longer.
    pub(crate) fn end(&self, queue: &QueueName) {
        self.0.lock().remove(queue);
    }
}

/// Has a queue get what is sent to its exchange. While the broker is away it tries again, until the queue is not consumed
/// any more.
pub(crate) async fn attach<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    declared: &Declared,
) -> Result<(), BrokerError> {
    let Binding { queue, exchange, .. } = &declared.binding;
    let name = QueueName::from(queue.as_str());
    let mut pause = PAUSES.0;
    loop {
        match attach_once(shared, declared, &name).await {
            Err(error) if error.is_transient() => {
                tracing::warn!(target: "celery.worker", "cannot bind {queue} to {exchange}, trying again in {pause:?}: {error}");
            }
            attached => return attached,
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shared.shutdown.requested() => return Ok(()),
        }
        if !shared.queues.lock().contains(&name) {
            return Ok(());
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

async fn attach_once<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    declared: &Declared,
    queue: &QueueName,
) -> Result<(), BrokerError> {
    shared.app.broker().bind(&declared.binding).await?;
    if declared.exchange_type == FANOUT {
        shared.app.core().sender.fanouts.add(&declared.binding.exchange);
        listen(shared, &declared.binding, queue).await?;
    }
    Ok(())
}

/// Listens until the worker is to stop, or consumes the queue no longer.
async fn listen<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    binding: &Binding,
    queue: &QueueName,
) -> Result<(), BrokerError> {
    let Some(end) = begin(shared, queue) else { return Ok(()) };
    // Without `fanout_patterns` kombu leaves the key away.
    let with_key = Exchange::topic(&binding.exchange, &binding.routing_key);
    match shared.app.broker().subscribe(&[&with_key, &binding.exchange]).await {
        Ok(subscription) => {
            shared.messages.spawn(hear(shared.clone(), queue.clone(), subscription, end));
            Ok(())
        }
        Err(error) => {
            // Once it was ended, what stands there is another's.
            if !end.is_cancelled() {
                shared.broadcasts.end(queue);
            }
            Err(error)
        }
    }
}

/// What ends the listening, which is written down before it begins: a `cancel_consumer` may come meanwhile, or before.
/// Nothing if the queue is not consumed (any more), or is listened for already.
fn begin<S: Send + Sync + 'static>(shared: &Shared<S>, queue: &QueueName) -> Option<CancellationToken> {
    let consumed = shared.queues.lock();
    let mut listened = shared.broadcasts.0.lock();
    if !consumed.contains(queue) || listened.contains_key(queue) {
        return None;
    }
    let end = CancellationToken::new();
    listened.insert(queue.clone(), end.clone().drop_guard());
    Some(end)
}

async fn hear<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    queue: QueueName,
    mut subscription: Subscription,
    end: CancellationToken,
) {
    let room = Arc::new(Semaphore::new(MAX_HELD as usize));
    loop {
        let next = async {
            let payload = subscription.recv().await?.payload;
            let share = u32::try_from(payload.len() / BYTES_OF_ONE).unwrap_or(MAX_HELD) + 1;
            let permit = room.clone().acquire_many_owned(share.min(MAX_HELD)).await.ok()?;
            Some((permit, parse(payload).await))
        };
        let heard = tokio::select! {
            biased;
            () = shared.shutdown.requested() => None,
            () = end.cancelled() => None,
            heard = next => heard,
        };
        let Some((permit, message)) = heard else { break };
        let message = match message {
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
            strategy::live(living, held, None, Line::None).await;
            drop(permit);
        });
    }
    subscription.close().await;
}

async fn parse(payload: Vec<u8>) -> Result<Message, ProtocolError> {
    if is_quick_to_read(std::iter::once(payload.as_slice()), PARSE_INLINE_BYTES) {
        return Message::decode(&payload);
    }
    let parsed = tokio::task::spawn_blocking(move || Message::decode(&payload)).await;
    parsed.unwrap_or_else(|error| Err(ProtocolError::malformed("the message", error)))
}

/// What was broadcast goes back to no queue.
struct Nowhere;

impl Returns for Nowhere {
    fn give_back(&self, tag: DeliveryTag) {
        tracing::debug!(target: "celery.worker", "the broadcast message {tag} is dropped");
    }
}
