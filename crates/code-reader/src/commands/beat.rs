//! `beat`: sends tasks by the clock.

use celeriac_cli::{BeatArgs, run_beat, timetable_of};

use super::{celery, open};
use crate::cli::ScheduleArgs;
use crate::config::Config;
use crate::error::CliError;

/// Runs until a signal.
pub async fn run(config: &Config, args: ScheduleArgs) -> Result<u8, CliError> {
    let ScheduleArgs { schedule, name } = args;
    if let Some(schedule) = schedule {
        return celery(BeatArgs { schedule, name }.run(open(config).await?.app()).await);
    }
    let entries = timetable_of(config.schedule.clone())
        .map_err(|error| CliError::usage(format!("code-reader.toml: {error}")))?;
    if entries.is_empty() {
        return Err(CliError::usage("the schedule has no entries")
            .hint("write them to code-reader.toml: `code-reader beat --help` shows how"));
    }
    celery(run_beat(open(config).await?.app(), &name, entries).await)
}
