//! Tasks that are sent by the clock, by leaders that die.

use std::time::Duration;

use celeriac::beat::Tick;
use celeriac::{App, Schedule, Shutdown, Signature, Timestamp};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::support::until;

const PERIOD: Duration = Duration::from_millis(20);

async fn sent(app: &App) -> u64 {
    app.broker().queues().await.unwrap().iter().map(|queue| queue.ready).sum()
}

async fn kill<T>(beat: JoinHandle<T>) {
    beat.abort();
    drop(beat.await);
}

#[tokio::test]
async fn no_tick_is_lost_or_doubled_when_leaders_die() {
    let dir = TempDir::new().unwrap();
    let app = App::open(&format!("sqlite://{}", dir.path().join("queue.db").display())).await.unwrap();
    let store = app.broker().tick_store();
    let began = Timestamp::from_unix_ms(Timestamp::now().unix_ms());
    let first = Tick { entry: "often".to_owned(), previous: None, due: began, publications: Vec::new() };
    assert_eq!(store.tick("celery", vec![first]).await.unwrap(), [true]);

    let start = |number: u32| {
        let beat = app
            .beat()
            .node(format!("beat-{number}@lab").as_str())
            .lease(Duration::from_millis(60))
            .entry("often", Schedule::every(PERIOD), Signature::new("tasks.tick"));
        tokio::spawn(beat.run(Shutdown::new()))
    };
    let mut beats = vec![start(0), start(1)];
    for number in 2..12 {
        let seen = sent(&app).await;
        until("the beats go on", async || sent(&app).await > seen + 2).await;
        // Whichever of the two leads, it is killed at one of the next two rounds.
        kill(beats.remove(0)).await;
        beats.push(start(number));
    }
    for beat in beats {
        kill(beat).await;
    }

    // What was being written when the last leader died is still written, both halves of it.
    until("each tick sent one message", async || {
        let last = store.last_ticks("celery").await.unwrap()["often"];
        u128::from(sent(&app).await) == last.since(began).as_millis() / PERIOD.as_millis()
    })
    .await;
}

#[tokio::test]
async fn a_beat_that_is_told_to_stop_hands_over_at_once() {
    let dir = TempDir::new().unwrap();
    let app = App::open(&format!("sqlite://{}", dir.path().join("queue.db").display())).await.unwrap();
    let start = |shutdown: &Shutdown, task: &str| {
        let lease = Duration::from_secs(3600);
        let beat = app.beat().node(format!("{task}@lab").as_str()).lease(lease).entry(
            "often",
            Schedule::every(PERIOD),
            Signature::new(task),
        );
        tokio::spawn(beat.run(shutdown.clone()))
    };
    let (one, other) = (Shutdown::new(), Shutdown::new());
    let first = start(&one, "tasks.one");
    until("the first ticks", async || sent(&app).await > 0).await;
    one.warm();
    first.await.unwrap().unwrap();
    let seen = sent(&app).await;
    let second = start(&other, "tasks.other");
    until("the second ticks", async || sent(&app).await > seen).await;
    other.warm();
    second.await.unwrap().unwrap();
}
