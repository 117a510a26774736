//! `beat`: sends tasks by the clock.

use celeriac::{Shutdown, Signals};
use celeriac_cli::{TimetableEntry, parse_timetable, timetable_of};

use super::open;
use crate::cli::BeatArgs;
use crate::config::Config;
use crate::error::CliError;

/// Runs until a signal.
pub async fn run(config: &Config, args: BeatArgs) -> Result<u8, CliError> {
    let entries = entries(config, &args)?;
    if entries.is_empty() {
        return Err(CliError::failed("the schedule has no entries")
            .hint("write them to code-reader.toml: `code-reader beat --help` shows how"));
    }
    let analyses = open(config).await?;
    let mut beat = analyses.app().beat().name(&args.name);
    for entry in entries {
        beat = beat.entry(&entry.name, entry.schedule, entry.signature);
    }
    let shutdown = Shutdown::new();
    let signals = Signals::listen(&shutdown)?;
    beat.run(shutdown).await.map_err(|error| CliError::failed(error.to_string()))?;
    if signals.want_restart() {
        return Err(CliError::failed(format!("cannot start again: {}", celeriac::restart())));
    }
    Ok(0)
}

fn entries(config: &Config, args: &BeatArgs) -> Result<Vec<TimetableEntry>, CliError> {
    let (read, place) = match &args.schedule {
        None => (timetable_of(config.schedule.clone()), "code-reader.toml".to_owned()),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                CliError::usage(format!("cannot read the schedule {}: {error}", path.display()))
            })?;
            (parse_timetable(&text), path.display().to_string())
        }
    };
    read.map_err(|error| CliError::usage(format!("{place}: {error}")))
}
