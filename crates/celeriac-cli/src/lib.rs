//! Inspect and control a Celery cluster from the command line: flags, calls and output as Celery's.
//!
//! The subcommands are [`clap::Args`], so that any program can take them in; the functions return
//! the text to print.

mod args;
mod ask;
mod render;

pub use args::{AskArgs, InspectArgs, InspectMethod, StatusArgs};
pub use ask::{AskError, inspect, status};
