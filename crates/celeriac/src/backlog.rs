//! What waits to be taken, bounded in number and in bytes: what comes from others may be small and much, or few and
//! large, and must not fill the memory in either way.

use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// What an entry takes beside its bytes.
const OVERHEAD: usize = 128;

/// Room for so many bytes; several backlogs may share it.
#[derive(Debug, Clone)]
pub struct Room {
    free: Arc<Semaphore>,
    bytes: u32,
}

impl Room {
    /// Room for so many bytes. What is larger has room when nothing else is there.
    pub fn new(bytes: u32) -> Self {
        Self { free: Arc::new(Semaphore::new(bytes as usize)), bytes }
    }

    fn share(&self, bytes: usize) -> u32 {
        u32::try_from(bytes.saturating_add(OVERHEAD)).unwrap_or(u32::MAX).min(self.bytes)
    }
}

/// The end of a backlog where things come in.
#[derive(Debug, Clone)]
pub struct BacklogSender<T> {
    sender: mpsc::Sender<Entry<T>>,
    room: Room,
}

/// The end of a backlog where things are taken.
#[derive(Debug)]
pub struct Backlog<T> {
    received: mpsc::Receiver<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    /// Gives the room back.
    _share: OwnedSemaphorePermit,
}

impl<T> Backlog<T> {
    /// Holds at most so many, and no more bytes than there is room for.
    pub fn bounded(count: usize, room: Room) -> (BacklogSender<T>, Self) {
        let (sender, received) = mpsc::channel(count);
        (BacklogSender { sender, room }, Self { received })
    }

    /// The next; nothing when the other end has gone. Cancel safe.
    pub async fn recv(&mut self) -> Option<T> {
        self.received.recv().await.map(|entry| entry.value)
    }

    pub(crate) fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<T>> {
        self.received.poll_recv(cx).map(|entry| entry.map(|entry| entry.value))
    }
}

impl<T> BacklogSender<T> {
    /// Puts something of this size in, which is only made if there is room for it. Says whether there was.
    pub fn try_send(&self, bytes: usize, make: impl FnOnce() -> T) -> bool {
        let Ok(place) = self.sender.try_reserve() else { return false };
        let Ok(share) = self.room.free.clone().try_acquire_many_owned(self.room.share(bytes)) else {
            return false;
        };
        place.send(Entry { value: make(), _share: share });
        true
    }

    /// The same, waiting for room. Says whether anybody is there to take it.
    pub async fn send(&self, bytes: usize, value: T) -> bool {
        let share = tokio::select! {
            share = self.room.free.clone().acquire_many_owned(self.room.share(bytes)) => share,
            () = self.sender.closed() => return false,
        };
        // The semaphore is never closed.
        let Ok(share) = share else { return false };
        self.sender.send(Entry { value, _share: share }).await.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn many_small_ones_and_few_large_ones_are_bounded() {
        let (sender, mut backlog) = Backlog::bounded(3, Room::new(10_000));
        let put = |bytes: usize| sender.try_send(bytes, || bytes);
        assert!(put(1) && put(2) && put(3) && !put(4), "three have a place");
        for bytes in [1, 2, 3] {
            assert_eq!(backlog.recv().await, Some(bytes));
        }
        assert!(put(6_000) && !put(6_000) && put(1));
        assert_eq!(backlog.recv().await, Some(6_000));
        assert!(!put(1_000_000), "there is something else");
        assert_eq!(backlog.recv().await, Some(1));
        assert!(put(1_000_000) && !put(1));
        assert_eq!(backlog.recv().await, Some(1_000_000));
        assert!(put(9_000));
    }

    #[tokio::test]
    async fn room_is_shared_and_waited_for() {
        let room = Room::new(1_000);
        let (one, mut taken) = Backlog::bounded(8, room.clone());
        let (other, gone) = Backlog::bounded(8, room);
        assert!(one.try_send(800, || "large"));
        assert!(!other.try_send(800, || "large"));
        let waiting = one.send(800, "waited");
        tokio::pin!(waiting);
        assert!(futures_util::poll!(waiting.as_mut()).is_pending());
        assert_eq!(taken.recv().await, Some("large"));
        assert!(waiting.await);
        drop(gone);
        assert!(!other.send(800, "nobody").await);
    }
}
