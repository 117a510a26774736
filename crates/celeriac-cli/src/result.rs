//! `result`: waits for the result of a task and prints it.

use std::time::Duration;

use celeriac::{App, AppError, ResultError};
use clap::Args;
use serde_json::Value;

use crate::error::CommandError;
use crate::python;
use crate::screen::Screen;
use crate::worker::seconds;

/// `result`.
#[derive(Debug, Args)]
pub struct ResultArgs {
    /// The task's id.
    pub task_id: String,
    /// The task's name; results are found without it.
    #[arg(long, short = 't', hide = true)]
    pub task: Option<String>,
    /// Print the traceback instead, and do not wait.
    #[arg(long)]
    pub traceback: bool,
    /// Print all that is stored of the task as JSON, and do not wait.
    #[arg(long, short = 'j', conflicts_with = "traceback")]
    pub json: bool,
    /// Wait at most so many seconds; without it, for ever.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub timeout: Option<Duration>,
}

pub(crate) async fn result<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &ResultArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let result = app.result::<Value>(args.task_id.as_str());
    if args.traceback || args.json {
        let meta = result.meta().await.map_err(AppError::from)?;
        if args.json {
            return Ok(screen.say(python::json(&serde_json::to_value(meta)?))?);
        }
        let traceback = meta.and_then(|meta| meta.traceback);
        return Ok(screen.say(screen.foreign(traceback.as_deref().unwrap_or_default()))?);
    }
    let ended = match args.timeout {
        Some(patience) => result.get_timeout(patience).await,
        None => result.get().await,
    };
    match ended {
        Ok(value) => {
            // As it is stored: a value that was read has no numbers that only Python knows.
            let meta = result.meta().await.map_err(AppError::from)?;
            // Celery prints nothing for nothing.
            match meta.map_or(value, |meta| meta.result) {
                Value::Null => Ok(screen.say("")?),
                value => Ok(screen.say(screen.foreign(&python::str(&value)))?),
            }
        }
        Err(ResultError::Failed { exception, traceback, .. }) => {
            let traceback =
                traceback.map(|text| format!("{}\n", screen.foreign(text.trim_end()))).unwrap_or_default();
            Err(CommandError::Failed(format!("{traceback}{}", exception.repr())))
        }
        Err(ResultError::Backend(error)) => Err(AppError::from(error).into()),
        Err(error) => Err(CommandError::Failed(error.to_string())),
    }
}
