//! Who does the work that `read` and `resume` follow.

use std::time::Duration;

use analysis::Analyses;

use super::worker::{Running, worker_inside};
use crate::config::Config;
use crate::error::CliError;
use crate::lock::{ReadLock, Terms, Turn, WatchLock, WorkerLock};
use crate::terminal;

/// How often it is looked whether the work is still done by somebody.
const LOOK_AT_WORKER: Duration = Duration::from_secs(1);
/// A worker that does not answer may be busy; one that did not so often is taken for gone.
const UNANSWERED: u32 = 3;

/// A worker process that runs on this data folder, or a `read` that was first and works as this one would; else a
/// worker inside this process.
pub struct Work<'a> {
    config: &'a Config,
    /// Store and queue.
    pub analyses: &'a Analyses,
    terms: Terms,
    /// Ours, with what keeps others from bringing one too.
    inside: Option<(Running, ReadLock)>,
    /// Keeps those away who would ask another LLM, while another `read` asks ours.
    watch: Option<WatchLock>,
}

/// Who works.
enum Worker {
    /// This process.
    Inside,
    /// A worker process.
    Process,
    /// Another `read`, of this process id.
    Read(String),
    /// Another `read` that uses another queue or provider: what it would do is not what was asked for.
    ReadOtherwise(String),
}

impl<'a> Work<'a> {
    /// Returns when somebody is there who will do the work with the settings that were asked for, and says who it is
    /// where that is not this process. An LLM is asked for with the settings of whoever works; so the settings of a
    /// `read` that works are compared, and when they are others its end is waited for.
    pub async fn begin(
        config: &'a Config,
        analyses: &'a Analyses,
        asks_llm: bool,
    ) -> Result<Work<'a>, CliError> {
        let llm = config.llm.as_ref().filter(|_| asks_llm);
        let mut work =
            Work { config, analyses, terms: Terms::new(&config.broker_url, llm), inside: None, watch: None };
        let mut told = false;
        loop {
            match work.take_over().await? {
                Worker::Inside => {}
                Worker::Process if llm.is_some() => terminal::note(
                    "A worker that runs on this data folder does the work, with the LLM settings that it was started with.",
                ),
                Worker::Process => terminal::note("A worker that runs on this data folder does the work."),
                Worker::Read(_) if llm.is_some() && work.watch.is_none() => {
                    work.watch = Some(WatchLock::share(&config.data_dir)?);
                    continue;
                }
                Worker::Read(process) => {
                    terminal::note(&format!("Another `read` (process {process}) does the work of both."));
                }
                Worker::ReadOtherwise(process) => {
                    work.watch = None;
                    if !told {
                        terminal::note(&format!(
                            "Another `read` (process {process}) works with another queue or other LLM settings: this one begins when that has ended."
                        ));
                    }
                    told = true;
                    tokio::time::sleep(LOOK_AT_WORKER).await;
                    continue;
                }
            }
            return Ok(work);
        }
    }

    /// Starts a worker here unless somebody does the work.
    async fn take_over(&mut self) -> Result<Worker, CliError> {
        if self.is_served().await? {
            return Ok(Worker::Process);
        }
        match ReadLock::take(&self.config.data_dir, &self.terms)? {
            Turn::Ours(lock) => {
                self.inside = Some((worker_inside(self.config, self.analyses), lock));
                Ok(Worker::Inside)
            }
            Turn::Theirs(holder) if holder.works_as(&self.terms) => Ok(Worker::Read(holder.process)),
            Turn::Theirs(holder) => Ok(Worker::ReadOtherwise(holder.process)),
        }
    }

    /// Whether a worker process does the work: one that runs on this data folder, where the analyses are, and takes
    /// from our queue, which with a server may be another one.
    async fn is_served(&self) -> Result<bool, CliError> {
        if !WorkerLock::is_held(&self.config.data_dir)? {
            return Ok(false);
        }
        if self.config.broker_url.starts_with("sqlite:") {
            return Ok(true);
        }
        let queue = self.analyses.app().default_queue().to_string();
        let answers = self.analyses.app().inspect().active_queues().await;
        let answers = answers.map_err(|error| CliError::failed(error.to_string()))?;
        let consumes = |queues: &serde_json::Value| {
            queues.as_array().into_iter().flatten().any(|consumed| consumed["name"] == *queue)
        };
        Ok(answers.values().any(consumes))
    }

    /// Returns when whoever did the work is gone and this process has taken it over; never while it does the work.
    pub async fn taken_over(&mut self) -> Result<(), CliError> {
        if self.inside.is_some() {
            return std::future::pending().await;
        }
        let mut unanswered = 0;
        loop {
            tokio::time::sleep(LOOK_AT_WORKER).await;
            if self.is_served().await? {
                unanswered = 0;
                continue;
            }
            unanswered = if WorkerLock::is_held(&self.config.data_dir)? { unanswered + 1 } else { 0 };
            if (1..UNANSWERED).contains(&unanswered) {
                continue;
            }
            if matches!(self.take_over().await?, Worker::Inside) {
                return Ok(());
            }
        }
    }

    /// Ends the worker inside, if there is one.
    pub async fn end(self) {
        if let Some((worker, lock)) = self.inside {
            worker.end().await;
            // Not before: whoever waits for it starts a worker at once.
            drop(lock);
        }
    }
}
