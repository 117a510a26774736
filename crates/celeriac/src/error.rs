//! What can go wrong at the border of this crate.

use thiserror::Error;

use crate::backend::BackendError;
use crate::broker::BrokerError;
use crate::protocol::ProtocolError;

/// Why the app could not do what it was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AppError {
    /// The broker refused or did not answer.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The result backend refused or did not answer.
    #[error(transparent)]
    Backend(#[from] BackendError),
    /// A name, a time or a message that the protocol does not allow.
    #[error(transparent)]
    Protocol(#[from] ProtocolError),
    /// Arguments that are no JSON.
    #[error("the arguments of {task} cannot be written as JSON: {source}")]
    Arguments {
        /// The task.
        task: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
    /// A value that is no JSON.
    #[error("the {what} cannot be written as JSON: {source}")]
    Value {
        /// What it is.
        what: &'static str,
        /// What serde says.
        source: serde_json::Error,
    },
    /// The prefork pool has no child that runs.
    #[error("the prefork pool cannot start its first child: {reason}")]
    Pool {
        /// What happened to the child.
        reason: String,
    },
    /// The file of `--statedb` cannot be used.
    #[error("the worker's state in {} cannot be read, {reason}: remove it, or name another file", path.display())]
    StateDb {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// An option that has no meaning, and is spelt nearly as one that has.
    #[error(
        "{task} has no option {option}: did you mean {meant}? (A property of your own needs a name that is less like it.)"
    )]
    UnknownOption {
        /// The task.
        task: String,
        /// What was written.
        option: String,
        /// What was meant.
        meant: &'static str,
    },
    /// A signature without the name of a task.
    #[error("a signature names no task: pass the name under which the task is registered, such as tasks.add")]
    Unnamed,
    /// A route that is no pattern.
    #[error("the route of {pattern} is refused: {reason}")]
    Route {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A database in memory.
    #[error(
        "{url} is refused: programs share a queue by its file, and a database in memory has none; name a file, in a test \
         one in a temporary folder"
    )]
    InMemory {
        /// What was to be opened.
        url: String,
    },
    /// A canvas without tasks.
    #[error("nothing to send: the {0} has no tasks")]
    Empty(&'static str),
    /// A canvas whose tasks carry too much in common.
    #[error(
        "the {what} becomes more than {limit} bytes of messages: let its members carry less (arguments, errbacks, \
         the body of a chord), or store the data elsewhere and send where it lies"
    )]
    CanvasSize {
        /// What was to be sent.
        what: &'static str,
        /// Most bytes of it that may be copies.
        limit: usize,
    },
    /// An option of a signature that has the wrong type.
    #[error("the option {option} of {task} is {value}: {expected} expected")]
    SignatureOption {
        /// The task.
        task: String,
        /// The option's name.
        option: &'static str,
        /// What it is.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

impl AppError {
    /// Whether the same call may succeed when it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Broker(error) => error.is_transient(),
            Self::Backend(error) => error.is_transient(),
            _ => false,
        }
    }
}
