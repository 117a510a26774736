//! Where tasks run: in this process ([`tokio`]) or in processes of their own ([`prefork`]).
//!
//! Both stand behind [`Pool`]: stand in line for a [`Place`], wait for it, then let it run a task. The pool also says which processes it
//! has, and may grow and shrink while tasks run.

mod places;
pub(crate) mod prefork;
mod running;
mod tokio;

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::cancellation::CancelReason;
use crate::context::Context;
use crate::events::EventSender;
use crate::registry::Registered;
use crate::task::TaskError;
use crate::worker::held::Held;
use crate::worker::ticket::Ticket;
use places::{Permit, Places};
use prefork::{Child, Children};

/// What runs the tasks of a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum PoolKind {
    /// Tasks run in this process, as futures on the runtime. Cheap, and right for tasks that wait; a task that blocks
    /// or eats memory hurts the others, and nothing can take its thread away.
    #[default]
    Tokio,
    /// Each task runs in a process of its own, one at a time, which is replaced when it dies. Time limits and
    /// `terminate` end what they end, a crash ends one task only, and `max_tasks_per_child` and `max_memory_per_child`
    /// give memory back.
    Prefork,
}

impl PoolKind {
    /// The word for it: on the command line, in the log and in answers to remote control.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Tokio => "tokio",
            Self::Prefork => "prefork",
        }
    }
}

/// How a run ended.
#[derive(Debug)]
pub(crate) enum End {
    /// By itself, well or badly.
    Returned(Result<Value, TaskError>),
    /// It was dropped.
    Dropped(CancelReason),
    /// Its process died; the text tells how, in Celery's words.
    Lost(String),
}

/// The limits of one run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) hard: Option<Duration>,
    /// Nothing when the hard limit comes first.
    pub(crate) soft: Option<Duration>,
}

impl Limits {
    pub(crate) fn new(hard: Option<Duration>, soft: Option<Duration>) -> Self {
        Self { hard, soft: soft.filter(|soft| hard.is_none_or(|hard| *soft < hard)) }
    }
}

/// What a place needs to run a task.
pub(crate) struct Work<'a, S> {
    pub(crate) task: &'a Registered<S>,
    pub(crate) held: &'a Held,
    pub(crate) limits: Limits,
    pub(crate) cx: Context<S>,
    /// Where events of the task go that come out of another process.
    pub(crate) events: &'a EventSender,
}

/// The places in which tasks run.
#[derive(Debug)]
pub(crate) struct Pool {
    places: Arc<Places>,
    /// The processes, if tasks run in some.
    children: Option<Arc<Children>>,
}

/// One place, free again when it is dropped.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    child: Option<(Child, &'a Arc<Children>)>,
    /// After the child, so that it is there when the next one has the right to it.
    _permit: Permit,
}

/// Stands in line for a place of the pool, until it is dropped.
pub(crate) struct InLine(Ticket<Permit>);

impl Pool {
    pub(crate) fn new(size: usize, children: Option<Arc<Children>>) -> Self {
        Self { places: Arc::new(Places::new(size)), children }
    }

    /// Stands in line for a place; first come, first served.
    pub(crate) fn line_up(&self) -> InLine {
        InLine(Ticket::take(self.places.clone().permit()))
    }

    /// Waits for the place that is one's own by now.
    pub(crate) async fn place(&self, line: InLine) -> Place<'_> {
        let permit = line.0.served().await;
        let child = match &self.children {
            Some(children) => Some((children.take().await, children)),
            None => None,
        };
        Place { child, _permit: permit }
    }

    /// How many tasks may run side by side.
    pub(crate) fn size(&self) -> usize {
        self.places.size()
    }

    /// Adds places.
    pub(crate) fn grow(&self, n: usize) {
        self.places.grow(n);
        self.resize();
    }

    /// Takes places away, at most all but one. Returns how many.
    pub(crate) fn shrink(&self, n: usize) -> usize {
        let gone = self.places.shrink(n);
        self.resize();
        gone
    }

    fn resize(&self) {
        if let Some(children) = &self.children {
            children.resize(self.places.size());
        }
    }

    /// The processes in which tasks run.
    pub(crate) fn processes(&self) -> Vec<u32> {
        match &self.children {
            Some(children) => children.pids(),
            None => vec![std::process::id()],
        }
    }

    /// The processes, if tasks run in some.
    pub(crate) fn children(&self) -> Option<&Arc<Children>> {
        self.children.as_ref()
    }

    /// What `stats` calls the pool.
    pub(crate) fn implementation(&self) -> &'static str {
        match self.children {
            Some(_) => "celeriac.worker:prefork",
            None => "celeriac.worker:tokio",
        }
    }
}

impl Place<'_> {
    /// The process in which it is.
    pub(crate) fn pid(&self) -> u32 {
        self.child.as_ref().map_or_else(std::process::id, |(child, _)| child.pid())
    }

    /// Runs a task to its end.
    pub(crate) async fn run<S: Send + Sync + 'static>(&mut self, work: Work<'_, S>) -> End {
        match &mut self.child {
            Some((child, children)) => prefork::run(child, children, work).await,
            None => tokio::run(work).await,
        }
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        if let Some((child, children)) = self.child.take() {
            children.give_back(child);
        }
    }
}
