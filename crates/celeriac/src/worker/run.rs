//! A worker from its start to its end.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tokio_util::task::{AbortOnDropHandle, TaskTracker};

use crate::app::App;
use crate::broker::Subscription;
use crate::cancellation::CancelReason;
use crate::error::AppError;
use crate::events::{self, EventSender};
use crate::protocol::{JsonMap, NodeName, QueueName};
use crate::worker::autoscale::scale;
use crate::worker::broadcasts;
use crate::worker::consumer::consume;
use crate::worker::control::{listen, revoked_ids};
use crate::worker::declared::Declared;
use crate::worker::dump::dump_when_asked;
use crate::worker::flusher::flush;
use crate::worker::heartbeat::beat;
use crate::worker::lease;
use crate::worker::pace;
use crate::worker::pool::prefork::{ChildProgram, Children, StartError};
use crate::worker::pool::{Pool, PoolKind};
use crate::worker::revoked::RevokedSet;
use crate::worker::settings::{ChildSettings, WorkerSettings};
use crate::worker::shared::Shared;
use crate::worker::shutdown::Shutdown;
use crate::worker::soft::soften;
use crate::worker::statedb;
use crate::worker::unreadable;

/// Ended tasks that wait for the flusher; more make the runs wait.
const MAX_FINISHED: usize = 8_192;
/// How long a cold shutdown waits for tasks that do not let themselves be dropped.
const COLD_PATIENCE: Duration = Duration::from_secs(5);
/// How long the broker may take to hear that the worker takes no more.
const LEAVE_WITHIN: Duration = Duration::from_secs(3);
/// The pause before the broker is tried again at the start: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(5));

/// Runs a worker until it is told to stop. When the future is dropped, the worker ends as by a cold shutdown.
pub(crate) async fn run<S: Send + Sync + 'static>(
    app: App<S>,
    mut settings: WorkerSettings,
    shutdown: Shutdown,
) -> Result<(), AppError> {
    let shutdown = shutdown.of_one_run();
    let pool = open_pool(&settings).await?;
    let Some((revoked, requests)) = join(&app, &mut settings, &shutdown).await? else { return Ok(()) };
    // From here on there are things that have to be brought to their end, whether somebody waits for it or not.
    let _given_up = GiveUp(shutdown.clone());
    match tokio::spawn(work(app, settings, shutdown, pool, revoked, requests)).await {
        Ok(()) => Ok(()),
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime ends.
            Err(_) => Ok(()),
        },
    }
}

/// Ends a run that nobody waits for any more.
struct GiveUp(Shutdown);

impl Drop for GiveUp {
    fn drop(&mut self) {
        self.0.give_up();
    }
}

/// Takes messages and runs tasks until it is told to stop, then brings all that it has begun to its end.
async fn work<S: Send + Sync + 'static>(
    app: App<S>,
    settings: WorkerSettings,
    shutdown: Shutdown,
    pool: Pool,
    revoked: RevokedSet,
    requests: Subscription,
) {
    let core = app.core().clone();
    let (event_sender, waiting) =
        EventSender::new(settings.node.clone(), core.clock.clone(), settings.task_events);
    let (finished, ended) = mpsc::channel(MAX_FINISHED);
    let shared = Arc::new(Shared::new(app, settings, pool, shutdown.clone(), event_sender.clone(), finished));
    *shared.revoked.lock() = revoked;
    attach_broadcasts(&shared).await;
    announce(&shared);

    // Three groups that end one after the other: the messages, the writing, and what goes on to the last.
    let (messages, writing, background) = (shared.messages.clone(), TaskTracker::new(), TaskTracker::new());
    let (end_writing, end, end_events) =
        (CancellationToken::new(), CancellationToken::new(), CancellationToken::new());
    writing.spawn(flush(shared.clone(), ended, end_writing.clone()));
    background.spawn(lease::renew_on_thread(shared.clone(), end.clone()));
    if let Some(children) = shared.pool.children() {
        background.spawn(children.clone().keep(end.clone()));
    }
    if let Some(autoscaler) = &shared.autoscaler {
        background.spawn(scale(shared.clone(), autoscaler.clone(), end.clone()));
    }
    if let Some(path) = &shared.settings.statedb {
        background.spawn(statedb::keep(shared.clone(), path.clone(), end.clone()));
    }
    background.spawn(pace::keep(shared.clone(), end.clone()));
    background.spawn(dump_when_asked(shared.clone(), end.clone()));
    background.spawn(soften(shared.clone(), end.clone()));
    background.spawn(lease::recover(shared.clone(), end.clone()));
    if !shared.settings.is_silent {
        background.spawn(beat(shared.clone(), end.clone()));
    }
    background.spawn(listen(shared.clone(), requests, end.clone()));
    let events =
        tokio::spawn(events::broadcast(core.broker.clone(), event_sender, waiting, end_events.clone()));

    let (unreadable, untold) = mpsc::channel(unreadable::MAX_UNREADABLE);
    messages.spawn(unreadable::tell(shared.clone(), untold));
    // A task of its own, on the threads where connections and messages live: a message that comes changes no thread.
    let consuming =
        AbortOnDropHandle::new(tokio::spawn(consume(shared.clone(), messages.clone(), unreadable)));
    if let Err(error) = consuming.await
        && let Ok(panic) = error.try_into_panic()
    {
        std::panic::resume_unwind(panic);
    }
    tokio::join!(leave(&shared), finish_messages(&shared, &messages, &shutdown));
    end_writing.cancel();
    writing.close();
    writing.wait().await;
    end.cancel();
    background.close();
    background.wait().await;
    end_events.cancel();
    if let Err(error) = events.await {
        tracing::error!(target: "celery.worker", "the events of {} ended badly: {error}", shared.node);
    }
    tracing::info!(target: "celery.worker", "{} has stopped", shared.node);
}

