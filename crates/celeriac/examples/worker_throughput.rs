//! How many no-op tasks a second go end to end: sent, run, result stored, settled.
//!
//! `cargo run --release -p celeriac --example worker_throughput -- [TASKS] [CONCURRENCY] [URL] [events]`. Without a
//! URL on SQLite, durably. The worker is this process; with `events` it tells of each task as with `-E`.

use std::time::{Duration, Instant};

use celeriac::{App, Context, Shutdown, Signature, Task, TaskResult, Timestamp};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Nothing;

impl Task for Nothing {
    const NAME: &'static str = "bench.nothing";
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        Ok(())
    }
}

/// Writes down how long it took from its sending to its start.
#[derive(Serialize, Deserialize)]
struct Late {
    sent_at: f64,
}

static LATENCIES: Mutex<Vec<f64>> = Mutex::new(Vec::new());

impl Task for Late {
    const NAME: &'static str = "bench.late";
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        LATENCIES.lock().push((Timestamp::now().unix_seconds() - self.sent_at) * 1e3);
        Ok(())
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let tasks: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let concurrency: usize = arguments.next().map_or(Ok(256), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let sqlite = || format!("sqlite://{}", folder.path().join("queue.db").display());
    let url = arguments.next().unwrap_or_else(sqlite);
    let app = App::open(&url).await?.register::<Nothing>().register::<Late>();
    let events = arguments.next().is_some_and(|word| word == "events");

    let start = Instant::now();
    let mut last = Vec::new();
    for batch in (0..tasks).collect::<Vec<_>>().chunks(1_000) {
        let sent = app.send_batch(batch.iter().map(|_| Signature::new(Nothing::NAME))).await?;
        last.extend(sent.into_iter().next_back());
    }
    report("sent", tasks, start.elapsed());

    let run = Instant::now();
    let shutdown = Shutdown::new();
    let worker = app.worker().concurrency(concurrency).prefetch_multiplier(8).mingle(Duration::ZERO);
    let worker = worker.events(events);
    let worker = tokio::spawn(worker.run(shutdown.clone()));
    for result in &last {
        result.get_timeout(Duration::from_secs(600)).await?;
    }
    while app.broker().queues().await?.iter().any(|queue| queue.ready + queue.claimed > 0) {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    report("run, stored, settled", tasks, run.elapsed());
    report("end to end", tasks, start.elapsed());

    let mut latencies = Vec::new();
    for _ in 0..200 {
        let sent = Instant::now();
        app.send(Nothing).await?.get().await?;
        latencies.push(sent.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    latencies.sort_unstable();
    println!(
        "one at a time, send to result: p50 {:?}, p95 {:?}, p99 {:?}",
        latencies[100], latencies[190], latencies[198]
    );
    // Another client, as another process would be.
    let client = App::open(&url).await?;
    let mut tick = tokio::time::interval(Duration::from_millis(10));
    let mut sent = Vec::new();
    for _ in 0..1_000 {
        tick.tick().await;
        sent.push(client.send(Late { sent_at: Timestamp::now().unix_seconds() }).await?);
    }
    for result in sent {
        result.get().await?;
    }
    let mut latencies = std::mem::take(&mut *LATENCIES.lock());
    latencies.sort_unstable_by(f64::total_cmp);
    println!(
        "send to start at 100/s: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
        latencies[500], latencies[950], latencies[990]
    );
    shutdown.warm();
    worker.await??;
    Ok(())
}

#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
fn report(what: &str, tasks: usize, time: Duration) {
    println!("{what}: {tasks} tasks in {time:.2?}, {:.0} per second", tasks as f64 / time.as_secs_f64());
}
