//! The command line of a worker, with Celery's flags and meanings, for every program that runs one.
//!
//! [`WorkerArgs`] are the flags; [`WorkerArgs::prepare`] makes the process what they ask for (detached, under another
//! user, with a pid file) before the runtime starts; [`WorkerArgs::configure`] sets up the worker. A program that is
//! nothing but a worker has all of it, with the log, in [`WorkerProgram`].

mod args;
mod autoscale;
mod detach;
mod error;
mod log;
mod node;
mod pidfile;
mod prepare;
mod privileges;
mod program;

pub(crate) use args::seconds;
pub use args::{Optimization, WorkerArgs, WorkerPool};
pub use autoscale::Autoscale;
pub use error::WorkerError;
pub use log::{LogFormat, LogLevel, start_filtered_log, start_log};
pub use node::node_name;
pub use pidfile::PidFile;
pub use prepare::Prepared;
pub use program::WorkerProgram;
