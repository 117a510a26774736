//! Being handed messages: while nothing is there to take, the server moves the next message of a queue to a list of the
//! consumer's own (`BLMOVE`), and says so in the same moment.
//!
//! That is the shortest way from a push to a task, half a round trip, and the server serves those who wait in turn, so
//! an idle worker of ours gets its share beside Python's, which wait in `BRPOP`. The message is recorded as unacked and
//! leased right after, while its task begins already: it cannot be given to anybody else before the lease of the
//! consumer's list has run out. The lists stand in `celeriac.incoming`, each with its lease; of a consumer that died
//! any worker records what lies in its lists, and then puts it back as all that dead workers held.

use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use redis::aio::ConnectionLike;
use redis::{Cmd, Value};
use tokio::sync::OwnedMutexGuard;

use super::super::{BrokerError, Consume, Delivery, DeliveryTag};
use super::lines::{Blocking, Ended, Line, Lines, left, now, unblock, waited_for};
use super::queue::millis;
use super::taken::{Row, Taken};
use super::{Inner, record};
use crate::protocol::{NodeName, QueueName};
use crate::redis::RedisError;

/// Nothing has come for so long before a consumer begins to wait in this way.
const QUIET_FOR: Duration = Duration::from_millis(3);
/// Who waits for less does not begin.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// The server ends a wait by itself after so long: what a connection that silently died may still be given is bounded.
const BLOCKED_FOR: Duration = Duration::from_secs(60);
/// Lists are remembered for so long after their lease; more than [`BLOCKED_FOR`].
pub(super) const REMEMBERED_FOR: Duration = Duration::from_secs(120);
/// Waits go on for so long without a caller: the next one comes at once, or there is no room.
const LINGER: Duration = Duration::from_millis(20);
/// The pause after a failure, and after one that takes long to be seen.
const PAUSE: Duration = Duration::from_secs(5);
const LONG_PAUSE: Duration = Duration::from_secs(300);

/// What is shared by those who consume over one broker: one of them at a time is handed messages.
#[derive(Default)]
pub(super) struct Handover {
    lines: Arc<tokio::sync::Mutex<Lines>>,
    /// The server does not know blocking moves, or the user may not use them.
    is_impossible: AtomicBool,
    turns: AtomicU64,
    consumers: Mutex<Consumers>,
}

impl Handover {
    fn is_possible(&self) -> bool {
        !self.is_impossible.load(Ordering::Relaxed) && *self.consumers.lock() != Consumers::Many
    }
}

/// Who consumes over one broker.
#[derive(Default, PartialEq)]
enum Consumers {
    #[default]
    Nobody,
    One(NodeName),
    /// They look for messages, so that nothing has to tell which of them is to get one.
    Many,
}

/// How a wait went on.
pub(super) enum Moved {
    /// A message came.
    Message(Handed),
    /// It cannot be waited in this way any longer.
    Failed,
}

/// A message that lies in the consumer's list.
pub(super) struct Handed {
    queue: QueueName,
    key: String,
    body: Vec<u8>,
    line: usize,
}

/// One caller who waits. Dropped in the middle of it, nothing comes any more, and what has come goes back.
pub(super) struct Waiting {
    broker: Arc<Inner>,
    consumer: NodeName,
    lease: Duration,
    lines: Option<OwnedMutexGuard<Lines>>,
    /// Nobody is left to end it.
    is_last: bool,
}

impl Waiting {
    pub(super) fn new(broker: &Arc<Inner>, want: &Consume) -> Self {
        let (broker, consumer) = (broker.clone(), want.consumer.clone());
        Self { broker, consumer, lease: want.lease, lines: None, is_last: false }
    }

    /// Goes on where the last caller has ended, as soon as it has.
    pub(super) async fn join(&mut self, want: &Consume) {
        if self.lines.is_some() {
            return;
        }
        let is_only = self.broker.is_only(&want.consumer);
        self.lines = self.broker.handover.lines.clone().try_lock_owned().ok();
        if let Some(lines) = &mut self.lines {
            lines.turn = self.broker.handover.turns.fetch_add(1, Ordering::Relaxed);
            let is_wanted = |line: &Line| want.queues.contains(&line.queue);
            let open = lines.lines.iter().filter(|line| line.is_open()).count();
            if open > want.max || !is_only || !lines.lines.iter().all(is_wanted) {
                self.end().await;
                self.forget().await;
            }
        }
        if !is_only {
            self.lines = None;
        }
    }

