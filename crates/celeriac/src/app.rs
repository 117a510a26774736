//! The app: what a program that sends or runs tasks holds. Cheap to clone.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use crate::args;
use crate::async_result::{AsyncResult, GroupResult};
use crate::backend::{self, BackendError, ResultBackend};
use crate::broker::{self, Broker, Publication, RedisOptions};
use crate::cancellation::Cancellation;
use crate::canvas::plan::{Applied, Plan};
use crate::canvas::signature;
use crate::clock::LamportClock;
use crate::context::{Context, Request};
use crate::error::AppError;
use crate::events::{self, EventSender, EventStream};
use crate::host;
use crate::inspect::{Control, Inspect};
use crate::mistakes;
use crate::outgoing::{Defaults, Fanouts, Sender};
use crate::protocol::{
    EVENT_TOPIC_PREFIX, Event, JsonMap, NodeName, QueueName, Signature, TaskException, TaskId, TaskMeta,
    TaskState,
};
use crate::registry::Registry;
use crate::routes::Routes;
use crate::send::SendBuilder;
use crate::sqlite;
use crate::task::{Failure, Task, TaskError, TaskResult};
use crate::worker::WorkerBuilder;

/// Broker, result backend, registered tasks and the state that they share.
pub struct App<S = ()> {
    core: Arc<Core>,
    state: Arc<S>,
    registry: Arc<Registry<S>>,
}

impl<S> Clone for App<S> {
    fn clone(&self) -> Self {
        Self { core: self.core.clone(), state: self.state.clone(), registry: self.registry.clone() }
    }
}

impl<S> std::fmt::Debug for App<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").field("broker", &self.core.broker_url).finish_non_exhaustive()
    }
}

/// The part of an app that does not depend on its tasks.
pub(crate) struct Core {
    pub(crate) broker: Arc<dyn Broker>,
    pub(crate) backend: Arc<dyn ResultBackend>,
    pub(crate) sender: Sender,
    pub(crate) clock: Arc<LamportClock>,
    /// Without password.
    pub(crate) broker_url: String,
    /// Without password.
    pub(crate) backend_url: String,
    /// Tell of each task that is sent (`task_send_sent_event`).
    pub(crate) sent_events: bool,
    /// Store with each result what the task was (`result_extended`).
    pub(crate) result_extended: bool,
}

/// Settings of an app that is about to be opened.
#[derive(Debug)]
pub struct AppBuilder<S> {
    broker_url: String,
    backend_url: Option<String>,
    result_expires: Option<Duration>,
    default_queue: QueueName,
    routes: Vec<(String, QueueName)>,
    broadcasts: Vec<String>,
    sent_events: bool,
    result_extended: bool,
    redis: RedisOptions,
    /// Those of the result backend, when they are others.
    backend_redis: Option<RedisOptions>,
    state: S,
}

impl App<()> {
    /// An app on a broker, which keeps the results too: `sqlite:///absolute/path.db`, `sqlite://relative.db`,
    /// `redis://host:6379/0`. A SQLite file is made when there is none. A Redis is connected to when it is first needed:
    /// the first send, question or worker tells that it cannot be reached.
    ///
    /// # Errors
    /// When the URL is not understood or the broker cannot be opened.
    pub async fn open(broker_url: &str) -> Result<Self, AppError> {
        Self::builder(broker_url).open().await
    }

    /// An app on a broker, with more settings.
    pub fn builder(broker_url: &str) -> AppBuilder<()> {
        AppBuilder {
            broker_url: broker_url.to_owned(),
            backend_url: None,
            result_expires: Some(backend::DEFAULT_RESULT_EXPIRES),
            default_queue: QueueName::celery(),
            routes: Vec::new(),
            broadcasts: Vec::new(),
            sent_events: false,
            result_extended: false,
            redis: RedisOptions::default(),
            backend_redis: None,
            state: (),
        }
    }
}

