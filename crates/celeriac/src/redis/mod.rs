//! What the Redis broker and the Redis result backend share: URLs and options, connections, keys, scripts.
//!
//! A process has one connection for commands ([`Link`]), on which everything is pipelined, and one for what is
//! published ([`Hub`]). Both come back by themselves after a loss.

mod awake;
mod error;
mod hub;
mod keys;
mod link;
mod options;
mod script;
mod server;
mod url;

pub use error::RedisError;
pub(crate) use hub::{Hub, Listening, Topic, pattern};
pub(crate) use keys::{BINDING_SEP, Keys};
pub(crate) use link::{Link, Watched};
pub use options::RedisOptions;
pub(crate) use script::Script;
pub(crate) use server::Server;
pub(crate) use url::{is_redis, parse};
