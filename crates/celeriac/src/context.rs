//! What a running task sees of the world: its request, the app and its state, and the wish that it stop.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde::Serialize;
use serde_json::Value;

use crate::app::App;
use crate::cancellation::{CancelReason, Cancellation};
use crate::error::AppError;
use crate::events::EventSender;
use crate::protocol::{
    GroupId, JsonMap, Message, NodeName, Properties, QueueName, ResultTuple, TaskId, TaskMeta, TaskState,
    Timestamp,
};
use crate::send::SendBuilder;
use crate::task::{Failure, Retry, Task, TaskError};

/// Given to each run. Cheap to clone.
pub struct Context<S = ()> {
    inner: Arc<Inner<S>>,
}

struct Inner<S> {
    app: App<S>,
    request: Request,
    cancellation: Arc<Cancellation>,
    events: EventSender,
    /// What the task has sent as its children.
    trail: Trail,
}

/// What a task has sent, in its order.
pub(crate) type Trail = Arc<Mutex<Vec<ResultTuple>>>;

impl<S> Clone for Context<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

/// The message that called the task.
#[derive(Debug, Clone)]
pub struct Request {
    /// The message as it came.
    pub(crate) message: Arc<Message>,
    /// The node that runs it.
    pub hostname: NodeName,
    /// The queue that it came from.
    pub queue: QueueName,
    /// Was it delivered before?
    pub redelivered: bool,
}

impl Request {
    /// The task's id.
    pub fn id(&self) -> &TaskId {
        &self.message.headers.id
    }

    /// The task's name.
    pub fn task(&self) -> &str {
        &self.message.headers.task
    }

    /// How often it was retried before this run.
    pub fn retries(&self) -> u32 {
        self.message.headers.retries
    }

    /// When it was to run.
    pub fn eta(&self) -> Option<Timestamp> {
        self.message.headers.eta.as_ref().map(|eta| eta.at())
    }

    /// The first task of the tree.
    pub fn root_id(&self) -> Option<&TaskId> {
        self.message.headers.root_id.as_ref()
    }

    /// The task that sent this one.
    pub fn parent_id(&self) -> Option<&TaskId> {
        self.message.headers.parent_id.as_ref()
    }

    /// The group that it is a member of.
    pub fn group_id(&self) -> Option<&GroupId> {
        self.message.headers.group.as_ref()
    }

    /// Its place in that group.
    pub fn group_index(&self) -> Option<u64> {
        self.message.headers.group_index
    }

    /// The priority that it was sent with; 0 is the most urgent.
    pub fn priority(&self) -> u8 {
        self.message.properties.priority.0
    }

    /// The properties of the message, also those that the sender added.
    pub fn properties(&self) -> &Properties {
        &self.message.properties
    }

    /// The stamps of its canvas, by name.
    pub fn stamps(&self) -> &JsonMap {
        &self.message.headers.stamps
    }

    /// How many replacements ([`Context::replace`]) have led to it.
    pub fn replaced_task_nesting(&self) -> u32 {
        self.message.headers.replaced_task_nesting
    }

    /// Headers that the sender added.
    pub fn headers(&self) -> &JsonMap {
        &self.message.headers.extra
    }

    /// The positional arguments as they came.
    pub fn args(&self) -> &[Value] {
        self.message.body.args()
    }

    /// The keyword arguments as they came.
    pub fn kwargs(&self) -> &JsonMap {
        self.message.body.kwargs()
    }
}