impl<S: Send + Sync + 'static> AppBuilder<S> {
    /// Where results are kept, if not on the broker.
    pub fn result_backend(mut self, url: &str) -> Self {
        self.backend_url = Some(url.to_owned());
        self
    }

    /// How long results are kept, a day unless set; `None` is for ever.
    pub fn result_expires(mut self, expires: Option<Duration>) -> Self {
        self.result_expires = expires;
        self
    }

    /// The queue of tasks that name none, and of workers that name none; `celery` unless set.
    pub fn default_queue(mut self, queue: impl Into<QueueName>) -> Self {
        self.default_queue = queue.into();
        self
    }

    /// Tasks whose name fits the pattern go to this queue (`task_routes`), wherever this app sends them: by itself, as
    /// steps of a canvas, as callbacks, by the clock. `*` stands for one character or more: `mail.*` is each task of
    /// `mail`. The first route that fits counts. A queue that the call or the task ([`Task::QUEUE`]) names outweighs
    /// routes, as in Celery. A worker has to consume the queue ([`WorkerBuilder::queues`]).
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), celeriac::AppError> {
    /// let app = celeriac::App::builder("sqlite://queue.db")
    ///     .route("mail.urgent", "urgent")
    ///     .route("mail.*", "mail")
    ///     .open()
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn route(mut self, pattern: &str, queue: impl Into<QueueName>) -> Self {
        self.routes.push((pattern.to_owned(), queue.into()));
        self
    }

    /// Fanout exchanges, the names of the `Broadcast` queues of a Celery app on the same broker: a task whose option
    /// `queue` or `exchange` is one of them runs in every worker that listens. The options `exchange` and `exchange_type`
    /// (`fanout`) of a signature do the same for one task. Workers have to be told which they listen to
    /// ([`WorkerBuilder::broadcasts`]).
    pub fn broadcasts(mut self, exchanges: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.broadcasts = exchanges.into_iter().map(Into::into).collect();
        self
    }

    /// Send the event `task-sent` for each task.
    pub fn sent_events(mut self, sent_events: bool) -> Self {
        self.sent_events = sent_events;
        self
    }

    /// Workers store with each result the task's name, arguments, worker, retries, queue and stamps (`result_extended`).
    /// They are in the `extra` of its [`TaskMeta`].
    pub fn result_extended(mut self, extended: bool) -> Self {
        self.result_extended = extended;
        self
    }

    /// How queues and results lie on a Redis, and how it is connected to (`broker_transport_options`). Options in the
    /// URLs override these.
    pub fn redis_options(mut self, options: RedisOptions) -> Self {
        self.redis = options;
        self
    }

    /// The same for the result backend (`result_backend_transport_options`). Unless given, those of the broker count
    /// when both have one URL.
    pub fn result_redis_options(mut self, options: RedisOptions) -> Self {
        self.backend_redis = Some(options);
        self
    }

    /// What the tasks share; they see it as [`Context::state`](crate::Context::state).
    pub fn state<T>(self, state: T) -> AppBuilder<T> {
        AppBuilder {
            broker_url: self.broker_url,
            backend_url: self.backend_url,
            result_expires: self.result_expires,
            default_queue: self.default_queue,
            routes: self.routes,
            broadcasts: self.broadcasts,
            sent_events: self.sent_events,
            result_extended: self.result_extended,
            redis: self.redis,
            backend_redis: self.backend_redis,
            state,
        }
    }

    /// Opens broker and result backend.
    ///
    /// # Errors
    /// When a URL is not understood, or broker or backend cannot be opened.
    pub async fn open(self) -> Result<App<S>, AppError> {
        let backend_url = self.backend_url.as_deref().unwrap_or(&self.broker_url);
        if let Some(url) = [&self.broker_url, backend_url].into_iter().find(|url| sqlite::is_in_memory(url)) {
            return Err(AppError::InMemory { url: url.to_owned() });
        }
        // As in Celery, the broker's options are not the result backend's, unless both are one URL.
        let apart = RedisOptions::default();
        let inherited = if self.backend_url.is_some() { &apart } else { &self.redis };
        let backend_redis = self.backend_redis.as_ref().unwrap_or(inherited);
        let broker = broker::open_with(&self.broker_url, &self.redis).await?;
        let backend = backend::open_with(backend_url, self.result_expires, backend_redis).await?;
        self.open_on(broker, backend)
    }

    /// The same on a broker and a result backend that are open already; the URLs are only shown.
    ///
    /// # Errors
    /// When the name of the default queue or of a route's is not allowed.
    pub fn open_on(
        self,
        broker: Arc<dyn Broker>,
        backend: Arc<dyn ResultBackend>,
    ) -> Result<App<S>, AppError> {
        let backend_url = self.backend_url.as_deref().unwrap_or(&self.broker_url);
        let fanouts = Fanouts::default();
        self.broadcasts.iter().for_each(|exchange| fanouts.add(exchange));
        let routes = self.routes.iter().map(|(pattern, queue)| {
            let queue = QueueName::parse(queue.as_str()).map_err(|error| error.to_string());
            match queue {
                Ok(queue) => Ok((pattern.as_str(), queue)),
                Err(reason) => Err(AppError::Route { pattern: pattern.clone(), reason }),
            }
        });
        let routes: Vec<(&str, QueueName)> = routes.collect::<Result<_, AppError>>()?;
        let patterns =
            || self.routes.iter().map(|(pattern, _)| pattern.as_str()).collect::<Vec<_>>().join(", ");
        let routes = Routes::new(routes)
            .map_err(|error| AppError::Route { pattern: patterns(), reason: error.to_string() })?;
        let core = Core {
            broker,
            backend,
            sender: Sender {
                origin: format!("gen{}@{}", std::process::id(), host::name()),
                default_queue: QueueName::parse(self.default_queue.as_str())?,
                routes,
                defaults: Defaults::default(),
                fanouts,
                oid: uuid::Uuid::new_v4().to_string(),
            },
            clock: Arc::default(),
            broker_url: host::without_password(&self.broker_url),
            backend_url: host::without_password(backend_url),
            sent_events: self.sent_events,
            result_extended: self.result_extended,
        };
        Ok(App { core: Arc::new(core), state: Arc::new(self.state), registry: Arc::new(Registry::new()) })
    }
}

