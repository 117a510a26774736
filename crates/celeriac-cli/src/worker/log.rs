//! The log, in Celery's form, `[2026-11-24 10:15:30,123: INFO/MainProcess] Task tasks.add[…] received`, or as JSON.

use std::fmt;
use std::fs::OpenOptions;
use std::io::IsTerminal;
use std::path::Path;

use clap::ValueEnum;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::format::{FormatEvent, FormatFields, Writer};
use tracing_subscriber::fmt::{FmtContext, MakeWriter};
use tracing_subscriber::registry::LookupSpan;

use super::error::WorkerError;

/// Celery's names of the levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum LogLevel {
    Debug,
    Info,
    #[default]
    #[value(alias = "warn")]
    Warning,
    #[value(aliases = ["critical", "fatal"])]
    Error,
}

impl LogLevel {
    /// What is told of all things, for a filter to begin with.
    pub fn directive(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            // As Celery's: what the worker is, and then only what goes wrong.
            Self::Warning => "warn,celery.start=info",
            Self::Error => "error",
        }
    }
}

/// How a log's lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// As Celery writes them.
    Celery,
    /// As JSON, an object a line.
    Json,
}

/// Starts the log of this process, in Celery's form: on stderr, or at the end of a file.
///
/// # Errors
/// When the file cannot be written.
pub fn start_log(level: LogLevel, file: Option<&Path>) -> Result<(), WorkerError> {
    start_filtered_log(EnvFilter::new(level.directive()), LogFormat::Celery, file)
}

/// The same with a filter and a form of one's own.
///
/// # Errors
/// When the file cannot be written.
pub fn start_filtered_log(
    filter: EnvFilter,
    format: LogFormat,
    file: Option<&Path>,
) -> Result<(), WorkerError> {
    match file {
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path).map_err(|source| {
                WorkerError::File { what: "the log file", path: path.to_owned(), source }
            })?;
            install(filter, format, false, file);
        }
        None => install(filter, format, std::io::stderr().is_terminal(), std::io::stderr),
    }
    Ok(())
}

fn install<W>(filter: EnvFilter, format: LogFormat, colours: bool, writer: W)
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    // Otherwise a line that cannot be written is complained of with `eprintln!`, and that panics when it is the standard
    // error that went away: with the terminal, or with the reader of a pipe.
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(writer)
        .with_ansi(colours)
        .log_internal_errors(false);
    let installed = match format {
        LogFormat::Celery => builder.event_format(CeleryFormat::default()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    // A second start in one process keeps the first.
    drop(installed);
}

/// Formats log lines as Celery does; the process's name is that of a child of the pool in one.
#[derive(Debug)]
struct CeleryFormat {
    process: String,
}

impl Default for CeleryFormat {
    fn default() -> Self {
        Self { process: celeriac::process_name() }
    }
}

impl<S, N> FormatEvent<S, N> for CeleryFormat
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let now = jiff::ZonedDateTime::now();
        let level = match *event.metadata().level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARNING",
            Level::INFO => "INFO",
            Level::DEBUG | Level::TRACE => "DEBUG",
        };
        let colour = match level {
            "ERROR" => "\x1b[31m",
            "WARNING" => "\x1b[33m",
            _ => "",
        };
        let coloured = writer.has_ansi_escapes() && !colour.is_empty();
        if coloured {
            writer.write_str(colour)?;
        }
        let millis = now.subsec_nanosecond() / 1_000_000;
        let (time, process) = (now.strftime("%Y-%m-%d %H:%M:%S"), &self.process);
        write!(writer, "[{time},{millis:03}: {level}/{process}] ")?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        if coloured {
            writer.write_str("\x1b[0m")?;
        }
        writeln!(writer)
    }
}
