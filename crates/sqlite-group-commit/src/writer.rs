//! The writer thread: takes all that waits, commits once, answers everybody.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::DatabaseError;

/// Most changes in one transaction.
const MAX_JOBS_PER_COMMIT: usize = 2048;

/// A transaction takes up no further changes once it is so old, for other processes wait for the lock.
const MAX_TRANSACTION_AGE: Duration = Duration::from_millis(50);

/// Whether an answer means that the change survives a power failure, or only the death of this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// On disk before the answer.
    Full,
    /// In the operating system's hands; on disk with the next full commit.
    Lazy,
}

/// A change with somebody who waits for its outcome.
pub(crate) trait Job: Send {
    /// Whether the change needs a full commit.
    fn durability(&self) -> Durability;
    /// Whether nobody waits any more, so that the change need not be made.
    fn is_abandoned(&self) -> bool;
    /// Makes the change and keeps the outcome. Returns whether the change stands.
    fn run(&mut self, conn: &Connection, path: &Path) -> bool;
    /// Answers whoever waits: with the outcome, or with the error that undid it.
    fn answer(self: Box<Self>, undone: Option<DatabaseError>);
}

/// The [`Job`] of one call.
pub(crate) struct Call<T, F> {
    pub durability: Durability,
    pub work: Option<F>,
    pub outcome: Option<Result<T, DatabaseError>>,
    pub waiter: oneshot::Sender<Result<T, DatabaseError>>,
}

impl<T, F> Job for Call<T, F>
where
    T: Send,
    F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send,
{
    fn durability(&self) -> Durability {
        self.durability
    }

    fn is_abandoned(&self) -> bool {
        self.waiter.is_closed()
    }

    fn run(&mut self, conn: &Connection, path: &Path) -> bool {
        let Some(work) = self.work.take() else { return false };
        let outcome = run_caught(work, conn, path);
        let stands = outcome.is_ok();
        self.outcome = Some(outcome);
        stands
    }

    fn answer(self: Box<Self>, undone: Option<DatabaseError>) {
        let outcome = match (self.outcome, undone) {
            (Some(Err(own)), _) => Err(own),
            (_, Some(undone)) => Err(undone),
            (Some(outcome), None) => outcome,
            // The change was abandoned before it was run: nobody reads the answer.
            (None, None) => return,
        };
        // An outcome that nobody takes is dropped here, which is what gives back what it holds.
        drop(self.waiter.send(outcome));
    }
}

/// Runs `work`, making a panic an error.
pub(crate) fn run_caught<T>(
    work: impl FnOnce(&Connection) -> Result<T, DatabaseError>,
    conn: &Connection,
    path: &Path,
) -> Result<T, DatabaseError> {
    match catch_unwind(AssertUnwindSafe(|| work(conn))) {
        Ok(outcome) => outcome.map_err(|error| error.at(path)),
        Err(panic) => {
            let words = panic.downcast_ref::<&str>().map(|words| (*words).to_owned());
            let reason = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
            Err(DatabaseError::Panicked { path: path.to_owned(), reason })
        }
    }
}

/// The writer's state.
pub(crate) struct Writer {
    pub conn: Connection,
    pub path: PathBuf,
    /// What `PRAGMA synchronous` is set to.
    pub durability: Durability,
}

impl Writer {
    /// Serves the queue until all its senders have gone.
    pub(crate) fn run(mut self, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
        while let Some(first) = jobs.blocking_recv() {
            let mut waiting = VecDeque::from([first]);
            while waiting.len() < MAX_JOBS_PER_COMMIT
                && let Ok(job) = jobs.try_recv()
            {
                waiting.push_back(job);
            }
            while !waiting.is_empty() {
                self.commit_some(&mut waiting);
            }
        }
    }

    /// Runs jobs from `waiting` in one transaction until they are done, or the transaction is too old, or broken.
    fn commit_some(&mut self, waiting: &mut VecDeque<Box<dyn Job>>) {
        let is_full = waiting.iter().any(|job| job.durability() == Durability::Full);
        let mut done: Vec<Box<dyn Job>> = Vec::with_capacity(waiting.len());
        let outcome = self.begin(if is_full { Durability::Full } else { Durability::Lazy }).and_then(|()| {
            let started = Instant::now();
            while let Some(mut job) = waiting.pop_front() {
                if job.is_abandoned() {
                    continue;
                }
                let whole = self.run_in_savepoint(job.as_mut());
                done.push(job);
                whole?;
                if started.elapsed() > MAX_TRANSACTION_AGE {
                    break;
                }
            }
            self.conn.prepare_cached("COMMIT")?.execute([])?;
            Ok(())
        });
        let undone = outcome.err().map(|error| error.at(&self.path));
        if let Some(error) = &undone {
            if done.is_empty() {
                // The transaction did not even begin: everybody who waits is told so.
                done.extend(waiting.drain(..));
            }
            tracing::warn!(jobs = done.len(), %error, "a transaction failed");
            if !self.conn.is_autocommit()
                && let Err(error) = self.conn.execute_batch("ROLLBACK")
            {
                tracing::error!(%error, "rolling the failed transaction back failed too");
            }
        }
        for job in done {
            job.answer(undone.clone());
        }
    }

    fn begin(&mut self, durability: Durability) -> Result<(), DatabaseError> {
        if self.durability != durability {
            let level = match durability {
                Durability::Full => "full",
                Durability::Lazy => "normal",
            };
            self.conn.pragma_update(None, "synchronous", level)?;
            self.durability = durability;
        }
        self.conn.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(())
    }

    /// Runs one job so that its failure undoes only its own change. An error means that the transaction is broken.
    fn run_in_savepoint(&self, job: &mut dyn Job) -> Result<(), DatabaseError> {
        self.conn.prepare_cached("SAVEPOINT job")?.execute([])?;
        let stands = job.run(&self.conn, &self.path);
        if self.conn.is_autocommit() {
            // SQLite itself rolled the whole transaction back, which it does when the disk is full.
            return Err(DatabaseError::Full { path: self.path.clone() });
        }
        if !stands {
            self.conn.prepare_cached("ROLLBACK TO job")?.execute([])?;
        }
        self.conn.prepare_cached("RELEASE job")?.execute([])?;
        Ok(())
    }
}
