//! `celeriac`: inspect and control a Celery cluster.

use std::process::ExitCode;

use celeriac::App;
use celeriac_cli::{
    BeatArgs, Command, CommandError, ListCommand, LogLevel, Screen, bindings, start_log, with_examples,
};
use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

/// Inspect and control a Celery cluster: our workers and Python's.
#[derive(Debug, Parser)]
#[command(name = "celeriac", version)]
struct Cli {
    /// Accepted for habit: no app is loaded.
    #[arg(long, short = 'A', global = true, value_name = "NAME")]
    app: Option<String>,
    /// The broker, such as redis://127.0.0.1:6379/0 or sqlite://queue.db.
    #[arg(
        long,
        short = 'b',
        global = true,
        env = "CELERY_BROKER_URL",
        hide_env_values = true,
        value_name = "URL"
    )]
    broker: Option<String>,
    /// Where results are kept; on the broker when left out.
    #[arg(long, global = true, env = "CELERY_RESULT_BACKEND", hide_env_values = true, value_name = "URL")]
    result_backend: Option<String>,
    /// The queue of tasks and commands that name none.
    #[arg(long, global = true, default_value = "celery", value_name = "NAME")]
    default_queue: String,
    /// No colours.
    #[arg(long, short = 'C', global = true)]
    no_color: bool,
    /// Leave out what only comments.
    #[arg(long, short = 'q', global = true)]
    quiet: bool,
    #[command(subcommand)]
    command: Commands,
}

#[derive(Debug, Subcommand)]
enum Commands {
    #[command(flatten)]
    Shared(Command),
    /// Show what the broker knows.
    #[command(subcommand)]
    List(ListCommand),
    /// Send tasks by the clock, whoever runs them. Any number may run: one leads, the others take over from it.
    #[command(
        after_help = "The schedule:\n  [report]\n  task = \"tasks.report\"\n  crontab = \"0 7 * * mon-fri\"    or: every = SECONDS\n  timezone = \"Europe/Berlin\"     UTC when absent\n  args = [\"daily\"]\n  options = { queue = \"reports\", expires = 600 }\n\nExample:\n  celeriac -b redis://127.0.0.1:6379/0 beat --schedule schedule.toml"
    )]
    Beat(BeatArgs),
}

impl Commands {
    /// Whether the command makes sense where there is no queue yet. The others ask what is there.
    fn may_begin_a_queue(&self) -> bool {
        matches!(self, Self::Beat(_) | Self::Shared(Command::Call(_) | Command::Report))
    }
}

/// Opening a SQLite file makes it, so that a name which is misspelt would look like a queue without workers.
fn refuse_absent(broker: &str) -> Result<(), CommandError> {
    match celeriac::sqlite_path(broker).filter(|path| !path.exists()) {
        Some(path) => Err(CommandError::Failed(format!(
            "there is no file {}: name the one that the workers have, or start a worker, which makes it",
            path.display()
        ))),
        None => Ok(()),
    }
}

fn main() -> ExitCode {
    let matches = with_examples(Cli::command(), "celeriac").get_matches();
    let cli = Cli::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Beat tells what it sends; the other commands print their answer, and log what goes wrong beside it.
    let level = if matches!(cli.command, Commands::Beat(_)) { LogLevel::Info } else { LogLevel::Error };
    if let Err(error) = start_log(level, None) {
        drop(std::io::Write::write_all(&mut std::io::stderr(), format!("Error: {error}\n").as_bytes()));
        return ExitCode::FAILURE;
    }
    let ended = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(CommandError::from)
        .and_then(|runtime| runtime.block_on(run(cli)));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads from a pipe may stop when it has seen enough.
        Err(CommandError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(error) => {
            let text = if matches!(error, CommandError::Aborted) {
                error.to_string()
            } else {
                format!("Error: {error}")
            };
            drop(std::io::Write::write_all(&mut std::io::stderr(), format!("{text}\n").as_bytes()));
            ExitCode::from(error.exit_code())
        }
    }
}

async fn run(cli: Cli) -> Result<(), CommandError> {
    let Some(broker) = cli.broker else {
        return Err(CommandError::Usage(
            "no broker is named: pass -b redis://127.0.0.1:6379/0 or -b sqlite://queue.db, or set CELERY_BROKER_URL".to_owned(),
        ));
    };
    if !cli.command.may_begin_a_queue() {
        refuse_absent(&broker)?;
    }
    let mut app = App::builder(&broker).default_queue(cli.default_queue);
    if let Some(backend) = cli.result_backend {
        app = app.result_backend(&backend);
    }
    let (app, screen) = (app.open().await?, Screen::new(cli.no_color, cli.quiet));
    match cli.command {
        Commands::Shared(command) => command.run(&app, &screen).await,
        Commands::Beat(args) => args.run(&app).await,
        Commands::List(ListCommand::Bindings) => bindings(&app, &screen).await,
    }
}
