//! A beat that runs: leads or waits, and makes the ticks that are due.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::schedule::Schedule;
use super::store::{Tick, TickStore};
use crate::app::App;
use crate::canvas::plan::Plan;
use crate::error::AppError;
use crate::host;
use crate::protocol::{NodeName, Signature, Timestamp};
use crate::worker::Shutdown;

/// How long a leader that gives no sign of life goes on leading.
const LEASE: Duration = Duration::from_secs(10);

/// Missed ticks that are younger are all made; of older ones, which were missed while no beat ran, only the last.
const CATCH_UP: Duration = Duration::from_secs(60);

/// Most ticks of one entry that are made at once; the rest follow.
const MAX_TICKS: usize = 1000;

/// Longest pause after an error.
const MAX_BACKOFF: Duration = Duration::from_secs(30);

/// An entry of the schedule.
#[derive(Debug)]
struct Entry {
    name: String,
    schedule: Schedule,
    signature: Signature,
}

/// A beat that is about to run.
#[derive(Debug)]
pub struct BeatBuilder<S> {
    app: App<S>,
    name: String,
    node: NodeName,
    lease: Duration,
    entries: Vec<Entry>,
}

impl<S: Send + Sync + 'static> App<S> {
    /// A beat without entries.
    #[must_use = "a beat does nothing until it is run"]
    pub fn beat(&self) -> BeatBuilder<S> {
        BeatBuilder {
            app: self.clone(),
            name: "celery".to_owned(),
            node: format!("beat-{}@{}", std::process::id(), host::name()).into(),
            lease: LEASE,
            entries: Vec::new(),
        }
    }
}

impl<S: Send + Sync + 'static> BeatBuilder<S> {
    /// Names the set of entries: beats of one name stand in for each other and must have the same entries. `celery`
    /// unless set.
    pub fn name(mut self, name: &str) -> Self {
        name.clone_into(&mut self.name);
        self
    }

    /// The name of this process among the beats; made of the process id and the host unless set.
    pub fn node(mut self, node: impl Into<NodeName>) -> Self {
        self.node = node.into();
        self
    }

    /// How long the others wait before they take over from a leader that gives no sign of life; 10 seconds unless set.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease.max(Duration::from_millis(30));
        self
    }

    /// Sends `signature`, a task or a canvas, whenever `schedule` is due. An entry keeps its time over restarts by its
    /// name; one of the same name replaces the one before. A new entry's first interval begins when it is first seen.
    pub fn entry(mut self, name: &str, schedule: Schedule, signature: impl Into<Signature>) -> Self {
        self.entries.retain(|entry| entry.name != name);
        self.entries.push(Entry { name: name.to_owned(), schedule, signature: signature.into() });
        self
    }

    /// Runs until it is told to stop. Errors of the broker are logged and tried again.
    ///
    /// # Errors
    /// When an entry cannot be sent as it is written.
    pub async fn run(self, shutdown: Shutdown) -> Result<(), AppError> {
        let store = self.app.broker().tick_store();
        let mut beat = Beat { settings: self, store, last: None };
        tracing::info!(target: "celery.beat", "beat: Starting...");
        let mut failures = 0;
        while !shutdown.is_requested() {
            let pause = match beat.turn().await {
                Ok(pause) => {
                    failures = 0;
                    pause
                }
                Err(error @ (AppError::Broker(_) | AppError::Backend(_))) => {
                    beat.last = None;
                    failures += 1;
                    let pause = backoff(failures);
                    tracing::error!(target: "celery.beat", "beat: {error}; trying again in {:.1}s", pause.as_secs_f64());
                    pause
                }
                Err(error) => return Err(error),
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = shutdown.requested() => {}
            }
        }
        if beat.last.is_some() {
            // Without it the others wait until the lease ends.
            if let Err(error) = beat.store.resign(&beat.settings.name, &beat.settings.node).await {
                tracing::warn!(target: "celery.beat", "beat: cannot resign: {error}");
            }
        }
        tracing::info!(target: "celery.beat", "beat: Shutting down...");
        Ok(())
    }
}

/// 0.2 s, doubled with each failure, give or take a fifth, so that many beats do not come at once.
fn backoff(failures: u32) -> Duration {
    let pause = Duration::from_millis(200).saturating_mul(1 << failures.min(10)).min(MAX_BACKOFF);
    pause.mul_f64(rand::random_range(0.8..1.2))
}

struct Beat<S> {
    settings: BeatBuilder<S>,
    store: Arc<dyn TickStore>,
    /// The last tick of each entry, known while this beat leads.
    last: Option<BTreeMap<String, Timestamp>>,
}