    /// Whether the caller hears of each message that comes.
    pub(super) fn hears(&self, want: &Consume) -> bool {
        let Some(lines) = &self.lines else { return true };
        let opens = want.wait >= SHORTEST_WAIT
            && lines.is_quiet
            && lines.not_before.is_none_or(|until| left(until).is_zero())
            && self.broker.handover.is_possible();
        lines.lines.iter().all(|line| {
            line.moving.is_some()
                || !line.is_unwatched
                || (opens && waited_for(want).any(|queue| *queue == line.queue))
        })
    }

    fn is_open(&self) -> bool {
        self.lines.as_ref().is_some_and(|lines| lines.lines.iter().any(Line::is_open))
    }

    /// How long until the leases of the lists must be renewed.
    pub(super) fn until_renewal(&self) -> Duration {
        let Some(lines) = &self.lines else { return Duration::MAX };
        if !self.is_open() {
            // Something may be open in a moment.
            return self.lease / 2;
        }
        lines.lease_left(&self.broker).saturating_sub(self.lease / 2)
    }

    /// The command that renews them, when something may come.
    pub(super) fn renewal(&self) -> Option<Cmd> {
        let lines = self.lines.as_ref().filter(|_| self.is_open())?;
        Some(self.expect(lines))
    }

    fn expect(&self, lines: &Lines) -> Cmd {
        let mut expect = self.broker.scripts.expect.call(&[&self.broker.names.incoming]);
        expect.arg(millis(self.lease));
        for line in &lines.lines {
            expect.arg(self.broker.incoming(&line.id)).arg(line.member(&self.consumer));
        }
        expect
    }

    /// They were renewed by a command that was sent then; so many lists held a message that nobody has heard of.
    pub(super) async fn renewed(&mut self, sent: (Instant, SystemTime), full: i64) {
        if let Some(lines) = &mut self.lines {
            lines.renew(sent, self.lease, &self.broker);
            if full > 0 {
                // The connection may be dead over which it should have been told; otherwise it is about to be.
                lines.lines.iter_mut().for_each(|line| line.is_full = true);
                self.end().await;
            }
        }
    }

    /// The next message of the lists that are waited for. Cancel safe.
    pub(super) async fn next(&mut self, want: &Consume) -> Moved {
        loop {
            if want.wait >= SHORTEST_WAIT && self.broker.handover.is_possible() && !self.open(want).await {
                return Moved::Failed;
            }
            let Some(lines) = &mut self.lines else { return pending().await };
            let (index, moved) = poll_fn(|context| {
                for (index, line) in lines.lines.iter_mut().enumerate() {
                    if let Some(moving) = &mut line.moving
                        && let Poll::Ready(moved) = moving.as_mut().poll(context)
                    {
                        line.moving = None;
                        return Poll::Ready((index, moved));
                    }
                }
                Poll::Pending
            })
            .await;
            let Some(line) = lines.lines.get_mut(index) else { continue };
            let waited = line.since.elapsed();
            let moved = moved.and_then(Value::extract_error);
            match moved {
                Ok(Value::BulkString(body)) => {
                    let (queue, key) = (line.queue.clone(), self.broker.incoming(&line.id));
                    lines.is_quiet = waited >= QUIET_FOR;
                    if !lines.is_quiet {
                        self.look_again();
                    }
                    return Moved::Message(Handed { queue, key, body, line: index });
                }
                // The server has ended the wait.
                Ok(_) if waited >= BLOCKED_FOR / 2 => lines.is_quiet = true,
                Ok(_) => {
                    lines.not_before = Some(Instant::now() + PAUSE);
                    self.look_again();
                    return Moved::Failed;
                }
                Err(error) => {
                    line.is_lost = true;
                    let error = RedisError::from_driver(&self.broker.link.server().shown(), &error);
                    self.failed(&error);
                    return Moved::Failed;
                }
            }
        }
    }

    /// Lets the server move messages, where it does not yet; says whether there is now something to wait for. Cancel
    /// safe.
    async fn open(&mut self, want: &Consume) -> bool {
        let Some(lines) = &mut self.lines else { return true };
        let pause = match lines.not_before.map(left) {
            Some(pause) if !pause.is_zero() => pause,
            _ if lines.is_quiet => Duration::ZERO,
            _ => QUIET_FOR,
        };
        let missing = lines.missing(want);
        if missing.is_empty() {
            return true;
        }
        if !pause.is_zero() {
            if lines.lines.iter().any(Line::is_open) {
                return true;
            }
            tokio::time::sleep(pause).await;
        }
        let opened = self.try_open(&missing).await;
        if let Err(error) = &opened {
            self.failed(error);
        }
        opened.unwrap_or(false)
    }

