//! What can go wrong with a broker.

use sqlite_group_commit::DatabaseError;

use crate::protocol::ProtocolError;
use crate::redis::RedisError;

/// Why a broker did not do what it was asked to.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BrokerError {
    /// A message cannot be sent.
    #[error("the message cannot be sent: {0}")]
    Message(#[from] ProtocolError),
    /// The queue's file.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The Redis.
    #[error(transparent)]
    Redis(RedisError),
    /// No broker is known by such a URL.
    #[error(
        "no broker is known for {url:?}: use redis://HOST:PORT/DB, sqlite:///absolute/path.db or sqlite://relative.db"
    )]
    UnknownUrl {
        /// The URL, without its password.
        url: String,
    },
}

impl BrokerError {
    /// Whether the same call may succeed when it is tried again a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Database(error) => error.is_transient(),
            Self::Redis(error) => error.is_transient(),
            _ => false,
        }
    }
}
