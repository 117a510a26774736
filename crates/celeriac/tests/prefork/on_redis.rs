//! The prefork pool on Redis.

use test_servers::RedisServer;

use crate::support::{Add, Bench, Die, Hold, PATIENCE, Running, Tell, exception, until};

#[tokio::test]
async fn what_loses_its_process_is_delivered_again_and_buried_at_the_third_time() {
    let redis = RedisServer::start();
    let bench = Bench::on(&redis.url(0)).await;
    let worker = Running::start(bench.worker());
    assert_eq!(bench.app.send(Add { x: 1, y: 1 }).await.unwrap().get_timeout(PATIENCE).await.unwrap(), 2);
    bench.app.send(Tell).await.unwrap().get_timeout(PATIENCE).await.unwrap();

    let poison = bench.app.send(Die { signal: Some(9) }).await.unwrap();
    let error = exception(poison.get_timeout(PATIENCE).await.unwrap_err());
    assert!(error.contains("WorkerLostError('Worker exited prematurely: signal 9 (SIGKILL)"), "{error}");
    let died = bench.lab.lines("died");
    assert_eq!(died.len(), 3, "{died:?}");
    assert!(died[0].ends_with("false") && died[1..].iter().all(|line| line.ends_with("true")), "{died:?}");
    until("it is buried", async || bench.app.broker().dead_letters(9).await.unwrap().len() == 1).await;

    bench.lab.write("spare", "yes");
    let spared = bench.app.send(Die { signal: Some(9) }).await.unwrap();
    assert_eq!(spared.get_timeout(PATIENCE).await.unwrap(), "spared");
    worker.stop().await;
}

#[tokio::test]
async fn a_cold_shutdown_returns_what_ran() {
    let redis = RedisServer::start();
    let bench = Bench::on(&redis.url(0)).await;
    let worker = Running::start(bench.worker().concurrency(1));
    let held = bench.app.send(Hold { name: "held".into() }).await.unwrap();
    until("it runs", async || bench.lab.read("held").is_some()).await;
    worker.shutdown.cold();
    worker.ended().await.unwrap();
    assert_eq!(bench.counts().await, (1, 0));
    bench.lab.write("open", "yes");
    let worker = Running::start(bench.worker().concurrency(1));
    assert_eq!(held.get_timeout(PATIENCE).await.unwrap(), "held");
    worker.stop().await;
}
