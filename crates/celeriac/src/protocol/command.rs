//! The methods of remote control, written down once: the worker checks requests by them, the command line reads its
//! words by them.

use super::JsonMap;
use crate::args::ArgumentError;

/// Whether a method asks or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CommandKind {
    /// `celery inspect`.
    Inspect,
    /// `celery control`.
    Control,
}

/// What a word of the command line stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// The word itself.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Float,
    /// `true`, `yes`, `on` or `1`, and their opposites.
    Flag,
}

/// A method of remote control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// Its name on the wire.
    pub name: &'static str,
    /// An older name that is understood as well.
    pub alias: Option<&'static str>,
    /// Whether it asks or changes.
    pub kind: CommandKind,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// How it is called on the command line, after its name.
    pub signature: Option<&'static str>,
    /// Arguments without which it does nothing.
    pub required: &'static [&'static str],
    /// Arguments that may be left out.
    pub optional: &'static [&'static str],
    /// Are arguments that it does not know passed over?
    pub is_open: bool,
    /// The arguments that words of the command line stand for, in their order.
    pub words: &'static [(&'static str, WordKind)],
    /// The argument that takes all words that are left.
    pub rest: Option<&'static str>,
    /// Is it for people, too?
    pub is_listed: bool,
}

impl Command {
    const fn new(kind: CommandKind, name: &'static str, help: &'static str) -> Self {
        Self {
            name,
            alias: None,
            kind,
            help,
            signature: None,
            required: &[],
            optional: &[],
            is_open: true,
            words: &[],
            rest: None,
            is_listed: true,
        }
    }

    const fn inspect(name: &'static str, help: &'static str) -> Self {
        Self::new(CommandKind::Inspect, name, help)
    }

    const fn control(name: &'static str, help: &'static str) -> Self {
        Self::new(CommandKind::Control, name, help)
    }

    const fn alias(mut self, alias: &'static str) -> Self {
        self.alias = Some(alias);
        self
    }

    const fn takes(mut self, required: &'static [&'static str], optional: &'static [&'static str]) -> Self {
        self.required = required;
        self.optional = optional;
        self
    }

    const fn closed(mut self) -> Self {
        self.is_open = false;
        self
    }

    const fn words(
        mut self,
        signature: &'static str,
        words: &'static [(&'static str, WordKind)],
        rest: Option<&'static str>,
    ) -> Self {
        self.signature = Some(signature);
        self.words = words;
        self.rest = rest;
        self
    }

    const fn hidden(mut self) -> Self {
        self.is_listed = false;
        self
    }

    /// The method of this name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        COMMANDS.iter().find(|command| command.name == name || command.alias == Some(name))
    }

    /// Are these arguments that the method can be called with?
    ///
    /// # Errors
    /// When an argument is unknown or missing.
    pub fn check(&self, arguments: &JsonMap) -> Result<(), ArgumentError> {
        let function = self.name.to_owned();
        let is_known =
            |name: &&String| self.required.contains(&name.as_str()) || self.optional.contains(&name.as_str());
        if !self.is_open
            && let Some(name) = arguments.keys().find(|name| !is_known(name))
        {
            return Err(ArgumentError::Unexpected { function, name: name.clone() });
        }
        let is_missing = |name: &&&str| !arguments.contains_key(**name);
        let names: Vec<String> =
            self.required.iter().filter(is_missing).map(|name| (*name).to_owned()).collect();
        if names.is_empty() { Ok(()) } else { Err(ArgumentError::Missing { function, names }) }
    }
}

use WordKind::{Flag, Float, Integer, Text};