/// The places, and in the prefork pool a first child: what keeps it from starting is known before a task is taken.
async fn open_pool(settings: &WorkerSettings) -> Result<Pool, AppError> {
    if settings.pool == PoolKind::Tokio {
        return Ok(Pool::new(settings.concurrency, None));
    }
    let wrong = |error: StartError| AppError::Pool { reason: error.to_string() };
    let ChildSettings { arguments, max_tasks, max_memory_kib } = settings.children.clone();
    let program = ChildProgram::this(arguments).map_err(|error| wrong(error.into()))?;
    let children = Children::new(program, settings.concurrency, max_tasks, max_memory_kib);
    children.start_first().await.map_err(wrong)?;
    Ok(Pool::new(settings.concurrency, Some(Arc::new(children))))
}

/// Joins the other workers, as soon as the broker can be reached; nothing when the worker is to stop before.
async fn join<S: Send + Sync + 'static>(
    app: &App<S>,
    settings: &mut WorkerSettings,
    shutdown: &Shutdown,
) -> Result<Option<(RevokedSet, Subscription)>, AppError> {
    let mut pause = PAUSES.0;
    loop {
        let joined = async {
            let revoked = mingle(app, settings, remember(app, settings)?).await?;
            if settings.purge {
                purge(app, settings).await?;
                settings.purge = false;
            }
            // Before the first task is taken, so that no revoke of one is missed.
            Ok::<_, AppError>((revoked, app.broker().mailbox(&settings.node).await?))
        };
        match joined.await {
            Ok(joined) => return Ok(Some(joined)),
            Err(error) if error.is_transient() => {
                tracing::error!(target: "celery.worker", "cannot start yet, trying again in {pause:?}: {error}");
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.requested() => return Ok(None),
        }
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// Nothing is on its way to this worker any more.
async fn leave<S: Send + Sync + 'static>(shared: &Shared<S>) {
    let left = tokio::time::timeout(LEAVE_WITHIN, shared.app.broker().leave(&shared.node)).await;
    if !matches!(left, Ok(Ok(()))) {
        tracing::warn!(target: "celery.worker", "cannot tell the broker that {} stops: what may be on its way here is delivered to others in a while", shared.node);
    }
}

/// Has the worker get what is sent to the fanout exchanges that it was told of.
async fn attach_broadcasts<S: Send + Sync + 'static>(shared: &Arc<Shared<S>>) {
    for exchange in &shared.settings.broadcasts {
        let declared = Declared::broadcast(exchange, &shared.node, shared.app.default_queue());
        let queue = QueueName::from(declared.binding.queue.as_str());
        shared.queues.lock().push(queue.clone());
        let declared = shared.declarations.lock().declare(&queue, declared);
        if let Err(error) = broadcasts::attach(shared, &declared).await {
            tracing::error!(target: "celery.worker", "cannot listen to the exchange {exchange}: {error}");
        }
    }
}

/// Waits until no message runs or waits here any more.
async fn finish_messages<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    messages: &TaskTracker,
    shutdown: &Shutdown,
) {
    messages.close();
    if !shutdown.cold.is_cancelled() && !shutdown.soft.is_cancelled() {
        tracing::warn!(target: "celery.worker", "worker: Warm shutdown (MainProcess)");
    }
    tokio::select! {
        () = messages.wait() => {
            if !shutdown.soft.is_cancelled() {
                return;
            }
            if shared.settings.soft_shutdown.on_idle {
                shutdown.cold.cancelled().await;
            }
        }
        () = shutdown.cold.cancelled() => {}
    }
    tracing::warn!(target: "celery.worker", "worker: Cold shutdown (MainProcess)");
    for held in shared.all() {
        held.cancellation.cancel(CancelReason::Shutdown);
    }
    if tokio::time::timeout(COLD_PATIENCE, messages.wait()).await.is_err() {
        tracing::warn!(
            target: "celery.worker",
            "{} tasks do not stop; their messages are delivered again when their leases have run out", messages.len(),
        );
    }
}

