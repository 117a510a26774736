//! `dead-letters`: messages that will not be delivered any more.

use std::collections::BTreeSet;

use celeriac::App;
use celeriac::broker::{DeadLetter, DeadLetterId};
use clap::{Args, Subcommand};
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::python;
use crate::screen::Screen;

/// So many are looked through.
const MAX_LETTERS: usize = 10_000;

/// `dead-letters`.
#[derive(Debug, Args)]
pub struct DeadLettersArgs {
    /// What to do with them.
    #[command(subcommand)]
    pub command: DeadLettersCommand,
}

/// What can be done with dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLettersCommand {
    /// List them, the newest first.
    List {
        /// Only those of this queue.
        #[arg(long, short = 'Q')]
        queue: Option<String>,
        /// At most so many.
        #[arg(long, default_value_t = 100)]
        limit: usize,
        /// Print JSON.
        #[arg(long, short = 'j')]
        json: bool,
    },
    /// Put them back into their queues.
    Revive(Chosen),
    /// Drop them for good.
    Discard(Chosen),
}

/// Which dead letters.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Chosen {
    /// Their ids, as `list` shows them.
    pub ids: Vec<String>,
    /// All of them.
    #[arg(long)]
    pub all: bool,
}

pub(crate) async fn dead_letters<S: Send + Sync + 'static>(
    app: &App<S>,
    args: DeadLettersArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    match args.command {
        DeadLettersCommand::List { queue, limit, json } => {
            let mut letters = app.broker().dead_letters(MAX_LETTERS).await?;
            letters.retain(|letter| queue.as_deref().is_none_or(|queue| letter.queue.as_str() == queue));
            letters.truncate(limit);
            list(&letters, json, screen)
        }
        DeadLettersCommand::Revive(chosen) => {
            let ids = chosen.ids(app).await?;
            let count = app.broker().revive(&ids).await?;
            Ok(screen.say(format!("{count} of {} dead letters are back in their queues.", ids.len()))?)
        }
        DeadLettersCommand::Discard(chosen) => {
            let ids = chosen.ids(app).await?;
            let count = app.broker().discard(&ids).await?;
            Ok(screen.say(format!("{count} of {} dead letters are discarded.", ids.len()))?)
        }
    }
}

impl Chosen {
    async fn ids<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<Vec<DeadLetterId>, CommandError> {
        let letters = app.broker().dead_letters(MAX_LETTERS).await?;
        if self.all {
            return Ok(letters.into_iter().map(|letter| letter.id).collect());
        }
        let known: BTreeSet<String> = letters.into_iter().map(|letter| letter.id.0).collect();
        match self.ids.iter().find(|id| !known.contains(*id)) {
            Some(unknown) => Err(CommandError::Failed(format!(
                "there is no dead letter {unknown}: `dead-letters list` shows those that there are"
            ))),
            None => Ok(self.ids.into_iter().map(DeadLetterId).collect()),
        }
    }
}

fn list(letters: &[DeadLetter], as_json: bool, screen: &Screen) -> Result<(), CommandError> {
    if as_json {
        return Ok(screen.say(python::json(&letters.iter().map(told).collect()))?);
    }
    if letters.is_empty() {
        return Ok(screen.say("No dead letters.")?);
    }
    let row = |cells: [&str; 5]| {
        let [id, since, queue, task, reason] = cells;
        screen.say(screen.foreign(&format!("{id:<12} {since:<20} {queue:<16} {task:<40} {reason}")))
    };
    row(["Id", "Since", "Queue", "Task", "Reason"])?;
    for letter in letters {
        let since = letter.at.isoformat();
        let task = letter.message.as_ref().map_or_else(
            |_| "unreadable".to_owned(),
            |message| format!("{}[{}]", message.headers.task, message.headers.id),
        );
        row([&letter.id.0, since.get(..19).unwrap_or(&since), letter.queue.as_str(), &task, &letter.reason])?;
    }
    Ok(())
}

fn told(letter: &DeadLetter) -> Value {
    let (task, task_id, error) = match &letter.message {
        Ok(message) => (json!(message.headers.task), json!(message.headers.id), Value::Null),
        Err(error) => (Value::Null, Value::Null, json!(error.to_string())),
    };
    json!({
        "id": letter.id, "queue": letter.queue, "since": letter.at.isoformat(), "deaths": letter.deaths,
        "reason": letter.reason, "task": task, "task_id": task_id, "error": error,
    })
}
