//! Inspect and control a Celery cluster from the command line: flags, calls, output and exit codes as Celery's.
//!
//! [`Command`] is a set of subcommands that any program can take in with `#[command(flatten)]`; [`Command::run`]
//! carries one out on an [`App`](celeriac::App) and prints to a [`Screen`]. The binary `celeriac` is this and an app
//! for the broker that its flags or the environment name.

mod beat;
mod call;
mod command;
mod dead_letters;
mod error;
mod events;
mod list;
mod purge;
mod python;
mod queues;
mod remote;
mod report;
mod result;
mod screen;
mod timetable;
mod worker;

pub use beat::{BeatArgs, run_beat};
pub use call::CallArgs;
pub use command::{Command, with_examples};
pub use dead_letters::{DeadLettersArgs, DeadLettersCommand};
pub use error::CommandError;
pub use events::EventsArgs;
pub use list::{ListCommand, bindings};
pub use purge::PurgeArgs;
pub use queues::QueuesArgs;
pub use remote::{AskArgs, RemoteArgs, StatusArgs};
pub use result::ResultArgs;
pub use screen::Screen;
pub use timetable::{TimetableEntry, TimetableError, timetable_of};
pub use worker::{
    Autoscale, LogFormat, LogLevel, Optimization, PidFile, Prepared, WorkerArgs, WorkerError, WorkerPool,
    WorkerProgram, node_name, start_filtered_log, start_log,
};
