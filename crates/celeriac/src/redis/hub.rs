//! The connection for what is published: one for all subscriptions of a process.
//!
//! After a loss it connects again, with backoff, and subscribes to everything anew; [`Hub::epochs`] tells, since what
//! was published meanwhile is missed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use parking_lot::Mutex;
use redis::aio::{PubSubSink, PubSubStream};
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use super::error::RedisError;
use super::link::jittered;
use super::server::Server;

/// A subscription that is not confirmed in this time fails.
const PATIENCE: Duration = Duration::from_secs(3);

/// Between two attempts to connect: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(3));

/// After so long without a message the server is asked whether it is still there.
const PING_EVERY: Duration = Duration::from_secs(10);

/// So many channels are subscribed to with one command.
const MAX_TOPICS: usize = 500;

/// What is listened to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    Channel(String),
    /// Everything that begins like this.
    Beginning(String),
}

/// Called with channel and payload; must not wait.
type Listener = Arc<dyn Fn(&str, &[u8]) + Send + Sync>;

/// The subscriptions of a process; see the [module](self).
pub(crate) struct Hub {
    shared: Arc<Shared>,
    orders: mpsc::UnboundedSender<Order>,
    _end: DropGuard,
}

struct Shared {
    server: Server,
    listeners: Mutex<Listeners>,
    epochs: watch::Sender<u64>,
    /// The last failure to connect.
    failure: Mutex<Option<RedisError>>,
}

#[derive(Default)]
struct Listeners {
    next: u64,
    by_topic: HashMap<Topic, Vec<(u64, Listener)>>,
}

impl Shared {
    /// Does anybody listen to anything? Forgets the topics that nobody listens to.
    fn is_wanted(&self) -> bool {
        let mut listeners = self.listeners.lock();
        listeners.by_topic.retain(|_, who| !who.is_empty());
        !listeners.by_topic.is_empty()
    }
}

enum Order {
    /// Confirm when all of these are subscribed to.
    Subscribe(Vec<Topic>, oneshot::Sender<()>),
    /// Look whether anybody still listens to these.
    Review(Vec<Topic>),
}

/// Listens until it is dropped.
pub(crate) struct Listening {
    id: u64,
    topics: Vec<Topic>,
    shared: Arc<Shared>,
    orders: mpsc::UnboundedSender<Order>,
}

impl Hub {
    /// Starts the task; it connects when somebody listens. To be called on a Tokio runtime.
    pub(crate) fn start(server: Server) -> Self {
        let shared = Arc::new(Shared {
            server,
            listeners: Mutex::default(),
            epochs: watch::Sender::new(0),
            failure: Mutex::new(None),
        });
        let (orders, received) = mpsc::unbounded_channel();
        let end = CancellationToken::new();
        let (serving, ended) = (shared.clone(), end.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serve(&serving, received) => {}
                () = ended.cancelled() => {}
            }
        });
        Self { shared, orders, _end: end.drop_guard() }
    }

    /// Listens to the topics from the moment that this returns.
    pub(crate) async fn listen(
        &self,
        topics: Vec<Topic>,
        listener: impl Fn(&str, &[u8]) + Send + Sync + 'static,
    ) -> Result<Listening, RedisError> {
        let listener: Listener = Arc::new(listener);
        let id = {
            let mut listeners = self.shared.listeners.lock();
            listeners.next += 1;
            let id = listeners.next;
            for topic in &topics {
                listeners.by_topic.entry(topic.clone()).or_default().push((id, listener.clone()));
            }
            id
        };
        let listening = Listening {
            id,
            topics: topics.clone(),
            shared: self.shared.clone(),
            orders: self.orders.clone(),
        };
        let (confirm, confirmed) = oneshot::channel();
        let unreachable = || {
            let server = self.shared.server.shown();
            self.shared.failure.lock().clone().unwrap_or(RedisError::TimedOut { server })
        };
        self.orders.send(Order::Subscribe(topics, confirm)).map_err(|_| unreachable())?;
        match tokio::time::timeout(PATIENCE, confirmed).await {
            Ok(Ok(())) => Ok(listening),
            Ok(Err(_)) | Err(_) => Err(unreachable()),
        }
    }

    /// Changes with each new connection.
    pub(crate) fn epochs(&self) -> watch::Receiver<u64> {
        self.shared.epochs.subscribe()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let mut listeners = self.shared.listeners.lock();
        for topic in &self.topics {
            if let Some(who) = listeners.by_topic.get_mut(topic) {
                who.retain(|(id, _)| *id != self.id);
            }
        }
        drop(listeners);
        // Without the task there is nothing to unsubscribe from.
        drop(self.orders.send(Order::Review(std::mem::take(&mut self.topics))));
    }
}

