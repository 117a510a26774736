//! Broadcasts: events and control requests are published; a reply goes to its client's own queue, as in kombu.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::super::subscription::WAITING_BYTES;
use super::super::{Broadcast, Subscription};
use super::Inner;
use super::binding::Binding;
use crate::backlog::{Backlog, BacklogSender, Room};
use crate::protocol::{NodeName, PIDBOX_TOPIC};
use crate::redis::{Listening, RedisError, Topic, Watched};

/// The exchange of replies.
const REPLIES: &str = "reply.celery.pidbox";

/// A client's queue is dropped after so long: the client waits for a second or so.
const REPLIES_KEPT: Duration = Duration::from_secs(300);

/// Broadcasts that wait for a subscriber to take them.
const WAITING_AT_MOST: usize = 4_096;

/// Replies that are taken at once.
const MAX_REPLIES: usize = 100;

/// No more are taken at once when they have so many bytes.
const MAX_REPLY_BYTES: usize = 16 * 1024 * 1024;

/// How often a client looks for replies where the server cannot tell of them.
const POLL_EVERY: Duration = Duration::from_millis(20);

/// How often at least.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// The client whose replies a topic stands for.
fn client_of(topic: &str) -> Option<&str> {
    topic.strip_suffix(REPLIES)?.strip_suffix('.')
}

impl Inner {
    pub(super) async fn broadcast(&self, topic: &str, payload: Vec<u8>) -> Result<(), RedisError> {
        if let Some(client) = client_of(topic) {
            let mut reply = self.scripts.reply.call(&[self.keys.binding(REPLIES), self.keys.key(topic)]);
            let member = self.keys.bound(client, topic);
            reply.arg(client).arg(member).arg(payload).arg(REPLIES_KEPT.as_secs()).arg(self.keys.key(""));
            self.link.ask::<i64>("a reply", &reply).await?;
            return Ok(());
        }
        let mut publish = redis::cmd("PUBLISH");
        publish.arg(self.keys.channel(topic)).arg(payload);
        self.link.ask::<i64>("PUBLISH", &publish).await?;
        Ok(())
    }
}

pub(super) async fn subscribe(broker: &Arc<Inner>, topics: &[&str]) -> Result<Subscription, RedisError> {
    let end = CancellationToken::new();
    let (received, last) = listen(broker, topics, &end).await?;
    Ok(Subscription::new(received, end.drop_guard()).with_last(last))
}

/// Control requests, with the queue bound that kombu would have for the node.
pub(super) async fn mailbox(broker: &Arc<Inner>, node: &NodeName) -> Result<Subscription, RedisError> {
    let end = CancellationToken::new();
    let (received, _) = listen(broker, &[PIDBOX_TOPIC], &end).await?;
    let binding = Binding::of_node(broker, node).await?;
    let last = tokio::spawn(binding.keep(end.clone()));
    Ok(Subscription::new(received, end.drop_guard()).with_last(Some(last)))
}

type Heard = (Backlog<Broadcast>, Option<JoinHandle<()>>);

/// What comes on the topics until `end`, and the task that then leaves a client's queue in order.
async fn listen(broker: &Arc<Inner>, topics: &[&str], end: &CancellationToken) -> Result<Heard, RedisError> {
    let (sender, received) = Backlog::bounded(WAITING_AT_MOST, Room::new(WAITING_BYTES));
    let mut last = None;
    let mut channels = Vec::new();
    for topic in topics {
        match (client_of(topic), topic.strip_suffix('*')) {
            (Some(client), _) => {
                let replies = Replies::bind(broker, topic, client).await?;
                last = Some(tokio::spawn(replies.run(sender.clone(), end.clone())));
            }
            (None, Some(beginning)) => channels.push(Topic::Beginning(broker.keys.channel(beginning))),
            (None, None) => channels.push(Topic::Channel(broker.keys.channel(topic))),
        }
    }
    if !channels.is_empty() {
        let keys = broker.keys.clone();
        let listening = broker
            .hub
            .listen(channels, move |channel, payload| {
                let make = || Broadcast { topic: keys.topic(channel).to_owned(), payload: payload.to_vec() };
                if !sender.try_send(channel.len() + payload.len(), make) {
                    tracing::debug!(target: "celery.redis", "too much waits: something on {channel} is lost");
                }
            })
            .await?;
        tokio::spawn(hold(listening, end.clone()));
    }
    Ok((received, last))
}

/// Listens until `end`.
async fn hold(listening: Listening, end: CancellationToken) {
    end.cancelled().await;
    drop(listening);
}

/// The queue of one client's replies.
struct Replies {
    binding: Binding,
    queue: String,
}

impl Replies {
    async fn bind(broker: &Arc<Inner>, topic: &str, client: &str) -> Result<Self, RedisError> {
        let binding = Binding::new(broker, REPLIES, client, topic).await?;
        Ok(Self { binding, queue: broker.keys.key(topic) })
    }

    async fn run(self, sender: BacklogSender<Broadcast>, end: CancellationToken) {
        tokio::select! {
            () = self.forward(&sender) => {}
            () = end.cancelled() => {}
        }
        self.binding.remove(Some(&self.queue)).await;
    }

    async fn forward(&self, sender: &BacklogSender<Broadcast>) {
        let broker = &self.binding.broker;
        let link = &broker.link;
        let mut wakes = link.wakes();
        let mut pop = redis::pipe();
        let mut replies = broker.scripts.replies.call(&[&self.queue]);
        replies.arg(MAX_REPLIES).arg(MAX_REPLY_BYTES);
        pop.add_command(replies);
        let lists = [self.queue.clone()];
        loop {
            wakes.mark_unchanged();
            let pause = match link.watching(&lists, &pop).await {
                Ok(Watched { answers, existing }) => {
                    let replies = answers.into_iter().next().map(redis::from_redis_value::<Vec<Vec<u8>>>);
                    if let Some(Ok(replies)) = replies
                        && !replies.is_empty()
                    {
                        for payload in replies {
                            let topic = broker.keys.topic(&self.queue).to_owned();
                            let reply = Broadcast { topic, payload };
                            if !sender.send(reply.size(), reply).await {
                                return;
                            }
                        }
                        continue;
                    }
                    match existing {
                        Some(0) => LOOK_EVERY,
                        Some(_) => continue,
                        None => POLL_EVERY,
                    }
                }
                Err(error) => {
                    tracing::debug!(target: "celery.redis", "cannot look for replies: {error}");
                    POLL_EVERY * 5
                }
            };
            tokio::select! {
                _ = wakes.changed() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }
}
