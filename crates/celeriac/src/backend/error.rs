//! What can go wrong with a result backend.

use sqlite_group_commit::DatabaseError;

use crate::protocol::ProtocolError;
use crate::redis::RedisError;

/// Why a result backend did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackendError {
    /// A result cannot be stored, or one that is stored cannot be read.
    #[error("the result cannot be stored or read: {0}")]
    Result(#[from] ProtocolError),
    /// The results' file.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The Redis.
    #[error(transparent)]
    Redis(RedisError),
    /// No result backend is known by such a URL.
    #[error(
        "no result backend is known for {url:?}: use redis://HOST:PORT/DB, sqlite:///absolute/path.db or sqlite://relative.db"
    )]
    UnknownUrl {
        /// The URL, without its password.
        url: String,
    },
}

impl BackendError {
    /// Whether the same call may succeed when it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Redis(error) => error.is_transient(),
            _ => false,
        }
    }
}
