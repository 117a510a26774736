//! What beats share: who leads, and which tick of each entry was the last.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;

use crate::broker::{BrokerError, Publication};
use crate::protocol::{NodeName, Timestamp};

/// One due time of one entry, with the messages that are sent for it.
#[derive(Debug, Clone)]
pub struct Tick {
    /// The entry.
    pub entry: String,
    /// The tick before it; nothing when the entry is new.
    pub previous: Option<Timestamp>,
    /// When it is due, in whole milliseconds.
    pub due: Timestamp,
    /// What is sent. Nothing for a new entry, whose time begins to run.
    pub publications: Vec<Publication>,
}

/// Kept by the broker, so that a tick and its messages are one commit. `beat` names a set of entries: beats with the
/// same name stand in for each other.
#[async_trait]
pub trait TickStore: Send + Sync {
    /// Leads, or goes on leading, for `lease` from now; false while another node does.
    async fn lead(&self, beat: &str, node: &NodeName, lease: Duration) -> Result<bool, BrokerError>;

    /// Stops leading, so that another node need not wait for the lease to end.
    async fn resign(&self, beat: &str, node: &NodeName) -> Result<(), BrokerError>;

    /// The last tick of each entry that has had one.
    async fn last_ticks(&self, beat: &str) -> Result<BTreeMap<String, Timestamp>, BrokerError>;

    /// For each tick, in this order: if the entry's last one is still `previous`, this becomes its last one and its
    /// messages are published; else nothing happens. Both or neither, durably. Says which ticks were made.
    async fn tick(&self, beat: &str, ticks: Vec<Tick>) -> Result<Vec<bool>, BrokerError>;
}
