//! From a plain signature to the message that calls its task.

use std::time::Duration;

use serde_json::{Value, json};

use crate::broker::Publication;
use crate::canvas::{freeze, options};
use crate::error::AppError;
use crate::protocol::{
    Body, Embed, GroupId, Headers, IsoTimestamp, JsonMap, Message, Priority, QueueName, Signature, TaskId,
    TimeLimit, Timestamp,
};
use crate::repr;

/// What a sender adds to each message.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    /// `gen<pid>@<host>`.
    pub(crate) origin: String,
    /// The queue of tasks that name none.
    pub(crate) default_queue: QueueName,
}

impl Sender {
    /// Makes the message. The signature must have an id.
    pub(crate) fn publication(&self, mut signature: Signature) -> Result<Publication, AppError> {
        let embed = Embed {
            callbacks: followers(&mut signature, "link"),
            errbacks: followers(&mut signature, "link_error"),
            chain: followers(&mut signature, "chain"),
            chord: signature.options.remove("chord").and_then(|body| serde_json::from_value(body).ok()),
            extra: JsonMap::new(),
        };
        let id = TaskId::from(freeze::freeze(&mut signature));
        let option = Options { task: &signature.task, options: &signature.options };
        let mut headers = Headers::new(signature.task.clone(), id.clone());
        headers.eta = option.moment("countdown")?.or(option.moment("eta")?);
        headers.expires = option.moment("expires")?;
        headers.group = option.text("group_id").map(GroupId::from);
        headers.group_index = option.options.get("group_index").and_then(Value::as_u64);
        headers.retries =
            option.options.get("retries").and_then(Value::as_u64).unwrap_or(0).try_into().unwrap_or(0);
        headers.timelimit =
            TimeLimit { hard: option.seconds("time_limit")?, soft: option.seconds("soft_time_limit")? };
        headers.root_id = Some(option.text("root_id").map_or(id, TaskId::from));
        headers.parent_id = option.text("parent_id").map(TaskId::from);
        // The sender may show something else than the arguments, to hide what is secret.
        let shown = |key, otherwise: String| Some(option.text(key).map_or(otherwise, str::to_owned));
        headers.argsrepr = shown("argsrepr", repr::args(&signature.args));
        headers.kwargsrepr = shown("kwargsrepr", repr::kwargs(&signature.kwargs));
        headers.origin = Some(self.origin.clone());
        headers.shadow = option.text("shadow").map(str::to_owned);
        headers.ignore_result = option.options.get("ignore_result").and_then(Value::as_bool);
        if let Some(Value::Object(own)) = option.options.get("headers") {
            headers.extra.clone_from(own);
        }
        let stamps = options::stamp_names(&signature.options);
        if !stamps.is_empty() {
            let value = |name: &String| Some((name.clone(), option.options.get(name)?.clone()));
            headers.stamps = stamps.iter().filter_map(value).collect();
            headers.stamped_headers = Some(stamps);
        }
        headers.replaced_task_nesting = option
            .options
            .get("replaced_task_nesting")
            .and_then(Value::as_u64)
            .and_then(|nesting| nesting.try_into().ok())
            .unwrap_or(0);

        // As in Celery a queue knows its exchange, and a routing key alone names no queue.
        let (queue, exchange) = match (option.text("queue"), option.text("exchange")) {
            (Some(queue), _) => (QueueName::parse(queue)?, None),
            (None, Some(exchange)) => {
                let key = option.text("routing_key").map(QueueName::parse).transpose()?;
                (key.unwrap_or_else(|| self.default_queue.clone()), Some(exchange.to_owned()))
            }
            (None, None) => (self.default_queue.clone(), None),
        };
        let priority = option.options.get("priority").and_then(Value::as_u64).map_or(0, |p| p.min(255) as u8);
        let reply_to = option.text("reply_to").map(str::to_owned);
        let mut message = Message::new(headers, signature.args, signature.kwargs, embed);
        message.properties.priority = Priority(priority);
        message.properties.reply_to = reply_to;
        Ok(Publication { queue, exchange, message })
    }
}

/// What a message that cannot be sent has of its signature: what it takes to tell those who wait for it.
pub(crate) fn remains(message: Message) -> Signature {
    let Message { headers, body: Body(_, _, embed), .. } = message;
    let list = |signatures: Option<Vec<Signature>>| signatures.map(|list| json!(list));
    let options = [
        ("task_id", Some(json!(headers.id))),
        ("root_id", headers.root_id.map(|id| json!(id))),
        ("group_id", headers.group.map(|id| json!(id))),
        ("group_index", headers.group_index.map(Value::from)),
        ("link_error", list(embed.errbacks)),
        ("chain", list(embed.chain)),
        ("chord", embed.chord.map(|body| json!(body))),
    ];
    let mut signature = Signature::new(headers.task);
    signature.options =
        options.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect();
    signature
}

