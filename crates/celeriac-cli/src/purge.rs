//! `purge`: erases the messages of queues.

use std::collections::BTreeSet;
use std::io::BufRead;

use anstyle::AnsiColor::Red;
use celeriac::{App, QueueName};
use clap::Args;

use crate::error::CommandError;
use crate::screen::Screen;

/// `purge`.
#[derive(Debug, Args)]
pub struct PurgeArgs {
    /// Do not ask.
    #[arg(long, short = 'f')]
    pub force: bool,
    /// The queues, joined by commas; the default queue when left out.
    #[arg(long, short = 'Q', value_delimiter = ',')]
    pub queues: Vec<String>,
    /// Not these queues, joined by commas.
    #[arg(long, short = 'X', value_delimiter = ',')]
    pub exclude_queues: Vec<String>,
}

pub(crate) async fn purge<S: Send + Sync + 'static>(
    app: &App<S>,
    args: PurgeArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let wanted: BTreeSet<String> = if args.queues.is_empty() {
        BTreeSet::from([app.default_queue().to_string()])
    } else {
        args.queues.into_iter().collect()
    };
    let names: Vec<String> = wanted.into_iter().filter(|name| !args.exclude_queues.contains(name)).collect();
    if names.is_empty() {
        return Ok(());
    }
    let queue_word = plural(names.len(), "queue");
    if !args.force && !confirmed(screen, queue_word, &names.join(", "))? {
        return Err(CommandError::Aborted);
    }
    let mut purged = 0;
    for name in &names {
        let queue = QueueName::parse(name).map_err(|error| CommandError::Usage(error.to_string()))?;
        purged += app.broker().purge(&queue).await?;
    }
    let queues = names.len();
    Ok(screen.say(if purged > 0 {
        let message_word = plural(usize::try_from(purged).unwrap_or(usize::MAX), "message");
        format!("Purged {purged} {message_word} from {queues} known task {queue_word}.")
    } else {
        format!("No messages purged from {queues} {queue_word}.")
    })?)
}

/// Asks in Celery's words, which scripts that answer it wait for.
fn confirmed(screen: &Screen, queue_word: &str, names: &str) -> std::io::Result<bool> {
    let warning = screen.coloured("WARNING", Red);
    screen.ask(format!(
        "{warning}:This will remove all tasks from {queue_word}: {names}.\n         There is no undo for this \
         operation!\n\n(to skip this prompt use the -f option)\nAre you sure you want to delete all tasks? [y/N]: "
    ))?;
    let mut answer = String::new();
    std::io::stdin().lock().read_line(&mut answer)?;
    if !answer.ends_with('\n') {
        screen.say("")?;
    }
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

fn plural(count: usize, word: &'static str) -> &'static str {
    match (count, word) {
        (1, word) => word,
        (_, "queue") => "queues",
        _ => "messages",
    }
}
