//! Log lines as the operators' greps expect them.
//!
//! `[2026-11-24 10:15:30,123: INFO/MainProcess] Task tasks.add[…] received`, Celery's own form, or
//! the same as JSON.

use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;

use celeriac_cli::{CeleryFormat, LogLevel};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

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
    let level = match logging.level {
        LogLevel::Debug => "debug",
        LogLevel::Info => "info",
        LogLevel::Warning => "warn",
        LogLevel::Error => "error",
    };
    // Transport crates tell of every frame at debug; nobody reads that.
    let start = if logging.tells_start { "" } else { ",celery.start=warn" };
    let directives = format!("{level}{start},hyper=warn,hyper_util=warn,h2=warn,rustls=warn,reqwest=warn");
    let filter = EnvFilter::try_from_env("CODE_READER_LOG").unwrap_or_else(|_| EnvFilter::new(directives));
    match logging.file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
                CliError::failed(format!("cannot write the log file {}: {error}", path.display()))
            })?;
            install(filter, logging.json, false, file);
        }
        None => install(filter, logging.json, std::io::stderr().is_terminal(), std::io::stderr),
    }
    Ok(())
}

fn install<W>(filter: EnvFilter, json: bool, colours: bool, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer).with_ansi(colours);
    let installed = if json {
        builder.json().flatten_event(true).try_init()
    } else {
        builder.event_format(CeleryFormat::default()).try_init()
    };
    // A second start in one process (tests) keeps the first.
    drop(installed);
}
