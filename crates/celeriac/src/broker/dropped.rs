//! Deliveries that were dropped unsettled, on their way back to the broker.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::{DeliveryTag, Outcome, Returns, Settlement};

/// At most so many go back together.
const BATCH: usize = 1000;

/// Where dropped deliveries go. There are never more than there were deliveries, which consumers bound.
pub(super) struct DroppedDeliveries(mpsc::UnboundedSender<DeliveryTag>);

impl DroppedDeliveries {
    /// For what is taken for a broker that has gone: its lease ends by itself.
    pub(super) fn nowhere() -> Arc<Self> {
        Arc::new(Self(mpsc::unbounded_channel().0))
    }
}

impl Returns for DroppedDeliveries {
    fn give_back(&self, tag: DeliveryTag) {
        // Without a receiver the runtime has ended, and the lease ends by itself.
        drop(self.0.send(tag));
    }
}

/// What was dropped, for the task that puts it back.
pub(super) struct Dropped(mpsc::UnboundedReceiver<DeliveryTag>);

impl Dropped {
    /// Both ends. The broker keeps the first one, and so does each delivery, which may outlive the broker.
    pub(super) fn channel() -> (Arc<DroppedDeliveries>, Self) {
        let (sender, tags) = mpsc::unbounded_channel();
        (Arc::new(DroppedDeliveries(sender)), Self(tags))
    }

    /// What was dropped meanwhile, to be settled; nothing any more when the broker and all its deliveries have gone.
    pub(super) async fn next(&mut self) -> Option<Vec<Settlement>> {
        let mut tags = Vec::new();
        let received = self.0.recv_many(&mut tags, BATCH).await;
        let restore = |tag| Settlement { tag, outcome: Outcome::Restore };
        (received > 0).then(|| tags.into_iter().map(restore).collect())
    }
}
