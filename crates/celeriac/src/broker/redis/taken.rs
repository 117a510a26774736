//! Messages on their way from the server into a consumer's hands.

use std::sync::Arc;
use std::time::Duration;

use super::super::{BrokerError, Consume, Delivery, DeliveryTag, Outcome, Returns, Settlement};
use super::{DroppedDeliveries, Inner, record};
use crate::protocol::{QueueName, is_quick_to_read};
use crate::redis::RedisError;

/// Envelopes that together have more bytes than this are parsed on a thread of their own, and so are compressed ones.
const PARSE_INLINE_BYTES: usize = 256 * 1024;

/// Messages that were taken but are not in a consumer's hands yet: those that are left when this is dropped, because
/// whoever asked for them has gone, go back.
pub(super) struct Taken {
    pub(super) rows: Vec<Row>,
    /// How long to wait before the next take when this one found nothing.
    pub(super) pause: Duration,
    pub(super) returns: Arc<DroppedDeliveries>,
}

pub(super) struct Row {
    pub(super) tag: DeliveryTag,
    pub(super) queue: QueueName,
    pub(super) body: Vec<u8>,
}

impl Taken {
    pub(super) fn one(row: Row, broker: &Inner) -> Self {
        Self { rows: vec![row], pause: Duration::ZERO, returns: broker.returns() }
    }

    /// Somebody else has them.
    pub(super) fn forget(mut self) {
        self.rows.clear();
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        for row in self.rows.drain(..) {
            self.returns.give_back(row.tag);
        }
    }
}

fn parse(rows: Vec<Row>, returns: &Arc<dyn Returns>, want: &Consume) -> (Vec<Delivery>, Vec<Settlement>) {
    let mut unreadable = Vec::new();
    let mut deliveries = Vec::with_capacity(rows.len());
    for Row { tag, queue, body } in rows {
        match record::decode(&body) {
            Ok((message, deaths)) => {
                let redelivered = message.headers.redelivered == Some(true)
                    || message.properties.delivery_info.redelivered == Some(true);
                deliveries.push(Delivery::new(tag, queue, message, redelivered, deaths, Arc::clone(returns)));
            }
            Err(error) => {
                tracing::error!(queue = %queue, %error, "a message cannot be read: it goes to the dead letters");
                want.tell_unreadable(&queue, &body, &error);
                let reason = format!("unreadable: {error}");
                unreadable.push(Settlement { tag, outcome: Outcome::Reject { reason } });
            }
        }
    }
    (deliveries, unreadable)
}

impl Inner {
    /// Makes deliveries of what was taken; what cannot be read goes to the dead letters.
    pub(super) async fn deliver(
        &self,
        mut taken: Taken,
        want: &Consume,
    ) -> Result<Vec<Delivery>, BrokerError> {
        let rows = std::mem::take(&mut taken.rows);
        let returns = self.returns() as Arc<dyn Returns>;
        let is_quick = is_quick_to_read(rows.iter().map(|row| row.body.as_ref()), PARSE_INLINE_BYTES);
        let (deliveries, unreadable) = if is_quick {
            parse(rows, &returns, want)
        } else {
            let want = want.clone();
            let lost = || RedisError::Unreachable {
                server: self.link.server().shown(),
                reason: "the runtime has ended".into(),
            };
            tokio::task::spawn_blocking(move || parse(rows, &returns, &want)).await.map_err(|_| lost())?
        };
        if !unreadable.is_empty() {
            self.settle(&unreadable).await?;
        }
        Ok(deliveries)
    }
}
