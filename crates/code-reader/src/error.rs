//! Errors as a person sees them: a sentence, a hint, an exit code. The one place that decides.

use std::fmt;

use analysis::{AnalysisError, ErrorKind};

use crate::config::ConfigError;

/// Celery's code for "no node replied".
pub const EXIT_NOBODY: u8 = 69;

/// Why the command ended early.
#[derive(Debug)]
pub struct CliError {
    /// What happened.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
    /// The exit code.
    pub code: u8,
}

impl CliError {
    /// Something failed: exit code 1.
    pub fn failed(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, code: 1 }
    }

    /// The command was given wrongly: exit code 2.
    pub fn usage(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, code: 2 }
    }

    /// Nobody answered: exit code 69.
    pub fn nobody(message: impl Into<String>) -> CliError {
        CliError { message: message.into(), hint: None, code: EXIT_NOBODY }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> CliError {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\n  {hint}"),
            None => Ok(()),
        }
    }
}

impl From<celeriac_cli::WorkerError> for CliError {
    fn from(error: celeriac_cli::WorkerError) -> CliError {
        CliError { message: error.to_string(), hint: None, code: error.exit_code() }
    }
}

impl From<ConfigError> for CliError {
    fn from(error: ConfigError) -> CliError {
        CliError::usage(error.to_string())
    }
}

impl From<std::io::Error> for CliError {
    fn from(error: std::io::Error) -> CliError {
        CliError::failed(error.to_string())
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> CliError {
        CliError::failed(format!("cannot write JSON: {error}"))
    }
}

impl From<AnalysisError> for CliError {
    fn from(error: AnalysisError) -> CliError {
        let code = match error.kind {
            ErrorKind::Invalid | ErrorKind::Forbidden => 2,
            _ => 1,
        };
        CliError { code, message: error.message, hint: Some(error.hint).filter(|hint| !hint.is_empty()) }
    }
}