impl<S: Send + Sync + 'static> Context<S> {
    pub(crate) fn new(
        app: App<S>,
        request: Request,
        cancellation: Arc<Cancellation>,
        events: EventSender,
    ) -> Self {
        Self { inner: Arc::new(Inner { app, request, cancellation, events, trail: Trail::default() }) }
    }

    /// For another message that is run as a part of this task.
    pub(crate) fn part(&self, message: Arc<Message>) -> Self {
        let inner = &self.inner;
        Self {
            inner: Arc::new(Inner {
                app: inner.app.clone(),
                request: Request { message, ..inner.request.clone() },
                cancellation: inner.cancellation.clone(),
                events: inner.events.clone(),
                trail: inner.trail.clone(),
            }),
        }
    }

    /// What the task has sent as its children.
    pub(crate) fn trail(&self) -> &Trail {
        &self.inner.trail
    }

    /// What the app's tasks share.
    pub fn state(&self) -> &S {
        self.inner.app.state()
    }

    /// The app. What is sent with it from here belongs to no task: [`send`](Self::send) and [`apply`](Self::apply) send
    /// children of this one.
    pub fn app(&self) -> &App<S> {
        &self.inner.app
    }

    /// Sends a task as a child of this one, as Celery's tasks do: it knows this task as its parent and has its root, and
    /// is among the [`children`](crate::AsyncResult::children) of this task's result.
    /// `cx.send(Add { x: 2, y: 3 }).queue("sums").await?`; signatures of any kind go by [`apply`](Self::apply).
    pub fn send<T: Task<S>>(&self, task: T) -> SendBuilder<'_, T, S> {
        SendBuilder::child(self, task)
    }

    /// The message that called the task.
    pub fn request(&self) -> &Request {
        &self.inner.request
    }

    /// Tells how far the run is: stores the state `PROGRESS` with `meta`, then sends the event `task-progress` that
    /// carries `meta`'s fields (or `meta` itself as `progress` when it is no object).
    ///
    /// # Errors
    /// When the result backend cannot be reached or `meta` cannot be written as JSON.
    pub async fn progress(&self, meta: impl Serialize) -> Result<(), AppError> {
        let meta =
            crate::json::to_value(&meta).map_err(|source| AppError::Value { what: "progress", source })?;
        self.update_state(TaskState::Progress, meta.clone()).await?;
        let fields = match meta {
            Value::Object(fields) => fields,
            other => JsonMap::from_iter([("progress".to_owned(), other)]),
        };
        self.event("task-progress", fields);
        Ok(())
    }

    /// Stores a state of the run with what it says of itself.
    ///
    /// # Errors
    /// When the result backend cannot be reached.
    pub async fn update_state(&self, state: TaskState, meta: Value) -> Result<(), AppError> {
        let mut stored = TaskMeta::new(self.request().id().clone(), state, meta);
        stored.group_id = self.request().group_id().cloned();
        stored.parent_id = self.request().parent_id().cloned();
        if self.app().core().result_extended {
            stored.extend(&self.request().message, &self.request().hostname);
        }
        self.app().core().backend.store(vec![stored]).await?;
        Ok(())
    }

    /// Sends an event of the task's own, whether task events are switched on or not. Its `uuid` is the task's id.
    pub fn event(&self, kind: &str, fields: JsonMap) {
        self.inner.events.send(kind, Some(self.request().id()), fields);
    }

    /// Waits until the run is asked to stop, and says why. Never ends otherwise: use it in `tokio::select!`.
    pub async fn cancelled(&self) -> CancelReason {
        self.inner.cancellation.asked().await
    }

    /// Is the run asked to stop?
    pub fn is_cancelled(&self) -> bool {
        self.inner.cancellation.reason().is_some()
    }

    /// Ends the run with `?` when it is asked to stop; for loops, also in blocking threads.
    ///
    /// # Errors
    /// When the run is asked to stop.
    pub fn checkpoint(&self) -> Result<(), CancelReason> {
        match self.inner.cancellation.reason() {
            Some(reason) => Err(reason),
            None => Ok(()),
        }
    }

    /// Ends the run with a retry: `return Err(cx.retry())`. The pause is the task's policy's.
    pub fn retry(&self) -> TaskError {
        Retry::default().into()
    }

    /// Ends the run with a retry after a pause.
    pub fn retry_in(&self, countdown: Duration) -> TaskError {
        Retry::default().countdown(countdown).into()
    }

    /// Ends the run with a retry because of an error, for `map_err(|error| cx.retry_because(&error))`, or `&*error` of
    /// an `anyhow::Error` or a `Box<dyn Error>`. When no retry is left, that error is the task's failure.
    #[track_caller]
    pub fn retry_because<E: std::error::Error + ?Sized>(&self, error: &E) -> TaskError {
        Retry::default().because(Failure::from_error(error)).into()
    }
}

impl<S> std::fmt::Debug for Context<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Context").field("request", &self.inner.request).finish_non_exhaustive()
    }
}
