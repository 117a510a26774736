//! The worker's side of remote control. It runs on its own, so that a worker whose places are all taken answers too.

mod change;
mod question;
pub(crate) use question::revoked_ids;
mod revoke;

use std::sync::Arc;

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::broker::Subscription;
use crate::protocol::{ControlReply, ControlRequest, JsonMap, NodeName};
use crate::worker::heartbeat;
use crate::worker::shared::Shared;

/// Obeys the requests that come over `requests` until the worker ends.
pub(crate) async fn listen<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    mut requests: Subscription,
    end: CancellationToken,
) {
    loop {
        let payload = tokio::select! {
            payload = requests.recv() => payload,
            () = end.cancelled() => return,
        };
        let Some(broadcast) = payload else { return };
        match ControlRequest::decode(&broadcast.payload) {
            Ok(request) if is_meant(&request, &shared.node) => obey(&shared, request).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(target: "celery.pidbox", "a control request cannot be read: {error}")
            }
        }
    }
}

async fn obey<S: Send + Sync + 'static>(shared: &Shared<S>, request: ControlRequest) {
    let clock = &shared.app.core().clock;
    clock.adjust(request.clock);
    tracing::debug!(target: "celery.pidbox", "control request {}", request.method);
    let Some(answer) = answer(shared, &request.method, &request.arguments).await else { return };
    let Some(reply_to) = request.reply_to else { return };
    let reply = ControlReply::new(request.ticket, clock.forward(), shared.node.clone(), answer);
    let sent = match reply.encode(&reply_to) {
        Ok(payload) => {
            shared.app.broker().broadcast(&reply_to.topic(), payload).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = sent {
        tracing::warn!(target: "celery.pidbox", "cannot answer {}: {error}", request.method);
    }
}

/// What a request is answered with; nothing for those that are never answered.
async fn answer<S: Send + Sync + 'static>(
    shared: &Shared<S>,
    method: &str,
    arguments: &JsonMap,
) -> Option<Value> {
    let arguments = Arguments(arguments);
    Some(match method {
        "ping" => json!({"ok": "pong"}),
        "active" => question::active(shared, &arguments),
        "reserved" => question::reserved(shared, &arguments),
        "scheduled" => question::scheduled(shared, &arguments),
        "revoked" => json!(shared.revoked.lock().ids()),
        "registered" | "tasks" => json!(shared.app.task_names()),
        "stats" => question::stats(shared),
        "conf" => question::conf(shared),
        "active_queues" => question::active_queues(shared),
        "clock" => json!({"clock": shared.app.core().clock.value()}),
        "report" => json!({"ok": question::report(shared)}),
        "query_task" => question::query_task(shared, &arguments),
        "hello" => question::hello(shared, &arguments),
        "memsample" => Value::Null,
        "heartbeat" => {
            heartbeat::tell(shared, "worker-heartbeat");
            Value::Null
        }
        "revoke" => revoke::revoke(shared, &arguments, arguments.flag("terminate")).await,
        "terminate" => revoke::revoke(shared, &arguments, true).await,
        "rate_limit" => change::rate_limit(shared, &arguments),
        "time_limit" => change::time_limit(shared, &arguments),
        "pool_grow" => change::pool_grow(shared, &arguments),
        "pool_shrink" => change::pool_shrink(shared, &arguments),
        "autoscale" => error("ValueError('Autoscale not enabled')"),
        "pool_restart" => error("ValueError('Pool restarts not enabled')"),
        "add_consumer" => change::add_consumer(shared, &arguments),
        "cancel_consumer" => change::cancel_consumer(shared, &arguments),
        "enable_events" => change::switch_events(shared, true),
        "disable_events" => change::switch_events(shared, false),
        "election" => return None,
        "shutdown" => {
            tracing::warn!(target: "celery.worker", "Got shutdown from remote");
            shared.shutdown.warm();
            return None;
        }
        unknown => error(&format!("KeyError({})", crate::repr::python(&unknown.into()))),
    })
}

fn ok(text: impl Into<String>) -> Value {
    json!({"ok": text.into()})
}

fn error(text: &str) -> Value {
    json!({"error": text})
}

/// The arguments of a request, by name.
struct Arguments<'a>(&'a JsonMap);

impl Arguments<'_> {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(Value::as_str)
    }

    fn flag(&self, name: &str) -> bool {
        self.0.get(name).and_then(Value::as_bool).unwrap_or(false)
    }

    fn count(&self, name: &str, otherwise: usize) -> usize {
        self.0.get(name).and_then(Value::as_u64).and_then(|n| usize::try_from(n).ok()).unwrap_or(otherwise)
    }

    /// A text or a list of texts.
    fn texts(&self, name: &str) -> Vec<String> {
        match self.0.get(name) {
            Some(Value::String(text)) => vec![text.clone()],
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            _ => Vec::new(),
        }
    }
}

/// Is the request for this node? A destination list counts first, then a pattern.
fn is_meant(request: &ControlRequest, node: &NodeName) -> bool {
    match (&request.destination, &request.pattern, request.matcher.as_deref()) {
        (Some(nodes), _, _) => nodes.contains(node),
        (None, Some(pattern), None | Some("glob")) => glob(pattern.as_bytes(), node.as_str().as_bytes()),
        // No regular expressions here: a node that cannot tell whether it is meant keeps silent.
        (None, Some(_), Some(_)) => false,
        (None, None, _) => true,
    }
}

/// Shell patterns with `*` and `?`, in linear memory and without recursion.
fn glob(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == b'?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match star {
                Some((star_p, star_t)) => {
                    star = Some((star_p, star_t + 1));
                    p = star_p + 1;
                    t = star_t + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|c| *c == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_is_for_those_whom_it_names() {
        let node = NodeName::from("w1@lab");
        let mut request = ControlRequest::new("ping", JsonMap::new());
        assert!(is_meant(&request, &node));
        request.pattern = Some("w1*".into());
        assert!(is_meant(&request, &node));
        request.pattern = Some("*@la?x".into());
        assert!(!is_meant(&request, &node));
        request.destination = Some(vec!["w2@lab".into()]);
        request.pattern = Some("*".into());
        assert!(!is_meant(&request, &node));
        assert!(glob(b"*a*b", b"xxaab") && !glob(b"*a*b", b"xxaabc") && glob(b"**", b""));
    }
}
