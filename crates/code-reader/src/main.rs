//! `code-reader`: configuration, command line, supervisor. It only wires; the rooms do the work.

mod cli;
mod commands;
mod config;
mod error;
mod lock;
mod logging;
mod progress;
mod supervisor;
mod terminal;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};

use cli::{Cli, Command, LogLevel};
use config::{Config, Layers};
use error::CliError;

fn main() -> ExitCode {
    let matches = celeriac_cli::with_examples(Cli::command(), "code-reader").get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match run(cli) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            terminal::error(&error);
            ExitCode::from(error.code)
        }
    }
}

fn run(cli: Cli) -> Result<u8, CliError> {
    let layers = Layers::load(&std::env::current_dir()?, |name| std::env::var(name).ok(), flags(&cli))?;
    match &cli.command {
        Command::Config(args) => return commands::config::run(&layers, args),
        Command::Completions { shell } => return commands::completions::run(*shell),
        _ => {}
    }
    let config = Config::from_layers(&layers)?;
    start_logging(&cli, &config)?;
    prepare_data_dir(&config)?;
    runtime(&cli)?.block_on(commands::run(cli, config))
}

/// The API needs few threads; the worker's own work runs on blocking ones.
fn runtime(cli: &Cli) -> Result<tokio::runtime::Runtime, CliError> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if !matches!(cli.command, Command::Worker(_) | Command::Read(_) | Command::Resume(_)) {
        builder.worker_threads(2);
    }
    builder
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("cannot start the runtime: {error}")))
}

/// Flags that stand for settings.
fn flags(cli: &Cli) -> Vec<(&'static str, String)> {
    let mut flags = Vec::new();
    let mut set = |name, value: Option<String>| flags.extend(value.map(|value| (name, value)));
    set("DATA_DIR", cli.data_dir.as_ref().map(|dir| dir.display().to_string()));
    match &cli.command {
        Command::Serve(args) | Command::Api(args) => {
            set("APP_HOST", args.host.clone());
            set("APP_PORT", args.port.map(|port| port.to_string()));
            set("CELERY_WORKER_CONCURRENCY", args.concurrency.map(|slots| slots.to_string()));
        }
        Command::Worker(args) => {
            set("CELERY_WORKER_CONCURRENCY", args.concurrency.map(|slots| slots.to_string()));
            set("CELERY_WORKER_PREFETCH_MULTIPLIER", args.prefetch_multiplier.map(|n| n.to_string()));
            set("CELERY_TASK_TIME_LIMIT", args.time_limit.map(|seconds| seconds.to_string()));
            set("CELERY_TASK_SOFT_TIME_LIMIT", args.soft_time_limit.map(|seconds| seconds.to_string()));
        }
        Command::Read(args) => {
            set("LANGUAGE", args.lang.clone());
            set("OPENAI_MODEL", args.model.clone());
        }
        _ => {}
    }
    flags
}

fn start_logging(cli: &Cli, config: &Config) -> Result<(), CliError> {
    let (quiet, file) = match &cli.command {
        Command::Serve(_) | Command::Api(_) | Command::Beat(_) => (LogLevel::Info, None),
        Command::Worker(args) => (LogLevel::Info, args.logfile.as_deref()),
        _ => (LogLevel::Error, None),
    };
    logging::start(&logging::Logging { level: cli.loglevel.unwrap_or(quiet), json: config.log_json, file })
}

fn prepare_data_dir(config: &Config) -> Result<(), CliError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        CliError::failed(format!("cannot make the data folder {}: {error}", config.data_dir.display()))
            .hint("choose another with --data-dir or DATA_DIR")
    })
}
