//! `code-reader`: configuration, command line, supervisor. It only wires; the rooms do the work.

mod cli;
mod commands;
mod config;
mod error;
mod interrupt;
mod lock;
mod logging;
mod progress;
mod supervisor;
mod terminal;

use std::process::ExitCode;
use std::time::Duration;

use clap::{CommandFactory, FromArgMatches};

use celeriac_cli::{LogLevel, Prepared};
use cli::{Cli, Command, ServeArgs};
use config::{Config, Layers};
use error::CliError;

/// What one thread allocates another frees: the system's allocator makes them wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

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
    // First of all: it may start another process that does the rest, or go to another folder.
    let _pidfile = match &cli.command {
        Command::Worker(args) => match args.worker.prepare(commands::WORKER_NAME)? {
            Prepared::Detached => return Ok(0),
            Prepared::Here(pidfile) => pidfile,
        },
        _ => None,
    };
    let layers = Layers::load(&std::env::current_dir()?, |name| std::env::var(name).ok(), flags(&cli))?;
    match &cli.command {
        Command::Config(args) => return commands::config::run(&layers, args),
        Command::Completions { shell } => return commands::completions::run(*shell),
        _ => {}
    }
    let mut config = Config::from_layers(&layers)?;
    if matches!(&cli.command, Command::Worker(args) if args.supervised) {
        config.leave_a_core();
    }
    if let Command::Read(args) = &cli.command {
        commands::check_data_dir(&config.data_dir, args)?;
    }
    start_logging(&cli, &config)?;
    // What stands in its way is for `doctor` to find, among the rest.
    if !matches!(&cli.command, Command::Doctor(_)) {
        prepare_data_dir(&config)?;
    }
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
        Command::Serve(ServeArgs { listen, concurrency }) => {
            set("APP_HOST", listen.host.clone());
            set("APP_PORT", listen.port.map(|port| port.to_string()));
            set("CELERY_WORKER_CONCURRENCY", concurrency.map(|slots| slots.to_string()));
        }
        Command::Api(listen) => {
            set("APP_HOST", listen.host.clone());
            set("APP_PORT", listen.port.map(|port| port.to_string()));
        }
        Command::Worker(args) => {
            let args = &args.worker;
            let seconds = |limit: Option<Duration>| limit.map(|limit| limit.as_secs_f64().to_string());
            set("CELERY_WORKER_CONCURRENCY", args.concurrency.map(|slots| slots.to_string()));
            set("CELERY_WORKER_PREFETCH_MULTIPLIER", args.prefetch_multiplier.map(|n| n.to_string()));
            set("CELERY_WORKER_MAX_TASKS_PER_CHILD", args.max_tasks_per_child.map(|n| n.to_string()));
            set("CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT", seconds(args.soft_shutdown_timeout));
            set(
                "CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE",
                args.soft_shutdown_on_idle.then(|| "true".to_owned()),
            );
            set("CELERY_TASK_TIME_LIMIT", seconds(args.time_limit));
            set("CELERY_TASK_SOFT_TIME_LIMIT", seconds(args.soft_time_limit));
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
        Command::Worker(args) => (LogLevel::Info, args.worker.logfile(commands::WORKER_NAME)),
        _ => (LogLevel::Error, None),
    };
    logging::start(&logging::Logging {
        level: cli.loglevel.unwrap_or(quiet),
        // The log of `serve` is the terminal of a user, who wants to see where to look, not what a worker is made of.
        tells_start: !matches!(&cli.command, Command::Worker(args) if args.supervised),
        json: config.log_json,
        file: file.as_deref(),
    })
}

fn prepare_data_dir(config: &Config) -> Result<(), CliError> {
    std::fs::create_dir_all(&config.data_dir).map_err(|error| {
        CliError::failed(format!("cannot make the data folder {}: {error}", config.data_dir.display()))
            .hint("choose another with --data-dir or DATA_DIR")
    })
}
