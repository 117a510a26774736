//! `beat`: sends tasks by the clock.

use std::path::PathBuf;

use celeriac::{App, Shutdown, Signals};

use crate::error::CommandError;
use crate::timetable::{TimetableEntry, parse_timetable};

/// `beat`.
#[derive(Debug, clap::Args)]
pub struct BeatArgs {
    /// The entries: a TOML file with a table for each.
    #[arg(long, short = 's', value_name = "FILE")]
    pub schedule: PathBuf,
    /// Beats of one name stand in for each other and have the same entries.
    #[arg(long, default_value = "celery")]
    pub name: String,
}

impl BeatArgs {
    /// Runs until a signal.
    ///
    /// # Errors
    /// When the schedule cannot be used.
    pub async fn run<S: Send + Sync + 'static>(self, app: &App<S>) -> Result<(), CommandError> {
        let path = self.schedule.display();
        let text = std::fs::read_to_string(&self.schedule)
            .map_err(|error| CommandError::Usage(format!("cannot read the schedule {path}: {error}")))?;
        let entries =
            parse_timetable(&text).map_err(|error| CommandError::Usage(format!("{path}: {error}")))?;
        run_beat(app, &self.name, entries).await
    }
}

/// Sends these entries until a signal.
///
/// # Errors
/// When there are none, or one cannot be sent.
pub async fn run_beat<S: Send + Sync + 'static>(
    app: &App<S>,
    name: &str,
    entries: Vec<TimetableEntry>,
) -> Result<(), CommandError> {
    if entries.is_empty() {
        return Err(CommandError::Usage("the schedule has no entries".to_owned()));
    }
    let mut beat = app.beat().name(name);
    for entry in entries {
        beat = beat.entry(&entry.name, entry.schedule, entry.signature);
    }
    let shutdown = Shutdown::new();
    let signals = Signals::listen(&shutdown)?;
    beat.run(shutdown).await?;
    if signals.want_restart() {
        return Err(CommandError::Failed(format!("cannot start again: {}", celeriac::restart())));
    }
    Ok(())
}
