//! A schedule written in TOML, for `beat`.

use std::time::Duration;

use celeriac::beat::CrontabError;
use celeriac::{JsonMap, Schedule, Signature};
use serde::Deserialize;
use serde_json::Value;
use thiserror::Error;

/// Why a schedule cannot be used.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TimetableError {
    /// No TOML, or a key that is missing, unknown or of the wrong type.
    #[error("the schedule cannot be read: {0}")]
    Syntax(String),
    /// An entry whose time is missing or written twice.
    #[error("the entry {entry}: write either every = SECONDS or crontab = \"MINUTE HOUR DAY MONTH WEEKDAY\"")]
    Time {
        /// The entry.
        entry: String,
    },
    /// An entry whose crontab is wrong.
    #[error("the entry {entry}: {source}")]
    Crontab {
        /// The entry.
        entry: String,
        /// What is wrong.
        source: CrontabError,
    },
}

/// One entry of a schedule.
///
/// ```toml
/// [report]
/// task = "tasks.report"
/// crontab = "0 7 * * mon-fri"
/// timezone = "Europe/Berlin"          # UTC when absent
/// args = ["daily"]
/// kwargs = { format = "pdf" }
/// options = { queue = "reports", expires = 600, priority = 3 }
///
/// [poll]
/// task = "tasks.poll"
/// every = 30                          # seconds
/// ```
#[derive(Debug)]
pub struct TimetableEntry {
    /// Its name.
    pub name: String,
    /// When it is due.
    pub schedule: Schedule,
    /// What is sent.
    pub signature: Signature,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    task: String,
    every: Option<f64>,
    crontab: Option<String>,
    #[serde(default = "utc")]
    timezone: String,
    #[serde(default)]
    args: Vec<Value>,
    #[serde(default)]
    kwargs: JsonMap,
    #[serde(default)]
    options: JsonMap,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Reads the entries of a TOML text.
pub(crate) fn parse_timetable(text: &str) -> Result<Vec<TimetableEntry>, TimetableError> {
    timetable_of(text.parse().map_err(|error: toml::de::Error| TimetableError::Syntax(error.to_string()))?)
}

/// The entries of a table.
///
/// # Errors
/// When the table is no such schedule.
pub fn timetable_of(table: toml::Table) -> Result<Vec<TimetableEntry>, TimetableError> {
    table
        .into_iter()
        .map(|(name, value)| {
            let written: Written = value.try_into().map_err(|error: toml::de::Error| {
                TimetableError::Syntax(format!("the entry {name}: {}", error.to_string().trim_end()))
            })?;
            entry(name, written)
        })
        .collect()
}

fn entry(name: String, written: Written) -> Result<TimetableEntry, TimetableError> {
    let schedule = match (written.every, &written.crontab) {
        (Some(seconds), None) => match Duration::try_from_secs_f64(seconds) {
            Ok(period) if !period.is_zero() => Schedule::every(period),
            _ => return Err(TimetableError::Time { entry: name }),
        },
        (None, Some(crontab)) => Schedule::crontab_in(crontab, &written.timezone)
            .map_err(|source| TimetableError::Crontab { entry: name.clone(), source })?,
        _ => return Err(TimetableError::Time { entry: name }),
    };
    let mut signature = Signature::new(written.task).args(written.args).kwargs(written.kwargs);
    signature.options.extend(written.options);
    Ok(TimetableEntry { name, schedule, signature })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read_with_their_options() {
        let entries = parse_timetable(
            "[report]\ntask = 'tasks.report'\ncrontab = '0 7 * * mon-fri'\ntimezone = 'Europe/Berlin'\n\
             args = ['daily', 1]\nkwargs = { deep = { a = [1, 2.5] } }\noptions = { queue = 'q', expires = 600 }\n\
             [poll]\ntask = 'tasks.poll'\nevery = 0.5\n",
        )
        .unwrap();
        assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["poll", "report"]);
        let report = &entries[1].signature;
        assert_eq!(report.args, [serde_json::json!("daily"), serde_json::json!(1)]);
        assert_eq!(report.kwargs["deep"]["a"][1], 2.5);
        assert_eq!(report.options["expires"], 600);
        assert!(matches!(entries[0].schedule, Schedule::Every(period) if period.as_millis() == 500));
    }

    #[test]
    fn what_is_wrong_is_named_with_its_entry() {
        let error = |text: &str| parse_timetable(text).unwrap_err().to_string();
        assert!(error("[a]\ntask = 't'\n").contains("the entry a: write either every"));
        assert!(error("[a]\ntask = 't'\nevery = -1\n").contains("the entry a: write either every"));
        assert!(error("[a]\ntask = 't'\ncrontab = '61 * * * *'\n").contains("the entry a: the minute"));
        assert!(error("[a]\nevery = 1\n").contains("missing field `task`"));
        assert!(error("[a]\ntask = 't'\nevery = 1\nqueue = 'x'\n").contains("unknown field `queue`"));
        assert!(error("[a\n").contains("cannot be read"));
    }
}