/// What the worker knew when it ran before.
fn remember<S: Send + Sync + 'static>(
    app: &App<S>,
    settings: &WorkerSettings,
) -> Result<RevokedSet, AppError> {
    let Some(path) = &settings.statedb else { return Ok(RevokedSet::default()) };
    let (clock, revoked) = statedb::load(path)?;
    app.core().clock.adjust(clock);
    Ok(revoked)
}

/// Listens for other workers: takes over what they know to be revoked, and avoids a name that is taken.
async fn mingle<S: Send + Sync + 'static>(
    app: &App<S>,
    settings: &mut WorkerSettings,
    mut revoked: RevokedSet,
) -> Result<RevokedSet, AppError> {
    if settings.mingle.is_zero() {
        return Ok(revoked);
    }
    tracing::info!(target: "celery.mingle", "mingle: searching for neighbors");
    // Not the plain name: a node that has it too would take the question for its own, and be silent.
    let from_node = format!("{}-{}@{}", settings.node.name(), std::process::id(), settings.node.host());
    let arguments = JsonMap::from_iter([
        ("from_node".to_owned(), format!("new.{from_node}").into()),
        ("revoked".to_owned(), revoked.ids().into()),
    ]);
    let answers = app.inspect().timeout(settings.mingle).call("hello", arguments).await?;
    if answers.contains_key(&settings.node) {
        let taken = settings.node.clone();
        if settings.is_named {
            tracing::warn!(target: "celery.worker", "another worker runs under the name {taken}: give one of them another with --hostname");
        } else {
            settings.node = free_name(&taken, &answers);
            tracing::warn!(target: "celery.worker", "the name {taken} is taken by another worker: this one is {}", settings.node);
        }
    }
    match answers.len() {
        0 => tracing::info!(target: "celery.mingle", "mingle: all alone"),
        nodes => tracing::info!(target: "celery.mingle", "mingle: sync with {nodes} nodes"),
    }
    for (node, answer) in &answers {
        let ids = revoked_ids(answer.get("revoked"));
        tracing::debug!(target: "celery.worker", "mingle: {node} knows {} revoked ids", ids.len());
        ids.into_iter().for_each(|id| revoked.insert(id));
    }
    Ok(revoked)
}

fn free_name(taken: &NodeName, answers: &std::collections::BTreeMap<NodeName, Value>) -> NodeName {
    let candidate = |n: usize| {
        let suffix = if n == 0 { String::new() } else { format!("-{n}") };
        NodeName::from(format!("{}-{}{suffix}@{}", taken.name(), std::process::id(), taken.host()))
    };
    (0..).map(candidate).find(|name| !answers.contains_key(name)).unwrap_or_else(|| taken.clone())
}

/// Drops what waits in the queues (`--purge`).
async fn purge<S: Send + Sync + 'static>(app: &App<S>, settings: &WorkerSettings) -> Result<(), AppError> {
    let mut dropped = 0;
    for queue in &settings.queues {
        dropped += app.broker().purge(queue).await?;
    }
    tracing::warn!(target: "celery.worker", "purge: Erased {dropped} messages from the queue.");
    Ok(())
}

/// What the worker is, as people expect it at the beginning of a worker's log.
fn announce<S: Send + Sync + 'static>(shared: &Shared<S>) {
    let (core, settings) = (shared.app.core(), &shared.settings);
    // Of a target of its own, so that a log which is otherwise quiet may begin with it.
    let say = |line: String| tracing::info!(target: "celery.start", "{line}");
    say(format!("celery worker {} (celeriac {})", shared.node, env!("CARGO_PKG_VERSION")));
    say(format!(".> transport:   {}", core.broker_url));
    say(format!(".> results:     {}", core.backend_url));
    let pool = settings.pool.name();
    say(match &shared.autoscaler {
        Some(autoscaler) => {
            let bounds = autoscaler.bounds();
            format!(".> concurrency: {{min={}, max={}}} ({pool})", bounds.min, bounds.max)
        }
        None => format!(".> concurrency: {} ({pool})", shared.pool.size()),
    });
    let events = if settings.task_events { "ON" } else { "OFF (enable -E to monitor tasks in this worker)" };
    say(format!(".> task events: {events}"));
    for queue in shared.queues.lock().iter() {
        let Declared { binding, exchange_type } = shared.declarations.lock().get(queue);
        let (exchange, key) = (binding.exchange, binding.routing_key);
        say(format!("[queues] .> {queue:<16} exchange={exchange}({exchange_type}) key={key}"));
    }
    for task in shared.app.task_names() {
        say(format!("[tasks]   . {task}"));
    }
    say(format!("Connected to {}", core.broker_url));
    say(format!("{} ready.", shared.node));
}
