//! Flags, with Celery's names and meanings.

use std::time::Duration;

use clap::{Args, ValueEnum};

/// Whom to ask, and how.
#[derive(Debug, Args)]
pub struct AskArgs {
    /// Seconds to wait for replies.
    #[arg(long, short = 't', default_value_t = 1.0, value_name = "SECONDS")]
    pub timeout: f64,
    /// Only these nodes, joined by commas.
    #[arg(long, short = 'd', value_delimiter = ',', value_name = "NODES")]
    pub destination: Vec<String>,
    /// Print JSON.
    #[arg(long, short = 'j')]
    pub json: bool,
}

impl AskArgs {
    /// How long to wait; senseless values become a second or an hour.
    pub fn patience(&self) -> Duration {
        if self.timeout.is_finite() && self.timeout > 0.0 {
            Duration::from_secs_f64(self.timeout.min(3600.0))
        } else {
            Duration::from_secs(1)
        }
    }
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// `inspect`.
#[derive(Debug, Args)]
pub struct InspectArgs {
    /// What to ask.
    #[arg(value_enum)]
    pub method: InspectMethod,
    /// Task ids, for `query_task`.
    pub arguments: Vec<String>,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// What workers can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum InspectMethod {
    /// Tasks that run now.
    Active,
    /// Names of the tasks that the worker knows.
    Registered,
    /// Tasks that the worker holds and that wait for a slot.
    Reserved,
    /// Tasks that wait for their time.
    Scheduled,
    /// Ids of revoked tasks.
    Revoked,
    /// Counts, pool, broker, resources.
    Stats,
    /// The worker's settings.
    Conf,
    /// The queues that it consumes.
    ActiveQueues,
    /// Whether it answers.
    Ping,
    /// Versions and settings in words.
    Report,
    /// Its logical clock.
    Clock,
    /// What it knows of the given task ids.
    QueryTask,
}

impl InspectMethod {
    /// The method's name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            InspectMethod::Active => "active",
            InspectMethod::Registered => "registered",
            InspectMethod::Reserved => "reserved",
            InspectMethod::Scheduled => "scheduled",
            InspectMethod::Revoked => "revoked",
            InspectMethod::Stats => "stats",
            InspectMethod::Conf => "conf",
            InspectMethod::ActiveQueues => "active_queues",
            InspectMethod::Ping => "ping",
            InspectMethod::Report => "report",
            InspectMethod::Clock => "clock",
            InspectMethod::QueryTask => "query_task",
        }
    }
}
