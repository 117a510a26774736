//! A local OpenAI-compatible provider that enforces limits and injects faults, for tests and demos.
//!
//! [`FakeLlm::start`] listens on a port of its own and answers chats (streamed or not, structured or
//! not), embeddings and models. Answers are computed from the prompt ([`answer`]), so that tests can
//! check them; limits are sliding windows of its own make, so that they check the governor's.

pub mod answer;
mod config;
mod fault;
mod latency;
mod limiter;
mod log;
mod routes;
mod server;
mod state;
mod stats;
mod tokens;

pub use config::{Config, Limits, Structured};
pub use fault::{Fault, FaultRule, When};
pub use latency::Latency;
pub use log::LogEntry;
pub use server::{FakeLlm, StartError};
pub use stats::Stats;
pub use tokens::count_tokens;