impl<S: Send + Sync + 'static> App<S> {
    /// Makes a task known to the workers of this app, and its constants (queue, priority, whether its result is ignored)
    /// to whatever this app sends by the task's name: signatures, steps of a canvas, callbacks, entries of a beat.
    ///
    /// # Panics
    /// When another type is registered under the same name already, or when the task's name, queue or priority is not
    /// allowed: no run of the program could do what it says.
    #[must_use = "the task is known to the app that this gives"]
    #[track_caller]
    pub fn register<T: Task<S>>(mut self) -> Self {
        Arc::make_mut(&mut self.registry).add::<T>();
        self.core.sender.defaults.set(T::NAME, signature::constants::<T, S>());
        self
    }

    /// Runs a task here and now, for tests of tasks: no worker, no message, no result that is stored. The arguments make
    /// the way to JSON and back, as they would on the broker. What else the task does is real: what it sends lies in the
    /// queues, and [`Context::progress`] is stored under the id of its request. Nothing is retried, limited in time or
    /// called back: a retry is what is returned, as [`TaskError::Retry`].
    ///
    /// ```
    /// # use celeriac::{App, Context, Task, TaskResult};
    /// # #[derive(serde::Serialize, serde::Deserialize)]
    /// # struct Add { x: i64, y: i64 }
    /// # impl Task for Add {
    /// #     const NAME: &'static str = "tasks.add";
    /// #     type Output = i64;
    /// #     async fn run(self, _cx: Context) -> TaskResult<i64> { Ok(self.x + self.y) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let folder = tempfile::tempdir()?;
    /// let app = App::open(&format!("sqlite://{}", folder.path().join("queue.db").display())).await?;
    /// assert_eq!(app.run_now(Add { x: 2, y: 3 }).await.unwrap(), 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// What the task's run ends with, if not with a result.
    pub async fn run_now<T: Task<S>>(&self, task: T) -> TaskResult<T::Output> {
        let publication = self.core.sender.publication(Signature::of(&task)?)?;
        let message = Arc::new(publication.message);
        let task: T = args::bind(T::NAME, message.body.args(), message.body.kwargs())
            .map_err(|error| TaskError::Failed(Failure::new("TypeError", error.to_string())))?;
        let hostname: NodeName = self.core.sender.origin.as_str().into();
        // Nobody takes events: there is no worker that they would be of.
        let (events, _) = EventSender::new(hostname.clone(), self.core.clock.clone(), false);
        let request = Request { message, hostname, queue: publication.queue, redelivered: false };
        task.run(Context::new(self.clone(), request, Arc::<Cancellation>::default(), events)).await
    }

    /// Sends a task: `app.send(Add { x: 2, y: 3 }).countdown(pause).await?`. A message has at most 16 MiB of arguments
    /// ([`MAX_BODY_BYTES`](crate::protocol::MAX_BODY_BYTES)). A running task sends with [`Context::send`].
    pub fn send<T: Task<S>>(&self, task: T) -> SendBuilder<'_, T, S> {
        SendBuilder::new(self, task)
    }

    /// Sends a signature of any kind; the result is that of its last task.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached, or an option is wrong.
    pub async fn send_signature(
        &self,
        signature: impl Into<Signature>,
    ) -> Result<AsyncResult<Value>, AppError> {
        let mut plan = Plan::default();
        let sent = plan.apply(signature.into(), &[]).ok_or_else(|| plan.refusal("canvas"))?;
        self.core.carry_out(plan).await?;
        Ok(AsyncResult::at(sent.result, self.core.backend.clone()))
    }

    /// Sends many signatures with one commit. The results are in the same order.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached, or an option is wrong; then none was sent.
    pub async fn send_batch(
        &self,
        signatures: impl IntoIterator<Item = impl Into<Signature>>,
    ) -> Result<Vec<AsyncResult<Value>>, AppError> {
        let mut plan = Plan::default();
        let sent: Option<Vec<Applied>> =
            signatures.into_iter().map(|signature| plan.apply(signature.into(), &[])).collect();
        let sent = sent.ok_or_else(|| plan.refusal("canvas"))?;
        self.core.carry_out(plan).await?;
        Ok(sent.into_iter().map(|sent| AsyncResult::at(sent.result, self.core.backend.clone())).collect())
    }

    pub(crate) async fn send_group(&self, group: Signature) -> Result<GroupResult, AppError> {
        let mut plan = Plan::default();
        let sent = plan.apply(group, &[]).ok_or_else(|| plan.refusal("group"))?;
        self.core.carry_out(plan).await?;
        Ok(GroupResult::at(sent.result, self.core.backend.clone()))
    }

    /// The result of a task that was sent earlier or by somebody else.
    pub fn result<T>(&self, id: impl Into<TaskId>) -> AsyncResult<T> {
        AsyncResult::new(id.into(), self.core.backend.clone())
    }

    /// Calls tasks off: those that wait never run; with `terminate` those that run are dropped. Works also while no
    /// worker is up: the state `REVOKED` is stored at once, and workers look for it in what waited for them.
    ///
    /// # Errors
    /// When the broker or the result backend cannot be reached.
    pub async fn revoke(
        &self,
        ids: impl IntoIterator<Item = impl Into<TaskId>>,
        terminate: bool,
    ) -> Result<(), AppError> {
        let ids: Vec<TaskId> = ids.into_iter().map(Into::into).collect();
        if ids.is_empty() {
            return Ok(());
        }
        self.core.store_revoked(&ids, terminate).await?;
        let ids: Vec<&str> = ids.iter().map(TaskId::as_str).collect();
        let arguments = JsonMap::from_iter([
            ("task_id".to_owned(), Value::from(ids)),
            ("terminate".to_owned(), terminate.into()),
            ("signal".to_owned(), if terminate { "SIGTERM".into() } else { Value::Null }),
        ]);
        self.control().broadcast("revoke", arguments).await
    }

    /// A worker for the registered tasks.
    #[must_use = "a worker does nothing until it is run"]
    pub fn worker(&self) -> WorkerBuilder<S> {
        WorkerBuilder::new(self.clone())
    }

    /// Questions to all workers of the broker, also those of other processes.
    pub fn inspect(&self) -> Inspect {
        Inspect::new(self.core.clone())
    }

    /// Commands to all workers of the broker.
    pub fn control(&self) -> Control {
        Control::new(self.core.clone())
    }

    /// The events of all workers and clients, from now on.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn events(&self) -> Result<EventStream, AppError> {
        let topic = format!("{EVENT_TOPIC_PREFIX}*");
        Ok(EventStream::new(self.core.broker.subscribe(&[&topic]).await?))
    }

    /// What the tasks share.
    pub fn state(&self) -> &S {
        &self.state
    }

    /// The broker, for looking at queues.
    pub fn broker(&self) -> &Arc<dyn Broker> {
        &self.core.broker
    }

    /// The result backend.
    pub fn backend(&self) -> &Arc<dyn ResultBackend> {
        &self.core.backend
    }

    /// The queue of tasks that name none.
    pub fn default_queue(&self) -> &QueueName {
        &self.core.sender.default_queue
    }

    /// Names of the registered tasks, sorted.
    pub fn task_names(&self) -> Vec<&'static str> {
        self.registry.names()
    }

    /// Versions, platform and settings as text, for a report of a fault.
    pub fn report(&self) -> String {
        let core = &self.core;
        let transport = core.broker_url.split("://").next().unwrap_or_default();
        format!(
            "{}settings -> transport:{transport} results:{}\n\nbroker_url: '{}'\nresult_backend: '{}'\n\
             task_default_queue: '{}'\n",
            host::software(),
            core.backend_url,
            core.broker_url,
            core.backend_url,
            core.sender.default_queue,
        )
    }

    pub(crate) fn core(&self) -> &Arc<Core> {
        &self.core
    }

    pub(crate) fn registry(&self) -> &Registry<S> {
        &self.registry
    }
}

