//! One file per command.

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
mod worker;

use analysis::Analyses;

use crate::cli::{Cli, Command};
use crate::config::Config;
use crate::error::CliError;
use crate::terminal;

/// Runs the command; the exit code says how it ended.
pub async fn run(cli: Cli, config: Config) -> Result<u8, CliError> {
    match cli.command {
        Command::Read(args) => read::run(&config, args).await,
        Command::Resume(args) => read::resume(&config, args).await,
        Command::Serve(_) => serve::run(&config, true).await,
        Command::Api(_) => serve::run(&config, false).await,
        Command::Worker(args) => worker::run(&config, args).await,
        Command::List(args) => list::run(&open(&config).await?, &args).await,
        Command::Show(args) => show::run(&open(&config).await?, &args).await,
        Command::Search(args) => search::run(&open(&config).await?, &args).await,
        Command::Export(args) => export::run(&open(&config).await?, &args).await,
        Command::Cancel(args) => manage::cancel(&open(&config).await?, &args).await,
        Command::Rm(args) => manage::remove(&open(&config).await?, &args).await,
        Command::Status(args) => {
            let analyses = open(&config).await?;
            celery(celeriac_cli::status(analyses.app(), &args).await)
        }
        Command::Inspect(args) => {
            let analyses = open(&config).await?;
            celery(celeriac_cli::inspect(analyses.app(), &args).await)
        }
        Command::Doctor(args) => doctor::run(&config, &args).await,
        Command::Config(_) | Command::Completions { .. } => Ok(0),
    }
}

/// Store, queue and settings, for commands that look or act.
async fn open(config: &Config) -> Result<Analyses, CliError> {
    Ok(Analyses::open(config.analysis_settings()).await?)
}

fn celery(answer: Result<String, celeriac_cli::AskError>) -> Result<u8, CliError> {
    match answer {
        Ok(text) => {
            terminal::print(&text)?;
            Ok(0)
        }
        Err(celeriac_cli::AskError::Nobody) => {
            Err(CliError::nobody("No nodes replied within time constraint")
                .hint("start one with `code-reader serve` or `code-reader worker`"))
        }
        Err(error) => Err(CliError::failed(error.to_string())),
    }
}
