//! The command line: every command and flag, once.

use std::path::PathBuf;

use celeriac_cli::LogLevel;
use clap::{Args, Parser, Subcommand, ValueEnum};

/// Reads a whole source repository for you.
#[derive(Debug, Parser)]
#[command(
    name = "code-reader",
    version,
    about = "Reads a whole source repository for you and writes its documentation.",
    after_help = "Examples:\n  code-reader read ./my-project            read a folder, with progress\n  code-reader serve                        pages and API on http://127.0.0.1:8000\n  code-reader search my-project \"retry\"    search what was read\n\nSettings come from flags, the environment, .env and code-reader.toml: `code-reader config` shows them."
)]
pub struct Cli {
    /// Folder of everything that is kept.
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How much to log on stderr.
    #[arg(long, short = 'l', global = true, value_name = "LEVEL", ignore_case = true)]
    pub loglevel: Option<LogLevel>,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// All commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read a repository: a folder, a git URL or an archive (zip, tar, tar.gz).
    #[command(
        after_help = "Examples:\n  code-reader read ./attrs\n  code-reader read https://example.org/team/app.git --ref v2.1\n  code-reader read app.zip --out docs --lang zh\n\nCtrl-C (also `kill` and a closed terminal) leaves a state that `code-reader resume` goes on from."
    )]
    Read(ReadArgs),
    /// Serve the API and the pages, with a worker process beside them.
    #[command(
        after_help = "Examples:\n  code-reader serve\n  APP_PORT=8080 code-reader serve\n  AUTH_TOKEN=… code-reader serve --host 0.0.0.0"
    )]
    Serve(ServeArgs),
    /// Serve the API and the pages only; run workers elsewhere.
    #[command(
        after_help = "Examples:\n  code-reader api\n  code-reader api --port 0\n  CELERY_BROKER_URL=redis://127.0.0.1:6379/0 code-reader api"
    )]
    Api(ListenArgs),
    /// Run the background tasks; flags as Celery's.
    #[command(
        mut_arg("concurrency", |arg| arg.help("Tasks at once, instead of CELERY_WORKER_CONCURRENCY")),
        after_help = "Examples:\n  code-reader worker\n  code-reader worker --concurrency 4 --loglevel info --hostname reader@%h\n  code-reader worker --pool prefork --autoscale 8,2 --detach --pidfile w.pid --logfile w.log"
    )]
    Worker(Box<WorkerArgs>),
    /// Send tasks by the clock: the entries of `[schedule]` in code-reader.toml.
    #[command(
        after_help = "code-reader.toml:\n  [schedule.cleanup]\n  task = \"celery.backend_cleanup\"\n  crontab = \"0 4 * * *\"      or: every = SECONDS\n  timezone = \"Europe/Berlin\"  UTC when absent\n\nAny number may run: one leads, the others take over from it.\n\nExamples:\n  code-reader beat\n  code-reader beat --schedule nightly.toml"
    )]
    Beat(ScheduleArgs),
    /// List what was read, or `bindings`, the queues.
    #[command(
        args_conflicts_with_subcommands = true,
        after_help = "Examples:\n  code-reader list\n  code-reader list --limit 5 --json\n  code-reader list bindings"
    )]
    List(ListArgs),
    /// Show an analysis, one of its pages or one of its files.
    #[command(
        after_help = "Examples:\n  code-reader show attrs                    its overview\n  code-reader show attrs architecture       one page\n  code-reader show attrs --pages            all pages\n  code-reader show attrs --file src/a.py    what is known of a file"
    )]
    Show(ShowArgs),
    /// Search code, symbols and names in an analysis.
    #[command(
        after_help = "Examples:\n  code-reader search attrs \"how are validators run\"\n  code-reader search attrs header --language python --json"
    )]
    Search(SearchArgs),
    /// Write an analysis to files.
    #[command(
        after_help = "Examples:\n  code-reader export attrs --format md --out docs\n  code-reader export attrs --format json > attrs.json"
    )]
    Export(ExportArgs),
    /// Stop an analysis that waits or runs.
    #[command(after_help = "Examples:\n  code-reader cancel attrs")]
    Cancel(NamedArgs),
    /// Go on with an analysis that failed or was cancelled.
    #[command(after_help = "Examples:\n  code-reader resume attrs\n  code-reader resume attrs --out docs")]
    Resume(ResumeArgs),
    /// Remove an analysis and all that was kept of it.
    #[command(after_help = "Examples:\n  code-reader rm attrs\n  code-reader rm attrs click --json")]
    Rm(RemoveArgs),
    /// What can be done with the queue and its workers, as with any Celery cluster.
    #[command(flatten)]
    Queue(celeriac_cli::Command),
    /// Check everything that a run needs and say what to do about what is wrong.
    #[command(after_help = "Examples:\n  code-reader doctor\n  code-reader doctor --json")]
    Doctor(JsonArgs),
    /// Show the effective configuration and where each value comes from.
    #[command(after_help = "Examples:\n  code-reader config\n  code-reader config --json")]
    Config(JsonArgs),
    /// Print completions for a shell.
    #[command(
        after_help = "Examples:\n  code-reader completions bash > ~/.local/share/bash-completion/completions/code-reader"
    )]
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `read`.
#[derive(Debug, Args)]
pub struct ReadArgs {
    /// A folder, a git URL, or a zip or tar archive.
    pub source: String,
    /// Also write the pages and analysis.json to this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Branch, tag or commit, for a git URL.
    #[arg(long = "ref", value_name = "REF")]
    pub reference: Option<String>,
    /// Another name than the source's own.
    #[arg(long)]
    pub name: Option<String>,
    /// The model, instead of OPENAI_MODEL.
    #[arg(long)]
    pub model: Option<String>,
    /// Language of the pages.
    #[arg(long, value_name = "en|zh", value_parser = ["en", "zh"])]
    pub lang: Option<String>,
    /// Use no LLM even if one is configured.
    #[arg(long, conflicts_with = "model")]
    pub no_llm: bool,
    /// Print the analysis as JSON on stdout.
    #[arg(long)]
    pub json: bool,
}

