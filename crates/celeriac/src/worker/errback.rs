//! Errbacks that run in the worker that saw the failure.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use serde_json::{Value, json};

use crate::cancellation::Cancellation;
use crate::context::{Context, Request};
use crate::protocol::{Body, Embed, Headers, Message, Signature, TaskId};
use crate::registry::Registry;
use crate::repr;
use crate::task::{Failure, TaskError};
use crate::worker::shared::Shared;

/// Those that run here, and those that are sent as tasks.
pub(crate) fn sort<S: Send + Sync + 'static>(
    registry: &Registry<S>,
    list: &[Signature],
) -> (Vec<Signature>, Vec<Signature>) {
    list.iter()
        .cloned()
        .partition(|errback| registry.get(&errback.task).is_some_and(|task| task.settings.inline_errback))
}

/// Runs one with the request of the failed task, its exception and its traceback.
pub(crate) async fn run<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    mut errback: Signature,
    request: Value,
    failure: Failure,
) {
    let Some(task) = shared.app.registry().get(&errback.task).cloned() else { return };
    if !errback.immutable {
        let told = [request, failure.exception.into_value(), json!(failure.traceback)];
        errback.args.splice(0..0, told);
    }
    let id = errback.task_id().unwrap_or_else(TaskId::new);
    let mut headers = Headers::new(task.name, id.clone());
    headers.argsrepr = Some(repr::args(&errback.args));
    let message = Arc::new(Message {
        headers,
        body: Body(errback.args, errback.kwargs, Embed::default()),
        properties: crate::protocol::Properties::default(),
    });
    let request = Request {
        message: message.clone(),
        hostname: shared.node.clone(),
        queue: shared.app.default_queue().clone(),
        redelivered: false,
    };
    let cx = Context::new(shared.app.clone(), request, Arc::<Cancellation>::default(), shared.events.clone());
    match AssertUnwindSafe((task.run)(message, cx)).catch_unwind().await {
        Ok(Ok(_) | Err(TaskError::Ignore)) => {}
        Ok(Err(error)) => {
            tracing::error!(target: "celery.worker", "the errback {}[{id}] failed: {error:?}", task.name);
        }
        Err(_) => tracing::error!(target: "celery.worker", "the errback {}[{id}] panicked", task.name),
    }
}
