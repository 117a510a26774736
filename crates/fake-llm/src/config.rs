//! How the provider behaves.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::{FaultRule, Latency};

/// Everything that can be set. The default answers at once, without limits, key or faults.
#[derive(Debug, Clone)]
pub struct Config {
    /// Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The models it knows; a chat with another is answered 404. The first is the default.
    pub models: Vec<String>,
    /// The key that every request must bear.
    pub api_key: Option<String>,
    /// What it allows.
    pub limits: Limits,
    /// How long an answer takes, before time is scaled.
    pub latency: Latency,
    /// How many times faster than real its time runs: minutes and latencies are this much shorter.
    pub time_scale: f64,
    /// What goes wrong.
    pub faults: Vec<FaultRule>,
    /// What it takes of `response_format`.
    pub structured: Structured,
    /// Takes no prompt of more tokens.
    pub context_tokens: u64,
    /// A file to which each request is appended as a line of JSON.
    pub log_file: Option<PathBuf>,
    /// Where the dice of latencies and fault rates begin.
    pub seed: u64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            models: vec!["fake-model".into(), "fake-embedding".into()],
            api_key: None,
            limits: Limits::default(),
            latency: Latency::default(),
            time_scale: 1.0,
            faults: Vec::new(),
            structured: Structured::Schema,
            context_tokens: 1_000_000,
            log_file: None,
            seed: 1,
        }
    }
}

/// What is allowed; `None` is no limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Limits {
    /// Requests in any minute of the provider's time.
    pub requests_per_minute: Option<u64>,
    /// Tokens in any minute of the provider's time.
    pub tokens_per_minute: Option<u64>,
    /// Requests being answered.
    pub max_concurrent: Option<usize>,
}

/// What is taken of `response_format`; the rest is refused with 400.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, clap::ValueEnum)]
pub enum Structured {
    /// None of it.
    None,
    /// `json_object`.
    Object,
    /// `json_schema` too.
    Schema,
}
