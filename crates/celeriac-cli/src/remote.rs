//! `inspect`, `control` and `status`: questions and commands to workers, and their replies as Celery prints them.

use std::collections::BTreeMap;
use std::time::Duration;

use anstyle::AnsiColor::{Cyan, Green, Red, White};
use celeriac::protocol::{COMMANDS, Command, CommandKind, WordKind};
use celeriac::{App, JsonMap, NodeName};
use clap::Args;
use serde_json::Value;

use crate::error::CommandError;
use crate::python;
use crate::screen::Screen;

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
    fn patience(&self) -> Duration {
        if self.timeout.is_finite() && self.timeout > 0.0 {
            Duration::from_secs_f64(self.timeout.min(3600.0))
        } else {
            Duration::from_secs(1)
        }
    }
}

/// `inspect` and `control`.
#[derive(Debug, Args)]
pub struct RemoteArgs {
    /// The method; --list shows all.
    #[arg(required_unless_present = "list")]
    pub method: Option<String>,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// List the methods and exit.
    #[arg(long)]
    pub list: bool,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

/// `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    #[command(flatten)]
    #[allow(missing_docs)]
    pub ask: AskArgs,
}

type Replies = BTreeMap<String, Value>;

/// `status`: who is there.
pub(crate) async fn status<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &StatusArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let say = |node: &str, reply: &Value| screen.say(title(screen, node, &pretty(screen, reply).0));
    let replies = ask(app, &args.ask, "ping", JsonMap::new(), say).await?;
    if args.ask.json {
        return Ok(screen.say(python::json(&dict(replies)))?);
    }
    Ok(online(screen, replies.len())?)
}

/// `inspect METHOD`.
pub(crate) async fn inspect<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &RemoteArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let Some((method, arguments)) = call(CommandKind::Inspect, args, screen)? else { return Ok(()) };
    let replies = ask(app, &args.ask, method, arguments, |node, reply| say(screen, node, reply)).await?;
    if args.ask.json {
        return Ok(screen.say(python::json(&dict(replies)))?);
    }
    Ok(online(screen, replies.len())?)
}

/// `control METHOD`.
pub(crate) async fn control<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &RemoteArgs,
    screen: &Screen,
) -> Result<(), CommandError> {
    let Some((method, arguments)) = call(CommandKind::Control, args, screen)? else { return Ok(()) };
    let replies = ask(app, &args.ask, method, arguments, |node, reply| say(screen, node, reply)).await?;
    if args.ask.json {
        let list = replies.into_iter().map(|reply| dict(Replies::from([reply]))).collect();
        screen.say(python::json(&list))?;
    }
    Ok(())
}

/// The method and its arguments; nothing when only the list was asked for.
fn call(
    kind: CommandKind,
    args: &RemoteArgs,
    screen: &Screen,
) -> Result<Option<(&'static str, JsonMap)>, CommandError> {
    if args.list {
        screen.ask(listing(kind))?;
        return Ok(None);
    }
    let method = args.method.as_deref().unwrap_or_default();
    let Some(command) = Command::find(method).filter(|command| command.kind == kind && command.is_listed)
    else {
        let names: Vec<&str> = listed(kind).map(|command| command.name).collect();
        return Err(CommandError::Usage(format!(
            "Command {method} not recognized. Available {} commands: {}",
            word(kind),
            names.join(", ")
        )));
    };
    Ok(Some((command.name, arguments(command, &args.arguments)?)))
}

fn listed(kind: CommandKind) -> impl Iterator<Item = &'static Command> {
    COMMANDS.iter().filter(move |command| command.kind == kind && command.is_listed)
}

fn word(kind: CommandKind) -> &'static str {
    match kind {
        CommandKind::Inspect => "inspect",
        CommandKind::Control => "control",
    }
}

