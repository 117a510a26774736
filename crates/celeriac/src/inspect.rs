//! The client side of remote control: questions and commands to workers of any process.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::Instant;
use uuid::Uuid;

use crate::app::Core;
use crate::error::AppError;
use crate::protocol::{ControlReply, ControlRequest, JsonMap, NodeName, PIDBOX_TOPIC, ReplyTo, Timestamp};

/// What each node answered.
pub type Answers = BTreeMap<NodeName, Value>;

/// Questions to workers. Each waits for answers until the timeout has passed, or all nodes of the destination have
/// answered; nodes that do not answer are not in the result.
#[derive(Clone)]
pub struct Inspect {
    request: Broadcaster,
}

/// Commands to workers. Those that give answers wait for them as [`Inspect`] does.
#[derive(Clone)]
pub struct Control {
    request: Broadcaster,
}

#[derive(Clone)]
struct Broadcaster {
    core: Arc<Core>,
    timeout: Duration,
    destination: Option<Vec<NodeName>>,
    /// Only nodes whose names match, and how the pattern is read.
    pattern: Option<(String, &'static str)>,
    /// The number of answers after which nobody else is waited for.
    limit: Option<usize>,
}

macro_rules! addressed {
    ($name:ident) => {
        impl $name {
            pub(crate) fn new(core: Arc<Core>) -> Self {
                Self {
                    request: Broadcaster {
                        core,
                        timeout: Duration::from_secs(1),
                        destination: None,
                        pattern: None,
                        limit: None,
                    },
                }
            }

            /// How long to wait for answers; a second unless set.
            pub fn timeout(mut self, timeout: Duration) -> Self {
                self.request.timeout = timeout;
                self
            }

            /// Only these nodes.
            pub fn destination(mut self, nodes: impl IntoIterator<Item = impl Into<NodeName>>) -> Self {
                self.request.destination = Some(nodes.into_iter().map(Into::into).collect());
                self
            }

            /// Only nodes whose names match a shell pattern such as `w1@*`.
            pub fn matching(mut self, pattern: impl Into<String>) -> Self {
                self.request.pattern = Some((pattern.into(), "glob"));
                self
            }

            /// Do not wait for more than so many answers.
            pub fn limit(mut self, answers: usize) -> Self {
                self.request.limit = Some(answers);
                self
            }

            /// Any method, with its arguments.
            ///
            /// # Errors
            /// When the broker cannot be reached.
            pub async fn call(&self, method: &str, arguments: JsonMap) -> Result<Answers, AppError> {
                self.request.call(method, arguments, |_, _| {}).await
            }

            /// The same, and each answer is shown to `hear` when it comes.
            ///
            /// # Errors
            /// When the broker cannot be reached.
            pub async fn call_hearing(
                &self,
                method: &str,
                arguments: JsonMap,
                hear: impl FnMut(&NodeName, &Value) + Send,
            ) -> Result<Answers, AppError> {
                self.request.call(method, arguments, hear).await
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name))
                    .field("destination", &self.request.destination)
                    .finish_non_exhaustive()
            }
        }
    };
}

addressed!(Inspect);
addressed!(Control);

macro_rules! questions {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        impl Inspect {
            $(
                $(#[$doc])*
                ///
                /// # Errors
                /// When the broker cannot be reached.
                pub async fn $name(&self) -> Result<Answers, AppError> {
                    self.call(stringify!($name), JsonMap::new()).await
                }
            )*
        }
    };
}

questions! {
    /// Who is there? `{"ok": "pong"}`.
    ping,
    /// The tasks that run.
    active,
    /// The tasks that wait in the worker for a free place.
    reserved,
    /// The tasks that wait in the worker for their time.
    scheduled,
    /// The ids that were revoked.
    revoked,
    /// The names of the registered tasks.
    registered,
    /// Counters, pool, broker, resources.
    stats,
    /// The configuration.
    conf,
    /// The queues that are consumed.
    active_queues,
    /// The Lamport clock.
    clock,
    /// Versions and settings as text.
    report,
}

impl Inspect {
    /// Where tasks are: `{id: [state, request]}`.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn query_task(
        &self,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Answers, AppError> {
        let ids: Vec<Value> = ids.into_iter().map(|id| Value::String(id.into())).collect();
        self.call("query_task", JsonMap::from_iter([("ids".to_owned(), Value::Array(ids))])).await
    }
}

