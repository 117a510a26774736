//! The tasks that an app knows, by name.

use std::any::{TypeId, type_name};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::args::{self, ArgumentError};
use crate::context::Context;
use crate::json;
use crate::protocol::{JsonMap, Message, QueueName};
use crate::task::{Failure, RetryPolicy, Task, TaskError};

/// A task's run, its result as JSON.
pub(crate) type Run = Pin<Box<dyn Future<Output = Result<Value, TaskError>> + Send>>;

/// A registered task: its settings, and its code without its type.
pub(crate) struct Registered<S> {
    pub(crate) name: &'static str,
    /// The Rust type, and its name.
    kind: (TypeId, &'static str),
    pub(crate) settings: Settings,
    /// Binds the arguments and runs.
    pub(crate) run: fn(Arc<Message>, Context<S>) -> Run,
    pub(crate) retries_after: fn(&Failure) -> bool,
}

/// The constants of a [`Task`].
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) acks_late: bool,
    pub(crate) acks_on_failure: bool,
    pub(crate) acks_on_timeout: bool,
    pub(crate) reject_on_worker_lost: bool,
    pub(crate) max_retries: Option<u32>,
    pub(crate) retry: RetryPolicy,
    pub(crate) time_limit: Option<Duration>,
    pub(crate) soft_time_limit: Option<Duration>,
    pub(crate) rate_limit: Option<&'static str>,
    pub(crate) ignore_result: bool,
    pub(crate) inline_errback: bool,
    pub(crate) track_started: bool,
}

impl<S> Clone for Registered<S> {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            kind: self.kind,
            settings: self.settings.clone(),
            run: self.run,
            retries_after: self.retries_after,
        }
    }
}

/// All registered tasks.
pub(crate) struct Registry<S> {
    tasks: HashMap<&'static str, Registered<S>>,
}

impl<S> Clone for Registry<S> {
    fn clone(&self) -> Self {
        Self { tasks: self.tasks.clone() }
    }
}

impl<S: Send + Sync + 'static> Registry<S> {
    /// Only what every worker knows.
    pub(crate) fn new() -> Self {
        let mut registry = Self { tasks: HashMap::new() };
        crate::canvas::builtin::register(&mut registry);
        registry
    }

    #[track_caller]
    pub(crate) fn add<T: Task<S>>(&mut self) {
        self.add_as::<T>(run::<T, S>);
    }

    /// A task that passes its arguments on, and is therefore given them as they came.
    pub(crate) fn add_raw<T: Task<S>>(&mut self) {
        self.add_as::<T>(run_raw::<T, S>);
    }

    /// Panics when the name is taken or the constants are wrong: both are mistakes of the program.
    #[track_caller]
    fn add_as<T: Task<S>>(&mut self, run: fn(Arc<Message>, Context<S>) -> Run) {
        let settings = Settings {
            acks_late: T::ACKS_LATE,
            acks_on_failure: T::ACKS_ON_FAILURE,
            acks_on_timeout: T::ACKS_ON_TIMEOUT,
            reject_on_worker_lost: T::REJECT_ON_WORKER_LOST,
            max_retries: T::MAX_RETRIES,
            retry: T::RETRY,
            time_limit: T::TIME_LIMIT,
            soft_time_limit: T::SOFT_TIME_LIMIT,
            rate_limit: T::RATE_LIMIT,
            ignore_result: T::IGNORE_RESULT,
            inline_errback: T::INLINE_ERRBACK,
            track_started: T::TRACK_STARTED,
        };
        assert!(!T::NAME.is_empty(), "the task {} has no name: set `const NAME`", type_name::<T>());
        if let Some(Err(error)) = T::QUEUE.map(QueueName::parse) {
            panic!("the task {} cannot go to its queue {:?}: {error}", T::NAME, T::QUEUE);
        }
        assert!(T::PRIORITY <= 9, "the priority of the task {} is {}: 0 to 9 expected", T::NAME, T::PRIORITY);
        let kind = (TypeId::of::<T>(), type_name::<T>());
        if let Some(other) = self.tasks.get(T::NAME).filter(|other| other.kind.0 != kind.0) {
            panic!("the task name {} is taken: both {} and {} have it", T::NAME, other.kind.1, kind.1);
        }
        let task = Registered { name: T::NAME, kind, settings, run, retries_after: T::retries_after };
        self.tasks.insert(T::NAME, task);
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Registered<S>> {
        self.tasks.get(name)
    }

    /// The names, sorted, without those that every worker knows.
    pub(crate) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<_> =
            self.tasks.keys().copied().filter(|name| !name.starts_with("celery.")).collect();
        names.sort_unstable();
        names
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Registered<S>> {
        self.tasks.values()
    }
}

fn run<T: Task<S>, S: Send + Sync + 'static>(message: Arc<Message>, cx: Context<S>) -> Run {
    run_bound(message, cx, args::bind::<T>)
}

fn run_raw<T: Task<S>, S: Send + Sync + 'static>(message: Arc<Message>, cx: Context<S>) -> Run {
    run_bound(message, cx, args::bind_raw::<T>)
}

type Bind<T> = fn(&str, &[Value], &JsonMap) -> Result<T, ArgumentError>;

fn run_bound<T: Task<S>, S: Send + Sync + 'static>(
    message: Arc<Message>,
    cx: Context<S>,
    bind: Bind<T>,
) -> Run {
    Box::pin(async move {
        let task = bind(T::NAME, message.body.args(), message.body.kwargs())
            .map_err(|error| TaskError::Failed(Failure::new("TypeError", error.to_string())))?;
        drop(message);
        let output = task.run(cx).await?;
        json::to_value(&output).map_err(|error| {
            TaskError::Failed(Failure::of(crate::protocol::TaskException::new(
                "kombu.exceptions",
                "EncodeError",
                error.to_string(),
            )))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::TaskResult;
    use serde::{Deserialize, Serialize};

    macro_rules! task {
        ($type:ident, $name:literal, $queue:expr) => {
            #[derive(Serialize, Deserialize)]
            struct $type;

            impl Task for $type {
                const NAME: &'static str = $name;
                const QUEUE: Option<&'static str> = $queue;
                type Output = ();
                async fn run(self, _cx: Context) -> TaskResult<()> {
                    Ok(())
                }
            }
        };
    }
    task!(One, "t.one", None);
    task!(Other, "t.one", None);
    task!(NoQueue, "t.queue", Some(""));

    #[test]
    fn one_task_may_be_registered_twice() {
        let mut registry = Registry::<()>::new();
        registry.add::<One>();
        registry.add::<One>();
        assert_eq!(registry.names(), ["t.one"]);
    }

    #[test]
    #[should_panic(
        expected = "both celeriac::registry::tests::One and celeriac::registry::tests::Other have it"
    )]
    fn two_tasks_of_one_name_are_refused() {
        let mut registry = Registry::<()>::new();
        registry.add::<One>();
        registry.add::<Other>();
    }

    #[test]
    #[should_panic(expected = "the task t.queue cannot go to its queue")]
    fn a_queue_without_a_name_is_refused() {
        Registry::<()>::new().add::<NoQueue>();
    }
}