/// Where to listen.
#[derive(Debug, Args)]
pub struct ListenArgs {
    /// Address, instead of APP_HOST.
    #[arg(long)]
    pub host: Option<String>,
    /// Port, instead of APP_PORT; 0 takes a free one.
    #[arg(long)]
    pub port: Option<u16>,
}

/// `serve`.
#[derive(Debug, Args)]
pub struct ServeArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub listen: ListenArgs,
    /// Tasks at once, instead of CELERY_WORKER_CONCURRENCY.
    #[arg(long, short = 'c')]
    pub concurrency: Option<usize>,
}

/// `worker`, with Celery's names.
#[derive(Debug, Args)]
pub struct WorkerArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub worker: celeriac_cli::WorkerArgs,
    /// The supervisor whose end is ours.
    #[arg(long, hide = true)]
    pub supervised: bool,
}

/// `beat`.
#[derive(Debug, Args)]
pub struct ScheduleArgs {
    /// Take the entries from this TOML file, one table each, instead of code-reader.toml.
    #[arg(long, short = 's', value_name = "FILE")]
    pub schedule: Option<PathBuf>,
    /// Beats of one name stand in for each other and have the same entries.
    #[arg(long, default_value = "celery")]
    pub name: String,
}

/// `list`.
#[derive(Debug, Args)]
pub struct ListArgs {
    /// Queues instead of analyses.
    #[command(subcommand)]
    pub of_queue: Option<celeriac_cli::ListCommand>,
    /// At most so many.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u16).range(1..=10_000), allow_negative_numbers = true)]
    pub limit: u16,
    /// Go on from here: what the part before gave as `next`.
    #[arg(long)]
    pub cursor: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// An analysis.
#[derive(Debug, Args)]
pub struct NamedArgs {
    /// Its name, its id or the beginning of its id.
    pub analysis: String,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `resume`.
#[derive(Debug, Args)]
pub struct ResumeArgs {
    /// Its name, its id or the beginning of its id.
    pub analysis: String,
    /// Also write the pages and analysis.json to this folder.
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `rm`.
#[derive(Debug, Args)]
pub struct RemoveArgs {
    /// Names or ids.
    #[arg(required = true)]
    pub analyses: Vec<String>,
    /// Print what was removed as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// Its name (the newest that is completed counts), its id or the beginning of its id.
    pub analysis: String,
    /// The page; its overview when left out.
    #[arg(conflicts_with_all = ["pages", "file"])]
    pub page: Option<String>,
    /// List the pages.
    #[arg(long, conflicts_with = "file")]
    pub pages: bool,
    /// Show what is known of this file.
    #[arg(long, value_name = "PATH")]
    pub file: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `search`.
#[derive(Debug, Args)]
pub struct SearchArgs {
    /// Its name (the newest that is completed counts), its id or the beginning of its id.
    pub analysis: String,
    /// What to look for; parts of identifiers are words too.
    #[arg(required = true)]
    pub query: Vec<String>,
    /// At most so many.
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=1_000), allow_negative_numbers = true)]
    pub limit: u16,
    /// Only files of this language.
    #[arg(long)]
    pub language: Option<String>,
    /// Only files below this folder.
    #[arg(long, value_name = "FOLDER")]
    pub path: Option<String>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Its name (the newest that is completed counts), its id or the beginning of its id.
    pub analysis: String,
    /// `md` is a folder of pages with analysis.json, `json` one document.
    #[arg(long, value_enum, default_value_t = ExportFormat::Md)]
    pub format: ExportFormat,
    /// The folder, or the file of `json` (stdout when left out).
    #[arg(long, short)]
    pub out: Option<PathBuf>,
}

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs)]
pub enum ExportFormat {
    Md,
    Json,
}

/// Only `--json`.
#[derive(Debug, Args)]
pub struct JsonArgs {
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn every_command_has_examples() {
        let commands = celeriac_cli::with_examples(Cli::command(), "code-reader");
        for command in commands.get_subcommands() {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let example = format!("Examples:\n  code-reader {}", command.get_name());
            assert!(help.contains(&example), "{}: {help:?}", command.get_name());
        }
    }
}
