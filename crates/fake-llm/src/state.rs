//! What all requests share.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use rand::SeedableRng;
use rand::rngs::StdRng;
use tokio::sync::watch;

use crate::limiter::{Limiter, Refusal};
use crate::{Config, Fault, LogEntry, Stats};

/// Entries that are kept in memory; the file keeps all.
const KEPT: usize = 200_000;

pub(crate) struct State {
    pub config: Config,
    inner: Mutex<Inner>,
    /// Turns true when the server stops, so that requests which hang on purpose end.
    pub stopping: watch::Sender<bool>,
}

struct Inner {
    limiter: Limiter,
    stats: Stats,
    log: Vec<LogEntry>,
    file: Option<File>,
    dice: StdRng,
    chats: u64,
    struck: Vec<u64>,
}

impl State {
    pub fn new(config: Config, file: Option<File>) -> Self {
        let inner = Inner {
            limiter: Limiter::new(config.limits, config.time_scale),
            stats: Stats::default(),
            log: Vec::new(),
            file,
            dice: StdRng::seed_from_u64(config.seed),
            chats: 0,
            struck: vec![0; config.faults.len()],
        };
        Self { config, inner: Mutex::new(inner), stopping: watch::Sender::new(false) }
    }

    /// Counts a request under the limits; the guard ends it.
    pub fn enter(self: &Arc<Self>, tokens: u64) -> Result<InFlight, Refusal> {
        let mut inner = self.inner.lock();
        let entered = inner.limiter.enter(Instant::now(), tokens);
        if let Err(refusal) = &entered {
            *inner.stats.limited.entry(refusal.limit.to_owned()).or_default() += 1;
        }
        entered.map(|()| InFlight(self.clone()))
    }

    /// The fault that strikes this chat, if any.
    pub fn fault(&self, prompt: &str) -> Option<Fault> {
        let mut inner = self.inner.lock();
        inner.chats += 1;
        let number = inner.chats;
        let Inner { struck, dice, .. } = &mut *inner;
        let rules = self.config.faults.iter().zip(struck.iter_mut());
        rules.into_iter().find_map(|(rule, struck)| {
            rule.strikes(number, prompt, *struck, dice).then(|| {
                *struck += 1;
                rule.fault
            })
        })
    }

    /// How long this answer takes, in real time.
    pub fn latency(&self) -> Duration {
        let mut inner = self.inner.lock();
        self.config.latency.draw(&mut inner.dice).div_f64(self.config.time_scale)
    }

    pub fn record(&self, mut entry: LogEntry) {
        let mut inner = self.inner.lock();
        let stats = &mut inner.stats;
        stats.requests += 1;
        entry.number = stats.requests;
        *stats.by_status.entry(entry.status).or_default() += 1;
        *stats.by_purpose.entry(entry.purpose.clone()).or_default() += 1;
        if entry.status == 200 {
            stats.prompt_tokens += entry.prompt_tokens;
            stats.completion_tokens += entry.completion_tokens;
        }
        if let Some(file) = &mut inner.file {
            let line = serde_json::to_string(&entry).unwrap_or_default();
            if let Err(error) = writeln!(file, "{line}") {
                tracing::warn!("cannot write the request log: {error}");
            }
        }
        if inner.log.len() < KEPT {
            inner.log.push(entry);
        }
    }

    pub fn stats(&self) -> Stats {
        let inner = self.inner.lock();
        Stats {
            peak_window_requests: inner.limiter.peak_requests,
            peak_window_tokens: inner.limiter.peak_tokens,
            peak_in_flight: inner.limiter.peak_in_flight,
            ..inner.stats.clone()
        }
    }

    pub fn log(&self) -> Vec<LogEntry> {
        self.inner.lock().log.clone()
    }
}

/// A request being answered.
pub(crate) struct InFlight(Arc<State>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.inner.lock().limiter.leave();
    }
}
