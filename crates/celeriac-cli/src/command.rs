//! The subcommands, and carrying them out.

use celeriac::App;
use clap::Subcommand;

use crate::call::{self, CallArgs};
use crate::dead_letters::{self, DeadLettersArgs};
use crate::error::CommandError;
use crate::events::{self, EventsArgs};
use crate::purge::{self, PurgeArgs};
use crate::queues::{self, QueuesArgs};
use crate::remote::{self, RemoteArgs, StatusArgs};
use crate::report;
use crate::result::{self, ResultArgs};
use crate::screen::Screen;

/// What can be done with a Celery cluster.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask workers what they do.
    Inspect(RemoteArgs),
    /// Change what workers do.
    Control(RemoteArgs),
    /// Say which workers are there.
    Status(StatusArgs),
    /// Watch tasks and workers as they go.
    Events(EventsArgs),
    /// Wait for the result of a task and print it.
    Result(ResultArgs),
    /// Send a task by its name, and print its id.
    Call(Box<CallArgs>),
    /// Erase the messages of queues.
    Purge(PurgeArgs),
    /// Show the queues and what waits in them.
    Queues(QueuesArgs),
    /// Look after messages that will not be delivered any more.
    DeadLetters(DeadLettersArgs),
    /// Print versions, platform and settings.
    Report,
}

impl Command {
    /// Carries it out.
    ///
    /// # Errors
    /// When nobody answered, the broker could not be reached, or what was asked for makes no sense.
    pub async fn run<S: Send + Sync + 'static>(
        self,
        app: &App<S>,
        screen: &Screen,
    ) -> Result<(), CommandError> {
        match self {
            Self::Inspect(args) => remote::inspect(app, &args, screen).await,
            Self::Control(args) => remote::control(app, &args, screen).await,
            Self::Status(args) => remote::status(app, &args, screen).await,
            Self::Events(args) => events::events(app, &args, screen).await,
            Self::Result(args) => result::result(app, &args, screen).await,
            Self::Call(args) => call::call(app, *args, screen).await,
            Self::Purge(args) => purge::purge(app, args, screen).await,
            Self::Queues(args) => queues::queues(app, &args, screen).await,
            Self::DeadLetters(args) => dead_letters::dead_letters(app, args, screen).await,
            Self::Report => report::report(app, screen),
        }
    }
}

/// Adds examples to the help of the subcommands, under the name of the program that took them in.
pub fn with_examples(command: clap::Command, program: &str) -> clap::Command {
    let examples: [(&str, &[&str]); 10] = [
        (
            "inspect",
            &[
                "inspect active",
                "inspect stats --json --timeout 2",
                "inspect query_task ID",
                "inspect --list",
            ],
        ),
        (
            "control",
            &["control rate_limit tasks.add 10/m", "control revoke ID", "control shutdown -d w1@host"],
        ),
        ("status", &["status", "status --timeout 5"]),
        ("events", &["events", "events --dump", "events --json | head"]),
        ("result", &["result ID", "result ID --traceback"]),
        (
            "call",
            &[
                "call tasks.add --args '[2, 3]'",
                "call tasks.add --kwargs '{\"x\": 2, \"y\": 3}' --countdown 10",
            ],
        ),
        ("purge", &["purge", "purge -f -Q celery,slow"]),
        ("queues", &["queues", "queues analysis --json"]),
        ("report", &["report", "report > versions.txt"]),
        ("dead-letters", &["dead-letters list", "dead-letters revive ID", "dead-letters discard --all"]),
    ];
    examples.into_iter().fold(command, |command, (name, lines)| {
        let lines: Vec<String> = lines.iter().map(|line| format!("  {program} {line}")).collect();
        command.mut_subcommand(name, |subcommand| {
            subcommand.after_help(format!("Examples:\n{}", lines.join("\n")))
        })
    })
}
