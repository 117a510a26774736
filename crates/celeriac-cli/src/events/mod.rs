//! `events`: what happens, as lines or as a picture that changes.

mod cluster;
mod dump;
mod rates;
mod screen;
mod view;

use std::io::IsTerminal;

use celeriac::App;
use clap::Args;

use crate::error::CommandError;
use crate::screen::Screen;

/// `events`.
#[derive(Debug, Args)]
pub struct EventsArgs {
    /// Print each event as a line.
    #[arg(long, short = 'd')]
    pub dump: bool,
    /// Print each event as a line of JSON.
    #[arg(long, short = 'j', conflicts_with = "dump")]
    pub json: bool,
}

pub(crate) async fn events<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &EventsArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    if args.dump || args.json {
        return dump::dump(app, args.json, screen).await;
    }
    if !std::io::stdout().is_terminal() {
        return Err(CommandError::Usage(
            "events draws on a terminal, and this is none: use --dump or --json".to_owned(),
        ));
    }
    screen::watch(app, screen.has_colours).await
}
