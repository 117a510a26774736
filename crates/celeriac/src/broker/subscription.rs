//! Receiving broadcasts.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use tokio::sync::mpsc;
use tokio_util::sync::DropGuard;

/// Something that was broadcast.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast {
    /// Its topic.
    pub topic: String,
    /// Its bytes.
    pub payload: Vec<u8>,
}

/// A stream of what is broadcast on some topics. A subscriber that does not keep up loses the oldest broadcasts, and
/// never holds up the senders.
#[derive(Debug)]
pub struct Subscription {
    received: mpsc::Receiver<Broadcast>,
    /// Ends the subscription when it is dropped.
    _end: DropGuard,
}

impl Subscription {
    /// For brokers: what comes over `received`, until it is dropped, which drops `end`.
    pub fn new(received: mpsc::Receiver<Broadcast>, end: DropGuard) -> Self {
        Self { received, _end: end }
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
