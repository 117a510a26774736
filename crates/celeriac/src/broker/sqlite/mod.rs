//! The broker on one SQLite file: any number of processes on one machine, no server.

mod fanout;
mod inspect;
mod queue;
#[cfg(test)]
mod tests;
mod ticks;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use parking_lot::Mutex;
use sqlite_group_commit::DatabaseError;
use tokio::sync::OnceCell;

use super::dropped::{Dropped, DroppedDeliveries};
use super::{
    Broker, BrokerError, Consume, DeadLetter, DeadLetterId, Delivery, DeliveryTag, Outcome, Peeked,
    Publication, QueueInfo, Recovered, Returns, Settlement, Subscription,
};
use crate::beat::TickStore;
use crate::protocol::{NodeName, QueueName, is_quick_to_read};
use crate::sqlite::{Alive, Bell, Dead, FALLBACK_POLL, File, now_ms};
use queue::{Claim, Claimed, Incoming};

/// How often consumers look for messages of the dead.
const RECOVER_EVERY: Duration = Duration::from_secs(2);

/// Bodies of which a claim together has more bytes than this are parsed on a thread of their own, and so are compressed
/// ones.
const PARSE_INLINE_BYTES: usize = 512 * 1024;

/// A broker on a SQLite file; cheap to clone.
#[derive(Clone)]
pub struct SqliteBroker {
    file: File,
    /// Takes back deliveries that were dropped.
    returns: Arc<DroppedDeliveries>,
    /// When this process last said that a node consumes a queue.
    announced: Arc<Mutex<HashMap<(QueueName, NodeName), Instant>>>,
    /// When this process last looked for messages of the dead.
    recovered: Arc<Mutex<Option<Instant>>>,
    /// What consumers have recovered, for whoever calls [`Broker::recover`] next and tells those who wait.
    untold: Arc<Mutex<Recovered>>,
    /// This process's sign of life, from the first time that it takes messages or looks for those of the dead.
    alive: Arc<OnceCell<Option<Alive>>>,
}

impl SqliteBroker {
    /// Opens the queues in a file, which is made when it is not there (its folder must be). To be called on a Tokio
    /// runtime that lives as long as the broker.
    pub async fn open(path: impl Into<PathBuf>) -> Result<Self, BrokerError> {
        Ok(Self::on(File::open(path.into()).await?))
    }

    fn on(file: File) -> Self {
        let (returns, dropped) = Dropped::channel();
        tokio::spawn(put_back(file.clone(), dropped));
        Self {
            file,
            returns,
            announced: Arc::default(),
            recovered: Arc::default(),
            untold: Arc::default(),
            alive: Arc::default(),
        }
    }

    /// Claims what there is now. Also says when the next delayed message is due.
    async fn claim(&self, want: &Consume) -> Result<Claimed, DatabaseError> {
        let announce = self.to_announce(want);
        let process = self.alive().await.map(Alive::name);
        let claim = Claim {
            queues: want.queues.clone(),
            max: want.max,
            consumer: want.consumer.clone(),
            process,
            lease: want.lease,
            announce,
            returns: Arc::clone(&self.returns) as Arc<dyn Returns>,
        };
        self.file.db.write_lazily(move |conn| claim.run(conn)).await
    }

    async fn alive(&self) -> Option<&Alive> {
        let show = || async {
            let path = self.file.db.path().to_owned();
            tokio::task::spawn_blocking(move || Alive::show(&path)).await.unwrap_or_default()
        };
        self.alive.get_or_init(show).await.as_ref()
    }

    /// The processes that died while they had messages of this file.
    async fn dead(&self) -> Vec<Dead> {
        if self.alive().await.is_none() {
            return Vec::new();
        }
        let alive = self.alive.clone();
        let look = move || alive.get().and_then(Option::as_ref).map(Alive::dead).unwrap_or_default();
        tokio::task::spawn_blocking(look).await.unwrap_or_default()
    }

    /// The queues that the consumer has to be announced for again.
    fn to_announce(&self, want: &Consume) -> Vec<QueueName> {
        let mut announced = self.announced.lock();
        let mut due = Vec::new();
        for queue in &want.queues {
            let key = (queue.clone(), want.consumer.clone());
            if announced.get(&key).is_none_or(|at| at.elapsed() >= queue::ALIVE_FOR / 4) {
                announced.insert(key, Instant::now());
                due.push(queue.clone());
            }
        }
        due
    }

