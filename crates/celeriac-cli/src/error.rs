//! Why a command ended early, and with which exit code.

use celeriac::AppError;
use celeriac::broker::BrokerError;
use thiserror::Error;

/// Why a command did not do what it was asked for.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CommandError {
    /// No node replied in time.
    #[error("No nodes replied within time constraint")]
    Nobody,
    /// The broker or the result backend could not be asked.
    #[error("{0}")]
    App(#[from] AppError),
    /// The command was given wrongly.
    #[error("{0}")]
    Usage(String),
    /// Something went wrong.
    #[error("{0}")]
    Failed(String),
    /// The user said no.
    #[error("Aborted!")]
    Aborted,
    /// The terminal or a pipe.
    #[error("cannot write: {0}")]
    Output(#[from] std::io::Error),
}

impl CommandError {
    /// Celery's exit code: 69 when nobody answered, 2 for wrong usage, else 1.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Nobody => 69,
            Self::App(AppError::Broker(error)) if error.is_transient() => 69,
            Self::Usage(_) => 2,
            _ => 1,
        }
    }
}

impl From<BrokerError> for CommandError {
    fn from(error: BrokerError) -> Self {
        Self::App(error.into())
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::Failed(format!("cannot write JSON: {error}"))
    }
}
