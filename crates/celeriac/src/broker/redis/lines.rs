//! The queues that a consumer waits for on the server, each over a connection of its own, and the lists that messages
//! are moved to: see [`handover`](super::handover).

use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant, SystemTime};

use redis::aio::MultiplexedConnection;
use redis::{Cmd, Value};

use super::super::Consume;
use super::Inner;
use super::unrecorded::Recorded;
use crate::protocol::{NodeName, QueueName};
use crate::redis::RedisError;

/// A consumer waits for at most so many queues in this way, each over a connection of its own.
const MAX_LINES: usize = 4;
/// How long the end of a wait may take; then its connection is given up.
const END_WITHIN: Duration = Duration::from_secs(1);

#[derive(Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<Line>,
    /// Until when nobody else touches the lists.
    pub(super) lease: Option<Lease>,
    /// The last message had been waited for: more than one at a time is not to be expected.
    pub(super) is_quiet: bool,
    pub(super) not_before: Option<Instant>,
    pub(super) turn: u64,
}

/// A lease that the server has given, over that connection. By both clocks: one stands still while the machine sleeps,
/// the other may be set.
pub(super) struct Lease {
    until: (Instant, SystemTime),
    generation: u64,
}

/// A connection for waiting; what it is called by the server that another connection was made to.
pub(super) struct Blocking {
    pub(super) connection: MultiplexedConnection,
    pub(super) client: i64,
    pub(super) generation: u64,
}

/// A queue that is waited for.
pub(super) struct Line {
    pub(super) queue: QueueName,
    /// What the consumer's list is called after.
    pub(super) id: String,
    pub(super) connection: Option<Blocking>,
    pub(super) moving: Option<Moving>,
    pub(super) since: Instant,
    /// A message was moved that nobody wants.
    pub(super) is_full: bool,
    /// Nobody knows whether the server has ended the wait: its list is not used again.
    pub(super) is_lost: bool,
    /// The lease had run out meanwhile: somebody else may have what was moved.
    pub(super) is_doubtful: bool,
    /// The server was let move what comes, and does not tell of it otherwise.
    pub(super) is_unwatched: bool,
    /// The last message: nothing is moved before it has left the list.
    pub(super) last: Option<Recorded>,
}

pub(super) type Moving = Pin<Box<dyn Future<Output = redis::RedisResult<Value>> + Send>>;

impl Line {
    pub(super) fn new(queue: QueueName) -> Self {
        Self {
            queue,
            id: format!("{:016x}", rand::random::<u64>()),
            connection: None,
            moving: None,
            since: Instant::now(),
            is_full: false,
            is_lost: false,
            is_doubtful: false,
            is_unwatched: false,
            last: None,
        }
    }

    /// Something may still come, or has come.
    pub(super) fn is_open(&self) -> bool {
        self.moving.is_some() || self.is_full || self.is_lost
    }

    /// What it is called in `celeriac.incoming`.
    pub(super) fn member(&self, consumer: &NodeName) -> String {
        format!("{}\n{}\n{consumer}", self.id, self.queue)
    }
}

impl Lease {
    fn left(&self, broker: &Inner) -> Duration {
        if self.generation != broker.link.generation() {
            return Duration::ZERO;
        }
        left(self.until.0).min(self.until.1.duration_since(SystemTime::now()).unwrap_or_default())
    }
}

impl Lines {
    /// The queues that the server does not move messages of, but could.
    pub(super) fn missing(&self, want: &Consume) -> Vec<QueueName> {
        let is_moving =
            |queue: &QueueName| self.lines.iter().any(|line| line.queue == *queue && line.moving.is_some());
        waited_for(want).filter(|queue| !is_moving(queue)).cloned().collect()
    }

    pub(super) fn lease_left(&self, broker: &Inner) -> Duration {
        self.lease.as_ref().map_or(Duration::ZERO, |lease| lease.left(broker))
    }

    /// The lease was renewed by a command that was sent then.
    pub(super) fn renew(&mut self, sent: (Instant, SystemTime), lease: Duration, broker: &Inner) {
        if self.lease_left(broker).is_zero() {
            self.lines.iter_mut().for_each(|line| line.is_doubtful = true);
        }
        let until = (sent.0 + lease, sent.1 + lease);
        self.lease = Some(Lease { until, generation: broker.link.generation() });
    }
}

/// The queues that a caller is handed messages of.
pub(super) fn waited_for(want: &Consume) -> impl Iterator<Item = &QueueName> {
    want.queues.iter().take(MAX_LINES.min(want.max))
}

pub(super) fn now() -> (Instant, SystemTime) {
    (Instant::now(), SystemTime::now())
}

/// Whether the server has ended a wait.
pub(super) enum Ended {
    Yes,
    /// The connection was lost.
    Unknown,
    /// It may not be told to.
    Forbidden,
    /// It does not, though it is told to.
    Never,
}

/// Ends a wait on the server. Whether that has come about is told by the answer to the wait itself.
pub(super) async fn unblock(broker: &Inner, line: &mut Line) -> Ended {
    let (Some(blocking), Some(moving)) = (&line.connection, &mut line.moving) else { return Ended::Unknown };
    let mut unblock = redis::cmd("CLIENT");
    unblock.arg("UNBLOCK").arg(blocking.client);
    let begun = Instant::now();
    // To another server the name may mean somebody else.
    while blocking.generation == broker.link.generation() {
        if begun.elapsed() > END_WITHIN {
            return Ended::Never;
        }
        match broker.link.ask::<i64>("CLIENT UNBLOCK", &unblock).await {
            Ok(_) => {}
            Err(RedisError::Forbidden { .. } | RedisError::Refused { .. }) => {
                return Ended::Forbidden;
            }
            Err(_) => return Ended::Unknown,
        }
        // The server may hear of the end before the wait has come to it.
        if let Ok(moved) = tokio::time::timeout(Duration::from_millis(5), moving.as_mut()).await {
            line.moving = None;
            line.is_full |= !matches!(moved, Ok(Value::Nil));
            return if moved.is_ok() { Ended::Yes } else { Ended::Unknown };
        }
    }
    Ended::Unknown
}

impl Inner {
    /// The list of this name.
    pub(super) fn incoming(&self, id: &str) -> String {
        format!("{}.{id}", self.names.incoming)
    }

    /// A call that puts back what was moved, and, with its member as argument, has the list forgotten.
    pub(super) fn back(&self, line: &Line) -> Cmd {
        let list = self.keys.list(&line.queue, 0);
        self.scripts.back.call(&[&self.incoming(&line.id), &list, &self.names.incoming])
    }
}

pub(super) fn left(until: Instant) -> Duration {
    until.saturating_duration_since(Instant::now())
}