    /// Looks for messages of the dead unless this process did so a moment ago.
    async fn recover_sometimes(&self) -> Result<(), BrokerError> {
        let is_due = {
            let mut recovered = self.recovered.lock();
            let is_due = recovered.is_none_or(|at| at.elapsed() >= RECOVER_EVERY);
            if is_due {
                *recovered = Some(Instant::now());
            }
            is_due
        };
        if is_due {
            let Recovered { requeued, dead } = self.recover_now().await?;
            let mut untold = self.untold.lock();
            untold.requeued += requeued;
            untold.dead += dead;
        }
        Ok(())
    }

    /// Puts messages whose holders have died back into their queues, or to the dead letters.
    async fn recover_now(&self) -> Result<Recovered, BrokerError> {
        let now = now_ms();
        let dead = self.dead().await;
        // Most of the time there is nothing to recover, and looking does not hold up the writers.
        if dead.is_empty() && !self.file.db.read(move |conn| queue::has_expired(conn, now)).await? {
            return Ok(Recovered::default());
        }
        let ring = self.file.bells.when_dropped(Bell::Queue);
        let change = move |conn: &rusqlite::Connection| {
            for process in &dead {
                queue::expire(conn, &process.name)?;
            }
            Ok((queue::recover(conn, now)?, dead, ring))
        };
        let (recovered, dead, _ring) = self.file.db.write_lazily(change).await?;
        if !dead.is_empty() {
            let forget = move || dead.into_iter().for_each(Dead::forget);
            tokio::task::spawn_blocking(forget).await.unwrap_or_default();
        }
        if recovered != Recovered::default() {
            tracing::warn!(
                requeued = recovered.requeued,
                dead = recovered.dead,
                "recovered messages whose holder is gone"
            );
        }
        Ok(recovered)
    }

    /// Makes deliveries of what was claimed; what cannot be read goes to the dead letters.
    async fn deliver(&self, mut claimed: Claimed, want: &Consume) -> Result<Vec<Delivery>, BrokerError> {
        let rows = claimed.take();
        let bodies = rows.iter().filter_map(|row| row.body.as_deref());
        let is_quick = is_quick_to_read(bodies, PARSE_INLINE_BYTES);
        let returns = Arc::clone(&self.returns) as Arc<dyn Returns>;
        let want = want.clone();
        let parse = move || {
            let mut unreadable = Vec::new();
            let mut deliveries = Vec::with_capacity(rows.len());
            for row in rows {
                match row.message() {
                    Ok(message) => deliveries.push(Delivery::new(
                        row.tag,
                        row.queue,
                        message,
                        row.redelivered,
                        row.deaths,
                        Arc::clone(&returns),
                    )),
                    Err(error) => {
                        tracing::error!(queue = %row.queue, %error, "a message cannot be read: it goes to the dead letters");
                        want.tell_unreadable(&row.queue, row.body.as_deref().unwrap_or_default(), &error);
                        let reason = format!("unreadable: {error}");
                        unreadable.push(Settlement { tag: row.tag, outcome: Outcome::Reject { reason } });
                    }
                }
            }
            (deliveries, unreadable)
        };
        let (deliveries, unreadable) = if is_quick {
            parse()
        } else {
            let closed = || DatabaseError::Closed { path: self.file.db.path().to_owned() };
            tokio::task::spawn_blocking(parse).await.map_err(|_| closed())?
        };
        if !unreadable.is_empty() {
            self.settle(unreadable).await?;
        }
        Ok(deliveries)
    }
}

#[async_trait]
impl Broker for SqliteBroker {
    async fn publish(&self, batch: Vec<Publication>) -> Result<(), BrokerError> {
        if batch.is_empty() {
            return Ok(());
        }
        let incoming = batch.iter().map(Incoming::new).collect::<Result<Vec<_>, _>>()?;
        let rings = [Bell::Queue, Bell::Broadcast].map(|bell| {
            let is_rung = incoming.iter().any(|new| new.bell() == bell);
            is_rung.then(|| self.file.bells.when_dropped(bell))
        });
        self.file
            .db
            .write(move |conn| {
                queue::insert(conn, &incoming)?;
                Ok(rings)
            })
            .await?;
        Ok(())
    }

