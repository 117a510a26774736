//! Taking messages: in one round trip, and with none while there is nothing to take.
//!
//! A take ends with a look at the lists that the server remembers (client tracking): as long as it says nothing, they
//! are as empty as they were, and the next consume waits without asking. A consumer that waits so only tells from time
//! to time that it is there, and looks again as it does.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use redis::{Pipeline, Value};

use super::super::{BrokerError, Consume, Delivery, DeliveryTag, Returns};
use super::handover::{Moved, Waiting};
use super::lines::now;
use super::queue::millis;
use super::taken::{Row, Taken};
use super::{DroppedDeliveries, Inner, record};
use crate::protocol::{NodeName, QueueName, Timestamp};
use crate::redis::{RedisError, Watched};

/// A consumer that was not heard of for so long counts as gone.
const ALIVE_FOR: Duration = Duration::from_secs(30);

/// A consumer says so often that it is there.
const ALIVE_EVERY: Duration = Duration::from_millis(7_500);

/// At most so many messages are taken at a time.
const MAX_TAKEN: usize = 1_024;

/// How often queues are looked at where the server cannot tell of new messages.
const POLL_EVERY: Duration = Duration::from_millis(200);

/// What the last look told.
#[derive(Default)]
pub(super) struct Look {
    /// There was less than was asked for: the next take is to end with a look that the server remembers.
    found_little: bool,
    /// Nothing was left, and the server tells when that changes.
    empty: Option<Empty>,
}

/// Lists that were found empty.
struct Empty {
    queues: Vec<QueueName>,
    /// How often the connection had said something by itself before the look: more since then, and it is void.
    wakes: u64,
    /// When the next delayed message is due.
    next_due: Option<Instant>,
}

/// When a consumer said that it is there, and over which connection.
#[derive(Clone, Copy)]
pub(super) struct Announced {
    at: Instant,
    generation: u64,
}

impl Announced {
    /// How long it still holds over this connection.
    fn holds(self, generation: u64) -> Duration {
        match self.generation == generation {
            true => ALIVE_EVERY.saturating_sub(self.at.elapsed()),
            false => Duration::ZERO,
        }
    }
}

impl Inner {
    pub(super) async fn consume(self: &Arc<Self>, mut want: Consume) -> Result<Vec<Delivery>, BrokerError> {
        want.queues = unique(want.queues);
        want.max = want.max.min(MAX_TAKEN);
        if want.max == 0 || want.queues.is_empty() {
            return Ok(Vec::new());
        }
        let deadline = Instant::now().checked_add(want.wait);
        let mut wakes = self.link.wakes();
        let mut waiting = Waiting::new(self, &want);
        loop {
            let seen = *wakes.borrow_and_update();
            waiting.join(&want).await;
            let known_empty = self.known_empty(&want.queues, seen).filter(|_| waiting.hears(&want));
            let pause = match known_empty {
                Some(next_due) => {
                    let until_alive = self.until_announcement(&want).min(waiting.until_renewal());
                    if until_alive.is_zero() {
                        self.tell_alive(&want, &mut waiting).await?;
                        continue;
                    }
                    until_alive.min(next_due)
                }
                None => {
                    waiting.end().await;
                    let taken = self.take(&want, seen).await?;
                    let (is_empty, pause) = (taken.rows.is_empty(), taken.pause);
                    let deliveries = self.deliver(taken, &want).await?;
                    if !deliveries.is_empty() {
                        return Ok(deliveries);
                    }
                    if !is_empty {
                        // All that was there was unreadable: there may be more.
                        continue;
                    }
                    pause
                }
            };
            let left = deadline.map_or(Duration::MAX, |end| end.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                waiting.pause();
                return Ok(Vec::new());
            }
            if pause.is_zero() {
                continue;
            }
            let moved = tokio::select! {
                moved = waiting.next(&want), if known_empty.is_some() => Some(moved),
                _ = wakes.changed() => None,
                () = tokio::time::sleep(pause.min(left)) => None,
            };
            if let Some(Moved::Message(message)) = moved {
                let deliveries = waiting.receive(message, &want).await?;
                if !deliveries.is_empty() {
                    waiting.pause();
                    return Ok(deliveries);
                }
            }
        }
    }

    /// How long until a delayed message is due, when it is known that there is nothing before that.
    fn known_empty(&self, queues: &[QueueName], wakes: u64) -> Option<Duration> {
        let look = self.look.lock();
        let empty = look.empty.as_ref().filter(|empty| empty.wakes == wakes && empty.queues == queues)?;
        let until_due = empty.next_due.map_or(Duration::MAX, until);
        (!until_due.is_zero()).then_some(until_due)
    }

