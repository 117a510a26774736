//! One file per command.

mod beat;
pub mod completions;
pub mod config;
mod doctor;
mod export;
mod list;
mod manage;
mod read;
mod search;
mod serve;
mod show;
mod work;
mod worker;

pub use read::check_data_dir;
pub use worker::NAME as WORKER_NAME;

use std::path::Path;

use analysis::{Analyses, Analysis, Status};
use celeriac_cli::{CommandError, ListCommand, Screen};
use nix::errno::Errno;
use nix::unistd::AccessFlags;

use crate::cli::{Cli, Command, ListArgs};
use crate::config::Config;
use crate::error::CliError;
use crate::terminal;

/// Runs the command; the exit code says how it ended.
pub async fn run(cli: Cli, config: Config) -> Result<u8, CliError> {
    match &cli.command {
        Command::Read(args) if args.no_llm => {}
        Command::Read(_) | Command::Serve(_) | Command::Api(_) | Command::Worker(_) => {
            config.require_llm()?
        }
        _ => {}
    }
    match cli.command {
        Command::Read(args) => read::run(&config, args).await,
        Command::Resume(args) => read::resume(&config, args).await,
        Command::Serve(_) => serve::run(&config, true).await,
        Command::Api(_) => serve::run(&config, false).await,
        Command::Worker(args) => worker::run(config, *args).await,
        Command::List(ListArgs { of_queue: Some(ListCommand::Bindings), .. }) => {
            let analyses = open(&config).await?;
            celery(celeriac_cli::bindings(analyses.app(), &Screen::new(false, false)).await)
        }
        Command::Beat(args) => beat::run(&config, args).await,
        Command::List(args) => list::run(&look(&config).await?, &args).await,
        Command::Show(args) => show::run(&look(&config).await?, &args).await,
        Command::Search(args) => search::run(&look(&config).await?, &args).await,
        Command::Export(args) => export::run(&look(&config).await?, &args).await,
        Command::Cancel(args) => manage::cancel(&open(&config).await?, &args).await,
        Command::Rm(args) => manage::remove(&open(&config).await?, &args).await,
        Command::Queue(command) => {
            let analyses = open(&config).await?;
            celery(command.run(analyses.app(), &Screen::new(false, false)).await)
        }
        Command::Doctor(args) => doctor::run(&config, &args).await,
        Command::Config(_) | Command::Completions { .. } => Ok(0),
    }
}

/// Store, queue and settings, for commands that look or act.
async fn open(config: &Config) -> Result<Analyses, CliError> {
    Ok(Analyses::open(config.analysis_settings()).await?)
}

/// The same for commands that only look: they need not be allowed to write where another user or machine reads.
async fn look(config: &Config) -> Result<Analyses, CliError> {
    // What is not there yet is made, or it is told why not.
    let is_writable = |path: &Path| {
        let allowed = nix::unistd::access(path, AccessFlags::W_OK);
        !matches!(allowed, Err(Errno::EACCES | Errno::EROFS | Errno::EPERM))
    };
    let settings = config.analysis_settings();
    if is_writable(&config.data_dir) && is_writable(&config.data_dir.join("analyses.db")) {
        return Ok(Analyses::open(settings).await?);
    }
    if settings.database_url.is_none() && !config.data_dir.join("analyses.db").exists() {
        return Err(CliError::failed(format!(
            "nothing was read yet into {}, and it may not be written",
            config.data_dir.display()
        ))
        .hint("choose another data folder with --data-dir or DATA_DIR"));
    }
    Ok(Analyses::look(settings).await?)
}

/// What there is to read under a name or id. That a newer one of the name failed or runs is said.
async fn readable(analyses: &Analyses, name: &str) -> Result<Analysis, CliError> {
    let found = analyses.readable(name).await?;
    let newest = analyses.get(name).await?;
    if newest.id != found.id {
        terminal::note(&format!(
            "This is {} as it was read on {}: a newer analysis of it ({}) {}.",
            terminal::name(&found.name),
            found.created_at.strftime("%Y-%m-%d %H:%M"),
            newest.id,
            state(&newest)
        ));
    }
    Ok(found)
}

/// What became of an analysis that is not completed.
fn state(analysis: &Analysis) -> &'static str {
    match analysis.status {
        Status::Failed => "failed",
        Status::Cancelled => "was cancelled",
        _ => "is not completed yet",
    }
}

/// What became of a command to the queue, with Celery's exit codes.
fn celery(ended: Result<(), CommandError>) -> Result<u8, CliError> {
    match ended {
        Ok(()) => Ok(0),
        Err(error @ CommandError::Nobody) => Err(CliError::nobody(error.to_string())
            .hint("start one with `code-reader serve` or `code-reader worker`")),
        Err(CommandError::Output(error)) => terminal::printed(Err(error)).map(|()| 0),
        Err(error) => Err(CliError { code: error.exit_code(), ..CliError::failed(error.to_string()) }),
    }
}
