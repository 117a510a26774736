//! The conformance suite on SQLite, and what only SQLite promises.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::conformance::broker_conformance;
use super::*;
use crate::beat::conformance::tick_store_conformance;
use crate::protocol::{Embed, Headers, JsonMap, Message, TaskId, Timestamp};

async fn make() -> (Arc<dyn Broker>, Arc<dyn Broker>, tempfile::TempDir) {
    let (one, other, folder) = pair().await;
    (Arc::new(one), Arc::new(other), folder)
}

/// Two brokers on one file, each with a writer of its own, as two processes have them.
async fn pair() -> (SqliteBroker, SqliteBroker, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let one = SqliteBroker::open(&path).await.unwrap();
    let other = SqliteBroker::on(File::open_as_another_process(&path));
    (one, other, folder)
}

broker_conformance!(make);
tick_store_conformance!(make);

fn publication(name: &str) -> Publication {
    let message =
        Message::new(Headers::new(name, TaskId::new()), Vec::new(), JsonMap::new(), Embed::default());
    Publication::new("celery", message)
}

fn want(wait: Duration) -> Consume {
    Consume { max: 10, wait, ..Consume::new("w@h", "celery") }
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn an_eta_is_kept_to_the_moment_while_others_pass() {
    let (one, other, _folder) = pair().await;
    let mut later = publication("later");
    let eta = Timestamp::now() + Duration::from_millis(300);
    later.message.headers.eta = Some(eta.into());
    other.publish(vec![later, publication("now")]).await.unwrap();
    let first = one.consume(want(LONG)).await.unwrap();
    assert_eq!(first.len(), 1);
    assert_eq!(first[0].message().headers.task, "now");
    let second = one.consume(want(LONG)).await.unwrap();
    assert_eq!(second[0].message().headers.task, "later");
    assert!(Timestamp::now() >= Timestamp::from_unix_ms(eta.unix_ms()));
}

#[tokio::test]
async fn what_cannot_be_read_is_buried_and_the_rest_is_delivered() {
    let (one, other, _folder) = pair().await;
    one.file
        .db
        .write(|conn| {
            let huge = queue::MAX_ROW_BYTES + 1;
            for (id, body) in
                [(1, "x'00ff'".to_owned()), (2, "'{}'".to_owned()), (3, format!("zeroblob({huge})"))]
            {
                conn.execute_batch(&format!(
                    "INSERT INTO message (id, queue, priority, state) VALUES ({id}, 'celery', 0, 0);
                     INSERT INTO payload (id, body) VALUES ({id}, CAST({body} AS BLOB));"
                ))?;
            }
            // A message whose bytes are missing.
            conn.execute_batch(
                "INSERT INTO message (id, queue, priority, state) VALUES (4, 'celery', 0, 0)",
            )?;
            Ok(())
        })
        .await
        .unwrap();
    one.publish(vec![publication("good")]).await.unwrap();
    let deliveries = other.consume(Consume { max: 3, ..want(LONG) }).await.unwrap();
    assert_eq!(deliveries.len(), 1);
    assert_eq!(deliveries[0].message().headers.task, "good");
    let letters = other.dead_letters(10).await.unwrap();
    assert_eq!(letters.len(), 3);
    assert!(letters.iter().all(|letter| letter.reason.starts_with("unreadable") && letter.message.is_err()));
}

#[tokio::test]
async fn a_consumer_does_not_wait_for_the_fallback_poll() {
    let (one, other, _folder) = pair().await;
    let mut quick = 0;
    for _ in 0..5 {
        let consuming = one.clone();
        let consumer = tokio::spawn(async move { consuming.consume(want(LONG)).await.unwrap().remove(0) });
        // The consumer has looked and found nothing once it is announced.
        while other.queues().await.unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let published = Instant::now();
        other.publish(vec![publication("t")]).await.unwrap();
        let delivery = consumer.await.unwrap();
        quick += usize::from(published.elapsed() < FALLBACK_POLL / 2);
        one.settle(vec![delivery.ack()]).await.unwrap();
    }
    assert!(quick >= 3, "{quick} of 5 were quick");
}

#[tokio::test]
async fn a_consumer_that_lost_its_lease_may_still_end_the_message_while_nobody_has_it() {
    let (one, other, _folder) = pair().await;
    one.publish(vec![publication("t")]).await.unwrap();
    let lease = Duration::from_millis(20);
    let delivery = one.consume(Consume { lease, ..want(LONG) }).await.unwrap().remove(0);
    while other.recover().await.unwrap() == Recovered::default() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    one.settle(vec![delivery.ack()]).await.unwrap();
    assert!(other.consume(want(Duration::ZERO)).await.unwrap().is_empty());
}

#[tokio::test]
async fn old_broadcasts_are_trimmed() {
    let (one, _other, _folder) = pair().await;
    one.file
        .db
        .write(|conn| {
            for id in 1..=500 {
                conn.execute("INSERT INTO broadcast (id, at, topic, body) VALUES (?1, 0, 't', x'00')", [id])?;
            }
            Ok(())
        })
        .await
        .unwrap();
    for _ in 0..200 {
        one.broadcast("t", b"new".to_vec()).await.unwrap();
    }
    let left: i64 = one
        .file
        .db
        .read(|conn| Ok(conn.query_row("SELECT count(*) FROM broadcast WHERE at = 0", [], |row| row.get(0))?))
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_newer_file_is_refused_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("queue.db");
    let broker = SqliteBroker::open(&path).await.unwrap();
    broker
        .file
        .db
        .write(|conn| Ok(conn.execute("UPDATE schema_version SET version = 99", [])?))
        .await
        .unwrap();
    drop(broker);
    let error = SqliteBroker::open(&path).await.err().unwrap().to_string();
    assert!(error.contains("newer version") && error.contains("update the program"), "{error}");
}

#[tokio::test]
async fn what_a_dead_process_held_is_delivered_without_waiting_for_its_lease() {
    let (one, other, folder) = pair().await;
    other.publish(vec![publication("of the dead"), publication("of the living")]).await.unwrap();
    let held = one.consume(Consume { lease: LONG, ..want(LONG) }).await.unwrap();
    assert_eq!(held.len(), 2);
    // As after SIGKILL: the sign of life is there, and nobody holds its lock.
    let mark = "UPDATE message SET process = 'killed' WHERE id = (SELECT min(id) FROM message)";
    one.file.db.write(move |conn| Ok(conn.execute(mark, [])?)).await.unwrap();
    let sign = folder.path().join("queue.db-alive/killed");
    std::fs::write(&sign, "").unwrap();

    assert_eq!(other.recover().await.unwrap(), Recovered { requeued: 1, dead: 0 });
    let again = other.consume(want(LONG)).await.unwrap();
    assert_eq!(again.len(), 1);
    assert_eq!(again[0].message().headers.task, "of the dead");
    assert!(again[0].is_redelivered() && !sign.exists());
}

#[tokio::test]
async fn what_a_consumer_recovers_is_told_to_who_asks_next() {
    let (one, other, _folder) = pair().await;
    other.publish(vec![publication("deadly"), publication("unlucky")]).await.unwrap();
    let held = one.consume(Consume { lease: LONG, ..want(LONG) }).await.unwrap();
    assert_eq!(held.len(), 2);
    let killed = "UPDATE message SET lease_until = 0, began = claim, deaths = CASE WHEN id = (SELECT min(id) FROM message) THEN 2 ELSE 0 END";
    one.file.db.write(move |conn| Ok(conn.execute(killed, [])?)).await.unwrap();

    assert_eq!(other.consume(want(LONG)).await.unwrap().len(), 1);
    assert_eq!(other.dead_letters(10).await.unwrap().len(), 1);
    assert_eq!(
        other.recover().await.unwrap(),
        Recovered { requeued: 1, dead: 1 },
        "the task's callers are to be told"
    );
    assert_eq!(other.recover().await.unwrap(), Recovered::default());
}
