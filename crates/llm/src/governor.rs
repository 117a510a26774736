//! Who may call the provider, and when: concurrency, requests and tokens, first come first served.
//!
//! Callers stand in a queue. Only the first of them asks the [`LimitState`] and holds a timer; the
//! others sleep until they are first. What counts is kept behind [`LimitState`], so that many
//! machines can share one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::{Admission, Limits, LlmError, Ticket, Usage, Window, WindowLimits};

/// What is counted, here or elsewhere.
///
/// Times that cross this border are waits from now, since machines do not share a clock. Only
/// `admit` may wait; the others are orders that need no answer.
#[async_trait]
pub trait LimitState: Send + Sync {
    /// Lets a request through or says how long to wait; [`Admission::NotBefore`] holds that wait.
    async fn admit(&self, tokens: u64) -> Admission;
    /// The request has left.
    fn sent(&self, ticket: Ticket);
    /// The request has ended, with this many tokens if they are known.
    fn end(&self, ticket: Ticket, used: Option<u64>);
    /// Nobody goes for this long.
    fn pause(&self, wait: Duration);
}

/// [`LimitState`] of one process: a [`Window`] behind a lock.
#[derive(Debug)]
pub struct LocalLimits {
    epoch: Instant,
    window: Mutex<Window>,
}

impl LocalLimits {
    /// An empty window with these limits.
    pub fn new(limits: &Limits) -> Self {
        let window = Window::new(WindowLimits {
            max_concurrent: limits.max_concurrent,
            requests: limits.requests_per_minute,
            tokens: limits.tokens_per_minute,
            length: limits.window + limits.slack,
        });
        Self { epoch: Instant::now(), window: Mutex::new(window) }
    }

    fn now(&self) -> Duration {
        self.epoch.elapsed()
    }
}

#[async_trait]
impl LimitState for LocalLimits {
    async fn admit(&self, tokens: u64) -> Admission {
        let mut window = self.window.lock();
        let now = self.now();
        match window.admit(now, tokens) {
            Admission::NotBefore(moment) => Admission::NotBefore(moment.saturating_sub(now)),
            other => other,
        }
    }

    fn sent(&self, ticket: Ticket) {
        let mut window = self.window.lock();
        window.sent(self.now(), ticket);
    }

    fn end(&self, ticket: Ticket, used: Option<u64>) {
        let mut window = self.window.lock();
        match used {
            Some(used) => window.settle(self.now(), ticket, used),
            None => window.release(self.now(), ticket),
        }
    }

    fn pause(&self, wait: Duration) {
        let mut window = self.window.lock();
        window.pause(self.now() + wait);
    }
}

/// Lets requests through. Clones share the same limits.
#[derive(Clone)]
pub struct Governor(Arc<Inner>);

struct Inner {
    state: Box<dyn LimitState>,
    /// Who waits, first come first.
    queue: Mutex<VecDeque<Arc<Notify>>>,
    tokens_per_minute: u64,
}

impl Governor {
    /// A governor of this process alone.
    pub fn new(limits: &Limits) -> Self {
        Self::with_state(Box::new(LocalLimits::new(limits)), limits.tokens_per_minute)
    }

    /// A governor over shared limits.
    pub fn with_state(state: Box<dyn LimitState>, tokens_per_minute: u64) -> Self {
        Self(Arc::new(Inner { state, queue: Mutex::new(VecDeque::new()), tokens_per_minute }))
    }

    /// Waits until a request that may use `estimate` tokens can go. Dropping the future leaves the queue.
    pub async fn acquire(&self, estimate: u64) -> Result<Permit, LlmError> {
        let place = Place::take(&self.0);
        loop {
            if !self.0.is_first(&place.bell) {
                place.bell.notified().await;
                continue;
            }
            match self.0.state.admit(estimate).await {
                Admission::Granted(ticket) => {
                    return Ok(Permit { inner: self.0.clone(), ticket, ended: false });
                }
                Admission::NotBefore(wait) => {
                    // Timers count in milliseconds and may fire early by a fraction of one.
                    let wait = wait.max(Duration::from_millis(1));
                    let _ = tokio::time::timeout(wait, place.bell.notified()).await;
                }
                Admission::WhenReleased => place.bell.notified().await,
                Admission::TooLarge => {
                    return Err(LlmError::OverLimit {
                        tokens: estimate,
                        tokens_per_minute: self.0.tokens_per_minute,
                    });
                }
            }
        }
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.0.queue.lock().len()
    }
}

impl std::fmt::Debug for Governor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Governor").field("waiting", &self.waiting()).finish_non_exhaustive()
    }
}

impl Inner {
    fn is_first(&self, bell: &Arc<Notify>) -> bool {
        self.queue.lock().front().is_some_and(|first| Arc::ptr_eq(first, bell))
    }

    /// Something may fit now: the first in the queue looks again.
    fn wake_first(&self) {
        if let Some(first) = self.queue.lock().front() {
            first.notify_one();
        }
    }
}

/// A place in the queue, left on drop.
struct Place {
    inner: Arc<Inner>,
    bell: Arc<Notify>,
}

impl Place {
    fn take(inner: &Arc<Inner>) -> Self {
        let bell = Arc::new(Notify::new());
        inner.queue.lock().push_back(bell.clone());
        Self { inner: inner.clone(), bell }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut queue = self.inner.queue.lock();
        let Some(at) = queue.iter().position(|bell| Arc::ptr_eq(bell, &self.bell)) else { return };
        queue.remove(at);
        drop(queue);
        if at == 0 {
            self.inner.wake_first();
        }
    }
}