    async fn consume(&self, want: Consume) -> Result<Vec<Delivery>, BrokerError> {
        let deadline = Instant::now().checked_add(want.wait);
        let mut bell = self.file.bells.listen(Bell::Queue);
        loop {
            self.recover_sometimes().await?;
            let claimed = self.claim(&want).await?;
            let next_due = claimed.next_due;
            let is_empty = claimed.is_empty();
            let deliveries = self.deliver(claimed, &want).await?;
            let left =
                deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if !deliveries.is_empty() || left.is_zero() || want.max == 0 {
                return Ok(deliveries);
            }
            if !is_empty {
                // All that was there was unreadable: there may be more.
                continue;
            }
            let until_due =
                next_due.map_or(FALLBACK_POLL, |due| Duration::from_millis((due - now_ms()).max(1) as u64));
            bell.wait(left.min(until_due)).await;
        }
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<(), BrokerError> {
        if batch.is_empty() {
            return Ok(());
        }
        let goes_back = |settlement: &Settlement| {
            matches!(settlement.outcome, Outcome::Requeue { .. } | Outcome::Restore | Outcome::Lost { .. })
        };
        let requeues = batch.iter().any(goes_back);
        let ring = requeues.then(|| self.file.bells.when_dropped(Bell::Queue));
        let is_lazy = batch.iter().all(goes_back);
        let change = move |conn: &rusqlite::Connection| {
            queue::settle(conn, &batch)?;
            Ok(ring)
        };
        let settled =
            if is_lazy { self.file.db.write_lazily(change).await } else { self.file.db.write(change).await };
        settled?;
        Ok(())
    }

    async fn extend(&self, tags: &[DeliveryTag], lease: Duration) -> Result<Vec<DeliveryTag>, BrokerError> {
        if tags.is_empty() {
            return Ok(Vec::new());
        }
        let tags = tags.to_vec();
        Ok(self.file.db.write_lazily(move |conn| queue::extend(conn, tags, lease)).await?)
    }

    async fn begin(&self, tags: &[DeliveryTag]) -> Result<(), BrokerError> {
        let tags = tags.to_vec();
        Ok(self.file.db.write_lazily(move |conn| queue::begin(conn, &tags)).await?)
    }

    async fn recover(&self) -> Result<Recovered, BrokerError> {
        let now = self.recover_now().await?;
        let earlier = std::mem::take(&mut *self.untold.lock());
        Ok(Recovered { requeued: earlier.requeued + now.requeued, dead: earlier.dead + now.dead })
    }

    async fn broadcast(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError> {
        let topic = topic.to_owned();
        let ring = self.file.bells.when_dropped(Bell::Broadcast);
        self.file
            .db
            .write_lazily(move |conn| {
                fanout::insert(conn, &topic, &payload)?;
                Ok(ring)
            })
            .await?;
        Ok(())
    }

    async fn subscribe(&self, topics: &[&str]) -> Result<Subscription, BrokerError> {
        Ok(fanout::subscribe(&self.file, topics).await?)
    }

    async fn queues(&self) -> Result<Vec<QueueInfo>, BrokerError> {
        Ok(self.file.db.read(inspect::queues).await?)
    }

    async fn peek(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, BrokerError> {
        let queue = queue.clone();
        Ok(self.file.db.read(move |conn| inspect::peek(conn, &queue, limit)).await?)
    }

    async fn purge(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        let mut purged = 0;
        loop {
            let name = queue.clone();
            // In steps, so that the other users of the file are not held up.
            match self.file.db.write(move |conn| inspect::purge_some(conn, &name)).await? {
                0 => return Ok(purged),
                some => purged += some,
            }
        }
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BrokerError> {
        Ok(self.file.db.read(move |conn| inspect::dead_letters(conn, limit)).await?)
    }

    async fn revive(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        let letters = letters.to_vec();
        let ring = self.file.bells.when_dropped(Bell::Queue);
        let (revived, _ring) =
            self.file.db.write(move |conn| Ok((inspect::revive(conn, &letters)?, ring))).await?;
        Ok(revived)
    }

    async fn discard(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        let letters = letters.to_vec();
        Ok(self.file.db.write(move |conn| inspect::discard(conn, &letters)).await?)
    }

    fn tick_store(&self) -> Arc<dyn TickStore> {
        Arc::new(ticks::SqliteTicks(self.file.clone()))
    }
}

/// Puts dropped deliveries back until the broker and all of them have gone.
async fn put_back(file: File, mut dropped: Dropped) {
    while let Some(batch) = dropped.next().await {
        let ring = file.bells.when_dropped(Bell::Queue);
        let change = move |conn: &rusqlite::Connection| {
            queue::settle(conn, &batch)?;
            Ok(ring)
        };
        if let Err(error) = file.db.write_lazily(change).await {
            tracing::warn!(%error, "dropped deliveries stay claimed until their lease ends");
        }
    }
}