impl<S: Send + Sync + 'static> Beat<S> {
    /// Leads if nobody else does, and makes what is due. Returns how long nothing is to be done.
    async fn turn(&mut self) -> Result<Duration, AppError> {
        let BeatBuilder { name, node, lease, .. } = &self.settings;
        let renew = *lease / 3;
        if !self.store.lead(name, node, *lease).await? {
            if self.last.take().is_some() {
                tracing::warn!(target: "celery.beat", "beat: another beat leads now");
            }
            return Ok(renew);
        }
        let mut last = match self.last.take() {
            Some(last) => last,
            None => {
                tracing::info!(target: "celery.beat", "beat: {node} leads");
                self.store.last_ticks(name).await?
            }
        };
        let now = Timestamp::from_unix_ms(Timestamp::now().unix_ms());
        let mut ticks = Vec::new();
        for entry in &self.settings.entries {
            for (previous, due) in due(&entry.schedule, last.get(&entry.name).copied(), now) {
                let publications = match previous {
                    Some(_) => self.publications(entry).await?,
                    None => Vec::new(),
                };
                ticks.push(Tick { entry: entry.name.clone(), previous, due, publications });
            }
        }
        if !ticks.is_empty() {
            let told: Vec<_> = ticks
                .iter()
                .map(|tick| (tick.entry.clone(), tick.due, !tick.publications.is_empty()))
                .collect();
            let made = self.store.tick(name, ticks).await?;
            for ((entry, due, is_sent), made) in told.into_iter().zip(made) {
                if !made {
                    // Somebody led while this beat stood still: what it knows is old.
                    return Ok(Duration::ZERO);
                }
                if is_sent {
                    tracing::info!(target: "celery.beat", "Scheduler: Sending due task {entry} (due {due})");
                }
                last.insert(entry, due);
            }
        }
        let entries = self.settings.entries.iter();
        let next = entries.filter_map(|entry| entry.schedule.next_after(*last.get(&entry.name)?)).min();
        self.last = Some(last);
        // A timer may fire a little early; a millisecond more spares a turn for nothing.
        Ok(next.map_or(renew, |next| (next.from_now() + Duration::from_millis(1)).min(renew)))
    }

    async fn publications(&self, entry: &Entry) -> Result<Vec<crate::broker::Publication>, AppError> {
        let mut plan = Plan::default();
        plan.apply(entry.signature.clone(), &[]).ok_or_else(|| plan.refusal("canvas"))?;
        let mut publications = self.settings.app.core().prepare(plan).await?;
        for publication in &mut publications {
            let headers = &mut publication.message.headers.extra;
            headers.insert("periodic_task_name".to_owned(), entry.name.as_str().into());
        }
        Ok(publications)
    }
}

/// The ticks to make, each with the one before it.
fn due(schedule: &Schedule, last: Option<Timestamp>, now: Timestamp) -> Vec<(Option<Timestamp>, Timestamp)> {
    let Some(last) = last else { return vec![(None, now)] };
    let mut ticks = Vec::new();
    let mut previous = last;
    let old = schedule.last_until(last, now - CATCH_UP);
    if old > last {
        ticks.push((Some(previous), old));
        previous = old;
    }
    while ticks.len() < MAX_TICKS
        && let Some(next) = schedule.next_after(previous).filter(|next| *next <= now)
    {
        ticks.push((Some(previous), next));
        previous = next;
    }
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_unix_ms(1_800_000_000_000 + seconds * 1000)
    }

    #[test]
    fn a_new_entry_begins_now() {
        assert_eq!(due(&Schedule::every(Duration::from_secs(5)), None, at(0)), [(None, at(0))]);
    }

    #[test]
    fn what_was_missed_lately_is_all_made_and_of_the_rest_the_last() {
        let schedule = Schedule::every(Duration::from_secs(20));
        assert_eq!(due(&schedule, Some(at(0)), at(19)), []);
        assert_eq!(due(&schedule, Some(at(0)), at(45)), [(Some(at(0)), at(20)), (Some(at(20)), at(40))]);
        assert_eq!(
            due(&schedule, Some(at(0)), at(1005)),
            [
                (Some(at(0)), at(940)),
                (Some(at(940)), at(960)),
                (Some(at(960)), at(980)),
                (Some(at(980)), at(1000))
            ]
        );
    }

    #[test]
    fn a_clock_that_was_set_back_waits() {
        assert_eq!(due(&Schedule::every(Duration::from_secs(5)), Some(at(100)), at(0)), []);
    }
}
