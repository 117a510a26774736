//! What all parts of one running worker share.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::broker::Delivery;
use crate::events::EventSender;
use crate::protocol::{Message, NodeName, QueueName};
use crate::worker::autoscale::Autoscaler;
use crate::worker::broadcasts::Broadcasts;
use crate::worker::declared::Declarations;
use crate::worker::finished::{Ended, Finished};
use crate::worker::held::{Held, Stage};
use crate::worker::pace::Pace;
use crate::worker::pool::Pool;
use crate::worker::rate::{Rate, TokenBucket};
use crate::worker::revoked::{RevokedSet, RevokedStamps};
use crate::worker::settings::WorkerSettings;
use crate::worker::shutdown::Shutdown;

/// A worker that holds more messages than this takes no more, whatever its settings say.
const MAX_HELD: usize = 50_000;
/// The bound of a worker whose prefetch multiplier is 0.
const UNLIMITED_PREFETCH: usize = 10_000;

pub(crate) struct Shared<S> {
    pub(crate) app: App<S>,
    pub(crate) node: NodeName,
    pub(crate) settings: WorkerSettings,
    pub(crate) since: Instant,
    pub(crate) shutdown: Shutdown,
    pub(crate) pool: Pool,
    pub(crate) autoscaler: Option<Arc<Autoscaler>>,
    pub(crate) events: EventSender,
    /// Ended runs, on their way to the flusher.
    pub(crate) finished: mpsc::Sender<Finished>,
    pub(crate) revoked: Mutex<RevokedSet>,
    /// Tasks that carry one of these are revoked, too.
    pub(crate) revoked_stamps: Mutex<RevokedStamps>,
    /// Limits and counters of each registered task.
    pub(crate) tasks: HashMap<&'static str, TaskControl>,
    /// What is consumed; changed by `add_consumer` and `cancel_consumer`.
    pub(crate) queues: Mutex<Vec<QueueName>>,
    /// Those of them that get what is sent to everybody.
    pub(crate) broadcasts: Broadcasts,
    /// One message that the next death would make a dead letter of runs at a time.
    pub(crate) last_chance: Arc<Semaphore>,
    /// The lives of all messages.
    pub(crate) messages: TaskTracker,
    /// How those and earlier ones are reached.
    pub(crate) declarations: Mutex<Declarations>,
    /// Tells the consumer that there is room.
    pub(crate) room: Notify,
    /// Tells the consumer that it waits for the wrong queues.
    pub(crate) queues_changed: Notify,
    /// All messages that are not settled, by number.
    held: Mutex<HashMap<u64, Arc<Held>>>,
    /// Those that count against the prefetch limit: neither scheduled nor finished.
    prefetched: AtomicUsize,
    /// Those that the consumer is asking for.
    pub(crate) expected: AtomicUsize,
    /// How fast they end.
    pub(crate) pace: Pace,
    /// Those that are not settled.
    unsettled: AtomicUsize,
    next_number: AtomicU64,
    /// Runs that began.
    processed: AtomicU64,
}

/// What remote control may change of a task, and how often it ran.
#[derive(Debug)]
pub(crate) struct TaskControl {
    pub(crate) bucket: TokenBucket,
    /// The rate of the bucket as it was written; nothing when there is no limit.
    pub(crate) rate_limit: Mutex<Option<String>>,
    /// Hard and soft.
    pub(crate) limits: Mutex<(Option<Duration>, Option<Duration>)>,
    pub(crate) runs: AtomicU64,
}