    async fn try_open(&mut self, queues: &[QueueName]) -> Result<bool, RedisError> {
        self.broker.link.connect_first().await?;
        let generation = self.broker.link.generation();
        let Some(lines) = &mut self.lines else { return Ok(true) };
        for queue in queues {
            let Lines { lines, lease, .. } = &mut **lines;
            if !lines.iter().any(|line| line.queue == *queue) {
                lines.push(Line::new(queue.clone()));
                *lease = None;
            }
            let Some(line) = lines.iter_mut().find(|line| line.queue == *queue) else { continue };
            if let Some(last) = &mut line.last {
                let is_recorded = last.known().await;
                line.last = None;
                if !is_recorded {
                    // Whatever lies there is found when the lease has run out.
                    *line = Line::new(queue.clone());
                    *lease = None;
                }
            }
            if line.connection.as_ref().is_none_or(|blocking| blocking.generation != generation) {
                let (connection, client) = self.broker.link.server().connect_to_wait().await?;
                line.connection = Some(Blocking { connection, client, generation });
            }
        }
        if lines.lease_left(&self.broker) < self.lease / 2 {
            let sent = now();
            let Some(expect) = self.lines.as_ref().map(|lines| self.expect(lines)) else { return Ok(true) };
            let full = self.broker.link.ask("the making known of a list", &expect).await?;
            self.renewed(sent, full).await;
            if full > 0 {
                return Ok(false);
            }
        }
        let Some(lines) = &mut self.lines else { return Ok(true) };
        let broker = &self.broker;
        for line in lines.lines.iter_mut().filter(|line| queues.contains(&line.queue)) {
            let Some(blocking) = &line.connection else { continue };
            let mut connection = blocking.connection.clone();
            let mut wait = redis::cmd("BLMOVE");
            wait.arg(broker.keys.list(&line.queue, 0)).arg(broker.incoming(&line.id));
            wait.arg("RIGHT").arg("LEFT").arg(BLOCKED_FOR.as_secs());
            line.moving = Some(Box::pin(async move { connection.req_packed_command(&wait).await }));
            line.since = Instant::now();
            line.is_doubtful = false;
            line.is_unwatched = true;
        }
        // What comes to these lists is moved, and there is nothing to look for.
        let open = lines.lines.iter().filter(|line| line.moving.is_some());
        broker.link.hush(open.map(|line| broker.keys.list(&line.queue, 0)).collect());
        Ok(true)
    }

    fn failed(&mut self, error: &RedisError) {
        let server = self.broker.link.server().shown();
        let is_unknown = matches!(error, RedisError::Refused { reason, .. } if reason.contains("unknown"));
        if is_unknown || matches!(error, RedisError::Forbidden { .. }) {
            tracing::info!(target: "celery.redis", "{server} does not move messages for those who wait ({error}): idle workers begin a little later");
            self.broker.handover.is_impossible.store(true, Ordering::Relaxed);
        } else {
            tracing::debug!(target: "celery.redis", %error, "waiting for messages in {server} has failed");
        }
        if let Some(lines) = &mut self.lines {
            lines.not_before = Some(Instant::now() + PAUSE);
        }
        self.look_again();
    }

    /// What is known of the queues holds no longer.
    fn look_again(&mut self) {
        for line in self.lines.iter_mut().flat_map(|lines| &mut lines.lines) {
            line.is_unwatched = false;
        }
        self.broker.forget_look();
        self.broker.link.hush(Vec::new());
    }

    /// Makes sure that nothing comes any more; what has come goes back.
    pub(super) async fn end(&mut self) {
        let broker = &self.broker;
        let Some(lines) = &mut self.lines else { return };
        if lines.lines.iter().all(|line| !line.is_open() && !line.is_unwatched) {
            return;
        }
        let Lines { lines, lease, not_before, .. } = &mut **lines;
        for line in lines.iter_mut().filter(|line| line.is_open()) {
            if line.moving.is_some() {
                let ended = unblock(broker, line).await;
                line.is_lost |= !matches!(ended, Ended::Yes);
                match ended {
                    Ended::Forbidden => broker.handover.is_impossible.store(true, Ordering::Relaxed),
                    Ended::Never => *not_before = Some(Instant::now() + LONG_PAUSE),
                    Ended::Yes | Ended::Unknown => {}
                }
            }
            if line.is_full || line.is_lost {
                if let Some(last) = &mut line.last {
                    // It is no message that nobody wants.
                    last.known().await;
                }
                let put_back = broker.link.ask::<i64>("a return", &broker.back(line)).await;
                if let Err(error) = &put_back {
                    tracing::debug!(target: "celery.redis", %error, "what was moved is back when its lease has run out");
                }
                if line.is_lost || put_back.is_err() {
                    // Its member stays, for something may still come to its list.
                    *line = Line::new(line.queue.clone());
                    *lease = None;
                }
                line.is_full = false;
            }
        }
        self.look_again();
    }