impl Core {
    /// Starts the chords of a plan, then sends its tasks.
    pub(crate) async fn carry_out(&self, plan: Plan) -> Result<(), AppError> {
        let publications = self.prepare(plan).await?;
        if publications.is_empty() {
            return Ok(());
        }
        let told = self
            .sent_events
            .then(|| publications.iter().map(|sent| self.sent_event(sent)).collect::<Vec<_>>());
        self.broker.publish(publications).await?;
        if let Some(events) = told {
            // The task is sent; an event that is lost does not change that.
            if let Err(error) = self.broadcast_events(&events).await {
                tracing::warn!(target: "celery.events", "task-sent events are lost: {error}");
            }
        }
        Ok(())
    }

    /// Stores that these tasks are called off, unless they run (and are not to be terminated) or have ended.
    pub(crate) async fn store_revoked(&self, ids: &[TaskId], terminate: bool) -> Result<(), BackendError> {
        let known = self.backend.get_many(ids).await?;
        let reason = if terminate { "terminated" } else { "revoked" };
        let revoked =
            ids.iter().zip(known).filter(|(_, meta)| match meta.as_ref().map(|meta| &meta.status) {
                None | Some(TaskState::Pending | TaskState::Received | TaskState::Retry) => true,
                // What runs and is not terminated may end by itself.
                Some(state) => terminate && !state.is_ready(),
            });
        let metas: Vec<TaskMeta> = revoked.map(|(id, _)| revoked_meta(id.clone(), reason)).collect();
        if metas.is_empty() { Ok(()) } else { self.backend.store(metas).await }
    }

