use std::sync::Arc;

use test_servers::RedisServer;

use super::super::Broker;
use super::super::conformance::broker_conformance;
use super::RedisBroker;
use crate::beat::conformance::tick_store_conformance;
use crate::redis::RedisOptions;

async fn fresh() -> (Arc<dyn Broker>, Arc<dyn Broker>, RedisServer) {
    let server = RedisServer::start();
    let broker = || Arc::new(RedisBroker::open(&server.url(0), &RedisOptions::default()).unwrap());
    (broker(), broker(), server)
}

broker_conformance!(fresh);
tick_store_conformance!(fresh);