fn listing(kind: CommandKind) -> String {
    let called: Vec<(String, &str)> = listed(kind)
        .map(|command| {
            let signature = command.signature.map(|signature| format!(" {signature}")).unwrap_or_default();
            (format!("{}{signature}", command.name), command.help)
        })
        .collect();
    let width = called.iter().map(|(call, _)| call.len()).filter(|len| *len <= 40).max().unwrap_or(0);
    let mut out = format!("{}{} commands:\n", word(kind)[..1].to_uppercase(), &word(kind)[1..]);
    for (call, help) in called {
        if call.len() > width {
            out.push_str(&format!("  {call}\n  {:width$}  {help}\n", ""));
        } else {
            out.push_str(&format!("  {call:width$}  {help}\n"));
        }
    }
    out
}

/// The words as the method's arguments. Words of a method that takes none are passed over, as Celery does.
fn arguments(command: &Command, words: &[String]) -> Result<JsonMap, CommandError> {
    let mut named = JsonMap::new();
    let own = words.len().min(command.words.len());
    for (word, (name, kind)) in words.iter().zip(command.words) {
        named.insert((*name).to_owned(), value(command, name, *kind, word)?);
    }
    match command.rest {
        Some(rest) => drop(named.insert(rest.to_owned(), words[own..].to_vec().into())),
        None if words.len() > own && !command.words.is_empty() => {
            let signature = command.signature.unwrap_or_default();
            return Err(CommandError::Usage(format!(
                "Command '{}' takes arguments: {signature}",
                command.name
            )));
        }
        None => {}
    }
    Ok(named)
}

fn value(command: &Command, name: &str, kind: WordKind, word: &str) -> Result<Value, CommandError> {
    let value = match kind {
        WordKind::Text => Some(Value::from(word)),
        WordKind::Integer => word.parse::<i64>().ok().map(Value::from),
        WordKind::Float => word.parse::<f64>().ok().filter(|number| number.is_finite()).map(Value::from),
        WordKind::Flag => match word.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "1" => Some(Value::from(true)),
            "false" | "no" | "off" | "0" => Some(Value::from(false)),
            _ => None,
        },
    };
    value.ok_or_else(|| {
        let expected = match kind {
            WordKind::Text => "a text",
            WordKind::Integer => "a whole number",
            WordKind::Float => "a number",
            WordKind::Flag => "true or false",
        };
        CommandError::Usage(format!("{word:?} is no {name} for {}: {expected} is needed", command.name))
    })
}

/// Asks, and prints each reply with `say` as it comes, unless JSON of them all is wanted.
async fn ask<S: Send + Sync + 'static>(
    app: &App<S>,
    args: &AskArgs,
    method: &str,
    arguments: JsonMap,
    say: impl Fn(&str, &Value) -> std::io::Result<()> + Send + Sync,
) -> Result<Replies, CommandError> {
    let mut inspect = app.inspect().timeout(args.patience());
    if !args.destination.is_empty() {
        inspect = inspect.destination(args.destination.iter().map(String::as_str));
    }
    let mut said = Ok(());
    let hear = |node: &NodeName, reply: &Value| {
        if !args.json && said.is_ok() {
            said = say(node.as_str(), reply);
        }
    };
    let replies = inspect.call_hearing(method, arguments, hear).await?;
    said?;
    if replies.is_empty() {
        return Err(CommandError::Nobody);
    }
    Ok(replies.into_iter().map(|(node, reply)| (node.to_string(), reply)).collect())
}

fn dict(replies: Replies) -> Value {
    Value::Object(replies.into_iter().collect())
}

fn say(screen: &Screen, node: &str, reply: &Value) -> std::io::Result<()> {
    let (status, body) = pretty(screen, reply);
    screen.say(title(screen, node, &status))?;
    if body.is_empty() { Ok(()) } else { screen.say(indent(&body)) }
}

fn title(screen: &Screen, node: &str, status: &str) -> String {
    let arrow = if screen.is_quiet { String::new() } else { format!("{} ", screen.bold("->", White)) };
    format!("{arrow} {}{status}", screen.bold(format!("{}: ", screen.foreign(node)), Cyan))
}