/// All methods, by name.
pub const COMMANDS: &[Command] = &[
    Command::inspect("active", "The tasks that run at this moment.")
        .alias("dump_active")
        .takes(&[], &["safe"]),
    Command::inspect("active_queues", "The queues that a worker takes messages from.").closed(),
    Command::control("add_consumer", "Take messages from one more queue.")
        .takes(&["queue"], &["exchange", "exchange_type", "routing_key"])
        .words(
            "<queue> [exchange [type [routing_key]]]",
            &[("queue", Text), ("exchange", Text), ("exchange_type", Text), ("routing_key", Text)],
            None,
        ),
    Command::control("autoscale", "Change the bounds of a pool that scales by itself.")
        .takes(&[], &["max", "min"])
        .closed()
        .words("[max [min]]", &[("max", Integer), ("min", Integer)], None),
    Command::control("cancel_consumer", "Take no more messages from a queue.").takes(&["queue"], &[]).words(
        "<queue>",
        &[("queue", Text)],
        None,
    ),
    Command::inspect("clock", "The worker's logical clock."),
    Command::inspect("conf", "The settings, those that have their default value left out unless asked for.")
        .alias("dump_conf")
        .takes(&[], &["with_defaults"])
        .words("[include_defaults=False]", &[("with_defaults", Flag)], None),
    Command::control("disable_events", "Send no more events of tasks.").closed(),
    Command::control("election", "Take part in an election among workers.")
        .takes(&["id", "topic"], &["action"]),
    Command::control("enable_events", "Send events of tasks.").closed(),
    Command::control("heartbeat", "Send a heartbeat event now.").closed(),
    Command::inspect("hello", "What a starting worker asks the others.")
        .takes(&["from_node"], &["revoked"])
        .hidden(),
    Command::inspect("memdump", "The samples of memory use that were taken.").takes(&[], &["samples"]).words(
        "[n_samples=10]",
        &[("samples", Integer)],
        None,
    ),
    Command::inspect("memsample", "Take a sample of the memory that is used now."),
    Command::inspect("objgraph", "Draw the objects of a Python worker; ours has none.")
        .takes(&[], &["num", "max_depth", "type"])
        .closed()
        .words(
            "[object_type=Request] [num=200 [max_depth=10]]",
            &[("type", Text), ("num", Integer), ("max_depth", Integer)],
            None,
        ),
    Command::inspect("ping", "Is anybody there?"),
    Command::control("pool_grow", "Run more tasks side by side.").takes(&[], &["n"]).words(
        "[N=1]",
        &[("n", Integer)],
        None,
    ),
    Command::control("pool_restart", "Start the pool anew.").takes(&[], &["modules", "reload", "reloader"]),
    Command::control("pool_shrink", "Run fewer tasks side by side.").takes(&[], &["n"]).words(
        "[N=1]",
        &[("n", Integer)],
        None,
    ),
    Command::inspect("query_task", "Where tasks with these ids are.").takes(&["ids"], &[]).words(
        "[id1 [id2 [... [idN]]]]",
        &[],
        Some("ids"),
    ),
    Command::control("rate_limit", "Limit how often a task may start.")
        .takes(&["task_name", "rate_limit"], &[])
        .words(
            "<task_name> <rate_limit (e.g., 5/s | 5/m | 5/h)>",
            &[("task_name", Text), ("rate_limit", Text)],
            None,
        ),
    Command::inspect("registered", "The names of the tasks that a worker knows.")
        .alias("dump_tasks")
        .takes(&[], &["taskinfoitems", "builtins"])
        .words("[attr1 [attr2 [... [attrN]]]]", &[], Some("taskinfoitems")),
    Command::inspect("report", "Versions, platform and settings, for a report of a fault.").closed(),
    Command::inspect("reserved", "The tasks that a worker holds and that wait for a place.")
        .alias("dump_reserved"),
    Command::control("revoke", "Call tasks off by their ids.")
        .takes(&["task_id"], &["terminate", "signal"])
        .words("[id1 [id2 [... [idN]]]]", &[], Some("task_id")),
    Command::control("revoke_by_stamped_headers", "Call tasks off by their stamps.")
        .takes(&["headers"], &["terminate", "signal"])
        .words("[key1=value1 [key2=value2 [... [keyN=valueN]]]]", &[], Some("headers")),
    Command::inspect("revoked", "The ids of tasks that were called off.").alias("dump_revoked"),
    Command::inspect("scheduled", "The tasks that wait for their time.").alias("dump_schedule"),
    Command::control("shutdown", "Let running tasks end, then stop the worker.").takes(&[], &["msg"]),
    Command::inspect("stats", "Counters, pool, broker and resources of a worker."),
    Command::control("terminate", "Call tasks off and end those that run.")
        .takes(&["signal", "task_id"], &[])
        .words("<signal> [id1 [id2 [... [idN]]]]", &[("signal", Text)], Some("task_id")),
    Command::control("time_limit", "Limit how long a task may run.")
        .takes(&[], &["task_name", "hard", "soft"])
        .words(
            "<task_name> <soft_secs> [hard_secs]",
            &[("task_name", Text), ("soft", Float), ("hard", Float)],
            None,
        ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn check(name: &str, arguments: Value) -> Result<(), String> {
        let Value::Object(arguments) = arguments else { panic!("no arguments") };
        Command::find(name).unwrap().check(&arguments).map_err(|error| error.to_string())
    }

    #[test]
    fn wrong_arguments_are_told_as_python_tells_them() {
        let missing = "query_task() missing 1 required positional argument: 'ids'";
        assert_eq!(check("query_task", json!({})), Err(missing.to_owned()));
        let two = "terminate() missing 2 required positional arguments: 'signal' and 'task_id'";
        assert_eq!(check("terminate", json!({"more": 1})), Err(two.to_owned()));
        let unknown = "report() got an unexpected keyword argument 'x'";
        assert_eq!(check("report", json!({"x": 1})), Err(unknown.to_owned()));
        assert_eq!(check("ping", json!({"x": 1})), Ok(()));
        assert_eq!(check("autoscale", json!({"max": 1})), Ok(()));
    }

    #[test]
    fn the_methods_are_sorted_and_found_by_both_names() {
        assert!(COMMANDS.is_sorted_by_key(|command| command.name));
        assert_eq!(Command::find("dump_tasks"), Command::find("registered"));
        assert!(Command::find("no_such_cmd").is_none());
    }
}