impl<S: Send + Sync + 'static> Shared<S> {
    pub(crate) fn new(
        app: App<S>,
        settings: WorkerSettings,
        pool: Pool,
        shutdown: Shutdown,
        events: EventSender,
        finished: mpsc::Sender<Finished>,
    ) -> Self {
        let tasks = app.registry().iter().map(|task| {
            let rate = task.settings.rate_limit.and_then(|text| {
                Rate::parse(text).unwrap_or_else(|error| {
                    tracing::error!(target: "celery.worker", "the rate limit of {} is ignored: {error}", task.name);
                    None
                })
            });
            let limits = (
                task.settings.time_limit.or(settings.time_limit),
                task.settings.soft_time_limit.or(settings.soft_time_limit),
            );
            let control = TaskControl {
                bucket: TokenBucket::new(rate),
                rate_limit: Mutex::new(rate.and(task.settings.rate_limit).map(str::to_owned)),
                limits: Mutex::new(limits),
                runs: AtomicU64::new(0),
            };
            (task.name, control)
        });
        Self {
            tasks: tasks.collect(),
            node: settings.node.clone(),
            since: Instant::now(),
            pool,
            autoscaler: settings.autoscale.map(|bounds| Arc::new(Autoscaler::new(bounds))),
            queues: Mutex::new(settings.queues.clone()),
            broadcasts: Broadcasts::default(),
            last_chance: Arc::new(Semaphore::new(1)),
            messages: TaskTracker::new(),
            declarations: Mutex::new(Declarations::new(&settings.queues)),
            app,
            settings,
            shutdown,
            events,
            finished,
            revoked: Mutex::default(),
            revoked_stamps: Mutex::default(),
            room: Notify::new(),
            queues_changed: Notify::new(),
            held: Mutex::default(),
            prefetched: AtomicUsize::new(0),
            expected: AtomicUsize::new(0),
            pace: Pace::new(),
            unsettled: AtomicUsize::new(0),
            next_number: AtomicU64::new(0),
            processed: AtomicU64::new(0),
        }
    }

    /// The task of a message as what is stored of it, and what follows it, must know it.
    pub(crate) fn ended<'a>(&'a self, message: &'a Message, ignore_result: bool) -> Ended<'a> {
        Ended::new(message, ignore_result, self.app.core().result_extended.then_some(&self.node))
    }

    /// Takes a delivery in.
    pub(crate) fn hold(&self, delivery: Delivery) -> Arc<Held> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        self.keep(Held::new(number, delivery))
    }

    /// Takes in what the broker has no more, so that nothing is to be settled.
    pub(crate) fn hold_acknowledged(&self, delivery: Delivery) -> Arc<Held> {
        let number = self.next_number.fetch_add(1, Ordering::Relaxed);
        let held = Held::new(number, delivery);
        drop(held.acknowledge_early());
        self.keep(held)
    }

    fn keep(&self, held: Held) -> Arc<Held> {
        let held = Arc::new(held);
        self.held.lock().insert(held.number, held.clone());
        self.unsettled.fetch_add(1, Ordering::Relaxed);
        self.prefetched.fetch_add(1, Ordering::Relaxed);
        if let Some(autoscaler) = &self.autoscaler {
            autoscaler.look();
        }
        held
    }

    /// Moves a message on, and tells the consumer when that makes room.
    pub(crate) fn advance(&self, held: &Held, to: Stage) {
        let counts = |stage| matches!(stage, Stage::Reserved | Stage::Active);
        let (before, after) = (counts(held.stage()), counts(to));
        held.set_stage(to);
        match (before, after) {
            (true, false) => {
                self.prefetched.fetch_sub(1, Ordering::Relaxed);
                self.pace.count();
                if self.free() > 0 {
                    self.room.notify_one();
                }
            }
            (false, true) => drop(self.prefetched.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        }
    }

    /// Lets go of messages that are settled.
    pub(crate) fn release(&self, numbers: &[u64]) {
        let mut held = self.held.lock();
        for number in numbers {
            if held.remove(number).is_some() {
                self.unsettled.fetch_sub(1, Ordering::Relaxed);
            }
        }
        drop(held);
        self.room.notify_one();
    }

    /// How many messages may be taken now. None until half of those that may wait for a place have begun: to fetch
    /// each one by itself would cost a round trip each.
    pub(crate) fn free(&self) -> usize {
        let limit = self.prefetch_limit().max(self.pace.allowance());
        let expected = self.expected.load(Ordering::Relaxed);
        let free = limit.saturating_sub(self.prefetched.load(Ordering::Relaxed) + expected);
        if free < limit.saturating_sub(self.places()).div_ceil(2) {
            return 0;
        }
        free.min(MAX_HELD.saturating_sub(self.unsettled.load(Ordering::Relaxed) + expected))
    }

    /// How many messages may wait or run at a time.
    pub(crate) fn prefetch_limit(&self) -> usize {
        match self.settings.prefetch_multiplier {
            0 => UNLIMITED_PREFETCH,
            multiplier => self.places().saturating_mul(multiplier).clamp(1, UNLIMITED_PREFETCH),
        }
    }

    /// How many messages may run at a time. With autoscaling, as many as there may be places for: places come with the
    /// work.
    fn places(&self) -> usize {
        let most = self.autoscaler.as_ref().map_or(0, |autoscaler| autoscaler.bounds().max);
        self.pool.size().max(most)
    }

    /// How many messages wait for a place, or run.
    pub(crate) fn prefetched(&self) -> usize {
        self.prefetched.load(Ordering::Relaxed)
    }

    /// The messages at a stage, in the order in which they came.
    pub(crate) fn at(&self, stage: Stage) -> Vec<Arc<Held>> {
        let mut found: Vec<_> =
            self.held.lock().values().filter(|held| held.stage() == stage).cloned().collect();
        found.sort_unstable_by_key(|held| held.number);
        found
    }

    /// All messages that are not settled.
    pub(crate) fn all(&self) -> Vec<Arc<Held>> {
        self.held.lock().values().cloned().collect()
    }

    /// Counts a run that begins, as Celery does.
    pub(crate) fn count_run(&self, task: &str) {
        self.processed.fetch_add(1, Ordering::Relaxed);
        if let Some(task) = self.tasks.get(task) {
            task.runs.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn processed(&self) -> u64 {
        self.processed.load(Ordering::Relaxed)
    }
}
