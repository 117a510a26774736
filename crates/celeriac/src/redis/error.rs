//! What can go wrong with a Redis.

use redis::{ErrorKind, ServerErrorKind};

/// Why a Redis did not do what it was asked to. Each message says what to do; none holds a password.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// A URL or an option that cannot be used.
    #[error("the Redis URL {url:?} cannot be used: {reason}")]
    Url {
        /// The URL, without its password.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// No connection, or one that was lost.
    #[error(
        "cannot reach Redis at {server} ({reason}): start it, or correct the broker's and the result backend's URL"
    )]
    Unreachable {
        /// Where it should be.
        server: String,
        /// What the system says.
        reason: String,
    },
    /// It does not keep the scripts that it is given.
    #[error(
        "Redis at {server} forgets the scripts that it is given: somebody calls SCRIPT FLUSH again and again, or a proxy spreads the commands over several servers; find out who, or connect to one server"
    )]
    ScriptsFlushed {
        /// Where it is.
        server: String,
    },
    /// A connection that gives no answer.
    #[error(
        "Redis at {server} gives no answer in time: it hangs, is overloaded, or the network drops packets"
    )]
    TimedOut {
        /// Where it is.
        server: String,
    },
    /// A wrong or missing password, or one where none is set.
    #[error(
        "Redis at {server} refuses the login ({reason}): put the right user and password into the URL, redis://USER:PASSWORD@HOST:PORT/DB"
    )]
    Login {
        /// Where it is.
        server: String,
        /// Redis's words.
        reason: String,
    },
    /// A user who may not do what is needed.
    #[error(
        "Redis at {server} does not allow it ({reason}): give the user the commands and keys that it needs (ACL SETUSER)"
    )]
    Forbidden {
        /// Where it is.
        server: String,
        /// Redis's words.
        reason: String,
    },
    /// A replica.
    #[error("Redis at {server} is a read-only replica: point the URL to the primary, or use sentinel://")]
    ReadOnly {
        /// Where it is.
        server: String,
    },
    /// No memory left.
    #[error("Redis at {server} is out of memory: raise maxmemory, purge queues, or shorten result_expires")]
    OutOfMemory {
        /// Where it is.
        server: String,
    },
    /// It starts, waits for its primary, or runs a long script.
    #[error("Redis at {server} is not ready ({reason}): it will be tried again")]
    NotReady {
        /// Where it is.
        server: String,
        /// Redis's words.
        reason: String,
    },
    /// It cannot write to its disk.
    #[error(
        "Redis at {server} cannot save to its disk and refuses writes ({reason}): see its log, free the disk"
    )]
    CannotSave {
        /// Where it is.
        server: String,
        /// Redis's words.
        reason: String,
    },
    /// Anything else that it says.
    #[error("Redis at {server} answers: {reason}")]
    Refused {
        /// Where it is.
        server: String,
        /// Redis's words.
        reason: String,
    },
    /// An answer of another shape than its command has.
    #[error(
        "Redis at {server} gives an answer to {what} that is not understood: is it a Redis of version 6.2 or later?"
    )]
    Answer {
        /// Where it is.
        server: String,
        /// The command.
        what: &'static str,
    },
}

impl RedisError {
    /// Whether the same call may succeed when it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Url { .. } | Self::Refused { .. } | Self::Answer { .. })
    }

    /// Whether the connection is of no more use.
    pub(crate) fn ends_connection(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::ReadOnly { .. } | Self::Login { .. }
        )
    }

    /// Whether the connection was lost or could not be made, or has to be made anew.
    pub(crate) fn is_loss(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::ScriptsFlushed { .. })
    }

    /// Whether the command may have been done nevertheless.
    pub(crate) fn leaves_in_doubt(&self) -> bool {
        matches!(
            self,
            Self::Unreachable { .. }
                | Self::ScriptsFlushed { .. }
                | Self::TimedOut { .. }
                | Self::Answer { .. }
        )
    }

    pub(crate) fn from_driver(server: &str, error: &redis::RedisError) -> Self {
        let server = server.to_owned();
        // The driver's words for answers of the server end with what the server said.
        let reason = error.detail().map_or_else(|| error.to_string(), str::to_owned);
        let code = error.code().unwrap_or_default();
        let has_none = reason.contains("without any password configured");
        let reason = match reason.contains("HELLO must be called") {
            true => "it wants a password, and the URL has none".to_owned(),
            false if has_none => "it has no password, and the URL has one".to_owned(),
            // The driver keeps the server's words to itself.
            false if reason.contains("Password authentication failed") => {
                "the password is wrong, or it has no password, and the URL has one".to_owned()
            }
            false => reason,
        };
        match (error.kind(), code) {
            _ if has_none => Self::Login { server, reason },
            (ErrorKind::AuthenticationFailed, _) | (_, "NOAUTH" | "WRONGPASS") => {
                Self::Login { server, reason }
            }
            (_, "NOPERM") => Self::Forbidden { server, reason },
            (_, "OOM") => Self::OutOfMemory { server },
            (_, "MISCONF") => Self::CannotSave { server, reason },
            (ErrorKind::Server(ServerErrorKind::ReadOnly), _) | (_, "READONLY") => Self::ReadOnly { server },
            (
                ErrorKind::Server(
                    ServerErrorKind::BusyLoading | ServerErrorKind::MasterDown | ServerErrorKind::TryAgain,
                ),
                _,
            )
            | (_, "LOADING" | "MASTERDOWN" | "BUSY" | "NOREPLICAS") => Self::NotReady { server, reason },
            // The script's error wraps that of its command.
            _ if reason.contains("OOM command not allowed") => Self::OutOfMemory { server },
            _ if reason.contains("READONLY") => Self::ReadOnly { server },
            _ if reason.contains("MISCONF") => Self::CannotSave { server, reason },
            _ if error.is_timeout() => Self::TimedOut { server },
            _ if error.is_io_error() || error.is_connection_dropped() || error.is_unrecoverable_error() => {
                Self::Unreachable { server, reason }
            }
            _ => Self::Refused { server, reason: error.to_string() },
        }
    }
}