/// Leave to send one request. Dropped unsettled, it frees its place among the concurrent ones, and
/// the request with what was reserved for it stays counted, since it may have reached the provider.
#[must_use]
pub struct Permit {
    inner: Arc<Inner>,
    ticket: Ticket,
    ended: bool,
}

impl Permit {
    /// What to mark when the request has been written: its minute runs from then on.
    pub fn sent(&self) -> SentMark {
        SentMark { inner: self.inner.clone(), ticket: self.ticket }
    }

    /// The request has ended with this usage.
    pub fn settle(mut self, usage: Usage) {
        self.end(Some(usage.total()));
    }

    /// The provider refused the request and asks everyone to wait.
    pub fn throttled(mut self, wait: Duration) {
        self.inner.state.pause(wait);
        self.end(None);
    }

    fn end(&mut self, used: Option<u64>) {
        if !std::mem::replace(&mut self.ended, true) {
            self.inner.state.end(self.ticket, used);
            self.inner.wake_first();
        }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.end(None);
    }
}

impl std::fmt::Debug for Permit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Permit").field(&self.ticket).finish()
    }
}

/// Tells the governor that the request of a [`Permit`] has left.
pub struct SentMark {
    inner: Arc<Inner>,
    ticket: Ticket,
}

impl SentMark {
    /// Now.
    pub fn mark(&self) {
        self.inner.state.sent(self.ticket);
        // One who waits for a request that had not left can now name a time.
        self.inner.wake_first();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(max_concurrent: usize, requests: u64, tokens: u64) -> Limits {
        Limits { slack: Duration::ZERO, ..Limits::new(max_concurrent, requests, tokens) }
    }

    fn used(tokens: u64) -> Usage {
        Usage { prompt_tokens: tokens, completion_tokens: 0 }
    }

    #[tokio::test(start_paused = true)]
    async fn the_minute_is_filled_and_not_overfilled() {
        let governor = Governor::new(&limits(1000, 100, 1_000_000));
        let start = Instant::now();
        let mut times = Vec::new();
        for _ in 0..350 {
            let permit = governor.acquire(10).await.unwrap();
            permit.sent().mark();
            times.push(start.elapsed());
            permit.settle(used(10));
        }
        assert!(times.windows(101).all(|w| w[100] - w[0] >= Duration::from_secs(60)));
        assert!(times[349] < Duration::from_millis(180_100), "{:?}", times[349]);
    }

    #[tokio::test(start_paused = true)]
    async fn first_come_is_first_served() {
        let governor = Governor::new(&limits(1, 1000, 1000));
        let first = governor.acquire(1).await.unwrap();
        first.sent().mark();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut waiters = Vec::new();
        for number in 0..20u64 {
            let (at, order) = (governor.clone(), order.clone());
            waiters.push(tokio::spawn(async move {
                // A large one must not be overtaken by the small ones behind it.
                let permit = at.acquire(if number == 3 { 900 } else { 5 }).await.unwrap();
                permit.sent().mark();
                order.lock().push(number);
                permit.settle(used(1));
            }));
            while governor.waiting() <= number as usize {
                tokio::task::yield_now().await;
            }
        }
        first.settle(used(1));
        for waiter in waiters {
            waiter.await.unwrap();
        }
        assert_eq!(*order.lock(), (0..20).collect::<Vec<_>>());
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody() {
        let governor = Governor::new(&limits(10, 1000, 1000));
        let start = Instant::now();
        let one = governor.acquire(1).await.unwrap();
        one.sent().mark();
        one.throttled(Duration::from_secs(7));
        let (a, b) = tokio::join!(governor.acquire(1), governor.acquire(1));
        assert!(start.elapsed() >= Duration::from_secs(7) && start.elapsed() < Duration::from_millis(7050));
        drop((a, b));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_gives_up_waiting_lets_the_next_one_through() {
        let governor = Governor::new(&limits(1, 10, 1000));
        let held = governor.acquire(1).await.unwrap();
        let waiting = governor.clone();
        let gives_up = tokio::spawn(async move { waiting.acquire(1).await.map(drop) });
        let waiting = governor.clone();
        let stays = tokio::spawn(async move { waiting.acquire(1).await.map(drop) });
        while governor.waiting() < 2 {
            tokio::task::yield_now().await;
        }
        gives_up.abort();
        assert!(gives_up.await.unwrap_err().is_cancelled());
        drop(held);
        stays.await.unwrap().unwrap();
        assert_eq!(governor.waiting(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_dropped_permit_frees_its_place_and_stays_counted() {
        let governor = Governor::new(&limits(1, 2, 1000));
        let start = Instant::now();
        drop(governor.acquire(1).await.unwrap());
        drop(governor.acquire(1).await.unwrap());
        assert!(start.elapsed() < Duration::from_secs(1));
        drop(governor.acquire(1).await.unwrap());
        assert!(start.elapsed() >= Duration::from_secs(60));
    }

    #[tokio::test(start_paused = true)]
    async fn what_can_never_fit_is_refused_at_once() {
        let governor = Governor::new(&limits(1, 2, 1000));
        let refused = governor.acquire(1001).await.unwrap_err();
        assert!(
            matches!(refused, LlmError::OverLimit { tokens: 1001, tokens_per_minute: 1000 }),
            "{refused}"
        );
    }
}
