//! `queues`: what waits where.

use celeriac::broker::QueueInfo;
use celeriac::{App, Timestamp};
use clap::Args;
use serde_json::{Value, json};

use crate::error::CommandError;
use crate::python;
use crate::screen::Screen;

/// `queues`.
#[derive(Debug, Args)]
pub struct QueuesArgs {
    /// Only these queues.
    pub names: Vec<String>,
    /// Print JSON.
    #[arg(long, short = 'j')]
    pub json: bool,
}

pub(crate) async fn queues<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &QueuesArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let mut queues = app.broker().queues().await?;
    queues.retain(|queue| args.names.is_empty() || args.names.iter().any(|name| name == queue.name.as_str()));
    if args.json {
        return Ok(screen.say(python::json(&queues.iter().map(told).collect()))?);
    }
    if queues.is_empty() {
        return Ok(screen.say("No queues.")?);
    }
    screen.say(format!(
        "{:<28} {:>9} {:>9} {:>9} {:>9} {:>9}  {}",
        "Queue", "Ready", "Delayed", "Unacked", "Consumers", "Oldest", "By priority"
    ))?;
    for queue in &queues {
        let QueueInfo { name, ready, delayed, claimed, consumers, .. } = queue;
        let oldest = age(queue).map_or_else(|| "-".to_owned(), |age| format!("{age:.0} s"));
        let priorities = queue.priorities.iter().map(|(priority, count)| format!("{priority}: {count}"));
        let priorities = priorities.collect::<Vec<_>>().join(", ");
        let line = format!(
            "{name:<28} {ready:>9} {delayed:>9} {claimed:>9} {consumers:>9} {oldest:>9}  {priorities}"
        );
        screen.say(screen.foreign(line.trim_end()))?;
    }
    Ok(())
}

/// How long the oldest message has been waiting, in seconds.
fn age(queue: &QueueInfo) -> Option<f64> {
    queue.oldest.map(|sent| (Timestamp::now().unix_seconds() - sent.unix_seconds()).max(0.0))
}

fn told(queue: &QueueInfo) -> Value {
    json!({
        "name": queue.name, "ready": queue.ready, "delayed": queue.delayed, "unacked": queue.claimed,
        "consumers": queue.consumers, "priorities": queue.priorities, "oldest": age(queue),
    })
}