    /// Says that the consumer is there, and looks again whether nothing is.
    async fn tell_alive(&self, want: &Consume, waiting: &mut Waiting) -> Result<(), RedisError> {
        let mut commands = redis::pipe();
        self.announce(want, &mut commands);
        let renewal = waiting.renewal();
        let renews = renewal.is_some();
        if let Some(renewal) = renewal {
            commands.add_command(renewal);
        }
        let watched = [self.lists(&want.queues), vec![self.names.delayed.clone()]].concat();
        let sent = now();
        let Watched { mut answers, existing } = self.link.watching(&watched, &commands).await?;
        {
            let mut look = self.look.lock();
            look.empty = look.empty.take().filter(|empty| existing == Some(empty.expected()));
        }
        if renews {
            let full = answers.pop().and_then(|full| redis::from_redis_value(full).ok());
            waiting.renewed(sent, full.unwrap_or(0)).await;
        }
        Ok(())
    }

    /// The next consume looks at the queues again.
    pub(super) fn forget_look(&self) {
        self.look.lock().empty = None;
    }

    /// The consumer counts as gone from now on.
    pub(super) async fn retire(&self, consumer: &NodeName) -> Result<(), RedisError> {
        let mut members = Vec::new();
        self.announced.lock().retain(|(queue, node), _| {
            let is_other = node != consumer;
            if !is_other {
                members.push(self.keys.bound(queue.as_str(), node.as_str()));
            }
            is_other
        });
        if !members.is_empty() {
            let mut retire = redis::cmd("ZREM");
            retire.arg(&self.names.consumers).arg(members);
            self.link.ask::<i64>("ZREM", &retire).await?;
        }
        Ok(())
    }

    /// The lists of the queues: for each step of priority, each queue.
    fn lists(&self, queues: &[QueueName]) -> Vec<String> {
        let steps = self.keys.steps().iter();
        steps.flat_map(|step| queues.iter().map(|queue| self.keys.list(queue, *step))).collect()
    }

    /// Takes what there is. What was taken for a caller who goes away meanwhile is given back.
    async fn take(&self, want: &Consume, wakes: u64) -> Result<Taken, RedisError> {
        self.link.connect_first().await?;
        let mut commands = redis::pipe();
        self.announce(want, &mut commands);
        let queues = self.in_turn(&want.queues);
        let names = &self.names;
        let mut keys =
            [&names.unacked, &names.unacked_index, &names.leases, &names.delayed].map(String::clone).to_vec();
        let unwatched = keys.len() - 1;
        keys.extend(self.lists(&queues));
        let (prefix, suffix) = record::tag_parts("", &want.consumer);
        let mut take = self.scripts.take.call(&keys);
        take.arg(want.max).arg(millis(want.lease)).arg(&prefix).arg(&suffix).arg(queues.len());
        for queue in &queues {
            take.arg(record::ending(queue));
        }
        commands.add_command(take);

        let mut claim = Claim { prefix, suffix, open: want.max, returns: self.returns() };
        let watches = self.look.lock().found_little;
        let asked = if watches {
            self.link.watching(keys.get(unwatched..).unwrap_or_default(), &commands).await
        } else {
            self.link.ask_all_once(&commands).await.map(Watched::not)
        };
        let Watched { mut answers, existing } = match asked {
            Ok(answered) => answered,
            Err(error) => {
                if !error.leaves_in_doubt() {
                    claim.open = 0;
                }
                return Err(error);
            }
        };
        let not_understood = || RedisError::Answer { server: self.link.server().shown(), what: "a claim" };
        let Some(Value::Array(answer)) = answers.pop() else { return Err(not_understood()) };
        let mut answer = answer.into_iter();
        let next_due = match answer.next() {
            Some(Value::Int(due)) if due >= 0 => {
                let left = u64::try_from(due - Timestamp::now().unix_ms()).unwrap_or(0);
                Some(Instant::now() + Duration::from_millis(left))
            }
            _ => None,
        };
        let mut rows = Vec::with_capacity(answer.len() / 2);
        while let (Some(queue), Some(body)) = (answer.next(), answer.next()) {
            let (Value::Int(queue), Value::BulkString(body)) = (queue, body) else {
                return Err(not_understood());
            };
            let queue = usize::try_from(queue - 1).ok().and_then(|queue| queues.get(queue));
            let queue = queue.ok_or_else(not_understood)?.clone();
            rows.push(Row { tag: claim.tag(rows.len() + 1), queue, body });
        }
        claim.open = 0;

        let found_little = rows.len() < want.max;
        let empty = Empty { queues: want.queues.clone(), wakes, next_due };
        let is_empty = found_little && existing == Some(empty.expected());
        let pause = match existing {
            // There is something by now; or the next take tells whether the server watches.
            Some(_) => Duration::ZERO,
            None if !watches => Duration::ZERO,
            None => POLL_EVERY.min(next_due.map_or(Duration::MAX, until)).max(Duration::from_millis(1)),
        };
        *self.look.lock() = Look { found_little, empty: is_empty.then_some(empty) };
        Ok(Taken { rows, pause, returns: self.returns() })
    }

