//! Log lines as the operators' greps expect them.
//!
//! `[2026-11-24 10:15:30,123: INFO/MainProcess] Task tasks.add[…] received`, Celery's own form, or
//! the same as JSON.

use std::path::Path;

use celeriac_cli::{LogFormat, LogLevel, start_filtered_log};
use tracing_subscriber::EnvFilter;

use crate::error::CliError;

/// What the log looks like and where it goes.
pub struct Logging<'a> {
    /// What is told.
    pub level: LogLevel,
    /// Whether a worker tells what it is when it starts.
    pub tells_start: bool,
    /// Lines of JSON.
    pub json: bool,
    /// A file instead of stderr.
    pub file: Option<&'a Path>,
}

/// Starts logging for the whole process.
pub fn start(logging: &Logging<'_>) -> Result<(), CliError> {
    let level = logging.level.directive();
    // Transport crates tell of every frame at debug; nobody reads that.
    let start = if logging.tells_start { "" } else { ",celery.start=warn,celery.mingle=warn" };
    let directives = format!("{level}{start},hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn");
    let filter = EnvFilter::try_from_env("CODE_READER_LOG").unwrap_or_else(|_| EnvFilter::new(directives));
    let format = if logging.json { LogFormat::Json } else { LogFormat::Celery };
    Ok(start_filtered_log(filter, format, logging.file)?)
}
