//! A broker that delivers before the eta, as Celery on Redis does: the worker must wait.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use celeriac::beat::TickStore;
use celeriac::broker::{
    Broker, BrokerError, Consume, DeadLetter, DeadLetterId, Delivery, DeliveryTag, Peeked, Publication,
    QueueInfo, Recovered, Returns, Settlement, Subscription,
};
use celeriac::{App, QueueName, TaskState, Timestamp};
use serde_json::{Value, json};

use crate::support::{Add, Bench, Lab, PATIENCE, Running, SOON, until};

/// Hides the eta from the broker below.
struct Eager(Arc<dyn Broker>);

/// Nothing is given back here: these tests settle all that they take.
struct Nowhere;

impl Returns for Nowhere {
    fn give_back(&self, _tag: DeliveryTag) {}
}

#[async_trait]
impl Broker for Eager {
    async fn publish(&self, mut batch: Vec<Publication>) -> Result<(), BrokerError> {
        for publication in &mut batch {
            let headers = &mut publication.message.headers;
            if let Some(eta) = headers.eta.take() {
                headers.extra.insert("hidden-eta".to_owned(), json!(eta));
            }
        }
        self.0.publish(batch).await
    }

    async fn consume(&self, want: Consume) -> Result<Vec<Delivery>, BrokerError> {
        let taken = self.0.consume(want).await?;
        let early = taken.into_iter().map(|delivery| {
            let mut message = delivery.message().clone();
            if let Some(eta) = message.headers.extra.remove("hidden-eta") {
                message.headers.eta = serde_json::from_value(eta).unwrap();
            }
            let (tag, queue) = (delivery.tag().clone(), delivery.queue().clone());
            let (redelivered, deaths) = (delivery.is_redelivered(), delivery.deaths());
            // Consumed here without being told to the broker: the new delivery is settled in its place.
            let _ = delivery.ack();
            Delivery::new(tag, queue, message, redelivered, deaths, Arc::new(Nowhere))
        });
        Ok(early.collect())
    }

    async fn settle(&self, batch: Vec<Settlement>) -> Result<(), BrokerError> {
        self.0.settle(batch).await
    }

    async fn extend(&self, tags: &[DeliveryTag], lease: Duration) -> Result<Vec<DeliveryTag>, BrokerError> {
        self.0.extend(tags, lease).await
    }

    async fn begin(&self, tags: &[DeliveryTag]) -> Result<(), BrokerError> {
        self.0.begin(tags).await
    }

    async fn recover(&self) -> Result<Recovered, BrokerError> {
        self.0.recover().await
    }

    async fn broadcast(&self, topic: &str, payload: Vec<u8>) -> Result<(), BrokerError> {
        self.0.broadcast(topic, payload).await
    }

    async fn subscribe(&self, topics: &[&str]) -> Result<Subscription, BrokerError> {
        self.0.subscribe(topics).await
    }

    async fn queues(&self) -> Result<Vec<QueueInfo>, BrokerError> {
        self.0.queues().await
    }

    async fn peek(&self, queue: &QueueName, limit: usize) -> Result<Vec<Peeked>, BrokerError> {
        self.0.peek(queue, limit).await
    }

    async fn purge(&self, queue: &QueueName) -> Result<u64, BrokerError> {
        self.0.purge(queue).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, BrokerError> {
        self.0.dead_letters(limit).await
    }

    async fn revive(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        self.0.revive(letters).await
    }

    async fn discard(&self, letters: &[DeadLetterId]) -> Result<u64, BrokerError> {
        self.0.discard(letters).await
    }

    fn tick_store(&self) -> Arc<dyn TickStore> {
        self.0.tick_store()
    }
}

async fn eager_app(bench: &Bench) -> App<Lab> {
    let eager: Arc<dyn Broker> = Arc::new(Eager(bench.app.broker().clone()));
    let app = App::builder(&bench.url).state(bench.lab.clone());
    app.open_on(eager, bench.app.backend().clone()).unwrap().register::<Add>()
}

async fn scheduled(app: &App<Lab>) -> Vec<Value> {
    let answers = app.inspect().timeout(SOON).limit(1).scheduled().await.unwrap();
    answers.into_values().flat_map(|list| list.as_array().cloned().unwrap_or_default()).collect()
}

#[tokio::test]
async fn a_worker_holds_a_task_until_its_time_without_using_a_place() {
    let bench = Bench::new().await;
    let app = eager_app(&bench).await;
    let worker = app.worker().concurrency(1).prefetch_multiplier(1).mingle(Duration::ZERO).hostname("w1@lab");
    let worker = Running::start(worker);
    let due = Timestamp::now() + Duration::from_millis(700);
    let later = app.send(Add { x: 2, y: 2 }).eta(due).await.unwrap();
    let revoked = app.send(Add { x: 3, y: 3 }).countdown(Duration::from_secs(600)).await.unwrap();
    until("both are scheduled", async || scheduled(&app).await.len() == 2).await;
    let listed = scheduled(&app).await;
    assert_eq!(listed[0]["request"]["id"], json!(later.id()));
    assert!(listed[0]["eta"].as_str().is_some_and(|eta| eta.ends_with("+00:00")), "{listed:?}");

    let now = app.send(Add { x: 1, y: 1 }).await.unwrap();
    assert_eq!(now.get_timeout(PATIENCE).await.unwrap(), 2);
    assert!(!due.has_passed(), "the machine is too slow for this test");
    app.revoke([revoked.id().clone()], false).await.unwrap();
    assert_eq!(later.get_timeout(PATIENCE).await.unwrap(), 4);
    assert!(due.has_passed());
    until("the revoked one is gone", async || scheduled(&app).await.is_empty()).await;
    assert_eq!(revoked.state().await.unwrap(), TaskState::Revoked);
    worker.stop().await;
    assert_eq!(bench.lab.lines(), ["add 1 1", "add 2 2"]);
}

#[tokio::test]
async fn scheduled_tasks_go_back_when_the_worker_stops() {
    let bench = Bench::new().await;
    let app = eager_app(&bench).await;
    let worker = Running::start(app.worker().mingle(Duration::ZERO));
    app.send(Add { x: 1, y: 1 }).countdown(Duration::from_secs(600)).await.unwrap();
    until("it is scheduled", async || scheduled(&app).await.len() == 1).await;
    worker.stop().await;
    let queues = app.broker().queues().await.unwrap();
    assert_eq!((queues[0].ready, queues[0].claimed), (1, 0), "{queues:?}");
}
