//! Waiting for an answer awake.
//!
//! A Redis on the same machine answers sooner than a thread has fallen asleep and been woken again, and to look again
//! and again until then costs no more CPU. So who has nothing else to do stays awake for a moment, as long as answers
//! come within it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::yield_now;

/// Nobody stays awake for longer than this.
const LONGEST: Duration = Duration::from_micros(150);

/// Knows whether it pays to stay awake.
#[derive(Debug, Default)]
pub(super) struct Awake {
    /// The last answer came late.
    is_slow: AtomicBool,
}

impl Awake {
    /// Waits for an answer. Other tasks go on meanwhile.
    pub(super) async fn wait<F: Future>(&self, answer: F) -> F::Output {
        // With more threads, it is another one that hears the answer, and sleeps until it does.
        if Handle::current().runtime_flavor() != RuntimeFlavor::CurrentThread {
            return answer.await;
        }
        let start = Instant::now();
        let mut answer = pin!(answer);
        while !self.is_slow.load(Ordering::Relaxed) {
            if let Poll::Ready(answer) = poll_fn(|context| Poll::Ready(answer.as_mut().poll(context))).await {
                return answer;
            }
            if start.elapsed() > LONGEST {
                break;
            }
            yield_now().await;
        }
        let answer = answer.await;
        // Asleep it may take as long again.
        self.is_slow.store(start.elapsed() > LONGEST * 2, Ordering::Relaxed);
        answer
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    use super::*;

    /// How often a future was polled until it was ready after `pause`.
    async fn polls(awake: &Awake, pause: Duration) -> u32 {
        let polls = Arc::new(AtomicU32::new(0));
        let mut ready = pin!(tokio::time::sleep(pause));
        awake
            .wait(poll_fn(|context| {
                polls.fetch_add(1, Ordering::Relaxed);
                ready.as_mut().poll(context)
            }))
            .await;
        polls.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn nobody_stays_awake_for_slow_answers() {
        let awake = Awake::default();
        assert!(polls(&awake, Duration::from_millis(20)).await > 2, "the first time nobody knows");
        assert!(polls(&awake, Duration::from_millis(20)).await <= 2, "it only slept");
    }

    #[tokio::test]
    async fn an_answer_that_comes_at_once_makes_it_pay_again() {
        let awake = Awake::default();
        polls(&awake, Duration::from_millis(20)).await;
        assert!(awake.is_slow.load(Ordering::Relaxed));
        awake.wait(async {}).await;
        assert!(!awake.is_slow.load(Ordering::Relaxed));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 1)]
    async fn with_more_threads_everybody_sleeps() {
        let awake = Awake::default();
        let polls =
            tokio::spawn(async move { polls(&awake, Duration::from_millis(20)).await }).await.unwrap();
        assert!(polls <= 2, "{polls}");
    }
}
