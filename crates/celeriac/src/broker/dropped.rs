//! Deliveries that were dropped unsettled, on their way back to the broker.

use std::sync::Arc;

use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::{DeliveryTag, Outcome, Returns, Settlement};

/// At most so many go back together.
const BATCH: usize = 1000;

/// Where dropped deliveries go. There are never more than there were deliveries, which consumers bound.
pub(super) struct DroppedDeliveries(mpsc::UnboundedSender<DeliveryTag>);

impl Returns for DroppedDeliveries {
    fn give_back(&self, tag: DeliveryTag) {
        // Without a receiver the broker has gone, and the lease ends by itself.
        drop(self.0.send(tag));
    }
}

/// What was dropped, for the task that puts it back.
pub(super) struct Dropped {
    tags: mpsc::UnboundedReceiver<DeliveryTag>,
    /// The broker has gone: deliveries may outlive it.
    end: CancellationToken,
}

impl Dropped {
    /// Both ends, and what the broker keeps for as long as it is there.
    pub(super) fn channel() -> (Arc<DroppedDeliveries>, Self, DropGuard) {
        let (sender, tags) = mpsc::unbounded_channel();
        let end = CancellationToken::new();
        let guard = end.clone().drop_guard();
        (Arc::new(DroppedDeliveries(sender)), Self { tags, end }, guard)
    }

    /// What was dropped meanwhile, to be settled; nothing any more when the broker has gone.
    pub(super) async fn next(&mut self) -> Option<Vec<Settlement>> {
        let mut tags = Vec::new();
        let received = tokio::select! {
            biased;
            count = self.tags.recv_many(&mut tags, BATCH) => count,
            () = self.end.cancelled() => 0,
        };
        let restore = |tag| Settlement { tag, outcome: Outcome::Restore };
        (received > 0).then(|| tags.into_iter().map(restore).collect())
    }
}
