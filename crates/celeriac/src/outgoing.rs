//! From a plain signature to the message that calls its task.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use parking_lot::RwLock;
use serde_json::{Value, json};

use crate::broker::{Exchange, Publication};
use crate::canvas::{freeze, options};
use crate::error::AppError;
use crate::protocol::{
    self, Body, Embed, GroupId, Headers, IsoTimestamp, JsonMap, Message, Priority, ProtocolError, QueueName,
    Signature, TaskId, TimeLimit, Timestamp,
};
use crate::repr;
use crate::routes::Routes;

/// The type of exchanges whose messages go to everybody who listens.
pub(crate) const FANOUT: &str = "fanout";

/// What a sender adds to each message.
#[derive(Debug)]
pub(crate) struct Sender {
    /// `gen<pid>@<host>`.
    pub(crate) origin: String,
    /// The queue of tasks that name none.
    pub(crate) default_queue: QueueName,
    /// Queues by the names of tasks.
    pub(crate) routes: Routes,
    /// What the registered tasks are sent with.
    pub(crate) defaults: Defaults,
    /// The fanout exchanges that are known here.
    pub(crate) fanouts: Fanouts,
    /// Where it would take replies: messages whose sender names none have one in Celery, too.
    pub(crate) oid: String,
}

/// Names of fanout exchanges. A broker does not tell an exchange's type, so each sender must know it, as in Celery.
#[derive(Debug, Default)]
pub(crate) struct Fanouts(RwLock<HashSet<String>>);

impl Fanouts {
    pub(crate) fn add(&self, exchange: &str) {
        self.0.write().insert(exchange.to_owned());
    }

    fn knows(&self, exchange: &str) -> bool {
        self.0.read().contains(exchange)
    }
}

