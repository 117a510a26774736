//! `queues`: what waits where.

use celeriac::App;
use celeriac::broker::QueueInfo;
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
        "{:<28} {:>9} {:>9} {:>9} {:>9}",
        "Queue", "Ready", "Delayed", "Unacked", "Consumers"
    ))?;
    for QueueInfo { name, ready, delayed, claimed, consumers } in &queues {
        screen.say(format!("{name:<28} {ready:>9} {delayed:>9} {claimed:>9} {consumers:>9}"))?;
    }
    Ok(())
}

fn told(queue: &QueueInfo) -> Value {
    json!({
        "name": queue.name, "ready": queue.ready, "delayed": queue.delayed, "unacked": queue.claimed,
        "consumers": queue.consumers,
    })
}
