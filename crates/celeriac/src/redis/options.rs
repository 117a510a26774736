//! How queues and results are laid out on a Redis, and how it is connected to.

use std::fmt;
use std::time::Duration;

/// The options of a Redis broker or result backend, by kombu's names. Each can also be given in the URL's query:
/// `redis://host/0?visibility_timeout=600&global_keyprefix=team-`. All programs that share queues must agree on all
/// but the timeouts.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct RedisOptions {
    /// Put before each key and channel; nothing unless set.
    pub global_keyprefix: String,
    /// Messages that a worker holds without a sign of life for so long go back to their queues; 3600 s unless
    /// set. Our own workers give signs of life, and their messages are back much earlier when they die.
    pub visibility_timeout: Duration,
    /// The priorities that have a list of their own; 0, 3, 6 and 9 unless set. A priority between two of them goes to
    /// the lower one's list: within it, messages are not ordered by priority.
    pub priority_steps: Vec<u8>,
    /// What stands between a queue's name and the step.
    pub sep: String,
    /// Put before the names of channels; `{db}` stands for the database's number. Empty: nothing.
    pub fanout_prefix: String,
    /// How long a connection may take; 5 s unless set.
    pub socket_connect_timeout: Duration,
    /// How long an answer may take; 15 s unless set.
    pub socket_timeout: Duration,
    /// The name of the primary that Sentinels are asked for.
    pub master_name: Option<String>,
    /// Login at the Sentinels.
    pub sentinel_username: Option<String>,
    /// Password at the Sentinels.
    pub sentinel_password: Option<String>,
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the password.
        f.debug_struct("RedisOptions")
            .field("global_keyprefix", &self.global_keyprefix)
            .field("visibility_timeout", &self.visibility_timeout)
            .field("priority_steps", &self.priority_steps)
            .field("sep", &self.sep)
            .field("fanout_prefix", &self.fanout_prefix)
            .field("socket_connect_timeout", &self.socket_connect_timeout)
            .field("socket_timeout", &self.socket_timeout)
            .field("master_name", &self.master_name)
            .finish_non_exhaustive()
    }
}

impl Default for RedisOptions {
    fn default() -> Self {
        Self {
            global_keyprefix: String::new(),
            visibility_timeout: Duration::from_secs(3600),
            priority_steps: vec![0, 3, 6, 9],
            sep: "\u{6}\u{16}".to_owned(),
            fanout_prefix: "/{db}.".to_owned(),
            socket_connect_timeout: Duration::from_secs(5),
            socket_timeout: Duration::from_secs(15),
            master_name: None,
            sentinel_username: None,
            sentinel_password: None,
        }
    }
}

impl RedisOptions {
    /// Sets the option of this name, as it stands in a URL. Says what is wrong; `Ok(false)` when there is none of
    /// that name.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<bool, String> {
        match name {
            "global_keyprefix" => self.global_keyprefix = value.to_owned(),
            "visibility_timeout" => self.visibility_timeout = seconds(name, value)?,
            "socket_timeout" => self.socket_timeout = seconds(name, value)?,
            "socket_connect_timeout" => self.socket_connect_timeout = seconds(name, value)?,
            "sep" if !value.is_empty() => self.sep = value.to_owned(),
            "master_name" => self.master_name = Some(value.to_owned()),
            "sentinel_username" => self.sentinel_username = Some(value.to_owned()),
            "sentinel_password" => self.sentinel_password = Some(value.to_owned()),
            "fanout_prefix" => {
                self.fanout_prefix = match value {
                    "false" | "False" | "0" => String::new(),
                    "true" | "True" | "1" => Self::default().fanout_prefix,
                    other => other.to_owned(),
                }
            }
            "priority_steps" => {
                let steps = value.trim_matches(['[', ']']).split(',').map(|step| step.trim().parse::<u8>());
                let mut steps = steps
                    .collect::<Result<Vec<u8>, _>>()
                    .map_err(|_| format!("priority_steps is {value:?}: numbers as in 0,3,6,9 expected"))?;
                steps.sort_unstable();
                steps.dedup();
                if steps.first() != Some(&0) || steps.len() > 16 {
                    return Err(format!(
                        "priority_steps is {value:?}: at most 16 numbers, 0 among them, expected"
                    ));
                }
                self.priority_steps = steps;
            }
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    let duration = value.parse().ok().and_then(|seconds: f64| Duration::try_from_secs_f64(seconds).ok());
    match duration {
        Some(duration) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("{name} is {value:?}: a number of seconds above 0 expected")),
    }
}
