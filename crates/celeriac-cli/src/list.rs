//! `list bindings`: which queues there are.

use std::collections::BTreeSet;

use celeriac::App;
use clap::Subcommand;

use crate::error::CommandError;
use crate::screen::Screen;

/// `list`.
#[derive(Debug, Subcommand)]
pub enum ListCommand {
    /// Queues, and by which exchange and routing key they are reached.
    Bindings,
}

/// `list bindings`. Each queue is reached by the exchange and the routing key of its own name.
///
/// # Errors
/// When the broker cannot be reached.
pub async fn bindings<S: Send + Sync + 'static>(app: &App<S>, screen: &Screen) -> Result<(), CommandError> {
    let mut queues = BTreeSet::from([app.default_queue().to_string()]);
    queues.extend(app.broker().queues().await?.into_iter().map(|queue| queue.name.to_string()));
    let row = |queue: &str, exchange: &str, key: &str| {
        screen.say(screen.foreign(&format!("{queue:<28} {exchange:<28} {key}")))
    };
    row("Queue", "Exchange", "Routing Key")?;
    row(&"-".repeat(16), &"-".repeat(16), &"-".repeat(16))?;
    for queue in &queues {
        row(queue, queue, queue)?;
    }
    Ok(())
}