fn online(screen: &Screen, nodes: usize) -> std::io::Result<()> {
    if screen.is_quiet {
        return Ok(());
    }
    screen.say(format!("\n{nodes} {} online.", if nodes == 1 { "node" } else { "nodes" }))
}

/// A status word and the lines of one reply.
fn pretty(screen: &Screen, reply: &Value) -> (String, String) {
    let ok = screen.bold("OK", Green);
    match reply {
        Value::Array(items) if items.is_empty() => (ok, "- empty -".to_owned()),
        Value::Array(items) => {
            let star = screen.coloured("*", White);
            let lines: Vec<String> =
                items.iter().map(|item| format!("{star} {}", screen.foreign(&python::str(item)))).collect();
            (ok, lines.join("\n"))
        }
        Value::Object(fields) => match (fields.get("ok"), fields.get("error")) {
            (Some(told), _) => (ok, indent(&pretty(screen, told).1)),
            (None, Some(error)) => (screen.bold("ERROR", Red), indent(&pretty(screen, error).1)),
            (None, None) => (ok, python::json_indented(reply)),
        },
        Value::String(text) => (ok, screen.foreign(text)),
        other => (ok, python::repr(other)),
    }
}

fn indent(text: &str) -> String {
    text.split('\n').map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(name: &str, words: &[&str]) -> Result<Value, String> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let read = arguments(Command::find(name).unwrap(), &words);
        read.map(Value::Object).map_err(|error| error.to_string())
    }

    #[test]
    fn words_become_the_arguments_of_a_method() {
        assert_eq!(read("query_task", &["a", "b"]), Ok(json!({"ids": ["a", "b"]})));
        assert_eq!(read("terminate", &["SIGKILL", "a"]), Ok(json!({"signal": "SIGKILL", "task_id": ["a"]})));
        assert_eq!(read("autoscale", &["6", "2"]), Ok(json!({"max": 6, "min": 2})));
        assert_eq!(read("time_limit", &["t", "1.5"]), Ok(json!({"task_name": "t", "soft": 1.5})));
        assert_eq!(read("conf", &["yes"]), Ok(json!({"with_defaults": true})));
        assert_eq!(read("ping", &["x"]), Ok(json!({})));
        assert_eq!(
            read("autoscale", &["1", "2", "3"]).unwrap_err(),
            "Command 'autoscale' takes arguments: [max [min]]"
        );
        assert!(read("pool_grow", &["many"]).unwrap_err().contains("a whole number is needed"));
    }

    #[test]
    fn replies_read_as_those_of_celery() {
        let screen = Screen::default();
        let shown = |reply: Value| pretty(&screen, &reply);
        let ok = |text: &str| ("OK".to_owned(), text.to_owned());
        assert_eq!(shown(json!({"ok": "pong"})), ok("    pong"));
        assert_eq!(shown(json!([])), ok("- empty -"));
        assert_eq!(shown(json!(["tasks.a", {"id": "x"}])), ok("* tasks.a\n* {'id': 'x'}"));
        assert_eq!(
            shown(json!({"b": 1, "a": [true]})),
            ok("{\n    \"a\": [\n        true\n    ],\n    \"b\": 1\n}")
        );
        assert_eq!(shown(Value::Null), ok("None"));
        let error = json!({"error": "KeyError('nope')"});
        assert_eq!(shown(error), ("ERROR".to_owned(), "    KeyError('nope')".to_owned()));
        assert_eq!(title(&screen, "w1@lab", "OK"), "->  w1@lab: OK");
    }

    #[test]
    fn the_methods_are_listed_with_their_arguments() {
        let listed = listing(CommandKind::Control);
        assert!(listed.starts_with("Control commands:\n  add_consumer <queue>"), "{listed}");
        assert!(!listed.contains("ping") && !listing(CommandKind::Inspect).contains("hello"));
    }
}