impl Control {
    /// Ends what runs, returns the rest, stops.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn shutdown(&self) -> Result<(), AppError> {
        self.broadcast("shutdown", JsonMap::new()).await
    }

    /// Changes how often a task may start: `"10/m"`; `"0"` lifts the limit.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn rate_limit(&self, task_name: &str, rate_limit: &str) -> Result<Answers, AppError> {
        self.call(
            "rate_limit",
            arguments([("task_name", task_name.into()), ("rate_limit", rate_limit.into())]),
        )
        .await
    }

    /// Changes the time limits of a task; `None` lifts one.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn time_limit(
        &self,
        task_name: &str,
        hard: Option<Duration>,
        soft: Option<Duration>,
    ) -> Result<Answers, AppError> {
        let seconds = |limit: Option<Duration>| limit.map_or(Value::Null, |limit| limit.as_secs_f64().into());
        let named = [("task_name", task_name.into()), ("hard", seconds(hard)), ("soft", seconds(soft))];
        self.call("time_limit", arguments(named)).await
    }

    /// Adds places to the pool.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn pool_grow(&self, n: usize) -> Result<Answers, AppError> {
        self.call("pool_grow", arguments([("n", n.into())])).await
    }

    /// Takes places away; what runs there ends first.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn pool_shrink(&self, n: usize) -> Result<Answers, AppError> {
        self.call("pool_shrink", arguments([("n", n.into())])).await
    }

    /// Consumes one more queue.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn add_consumer(&self, queue: &str) -> Result<Answers, AppError> {
        self.call("add_consumer", arguments([("queue", queue.into())])).await
    }

    /// Consumes a queue no longer.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn cancel_consumer(&self, queue: &str) -> Result<Answers, AppError> {
        self.call("cancel_consumer", arguments([("queue", queue.into())])).await
    }

    /// Switches events of tasks on.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn enable_events(&self) -> Result<Answers, AppError> {
        self.call("enable_events", JsonMap::new()).await
    }

    /// Switches events of tasks off.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn disable_events(&self) -> Result<Answers, AppError> {
        self.call("disable_events", JsonMap::new()).await
    }

    /// Sends a command and waits for no answer.
    ///
    /// # Errors
    /// When the broker cannot be reached.
    pub async fn broadcast(&self, method: &str, arguments: JsonMap) -> Result<(), AppError> {
        self.request.send(self.request.request(method, arguments)).await
    }
}

fn arguments<const N: usize>(named: [(&str, Value); N]) -> JsonMap {
    named.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

impl Broadcaster {
    fn request(&self, method: &str, arguments: JsonMap) -> ControlRequest {
        let mut request = ControlRequest::new(method, arguments);
        request.destination.clone_from(&self.destination);
        if let Some((pattern, matcher)) = &self.pattern {
            request.pattern = Some(pattern.clone());
            request.matcher = Some((*matcher).to_owned());
        }
        request.clock = self.core.clock.forward();
        request
    }

    async fn send(&self, request: ControlRequest) -> Result<(), AppError> {
        Ok(self.core.broker.broadcast(PIDBOX_TOPIC, request.encode()?).await?)
    }

    async fn call(
        &self,
        method: &str,
        arguments: JsonMap,
        mut hear: impl FnMut(&NodeName, &Value) + Send,
    ) -> Result<Answers, AppError> {
        let reply_to = ReplyTo::client(Uuid::new_v4().to_string());
        let ticket = Uuid::new_v4().to_string();
        // Before the question is asked, so that no answer is missed.
        let mut replies = self.core.broker.subscribe(&[&reply_to.topic()]).await?;

        let mut request = self.request(method, arguments);
        request.ticket = Some(ticket.clone());
        request.reply_to = Some(reply_to);
        request.expires = (Timestamp::now() + self.timeout).unix_seconds();
        self.send(request).await?;

        let deadline = Instant::now() + self.timeout;
        let enough = self.limit.or(self.destination.as_ref().map(Vec::len)).unwrap_or(usize::MAX);
        let mut answers = Answers::new();
        while answers.len() < enough {
            let Ok(Some(reply)) = tokio::time::timeout_at(deadline, replies.recv()).await else { break };
            match ControlReply::decode(&reply.payload) {
                Ok(reply) if reply.ticket.as_ref() == Some(&ticket) => {
                    self.core.clock.adjust(reply.clock);
                    reply.answers.iter().for_each(|(node, answer)| hear(node, answer));
                    answers.extend(reply.answers);
                }
                Ok(_) => {}
                Err(error) => tracing::debug!(target: "celery.pidbox", "a reply cannot be read: {error}"),
            }
        }
        replies.close().await;
        Ok(answers)
    }
}