/// Why a connection was left.
enum Left {
    Lost(RedisError),
    /// Nobody can listen any more.
    Over,
}

async fn serve(shared: &Shared, mut orders: mpsc::UnboundedReceiver<Order>) {
    let mut pause = PAUSES.0;
    let mut first = None;
    let mut losses = 0_u32;
    loop {
        // While nobody listens, no connection is needed.
        while first.is_none() && !shared.is_wanted() {
            match orders.recv().await {
                Some(Order::Subscribe(topics, confirm)) => first = Some(Order::Subscribe(topics, confirm)),
                Some(Order::Review(_)) => {}
                None => return,
            }
        }
        let connected = shared.server.connect_pubsub().await;
        let error = match connected {
            Ok(connection) => {
                let (sink, stream) = connection.split();
                let mut session = Session { shared, sink, stream };
                match session.run(&mut orders, &mut first, &mut pause, &mut losses).await {
                    Left::Over => return,
                    Left::Lost(error) => error,
                }
            }
            Err(error) => error,
        };
        losses += 1;
        tracing::warn!(target: "celery.redis", "subscriptions wait for a new connection, next try in {pause:?}: {error}");
        *shared.failure.lock() = Some(error);
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(PAUSES.1);
    }
}

/// One connection.
struct Session<'a> {
    shared: &'a Shared,
    sink: PubSubSink,
    stream: PubSubStream,
}

