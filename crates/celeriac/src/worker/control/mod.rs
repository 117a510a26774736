//! The worker's side of remote control. It runs on its own, so that a worker whose places are all taken answers too.
//!
//! `listen` takes requests one after the other: what a request changes is changed in the order in which they came.
//! What has to wait for broker or result backend goes on beside it, bounded in number. Whatever a request holds, its
//! sender gets a reply: wrong arguments and failures are told as the `repr` of the exception that Celery's worker
//! would have raised.

mod arguments;
mod change;
mod conf;
mod matcher;
mod memory;
mod pace;
mod question;
mod report;
mod revoke;
mod stats;

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::broker::Subscription;
use crate::protocol::{Command, ControlReply, ControlRequest, JsonMap, ProtocolError, ReplyTo, TaskId};
use crate::worker::broadcasts;
use crate::worker::declared::Declared;
use crate::worker::heartbeat;
use crate::worker::shared::Shared;
use arguments::{Arguments, Raised};
use pace::Pace;
pub(crate) use question::revoked_ids;

/// So many answers may be on their way at a time; more requests wait.
const MAX_UNDERWAY: usize = 64;
/// An answer that cannot be given away within this time is dropped: nobody waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// Questions about tasks are answered after a moment: what was sent before the question, over another way, has come then.
const ABOUT_TASKS: [&str; 4] = ["active", "reserved", "scheduled", "query_task"];
const MOMENT: Duration = Duration::from_millis(20);
/// A larger request is read on a thread of its own.
const READ_INLINE_BYTES: usize = 256 * 1024;
/// Longest name of a client.
const MAX_CLIENT_BYTES: usize = 256;

/// Obeys the requests that come over `requests` until the worker ends.
pub(crate) async fn listen<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    mut requests: Subscription,
    end: CancellationToken,
) {
    let mut pace = Pace::default();
    let mut underway = JoinSet::new();
    loop {
        let received = tokio::select! {
            received = requests.recv() => received,
            Some(_) = underway.join_next() => continue,
            () = end.cancelled() => break,
        };
        let Some(broadcast) = received else { break };
        tokio::select! {
            () = pace.wait(broadcast.payload.len()) => {}
            () = end.cancelled() => break,
        }
        match read(broadcast.payload).await {
            Ok(request) if matcher::is_meant(&request, &shared.node) => {
                if underway.len() >= MAX_UNDERWAY {
                    underway.join_next().await;
                }
                if let Some(rest) = obey(&shared, request) {
                    underway.spawn(async move { drop(tokio::time::timeout(PATIENCE, rest).await) });
                }
            }
            Ok(request) => shared.app.core().clock.adjust(request.clock),
            Err(error) => {
                tracing::warn!(target: "celery.pidbox", "a control request cannot be read: {error}")
            }
        }
    }
    // What was answered is told, so that a client that stops a worker hears of it.
    drop(tokio::time::timeout(Duration::from_secs(1), underway.join_all()).await);
    requests.close().await;
}

/// A large request is read elsewhere, for it takes so long that others on this thread would wait.
async fn read(payload: Vec<u8>) -> Result<ControlRequest, ProtocolError> {
    if payload.len() <= READ_INLINE_BYTES {
        return ControlRequest::decode(&payload);
    }
    let read = tokio::task::spawn_blocking(move || ControlRequest::decode(&payload)).await;
    read.unwrap_or_else(|error| Err(ProtocolError::malformed("the control request", error)))
}

/// What a request is answered with, and what is to be stored before that.
struct Answer {
    value: Value,
    /// Tasks whose callers are to be told that they are revoked.
    revoked: Vec<TaskId>,
    /// How a queue is to be reached from now on.
    declared: Option<Declared>,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Self {
        Self { value, revoked: Vec::new(), declared: None }
    }
}

/// Does what is asked, now; gives the rest that has to wait for others.
fn obey<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    request: ControlRequest,
) -> Option<impl Future<Output = ()> + Send + use<S>> {
    shared.app.core().clock.adjust(request.clock);
    tracing::debug!(target: "celery.pidbox", "control request {}", request.method);
    let has_client = request.reply_to.as_ref().is_some_and(|to| to.routing_key.len() <= MAX_CLIENT_BYTES);
    let now = if ABOUT_TASKS.contains(&request.method.as_str()) {
        None
    } else {
        let answer = answer_or_raise(shared, &request)?;
        if !has_client && answer.revoked.is_empty() && answer.declared.is_none() {
            return None;
        }
        Some(answer)
    };
    let shared = shared.clone();
    Some(async move {
        let answer = match now {
            Some(answer) => answer,
            None => {
                tokio::time::sleep(MOMENT).await;
                let Some(answer) = answer_or_raise(&shared, &request) else { return };
                answer
            }
        };
        revoke::store(&shared, answer.revoked).await;
        if let Some(declared) = answer.declared
            && let Err(error) = broadcasts::attach(&shared, &declared).await
        {
            let Declared { binding, .. } = declared;
            tracing::warn!(target: "celery.worker", "cannot bind {} to {}: {error}", binding.queue, binding.exchange);
        }
        if let Some(reply_to) = request.reply_to.filter(|_| has_client) {
            reply(&shared, &request.method, request.ticket, &reply_to, answer.value).await;
        }
    })
}