    /// Has the server forget the lists. Nothing may be able to come. Cancel safe.
    async fn forget(&mut self) {
        let Some(lines) = &mut self.lines else { return };
        lines.lease = None;
        while let Some(line) = lines.lines.last_mut() {
            if let Some(last) = &mut line.last {
                last.known().await;
            }
            let mut back = self.broker.back(line);
            back.arg(line.member(&self.consumer));
            if let Err(error) = self.broker.link.ask::<i64>("a return", &back).await {
                tracing::debug!(target: "celery.redis", %error, "a list is forgotten when its lease has run out");
            }
            lines.lines.pop();
        }
    }

    /// Makes a delivery of a message that has come, and has it recorded.
    pub(super) async fn receive(
        &mut self,
        handed: Handed,
        want: &Consume,
    ) -> Result<Vec<Delivery>, BrokerError> {
        let Handed { queue, key, body, line } = handed;
        let broker = &self.broker;
        let (prefix, suffix) = record::tag_parts("", &want.consumer);
        let tag = DeliveryTag::from(format!("{prefix}1{suffix}"));
        let names = &broker.names;
        let mut call = broker.scripts.note.call(&[&key, &names.unacked, &names.unacked_index, &names.leases]);
        call.arg(millis(want.lease)).arg(tag.as_str()).arg(record::ending(&queue)).arg(&body);
        let mut recorded = broker.record(tag.clone(), call, want.lease);
        let taken = Taken::one(Row { tag, queue, body }, broker);
        let mut is_ours = false;
        if let Some(lines) = &mut self.lines
            && let Some(line) = lines.lines.get_mut(line)
        {
            line.last = Some(recorded.clone());
            let is_doubtful = line.is_doubtful;
            is_ours = !is_doubtful && lines.lease_left(broker) > self.lease * 2 / 5;
        }
        // Somebody else may have it by now.
        if !is_ours && !recorded.known().await {
            taken.forget();
            return Ok(Vec::new());
        }
        self.broker.deliver(taken, want).await
    }

    /// Ends the caller's part, and lets what is waited for come to the next one.
    pub(super) fn pause(mut self) {
        let is_open = self.is_open();
        let Some(lines) = self.lines.take() else { return };
        if !is_open {
            return;
        }
        let (turn, all) = (lines.turn, self.broker.handover.lines.clone());
        drop(lines);
        let broker = self.broker.clone();
        let mut rest =
            Self { broker, consumer: self.consumer.clone(), lease: self.lease, lines: None, is_last: true };
        tokio::spawn(async move {
            tokio::time::sleep(LINGER).await;
            rest.lines = all.try_lock_owned().ok().filter(|lines| lines.turn == turn);
            rest.end_for_others().await;
        });
    }

    /// Ends what nobody waits for any more. Whoever waits by now has not been told.
    async fn end_for_others(mut self) {
        if self.lines.is_some() {
            self.end().await;
            self.lines = None;
            self.broker.link.wake();
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        if self.is_last || !self.is_open() {
            return;
        }
        // What is spawned while a runtime ends is dropped at once, and then it is the last.
        if let (Some(lines), Ok(runtime)) = (self.lines.take(), tokio::runtime::Handle::try_current()) {
            let (broker, consumer) = (self.broker.clone(), self.consumer.clone());
            let rest = Self { broker, consumer, lease: self.lease, lines: Some(lines), is_last: true };
            runtime.spawn(rest.end_for_others());
        }
    }
}

impl Inner {
    /// Whether nobody else consumes over this broker.
    fn is_only(&self, consumer: &NodeName) -> bool {
        let mut consumers = self.handover.consumers.lock();
        match &*consumers {
            Consumers::Nobody => *consumers = Consumers::One(consumer.clone()),
            Consumers::One(one) if one == consumer => {}
            Consumers::One(_) => {
                *consumers = Consumers::Many;
                self.link.wake();
                return false;
            }
            Consumers::Many => return false,
        }
        true
    }

    /// The consumer has stopped: nothing comes to it any more, and nobody expects that it does.
    pub(super) async fn leave(self: &Arc<Self>, consumer: &NodeName) -> Result<(), RedisError> {
        let was_only = {
            let mut consumers = self.handover.consumers.lock();
            let was_only = matches!(&*consumers, Consumers::One(one) if one == consumer);
            if was_only {
                *consumers = Consumers::Nobody;
            }
            was_only
        };
        if was_only {
            let lines = Some(self.handover.lines.clone().lock_owned().await);
            let (broker, consumer) = (self.clone(), consumer.clone());
            let mut waiting = Waiting { broker, consumer, lease: Duration::ZERO, lines, is_last: true };
            waiting.end().await;
            waiting.forget().await;
        }
        self.retire(consumer).await
    }
}