impl Session<'_> {
    async fn run(
        &mut self,
        orders: &mut mpsc::UnboundedReceiver<Order>,
        first: &mut Option<Order>,
        pause: &mut Duration,
        losses: &mut u32,
    ) -> Left {
        let all: Vec<Topic> = self.shared.listeners.lock().by_topic.keys().cloned().collect();
        if let Err(error) = self.subscribe(all).await {
            return Left::Lost(error);
        }
        if *losses > 0 {
            tracing::info!(target: "celery.redis", "subscribed at {} again", self.shared.server.shown());
        }
        (*pause, *losses) = (PAUSES.0, 0);
        *self.shared.failure.lock() = None;
        self.shared.epochs.send_modify(|epoch| *epoch += 1);
        let mut batch: Vec<Order> = first.take().into_iter().collect();
        loop {
            if let Err(error) = self.carry_out(&mut batch).await {
                return Left::Lost(error);
            }
            tokio::select! {
                message = self.stream.next() => match message {
                    Some(message) => self.dispatch(&message),
                    None => return Left::Lost(self.lost()),
                },
                count = orders.recv_many(&mut batch, MAX_TOPICS) => {
                    if count == 0 {
                        return Left::Over;
                    }
                }
                () = tokio::time::sleep(PING_EVERY) => {
                    if let Err(error) = self.ping().await {
                        return Left::Lost(error);
                    }
                }
            }
        }
    }

    fn dispatch(&self, message: &redis::Msg) {
        let channel = message.get_channel_name();
        let topic = match message.get_pattern::<Option<String>>() {
            Ok(Some(pattern)) => Topic::Beginning(unescape(&pattern)),
            _ => Topic::Channel(channel.to_owned()),
        };
        let listeners = self.shared.listeners.lock().by_topic.get(&topic).cloned().unwrap_or_default();
        for (_, listener) in listeners {
            listener(channel, message.get_payload_bytes());
        }
    }

    async fn carry_out(&mut self, batch: &mut Vec<Order>) -> Result<(), RedisError> {
        let (mut wanted, mut reviewed, mut confirms) = (Vec::new(), Vec::new(), Vec::new());
        for order in batch.drain(..) {
            match order {
                Order::Subscribe(topics, confirm) => {
                    wanted.extend(topics);
                    confirms.push(confirm);
                }
                Order::Review(topics) => reviewed.extend(topics),
            }
        }
        self.subscribe(wanted).await?;
        for confirm in confirms {
            // Who has gone needs no confirmation.
            let _ = confirm.send(());
        }
        self.leave(reviewed).await
    }

    async fn subscribe(&mut self, topics: Vec<Topic>) -> Result<(), RedisError> {
        let (mut channels, mut patterns) = (Vec::new(), Vec::new());
        for topic in topics {
            match &topic {
                Topic::Channel(channel) => channels.push(channel.clone()),
                Topic::Beginning(beginning) => patterns.push(pattern(beginning)),
            }
        }
        for some in channels.chunks(MAX_TOPICS) {
            let subscribing = self.sink.subscribe(some);
            in_time(&self.shared.server, subscribing).await?;
        }
        if !patterns.is_empty() {
            let subscribing = self.sink.psubscribe(&patterns);
            in_time(&self.shared.server, subscribing).await?;
        }
        Ok(())
    }

    /// Unsubscribes from what nobody listens to any more.
    async fn leave(&mut self, reviewed: Vec<Topic>) -> Result<(), RedisError> {
        let (mut channels, mut patterns) = (Vec::new(), Vec::new());
        {
            let mut listeners = self.shared.listeners.lock();
            for topic in reviewed {
                if listeners.by_topic.get(&topic).is_some_and(Vec::is_empty) {
                    listeners.by_topic.remove(&topic);
                    match topic {
                        Topic::Channel(channel) => channels.push(channel),
                        Topic::Beginning(beginning) => patterns.push(pattern(&beginning)),
                    }
                }
            }
        }
        if !channels.is_empty() {
            in_time(&self.shared.server, self.sink.unsubscribe(&channels)).await?;
        }
        if !patterns.is_empty() {
            in_time(&self.shared.server, self.sink.punsubscribe(&patterns)).await?;
        }
        Ok(())
    }

    async fn ping(&mut self) -> Result<(), RedisError> {
        in_time(&self.shared.server, self.sink.ping::<redis::Value>()).await.map(drop)
    }

    fn lost(&self) -> RedisError {
        RedisError::Unreachable {
            server: self.shared.server.shown(),
            reason: "the connection was closed".into(),
        }
    }
}

async fn in_time<T>(
    server: &Server,
    asking: impl Future<Output = redis::RedisResult<T>>,
) -> Result<T, RedisError> {
    match tokio::time::timeout(server.options().socket_timeout, asking).await {
        Ok(answer) => answer.map_err(|error| RedisError::from_driver(&server.shown(), &error)),
        Err(_) => Err(RedisError::TimedOut { server: server.shown() }),
    }
}

/// The pattern for all that begins like this.
pub(crate) fn pattern(beginning: &str) -> String {
    let mut pattern = String::with_capacity(beginning.len() + 2);
    for letter in beginning.chars() {
        if matches!(letter, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('*');
    pattern
}

/// What [`pattern`] was made of.
fn unescape(pattern: &str) -> String {
    let mut beginning = String::with_capacity(pattern.len());
    let mut letters = pattern.strip_suffix('*').unwrap_or(pattern).chars();
    while let Some(letter) = letters.next() {
        beginning.extend(if letter == '\\' { letters.next() } else { Some(letter) });
    }
    beginning
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_tells_what_it_was_made_of() {
        for beginning in ["/0.celeryev/", "a*b[c]\\d?", ""] {
            assert_eq!(unescape(&pattern(beginning)), beginning);
        }
    }
}
