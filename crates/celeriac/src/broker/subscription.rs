//! Receiving broadcasts.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::Stream;
use tokio::task::JoinHandle;
use tokio_util::sync::DropGuard;

use crate::backlog::Backlog;

/// What is left to do at the end is waited for so long.
const END_PATIENCE: Duration = Duration::from_secs(1);

/// Something that was broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Its topic.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
}

impl Broadcast {
    /// How many bytes it has.
    pub(crate) fn size(&self) -> usize {
        self.topic.len() + self.payload.len()
    }
}

/// Room for what waits for a subscriber.
pub(crate) const WAITING_BYTES: u32 = 64 * 1024 * 1024;

/// A stream of what is broadcast on some topics. A subscriber that does not keep up loses broadcasts, and never holds
/// up the senders.
#[derive(Debug)]
pub struct Subscription {
    received: Backlog<Broadcast>,
    /// Ends the subscription when it is dropped.
    end: DropGuard,
    /// What leaves things in order when it ends.
    last: Option<JoinHandle<()>>,
}

impl Subscription {
    /// For brokers: what comes over `received`, until it is dropped, which drops `end`.
    pub fn new(received: Backlog<Broadcast>, end: DropGuard) -> Self {
        Self { received, end, last: None }
    }

    /// For brokers: [`close`](Self::close) waits for this task, which the end of the subscription ends.
    pub fn with_last(mut self, last: Option<JoinHandle<()>>) -> Self {
        self.last = last;
        self
    }

    /// Ends the subscription, and returns when nothing of it is left on the broker; dropping it leaves that to the
    /// runtime, which may end before.
    pub async fn close(self) {
        drop(self.end);
        if let Some(last) = self.last {
            drop(tokio::time::timeout(END_PATIENCE, last).await);
        }
    }

    /// The next broadcast; nothing when the broker has gone. Cancel safe.
    pub async fn recv(&mut self) -> Option<Broadcast> {
        self.received.recv().await
    }
}

impl Stream for Subscription {
    type Item = Broadcast;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Broadcast>> {
        self.received.poll_recv(cx)
    }
}
