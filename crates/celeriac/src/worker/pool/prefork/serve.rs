//! A child's life: run what the parent sends, one task after the other.

use std::os::unix::net::UnixStream;
use std::process::exit;
use std::sync::Arc;

use parking_lot::Mutex;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use super::door::Door;
use super::frame::{self, Job, ToChild, ToParent};
use crate::app::App;
use crate::cancellation::Cancellation;
use crate::context::{Context, Request};
use crate::events::EventSender;
use crate::host;
use crate::protocol::{Event, Message, NodeName, QueueName, ResultTuple, TaskException};
use crate::task::{Failure, TaskError};
use crate::worker::pool::running::guarded;

/// So much may wait to be told to the parent.
const MAX_WAITING: usize = 1_024;

/// The cancellation of what runs, for the thread that hears the parent.
type Current = Arc<Mutex<Option<Arc<Cancellation>>>>;

/// Runs what the parent sends, and ends the process when the parent wants no more or has gone. Nothing that the
/// program would do after its worker is done here.
pub(crate) async fn serve<S: Send + Sync + 'static>(app: App<S>, door: Door) -> ! {
    leave_signals_to_the_parent();
    let current = Current::default();
    let (job_sender, mut jobs) = mpsc::channel(1);
    let (parent, waiting) = mpsc::channel(MAX_WAITING);
    let told = door.stream.try_clone().and_then(|stream| {
        let heard = current.clone();
        std::thread::Builder::new()
            .name("celeriac-hear".to_owned())
            .spawn(move || hear(door.stream, &heard, &job_sender))?;
        std::thread::Builder::new().name("celeriac-tell".to_owned()).spawn(move || tell(stream, waiting))
    });
    if let Err(error) = told {
        tracing::error!(target: "celery.pool", "a child of the pool cannot start its threads: {error}");
        exit(1);
    }
    let (events, mut told) = EventSender::new(NodeName::from("child"), app.core().clock.clone(), true);
    // A parent that does not listen any more ends this process, in `hear`.
    drop(parent.send(ToParent::Ready { version: env!("CARGO_PKG_VERSION").to_owned() }).await);
    while let Some((job, cancellation)) = jobs.recv().await {
        let (end, children) = run(&app, *job, cancellation, &events, &mut told, &parent).await;
        *current.lock() = None;
        drop(
            parent
                .send(ToParent::Done { end, children, resident_kib: host::resident().unwrap_or(0) / 1024 })
                .await,
        );
    }
    exit(0);
}

/// Runs one task, and passes on what it tells. Gives its end, and what it has sent.
async fn run<S: Send + Sync + 'static>(
    app: &App<S>,
    job: Job,
    cancellation: Arc<Cancellation>,
    events: &EventSender,
    told: &mut mpsc::Receiver<Event>,
    parent: &mpsc::Sender<ToParent>,
) -> (Result<Value, TaskError>, Vec<ResultTuple>) {
    let (hostname, queue) = (NodeName::from(job.hostname.as_str()), QueueName::from(job.queue.as_str()));
    let redelivered = job.redelivered;
    let message: Arc<Message> = Arc::new(job.into_message());
    let Some(task) = app.registry().get(&message.headers.task).cloned() else {
        let exception =
            TaskException::new("celery.exceptions", "NotRegistered", message.headers.task.as_str());
        return (Err(TaskError::Failed(Failure::bare(exception))), Vec::new());
    };
    let request = Request { message: message.clone(), hostname, queue, redelivered };
    let cx = Context::new(app.clone(), request, cancellation, events.clone());
    let trail = cx.trail().clone();
    let run = guarded((task.run)(message.clone(), cx), &message, None);
    tokio::pin!(run);
    let end = loop {
        tokio::select! {
            Some(event) = told.recv() => pass_on(event, parent).await,
            end = &mut run => break end,
        }
    };
    while let Ok(event) = told.try_recv() {
        pass_on(event, parent).await;
    }
    let children = std::mem::take(&mut *trail.lock());
    (end, children)
}

async fn pass_on(event: Event, parent: &mpsc::Sender<ToParent>) {
    let Event { kind, uuid, fields, .. } = event;
    drop(parent.send(ToParent::Event { kind, uuid, fields }).await);
}

/// Hears the parent on a thread of its own, so that also a task that blocks the runtime can see that it is to stop,
/// and does not outlive the parent.
fn hear(mut stream: UnixStream, current: &Current, jobs: &mpsc::Sender<(Box<Job>, Arc<Cancellation>)>) {
    loop {
        match frame::read::<ToChild>(&mut stream) {
            Ok(Some(ToChild::Run(job))) => {
                let cancellation = Arc::<Cancellation>::default();
                *current.lock() = Some(cancellation.clone());
                if jobs.blocking_send((job, cancellation)).is_err() {
                    exit(1);
                }
            }
            Ok(Some(ToChild::Cancel(reason))) => {
                if let Some(running) = current.lock().as_ref() {
                    running.cancel(reason);
                }
            }
            Ok(None) => exit(0),
            Err(error) => {
                tracing::error!(target: "celery.pool", "a child of the pool cannot understand its parent: {error}");
                exit(1);
            }
        }
    }
}

/// Tells the parent. When it has gone, `hear` ends the process.
fn tell(mut stream: UnixStream, mut waiting: mpsc::Receiver<ToParent>) {
    while let Some(said) = waiting.blocking_recv() {
        let Err(error) = frame::write(&mut stream, &said) else { continue };
        // What cannot be sent (it is too large, or no JSON) is a failure like others.
        let ToParent::Done { resident_kib, .. } = said else { continue };
        let exception = TaskException::new("kombu.exceptions", "EncodeError", error.to_string());
        let end = Err(TaskError::Failed(Failure::bare(exception)));
        drop(frame::write(&mut stream, &ToParent::Done { end, children: Vec::new(), resident_kib }));
    }
}

/// Signals to the terminal's group are meant for the parent, which tells its children what to do. A signal that was
/// listened to once never has its default effect again.
fn leave_signals_to_the_parent() {
    for kind in [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup(), SignalKind::quit()] {
        if let Err(error) = signal(kind) {
            tracing::warn!(target: "celery.pool", "a signal cannot be ignored: {error}");
        }
    }
}