/// Whether a signature has options that may be wrong, so that it cannot be sent.
pub(crate) fn may_fail(signature: &Signature) -> bool {
    const CHECKED: [&str; 7] =
        ["countdown", "eta", "expires", "time_limit", "soft_time_limit", "queue", "routing_key"];
    CHECKED.iter().any(|key| signature.options.contains_key(*key))
}

fn followers(signature: &mut Signature, key: &str) -> Option<Vec<Signature>> {
    let mut list = options::take_signatures(signature, key);
    list.iter_mut().for_each(|follower| drop(freeze::freeze(follower)));
    (!list.is_empty()).then_some(list)
}

/// The options of one signature, read with their types.
struct Options<'a> {
    task: &'a str,
    options: &'a JsonMap,
}

impl Options<'_> {
    fn text(&self, key: &str) -> Option<&str> {
        self.options.get(key).and_then(Value::as_str).filter(|text| !text.is_empty())
    }

    fn seconds(&self, key: &'static str) -> Result<Option<Duration>, AppError> {
        match self.options.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => value
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
                .map(Some)
                .ok_or_else(|| self.wrong(key, value, "a number of seconds")),
        }
    }

    /// A moment as ISO 8601, or so many seconds from now.
    fn moment(&self, key: &'static str) -> Result<Option<IsoTimestamp>, AppError> {
        match self.options.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(IsoTimestamp::parse(text)?)),
            // kombu's JSON for a datetime, as Python's signatures carry it.
            Some(Value::Object(typed)) if typed.get("__type__").is_some_and(|kind| kind == "datetime") => {
                match typed.get("__value__").and_then(Value::as_str) {
                    Some(text) => Ok(Some(IsoTimestamp::parse(text)?)),
                    None => Err(self.wrong(key, &Value::Object(typed.clone()), "a datetime")),
                }
            }
            Some(value @ Value::Number(seconds)) => match seconds.as_f64().map(Duration::try_from_secs_f64) {
                Some(Ok(pause)) => Ok(Some((Timestamp::now() + pause).into())),
                // A negative number is a moment that has passed, as in Celery.
                Some(Err(_)) if seconds.as_f64().is_some_and(|seconds| seconds < 0.0) => {
                    Ok(Some(Timestamp::now().into()))
                }
                _ => Err(self.wrong(key, value, "a number of seconds or an ISO 8601 time")),
            },
            Some(value) => Err(self.wrong(key, value, "a number of seconds or an ISO 8601 time")),
        }
    }

    fn wrong(&self, option: &'static str, value: &Value, expected: &'static str) -> AppError {
        AppError::SignatureOption { task: self.task.to_owned(), option, value: repr::python(value), expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sender() -> Sender {
        Sender { origin: "gen1@lab".into(), default_queue: QueueName::celery() }
    }

    #[test]
    fn options_become_headers() {
        let signature = Signature::new("tasks.add")
            .args([1, 2])
            .option("task_id", "id1")
            .option("queue", "analysis")
            .option("priority", 6)
            .option("countdown", 60)
            .option("time_limit", 10)
            .option("soft_time_limit", 8.5)
            .option("headers", json!({"x-user": "me"}))
            .link(Signature::new("tasks.done"));
        let sent = sender().publication(signature).unwrap();
        let headers = &sent.message.headers;
        assert_eq!((sent.queue.as_str(), headers.id.as_str()), ("analysis", "id1"));
        assert_eq!(headers.root_id.as_ref(), Some(&headers.id));
        assert_eq!(headers.argsrepr.as_deref(), Some("(1, 2)"));
        assert_eq!(headers.timelimit.soft, Some(Duration::from_millis(8500)));
        assert_eq!(headers.extra["x-user"], "me");
        assert_eq!(sent.message.properties.priority, Priority(6));
        let pause = headers.eta.as_ref().unwrap().at().from_now();
        assert!((50..=60).contains(&pause.as_secs()), "{pause:?}");
        let callbacks = sent.message.body.embed().callbacks.as_ref().unwrap();
        assert!(callbacks[0].task_id().is_some());
    }

    #[test]
    fn a_datetime_of_python_is_a_time() {
        let eta = json!({"__type__": "datetime", "__value__": "2030-01-02T03:04:05.678901+00:00"});
        let sent = sender().publication(Signature::new("tasks.add").option("eta", eta)).unwrap();
        assert_eq!(
            sent.message.headers.eta.map(|eta| eta.as_str().to_owned()).as_deref(),
            Some("2030-01-02T03:04:05.678901+00:00")
        );
    }

    #[test]
    fn an_option_of_the_wrong_type_is_named() {
        let wrong = Signature::new("tasks.add").option("countdown", json!([1]));
        let error = sender().publication(wrong).unwrap_err().to_string();
        assert_eq!(
            error,
            "the option countdown of tasks.add is [1]: a number of seconds or an ISO 8601 time expected"
        );
        assert!(sender().publication(Signature::new("t").option("queue", "a\u{0}")).is_err());
    }
}
