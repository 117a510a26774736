//! What serde finds wrong with a call.

use serde::de;

use super::ArgumentError;

/// Why serde could not build the task, before the function's name is known.
#[derive(Debug)]
pub(super) enum Refusal {
    TooMany { taken: usize, given: usize },
    Unexpected(String),
    Multiple(String),
    Missing(&'static str),
    Invalid { name: Option<String>, message: String },
}

impl Refusal {
    pub(super) fn of(self, function: &str) -> ArgumentError {
        let function = function.to_owned();
        match self {
            Self::TooMany { taken, given } => ArgumentError::TooMany { function, taken, given },
            Self::Unexpected(name) => ArgumentError::Unexpected { function, name },
            Self::Multiple(name) => ArgumentError::Multiple { function, name },
            Self::Missing(name) => ArgumentError::Missing { function, names: vec![name.to_owned()] },
            Self::Invalid { name, message } => ArgumentError::Invalid { function, name, message },
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self:?}")
    }
}

impl std::error::Error for Refusal {}

impl de::Error for Refusal {
    fn custom<M: std::fmt::Display>(message: M) -> Self {
        Self::Invalid { name: None, message: message.to_string() }
    }

    fn missing_field(field: &'static str) -> Self {
        Self::Missing(field)
    }

    fn unknown_field(field: &str, _expected: &'static [&'static str]) -> Self {
        Self::Unexpected(field.to_owned())
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::Multiple(field.to_owned())
    }
}

impl From<serde_json::Error> for Refusal {
    fn from(error: serde_json::Error) -> Self {
        Self::Invalid { name: None, message: error.to_string() }
    }
}