    /// Starts the chords of a plan; what is left to do is to publish its tasks.
    pub(crate) async fn prepare(&self, plan: Plan) -> Result<Vec<Publication>, AppError> {
        mistakes::refuse(&plan.calls)?;
        let publications = plan
            .calls
            .into_iter()
            .map(|signature| self.sender.publication(signature))
            .collect::<Result<Vec<Publication>, AppError>>()?;
        for chord in &plan.chords {
            self.backend.chord_start(&chord.group_id, chord.size).await?;
        }
        Ok(publications)
    }

    async fn broadcast_events(&self, events: &[Event]) -> Result<(), AppError> {
        for event in events {
            self.broker.broadcast(&Event::topic(&event.kind), event.encode()?).await?;
        }
        Ok(())
    }

    fn sent_event(&self, sent: &Publication) -> Event {
        let mut fields = events::task_fields(&sent.message, &sent.message.headers.task);
        fields.insert("queue".to_owned(), sent.queue.as_str().into());
        fields.insert("exchange".to_owned(), "".into());
        fields.insert("routing_key".to_owned(), sent.queue.as_str().into());
        let hostname = self.sender.origin.as_str().into();
        events::event(hostname, &self.clock, "task-sent", Some(sent.message.headers.id.clone()), fields)
    }
}

/// The state of a task that was called off.
pub(crate) fn revoked_meta(id: TaskId, reason: &str) -> TaskMeta {
    let exception = TaskException::new("celery.exceptions", "TaskRevokedError", reason);
    TaskMeta::new(id, TaskState::Revoked, exception.into_value())
}