/// Options of registered tasks, from their constants. They count wherever a task is sent from here, as those of Celery's
/// `app.tasks` do: as a step of a chain, a callback, by the clock.
#[derive(Debug, Default)]
pub(crate) struct Defaults(RwLock<HashMap<&'static str, JsonMap>>);

impl Defaults {
    pub(crate) fn set(&self, task: &'static str, options: JsonMap) {
        if options.is_empty() {
            self.0.write().remove(task);
        } else {
            self.0.write().insert(task, options);
        }
    }

    /// Adds what the signature does not say. Whoever names a queue or an exchange has said where it goes.
    fn fill(&self, signature: &mut Signature) {
        if let Some(options) = self.0.read().get(signature.task.as_str()) {
            let is_set = |own: &JsonMap, key: &str| own.get(key).is_some_and(|value| !value.is_null());
            for (key, value) in options {
                let own = &mut signature.options;
                let is_said = is_set(own, key) || (key == "queue" && is_set(own, "exchange"));
                if !is_said {
                    own.insert(key.clone(), value.clone());
                }
            }
        }
    }
}

impl Sender {
    /// Makes the message. The signature must have an id.
    pub(crate) fn publication(&self, mut signature: Signature) -> Result<Publication, AppError> {
        self.defaults.fill(&mut signature);
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
        headers.compression = option.compression()?;
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
        if let Some(Value::Object(own)) = option.options.get("headers") {
            headers = with_own(headers, own)?;
        }

        let (queue, exchange) = self.route(&option, route_name(&signature))?;
        let priority = option.options.get("priority").and_then(Value::as_u64).map_or(0, |p| p.min(255) as u8);
        let expiration = option.expiration(headers.expires.as_ref())?;
        let mut message = Message::new(headers, signature.args, signature.kwargs, embed);
        let properties = &mut message.properties;
        if let Some(Exchange::Fanout(exchange)) = &exchange {
            properties.delivery_info.exchange.clone_from(exchange);
        }
        properties.priority = Priority(priority);
        properties.reply_to = Some(option.text("reply_to").unwrap_or(&self.oid).to_owned());
        if let Some(id) = option.text("correlation_id") {
            properties.correlation_id = Some(id.to_owned());
        }
        if let Some(mode) = option.options.get("delivery_mode").and_then(Value::as_u64) {
            properties.delivery_mode = u8::try_from(mode).ok();
        }
        properties.extra = option.properties();
        properties
            .extra
            .extend(expiration.map(|milliseconds| ("expiration".to_owned(), milliseconds.into())));
        Ok(Publication { queue, exchange, message })
    }

    /// Where the message goes. As in Celery a queue knows its exchange, and a routing key alone names no queue. A
    /// `Broadcast` queue has the name of its exchange.
    fn route(
        &self,
        option: &Options<'_>,
        name: &str,
    ) -> Result<(QueueName, Option<Exchange>), ProtocolError> {
        let is_fanout = option.text("exchange_type") == Some(FANOUT);
        let (named, exchange) = (option.text("queue"), option.text("exchange"));
        let routed = || self.routes.queue_of(name).filter(|_| exchange.is_none()).map(QueueName::as_str);
        let (exchange, is_fanout) = match (named.or_else(routed), exchange) {
            (None, None) => return Ok((self.default_queue.clone(), None)),
            (_, Some(exchange)) if is_fanout || self.fanouts.knows(exchange) => (exchange, true),
            (Some(queue), _) if self.fanouts.knows(queue) => (queue, true),
            (Some(queue), _) => return Ok((QueueName::parse(queue)?, None)),
            (None, Some(exchange)) => (exchange, false),
        };
        let key = option.text("routing_key").map(QueueName::parse).transpose()?;
        let exchange = exchange.to_owned();
        let exchange = if is_fanout { Exchange::Fanout(exchange) } else { Exchange::Bound(exchange) };
        Ok((key.unwrap_or_else(|| self.default_queue.clone()), Some(exchange)))
    }
}

/// The name that routes are looked up by: a task over a list is what it runs.
fn route_name(signature: &Signature) -> &str {
    let named = signature.options.get("route_name").and_then(Value::as_str);
    let inner = || match signature.task.as_str() {
        "celery.map" | "celery.starmap" => signature.kwargs.get("task")?.get("task")?.as_str(),
        _ => None,
    };
    named.or_else(inner).unwrap_or(&signature.task)
}

/// The headers with those of the caller's own, which outweigh what the options say, as in Celery.
fn with_own(mut headers: Headers, own: &JsonMap) -> Result<Headers, ProtocolError> {
    // These are not written where they are not set.
    const OFTEN_UNSET: [&str; 2] = ["compression", "redelivered"];
    let wrong = |error| ProtocolError::malformed("the option headers", error);
    let mut all = match crate::json::to_value(&headers).map_err(wrong)? {
        Value::Object(all)
            if own.keys().any(|key| all.contains_key(key) || OFTEN_UNSET.contains(&key.as_str())) =>
        {
            all
        }
        _ => {
            headers.extra.clone_from(own);
            return Ok(headers);
        }
    };
    all.extend(own.clone());
    crate::json::from_value(&all.into()).map_err(wrong)
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
    const CHECKED: [&str; 10] = [
        "countdown",
        "eta",
        "expires",
        "expiration",
        "time_limit",
        "soft_time_limit",
        "queue",
        "routing_key",
        "compression",
        "headers",
    ];
    CHECKED.iter().any(|key| signature.options.contains_key(*key))
}

fn followers(signature: &mut Signature, key: &str) -> Option<Vec<Signature>> {
    let mut list = options::take_signatures(signature, key);
    list.iter_mut().for_each(|follower| drop(freeze::freeze(follower)));
    (!list.is_empty()).then_some(list)
}

/// The options that say what is called, when, and where the message goes, and the properties that each message gets anew;
/// sorted.
pub(crate) const NO_PROPERTIES: [&str; 52] = [
    "add_to_parent",
    "body_encoding",
    "chain",
    "chord",
    "chord_size",
    "compression",
    "confirm_timeout",
    "connection",
    "content_encoding",
    "content_type",
    "correlation_id",
    "countdown",
    "declare",
    "delivery_info",
    "delivery_mode",
    "delivery_tag",
    "eta",
    "event_dispatcher",
    "exchange",
    "exchange_type",
    "expiration",
    "expires",
    "group_id",
    "group_index",
    "headers",
    "ignore_result",
    "immediate",
    "link",
    "link_error",
    "mandatory",
    "parent_id",
    "priority",
    "producer",
    "publisher",
    "queue",
    "replaced_task_nesting",
    "reply_to",
    "result_cls",
    "retries",
    "retry",
    "retry_policy",
    "root_id",
    "route_name",
    "router",
    "routing_key",
    "serializer",
    "shadow",
    "soft_time_limit",
    "stamped_headers",
    "task_id",
    "time_limit",
    "timeout",
];

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

    /// The content type of the compression.
    fn compression(&self) -> Result<Option<String>, ProtocolError> {
        let named = self.text("compression").map(protocol::compression_type).transpose()?;
        Ok(named.map(str::to_owned))
    }

    /// How long a broker may keep the message, as kombu writes it: milliseconds, as a text. Redis does not look at it.
    fn expiration(&self, expires: Option<&IsoTimestamp>) -> Result<Option<String>, AppError> {
        let after = match (expires, self.options.get("expires")) {
            (Some(_), Some(Value::Number(_))) => {
                Some(self.seconds("expires").ok().flatten().unwrap_or_default())
            }
            (Some(at), _) => Some(at.at().from_now()),
            (None, _) => self.seconds("expiration")?,
        };
        Ok(after.map(|after| after.as_millis().to_string()))
    }

    /// All options that neither Celery nor kombu has a meaning for are properties of the message: `app_id`, `user_id`,
    /// `message_id` and whatever else its sender wants to be there.
    fn properties(&self) -> JsonMap {
        let stamps = options::stamp_names(self.options);
        let is_property = |key: &str| {
            NO_PROPERTIES.binary_search(&key).is_err() && !stamps.iter().any(|stamp| stamp == key)
        };
        let own = self.options.iter().filter(|(key, value)| is_property(key) && !value.is_null());
        own.map(|(key, value)| (key.clone(), value.clone())).collect()
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
        Sender {
            origin: "gen1@lab".into(),
            default_queue: QueueName::celery(),
            routes: Routes::default(),
            defaults: Defaults::default(),
            fanouts: Fanouts::default(),
            oid: "oid1".into(),
        }
    }

    #[test]
    fn where_a_task_goes_is_said_by_its_options_its_constants_and_the_routes_in_this_order() {
        let routes = [("mail.*", "mail"), ("celery.*", "canvas")];
        let routes = Routes::new(routes.map(|(pattern, queue)| (pattern, queue.into()))).unwrap();
        let sender = Sender { routes, ..sender() };
        sender.defaults.set("mail.own", JsonMap::from_iter([("queue".into(), json!("own"))]));
        let queue = |signature: Signature| sender.publication(signature).unwrap().queue.to_string();
        let t = Signature::new;
        assert_eq!(queue(t("mail.own").queue("said")), "said");
        assert_eq!(queue(t("mail.own")), "own");
        assert_eq!(queue(t("mail.own").option("queue", Value::Null)), "own");
        assert_eq!(queue(t("mail.send")), "mail");
        assert_eq!(queue(t("shop.price")), "celery");
        assert_eq!(queue(t("mail.send").option("exchange", "x").option("routing_key", "k")), "k");
        assert_eq!(queue(crate::canvas::map(t("mail.send"), [1])), "mail");
        assert_eq!(queue(t("celery.accumulate")), "canvas");
    }

    #[test]
    fn constants_of_a_task_are_its_options_unless_it_has_its_own() {
        let sender = sender();
        let constants = json!({"priority": 4, "ignore_result": true});
        sender.defaults.set("t", serde_json::from_value(constants).unwrap());
        let sent = sender.publication(Signature::new("t")).unwrap().message;
        assert_eq!((sent.properties.priority, sent.headers.ignore_result), (Priority(4), Some(true)));
        let own = Signature::new("t").option("priority", 0).option("ignore_result", false);
        let sent = sender.publication(own).unwrap().message;
        assert_eq!((sent.properties.priority, sent.headers.ignore_result), (Priority(0), Some(false)));
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

    /// What a worker of Celery's sends for a step of a chain with these options.
    #[test]
    fn options_without_a_meaning_are_properties_of_the_message() {
        let signature = Signature::new("tasks.add")
            .option("app_id", "app")
            .option("message_id", "m1")
            .option("timestamp", 1234)
            .option("argsrepr", "hidden")
            .option("user_id", Value::Null)
            .option("delivery_tag", "not mine to set")
            .option("stamped_headers", json!(["who"]))
            .option("who", "me")
            .option("correlation_id", "c1")
            .option("delivery_mode", 1)
            .option("expires", 100)
            .option("compression", "bzip2");
        let sent = sender().publication(signature).unwrap().message;
        let expected = json!({
            "app_id": "app", "message_id": "m1", "timestamp": 1234, "argsrepr": "hidden", "expiration": "100000",
        });
        assert_eq!(json!(sent.properties.extra), expected);
        assert_eq!(sent.properties.correlation_id.as_deref(), Some("c1"));
        assert_eq!(
            (sent.properties.delivery_mode, sent.properties.reply_to.as_deref()),
            (Some(1), Some("oid1"))
        );
        assert_eq!(sent.headers.compression.as_deref(), Some("application/x-bz2"));
        let read = Message::decode(&sent.encode(&QueueName::celery()).unwrap()).unwrap();
        assert_eq!(read.properties.extra, sent.properties.extra);

        let expires_after = |option: &str, value: Value| {
            let sent = sender().publication(Signature::new("t").option(option, value)).unwrap().message;
            sent.properties.extra["expiration"].as_str().unwrap().parse::<u64>().unwrap()
        };
        let soon = (Timestamp::now() + Duration::from_secs(60)).isoformat();
        assert!((50_000..=60_000).contains(&expires_after("expires", soon.into())));
        assert_eq!(expires_after("expires", json!(-3)), 0);
        assert_eq!(expires_after("expiration", json!(1.5)), 1_500);
        assert!(sender().publication(Signature::new("t").option("compression", "snappy")).is_err());
    }

    #[test]
    fn options_with_a_meaning_are_sorted_and_hold_all_properties_of_an_envelope() {
        assert!(NO_PROPERTIES.is_sorted());
        let properties = protocol::Properties {
            correlation_id: Some(String::new()),
            reply_to: Some(String::new()),
            delivery_mode: Some(2),
            body_encoding: Some(String::new()),
            delivery_tag: Some(String::new()),
            ..protocol::Properties::default()
        };
        for name in json!(properties).as_object().unwrap().keys() {
            assert!(NO_PROPERTIES.contains(&name.as_str()), "{name}");
        }
    }

    #[test]
    fn headers_of_the_callers_own_outweigh_the_options() {
        let headers = json!({"shadow": "other", "retries": 2, "mine": 1});
        let signature = Signature::new("tasks.add").option("shadow", "one").option("headers", headers);
        let sent = sender().publication(signature).unwrap().message;
        assert_eq!((sent.headers.shadow.as_deref(), sent.headers.retries), (Some("other"), 2));
        assert_eq!(json!(sent.headers.extra), json!({"mine": 1}));
        let packed = Signature::new("t").args(["x".repeat(1_000)]);
        let packed = packed.option("headers", json!({"compression": "application/x-bz2"}));
        let sent = sender().publication(packed).unwrap().message;
        let read = Message::decode(&sent.encode(&QueueName::celery()).unwrap()).unwrap();
        assert_eq!(read.body, sent.body, "what says that it is compressed is");
        let wrong = Signature::new("t").option("headers", json!({"retries": "many"}));
        assert!(sender().publication(wrong).unwrap_err().to_string().contains("the option headers"));
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
