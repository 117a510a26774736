use std::sync::Arc;

use test_servers::RedisServer;

use super::super::conformance::backend_conformance;
use super::super::{DEFAULT_RESULT_EXPIRES, ResultBackend};
use super::RedisBackend;
use crate::redis::RedisOptions;

async fn fresh() -> (Arc<dyn ResultBackend>, Arc<dyn ResultBackend>, RedisServer) {
    let server = RedisServer::start();
    let expires = Some(DEFAULT_RESULT_EXPIRES);
    let backend = || Arc::new(RedisBackend::open(&server.url(1), expires, &RedisOptions::default()).unwrap());
    (backend(), backend(), server)
}

backend_conformance!(fresh);
