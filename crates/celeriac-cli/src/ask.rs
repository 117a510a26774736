//! Asks the workers.

use std::collections::BTreeMap;

use celeriac::{App, JsonMap};
use serde_json::Value;

use crate::args::{AskArgs, InspectArgs, InspectMethod, StatusArgs};
use crate::render;

/// Why there is nothing to print.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// No node replied in time: exit code 69.
    #[error("No nodes replied within time constraint")]
    Nobody,
    /// The broker could not be asked.
    #[error("cannot ask the workers: {0}")]
    Broker(#[from] celeriac::AppError),
    /// The replies cannot be printed.
    #[error("cannot write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// Arguments are missing.
    #[error("{0}")]
    Usage(&'static str),
}

/// `status`: who is there.
pub async fn status<S: Send + Sync + 'static>(app: &App<S>, args: &StatusArgs) -> Result<String, AskError> {
    let replies = ask(app, &args.ask, InspectMethod::Ping, JsonMap::new()).await?;
    if args.ask.json { Ok(to_json(&replies)?) } else { Ok(render::status(&replies)) }
}

/// `inspect METHOD`.
pub async fn inspect<S: Send + Sync + 'static>(app: &App<S>, args: &InspectArgs) -> Result<String, AskError> {
    let arguments = match args.method {
        InspectMethod::QueryTask if args.arguments.is_empty() => {
            return Err(AskError::Usage("query_task needs the ids of tasks"));
        }
        InspectMethod::QueryTask => JsonMap::from_iter([("ids".to_owned(), args.arguments.clone().into())]),
        _ => JsonMap::new(),
    };
    let replies = ask(app, &args.ask, args.method, arguments).await?;
    if args.ask.json { Ok(to_json(&replies)?) } else { Ok(render::replies(&replies)) }
}

async fn ask<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &AskArgs,
    method: InspectMethod,
    arguments: JsonMap,
) -> Result<BTreeMap<String, Value>, AskError> {
    let mut inspect = app.inspect().timeout(args.patience());
    if !args.destination.is_empty() {
        inspect = inspect.destination(args.destination.iter().map(String::as_str));
    }
    let replies = inspect.call(method.name(), arguments).await?;
    if replies.is_empty() {
        return Err(AskError::Nobody);
    }
    Ok(replies.into_iter().map(|(node, reply)| (node.to_string(), reply)).collect())
}

fn to_json(replies: &BTreeMap<String, Value>) -> Result<String, serde_json::Error> {
    let mut text = serde_json::to_string(replies)?;
    text.push('\n');
    Ok(text)
}
