//! The names of keys and channels, byte for byte kombu's where kombu has one.

use super::options::RedisOptions;
use crate::protocol::{Priority, QueueName};

/// Between the parts of a binding, and between queue and step unless set otherwise.
pub(crate) const BINDING_SEP: &str = "\u{6}\u{16}";

/// The layout of one database.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    prefix: String,
    /// With the global prefix.
    channel_prefix: String,
    steps: Vec<u8>,
    sep: String,
}

impl Keys {
    pub(crate) fn new(options: &RedisOptions, db: i64) -> Self {
        let fanout = options.fanout_prefix.replace("{db}", &db.to_string());
        Self {
            prefix: options.global_keyprefix.clone(),
            channel_prefix: format!("{}{fanout}", options.global_keyprefix),
            steps: options.priority_steps.clone(),
            sep: options.sep.clone(),
        }
    }

    /// A key of any name.
    pub(crate) fn key(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The number of lists that each queue has.
    pub(crate) fn steps(&self) -> &[u8] {
        &self.steps
    }

    /// The list of a queue for one step.
    pub(crate) fn list(&self, queue: &QueueName, step: u8) -> String {
        match step {
            0 => format!("{}{queue}", self.prefix),
            step => format!("{}{queue}{}{step}", self.prefix, self.sep),
        }
    }

    /// All lists of a queue, the most urgent first.
    pub(crate) fn lists(&self, queue: &QueueName) -> Vec<String> {
        self.steps.iter().map(|step| self.list(queue, *step)).collect()
    }

    /// The list that a message of this priority goes to: that of the largest step which is not above it.
    pub(crate) fn list_for(&self, queue: &QueueName, priority: Priority) -> String {
        let step = self.steps.iter().rev().find(|step| **step <= priority.0).copied().unwrap_or(0);
        self.list(queue, step)
    }

    /// What producers know of an exchange's queues.
    pub(crate) fn binding(&self, exchange: &str) -> String {
        format!("{}_kombu.binding.{exchange}", self.prefix)
    }

    /// The same for queues that do not expire (kombu 5.7).
    pub(crate) fn permanent_binding(&self, exchange: &str) -> String {
        format!("{}_kombu.binding_permanent.{exchange}", self.prefix)
    }

    /// When the tables of exchanges are dropped whose queues live no longer than their consumers (kombu 5.7).
    pub(crate) fn binding_deadlines(&self) -> String {
        format!("{}_kombu.binding_deadlines", self.prefix)
    }

    /// A member of a binding set.
    pub(crate) fn bound(&self, routing_key: &str, queue: &str) -> String {
        format!("{routing_key}{BINDING_SEP}{BINDING_SEP}{queue}")
    }

    /// The routing key and the queue of such a member.
    pub(crate) fn unbound(member: &str) -> (&str, &str) {
        let routing_key = member.split(BINDING_SEP).next().unwrap_or_default();
        (routing_key, member.rsplit(BINDING_SEP).next().unwrap_or_default())
    }

    /// The channel of a topic.
    pub(crate) fn channel(&self, topic: &str) -> String {
        format!("{}{topic}", self.channel_prefix)
    }

    /// The topic of a channel.
    pub(crate) fn topic<'a>(&self, channel: &'a str) -> &'a str {
        channel.strip_prefix(self.channel_prefix.as_str()).unwrap_or(channel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_named_as_kombu_names_them() {
        let keys = Keys::new(&RedisOptions::default(), 0);
        let queue = QueueName::from("celery");
        assert_eq!(
            keys.lists(&queue),
            ["celery", "celery\u{6}\u{16}3", "celery\u{6}\u{16}6", "celery\u{6}\u{16}9"]
        );
        for (priority, step) in [(0, 0), (2, 0), (3, 3), (5, 3), (8, 6), (9, 9), (200, 9)] {
            assert_eq!(keys.list_for(&queue, Priority(priority)), keys.list(&queue, step));
        }
        assert_eq!(keys.channel("celery.pidbox"), "/0.celery.pidbox");
        assert_eq!(keys.bound("k", "q"), "k\u{6}\u{16}\u{6}\u{16}q");
        assert_eq!(Keys::unbound("k\u{6}\u{16}pattern\u{6}\u{16}q"), ("k", "q"));
    }

    #[test]
    fn the_global_prefix_is_before_keys_and_channels() {
        let options = RedisOptions {
            global_keyprefix: "team-".into(),
            priority_steps: vec![0, 5],
            sep: ":".into(),
            ..RedisOptions::default()
        };
        let keys = Keys::new(&options, 3);
        assert_eq!(keys.lists(&"q".into()), ["team-q", "team-q:5"]);
        assert_eq!(keys.channel("celeryev/task.multi"), "team-/3.celeryev/task.multi");
        assert_eq!(keys.topic("team-/3.celeryev/task.multi"), "celeryev/task.multi");
        assert_eq!(keys.binding("celery"), "team-_kombu.binding.celery");
    }
}