    /// The queues, each time another one first.
    fn in_turn(&self, queues: &[QueueName]) -> Vec<QueueName> {
        let mut queues = queues.to_vec();
        if queues.len() > 1 {
            let turn = self.turn.fetch_add(1, Ordering::Relaxed) % queues.len();
            queues.rotate_left(turn);
        }
        queues
    }

    /// How long until the consumer is to say again that it is there.
    fn until_announcement(&self, want: &Consume) -> Duration {
        let (announced, generation) = (self.announced.lock(), self.link.generation());
        let key = |queue: &QueueName| (queue.clone(), want.consumer.clone());
        let left = |queue| announced.get(&key(queue)).map_or(Duration::ZERO, |last| last.holds(generation));
        want.queues.iter().map(left).min().unwrap_or_default()
    }

    /// Says from time to time that the consumer is there; at first, and on each new connection, also that its queues are.
    fn announce(&self, want: &Consume, commands: &mut Pipeline) {
        let mut announced = self.announced.lock();
        let generation = self.link.generation();
        let until = Timestamp::now() + ALIVE_FOR;
        for queue in &want.queues {
            let key = (queue.clone(), want.consumer.clone());
            let last = announced.get(&key);
            if last.is_some_and(|last| !last.holds(generation).is_zero()) {
                continue;
            }
            if last.is_none_or(|last| last.generation != generation) {
                let (name, bound) = (queue.as_str(), self.keys.bound(queue.as_str(), queue.as_str()));
                commands.cmd("SADD").arg(self.keys.binding(name)).arg(&bound);
                commands.cmd("SADD").arg(self.keys.permanent_binding(name)).arg(&bound);
                commands.cmd("SADD").arg(&self.names.queues).arg(name);
            }
            let member = self.keys.bound(queue.as_str(), want.consumer.as_str());
            commands.cmd("ZADD").arg(&self.names.consumers).arg(until.unix_seconds()).arg(member);
            let gone = (until - ALIVE_FOR * 2).unix_seconds();
            commands.cmd("ZREMRANGEBYSCORE").arg(&self.names.consumers).arg("-inf").arg(gone);
            announced.insert(key, Announced { at: Instant::now(), generation });
        }
    }
}

impl Empty {
    /// How many of the watched keys there are as long as nothing changes.
    fn expected(&self) -> i64 {
        self.next_due.is_some().into()
    }
}

/// A take that is under way: what it may have taken goes back, should its caller go away or its answer never come.
struct Claim {
    prefix: String,
    suffix: String,
    /// So many deliveries may be there that nobody knows of.
    open: usize,
    returns: Arc<DroppedDeliveries>,
}

impl Claim {
    fn tag(&self, number: usize) -> DeliveryTag {
        DeliveryTag::from(format!("{}{number}{}", self.prefix, self.suffix))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        for number in 1..=self.open {
            self.returns.give_back(self.tag(number));
        }
    }
}

fn until(instant: Instant) -> Duration {
    instant.saturating_duration_since(Instant::now())
}

/// Without repetitions, in order.
fn unique(queues: Vec<QueueName>) -> Vec<QueueName> {
    let mut unique = Vec::with_capacity(queues.len());
    for queue in queues {
        if !unique.contains(&queue) {
            unique.push(queue);
        }
    }
    unique
}

/// For the queues' overview.
pub(super) fn consumer_of(member: &str) -> Option<(QueueName, NodeName)> {
    let separator = format!("{0}{0}", crate::redis::BINDING_SEP);
    let (queue, node) = member.split_once(&separator)?;
    Some((queue.into(), node.into()))
}