/// The answer, if there is to be one; what went wrong is logged, and the answer says so.
fn answer_or_raise<S: Send + Sync + 'static>(
    shared: &Arc<Shared<S>>,
    request: &ControlRequest,
) -> Option<Answer> {
    let obeyed = match &request.unfit {
        Some(unfit) => Err(Raised::by(unfit, &request.method)),
        None => answer(shared, &request.method, &request.arguments),
    };
    obeyed.unwrap_or_else(|raised| {
        tracing::error!(target: "celery.pidbox", "control request {}: {raised}", shortened(&request.method));
        Some(raised.into_reply().into())
    })
}

/// Sends an answer; one that is too large to be sent is replaced by saying so.
async fn reply<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    method: &str,
    ticket: Option<String>,
    to: &ReplyTo,
    answer: Value,
) {
    let clock = shared.app.core().clock.forward();
    let reply = |answer| ControlReply::new(ticket.clone(), clock, shared.node.clone(), answer);
    let payload = reply(answer).encode(to).or_else(|error| {
        let raised = Raised::new("EncodeError", error.to_string());
        reply(raised.into_reply()).encode(to)
    });
    let sent = match payload {
        Ok(payload) => {
            shared.app.broker().broadcast(&to.topic(), payload).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = sent {
        tracing::warn!(target: "celery.pidbox", "cannot answer {}: {error}", shortened(method));
    }
}

/// The answer; nothing for those that are never answered.
fn answer<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    method: &str,
    arguments: &JsonMap,
) -> Result<Option<Answer>, Raised> {
    let Some(command) = Command::find(method) else {
        return Err(Raised::new("KeyError", shortened(method)));
    };
    command.check(arguments).map_err(|wrong| Raised::new("TypeError", wrong.to_string()))?;
    let arguments = Arguments::new(command.name, arguments);
    let value = match command.name {
        "ping" => json!({"ok": "pong"}),
        "active" => question::active(shared, &arguments)?,
        "reserved" => question::reserved(shared),
        "scheduled" => question::scheduled(shared),
        "revoked" => json!(shared.revoked.lock().ids()),
        "registered" => question::registered(shared, &arguments)?,
        "stats" => stats::stats(shared),
        "conf" => conf::conf(shared, arguments.flag("with_defaults")?),
        "active_queues" => question::active_queues(shared),
        "clock" => json!({"clock": shared.app.core().clock.value()}),
        "report" => ok(report::report(shared)),
        "query_task" => question::query_task(shared, &arguments)?,
        "hello" => question::hello(shared, &arguments)?,
        "memsample" => memory::sample(),
        "memdump" => memory::dump(arguments.count("samples", 10)?),
        "objgraph" => return Err(Raised::new("ImportError", "Requires the objgraph library")),
        "heartbeat" => {
            heartbeat::tell(shared, "worker-heartbeat");
            Value::Null
        }
        "revoke" => return revoke::revoke(shared, &arguments).map(Some),
        "terminate" => return revoke::terminate(shared, &arguments).map(Some),
        "revoke_by_stamped_headers" => revoke::by_stamped_headers(shared, &arguments)?,
        "rate_limit" => change::rate_limit(shared, &arguments)?,
        "time_limit" => change::time_limit(shared, &arguments)?,
        "pool_grow" => change::pool_grow(shared, &arguments)?,
        "pool_shrink" => change::pool_shrink(shared, &arguments)?,
        "autoscale" => change::autoscale(shared, &arguments)?,
        "pool_restart" => return Err(Raised::new("ValueError", "Pool restarts not enabled")),
        "add_consumer" => return change::add_consumer(shared, &arguments).map(Some),
        "cancel_consumer" => change::cancel_consumer(shared, &arguments)?,
        "enable_events" => change::switch_events(shared, true),
        "disable_events" => change::switch_events(shared, false),
        // This worker stands for no election, and who asks waits for none.
        "election" => Value::Null,
        "shutdown" => {
            tracing::warn!(target: "celery.worker", "Got shutdown from remote");
            shared.shutdown.warm();
            return Ok(None);
        }
        unknown => return Err(Raised::new("KeyError", unknown)),
    };
    Ok(Some(value.into()))
}

fn ok(text: impl Into<String>) -> Value {
    json!({"ok": text.into()})
}

fn nok(text: &str) -> Value {
    json!({"error": text})
}

/// At most the first 100 characters of something from outside.
fn shortened(text: &str) -> String {
    text.chars().take(100).collect()
}
