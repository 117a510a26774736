//! `list bindings`: which queues there are.

use celeriac::App;
use celeriac::broker::Binding;
use clap::Subcommand;

use crate::error::CommandError;
use crate::screen::Screen;

/// `list`.
#[derive(Debug, Subcommand)]
pub enum ListCommand {
    /// Queues, and by which exchange and routing key they are reached.
    Bindings,
}

/// `list bindings`: those of all queues that anybody has declared, and of the default queue.
///
/// # Errors
/// When the broker cannot be reached.
pub async fn bindings<S: Send + Sync + 'static>(app: &App<S>, screen: &Screen) -> Result<(), CommandError> {
    let mut bindings = app.broker().bindings().await?;
    bindings.insert(Binding::of(app.default_queue()));
    let row = |queue: &str, exchange: &str, key: &str| {
        screen.say(screen.foreign(&format!("{queue:<28} {exchange:<28} {key}")))
    };
    row("Queue", "Exchange", "Routing Key")?;
    row(&"-".repeat(16), &"-".repeat(16), &"-".repeat(16))?;
    for Binding { queue, exchange, routing_key } in &bindings {
        row(queue, exchange, routing_key)?;
    }
    Ok(())
}
