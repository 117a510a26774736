//! Holding more than the prefetch limit while tasks are over in no time.
//!
//! The limit keeps a worker from sitting on messages that others could run. Where a task takes microseconds it would
//! only make the worker wait for the broker: so it may hold what it works off within milliseconds, as measured since
//! the last take. When tasks turn slow, what it holds beyond the limit goes back to the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::worker::held::Stage;
use crate::worker::shared::Shared;

/// What ends within this time may be held.
const HORIZON: Duration = Duration::from_millis(20);
/// A pace is measured over no shorter time.
const SHORTEST: Duration = Duration::from_millis(2);
/// Fewer messages than this in the horizon are no pace that matters.
const FEWEST: usize = 128;
const MOST: usize = 1_024;
/// How often it is looked whether the pace has broken down.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How fast messages end.
#[derive(Debug)]
pub(crate) struct Pace {
    ended: AtomicU64,
    /// So many messages may be held at this pace.
    allowance: AtomicUsize,
    /// When it was measured last, and what had ended then.
    measured: Mutex<(Instant, u64)>,
    /// More are held than the limit says.
    exceeded: Notify,
}

impl Pace {
    pub(crate) fn new() -> Self {
        Self {
            ended: AtomicU64::new(0),
            allowance: AtomicUsize::new(0),
            measured: Mutex::new((Instant::now(), 0)),
            exceeded: Notify::new(),
        }
    }

    /// One more message needs no place any more.
    pub(crate) fn count(&self) {
        self.ended.fetch_add(1, Ordering::Relaxed);
    }

    /// How many messages may be held at the pace that was measured last; 0 when it is slow.
    pub(crate) fn allowance(&self) -> usize {
        self.allowance.load(Ordering::Relaxed)
    }

    /// Measures anew.
    pub(crate) fn measure(&self) {
        let mut measured = self.measured.lock();
        let elapsed = measured.0.elapsed();
        if elapsed < SHORTEST {
            return;
        }
        let ended = self.ended.load(Ordering::Relaxed);
        let rate = (ended - measured.1) as f64 / elapsed.as_secs_f64();
        *measured = (Instant::now(), ended);
        self.allowance.store(allowance(rate), Ordering::Relaxed);
    }

    /// Tells that more are held than the limit says.
    pub(crate) fn exceed(&self) {
        self.exceeded.notify_one();
    }
}

/// What may be held when so many messages end in a second.
fn allowance(rate: f64) -> usize {
    let in_horizon = (rate * HORIZON.as_secs_f64()) as usize;
    if in_horizon < FEWEST { 0 } else { in_horizon.min(MOST) }
}

/// Gives back what is held beyond the limit and does not end soon.
pub(crate) async fn keep<S: Send + Sync + 'static>(shared: Arc<Shared<S>>, end: CancellationToken) {
    let watch = async {
        loop {
            shared.pace.exceeded.notified().await;
            let mut before = shared.pace.ended.load(Ordering::Relaxed);
            loop {
                tokio::time::sleep(LOOK_EVERY).await;
                let over = shared.prefetched().saturating_sub(shared.prefetch_limit());
                if over == 0 {
                    break;
                }
                let ended = shared.pace.ended.load(Ordering::Relaxed);
                if ended - before < over as u64 {
                    // The newest first: the oldest of them is then the first to be taken again.
                    shared
                        .at(Stage::Reserved)
                        .iter()
                        .rev()
                        .filter(|held| held.needs_lease())
                        .take(over)
                        .for_each(|held| held.give_back.notify_one());
                }
                before = ended;
            }
        }
    };
    tokio::select! {
        () = watch => {}
        () = end.cancelled() => {}
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};
    use tempfile::TempDir;
    use tokio::sync::mpsc;

    use super::*;
    use crate::broker::{Consume, Outcome};
    use crate::events::EventSender;
    use crate::worker::pool::Pool;
    use crate::worker::shutdown::Shutdown;
    use crate::worker::strategy;
    use crate::{App, Context, Task, TaskResult};

    const PATIENCE: Duration = Duration::from_secs(20);

    #[derive(Serialize, Deserialize)]
    struct Stuck {}

    impl Task for Stuck {
        const NAME: &'static str = "stuck";
        type Output = ();

        async fn run(self, _: Context) -> TaskResult<()> {
            std::future::pending().await
        }
    }

    #[tokio::test]
    async fn what_waits_beyond_the_limit_goes_back_when_nothing_ends() {
        let folder = TempDir::new().unwrap();
        let url = format!("sqlite://{}", folder.path().join("queue.db").display());
        let app = App::open(&url).await.unwrap().register::<Stuck>();
        let settings = app.worker().concurrency(1).prefetch_multiplier(2).settings;
        let (events, _events) = EventSender::new(settings.node.clone(), app.core().clock.clone(), false);
        let (finished, mut ended) = mpsc::channel(10);
        let want = Consume {
            queues: settings.queues.clone(),
            max: 5,
            wait: PATIENCE,
            lease: settings.lease,
            consumer: settings.node.clone(),
            unreadable: None,
        };
        let pool = Pool::new(1, None);
        let shared = Arc::new(Shared::new(app.clone(), settings, pool, Shutdown::new(), events, finished));
        for _ in 0..5 {
            app.send(Stuck {}).await.unwrap();
        }
        let held: Vec<_> =
            app.broker().consume(want).await.unwrap().into_iter().map(|one| shared.hold(one)).collect();
        for one in &held {
            tokio::spawn(strategy::live(shared.clone(), one.clone(), None, strategy::Line::None));
        }
        let end = CancellationToken::new();
        let keeping = tokio::spawn(keep(shared.clone(), end.clone()));
        shared.pace.exceed();
        let mut given_back = Vec::new();
        while given_back.len() < 3 {
            let finished = tokio::time::timeout(PATIENCE, ended.recv()).await.expect("it is kept").unwrap();
            assert_eq!(finished.settlement.unwrap().outcome, Outcome::Restore);
            given_back.push(finished.number.unwrap());
        }
        given_back.sort_unstable();
        assert_eq!(given_back, held.iter().skip(2).map(|held| held.number).collect::<Vec<_>>());
        assert_eq!(shared.prefetched(), 2);
        end.cancel();
        keeping.await.unwrap();
    }

    #[test]
    fn only_a_fast_pace_allows_more() {
        assert_eq!([10.0, 1_000.0, 6_000.0].map(allowance), [0, 0, 0]);
        assert_eq!([20_000.0, 50_000.0, 1e9].map(allowance), [400, 1_000, 1_024]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_pace_is_that_since_the_last_look() {
        let pace = Pace::new();
        (0..400).for_each(|_| pace.count());
        pace.measure();
        assert_eq!(pace.allowance(), 0, "no time has passed to measure in");
        tokio::time::advance(Duration::from_millis(20)).await;
        pace.measure();
        assert_eq!(pace.allowance(), 400);
        tokio::time::advance(Duration::from_secs(1)).await;
        pace.measure();
        assert_eq!(pace.allowance(), 0);
    }
}
