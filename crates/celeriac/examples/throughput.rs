//! Measures a broker and its result backend, without a worker:
//! `cargo run --release -p celeriac --example throughput [TASKS] [FOLDER or URL]`. A folder is for SQLite.
//!
//! First no-op tasks end to end: published in batches, claimed in batches, each result stored and its message
//! settled. Then the time from the begin of a publish to the delivery, at 100 messages a second.
#![expect(clippy::print_stdout, reason = "it reports to a person")]

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use celeriac::backend::{self, ResultBackend};
use celeriac::broker::{self, Broker, Consume, Delivery, Publication};
use celeriac::protocol::{Embed, Headers, JsonMap, Message, TaskId, TaskMeta, TaskState};
use tokio::task::JoinSet;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const WAIT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() -> Outcome<()> {
    let mut arguments = std::env::args().skip(1);
    let tasks: usize = arguments.next().map_or(Ok(100_000), |tasks| tasks.parse())?;
    let place = arguments.next();
    let folder = place.as_ref().filter(|place| !place.contains("://"));
    let folder = tempfile::tempdir_in(folder.map_or_else(std::env::temp_dir, Into::into))?;
    let url = match place {
        Some(url) if url.contains("://") => url,
        _ => {
            println!("fsync of 4 KiB: {:.2} ms", time_fsync(folder.path())?.as_secs_f64() * 1e3);
            format!("sqlite://{}", folder.path().join("queue.db").display())
        }
    };
    let broker = broker::open(&url).await?;
    let backend = backend::open(&url, Some(Duration::from_secs(86_400))).await?;

    for batch in [1, 10, 100, 500] {
        let count = if batch == 1 { tasks / 10 } else { tasks } / 2 * 2;
        let (published, ended) = end_to_end(&broker, &backend, count, batch).await?;
        println!(
            "{count} tasks by {batch}: published {published:.0}/s, claimed, stored and settled meanwhile {ended:.0}/s"
        );
    }
    alone(&broker, tasks / 10).await?;
    one_by_one(&broker, &backend, tasks / 4).await?;
    latency(&broker).await
}

fn time_fsync(folder: &Path) -> Outcome<Duration> {
    use std::io::Write;
    let mut file = tempfile::tempfile_in(folder)?;
    let started = Instant::now();
    for _ in 0..50 {
        file.write_all(&[0; 4096])?;
        file.sync_data()?;
    }
    Ok(started.elapsed() / 50)
}

fn publication() -> Publication {
    let mut headers = Headers::new("bench.noop", TaskId::new());
    headers.argsrepr = Some("(2, 3)".into());
    headers.kwargsrepr = Some("{}".into());
    Publication::new(
        "bench",
        Message::new(headers, vec![2.into(), 3.into()], JsonMap::new(), Embed::default()),
    )
}

async fn settle(
    broker: &Arc<dyn Broker>,
    backend: &Arc<dyn ResultBackend>,
    deliveries: Vec<Delivery>,
) -> Outcome<()> {
    let meta =
        |delivery: &Delivery| TaskMeta::new(delivery.message().id().clone(), TaskState::Success, 5.into());
    let metas = deliveries.iter().map(meta).collect();
    let settlements = deliveries.into_iter().map(Delivery::ack).collect();
    // Both wait for the same commit; the result is first in the writer's queue.
    let (stored, settled) = tokio::join!(backend.store(metas), broker.settle(settlements));
    stored?;
    settled?;
    Ok(())
}

/// One caller that awaits each publish.
async fn alone(broker: &Arc<dyn Broker>, tasks: usize) -> Outcome<()> {
    let started = Instant::now();
    for _ in 0..tasks {
        broker.publish(vec![publication()]).await?;
    }
    let rate = tasks as f64 / started.elapsed().as_secs_f64();
    println!("one caller that publishes one by one: {rate:.0}/s");
    broker.purge(&"bench".into()).await?;
    Ok(())
}

/// Two publishers and two consumers at once; returns both rates.
async fn end_to_end(
    broker: &Arc<dyn Broker>,
    backend: &Arc<dyn ResultBackend>,
    tasks: usize,
    batch: usize,
) -> Outcome<(f64, f64)> {
    let started = Instant::now();
    let mut publishers = JoinSet::new();
    for _ in 0..2 {
        let broker = broker.clone();
        publishers.spawn(async move {
            let mut left = tasks / 2;
            while left > 0 {
                let now = batch.min(left);
                broker.publish((0..now).map(|_| publication()).collect()).await?;
                left -= now;
            }
            Outcome::Ok(started.elapsed())
        });
    }
    let done = Arc::new(AtomicUsize::new(0));
    let mut consumers = JoinSet::new();
    for index in 0..2 {
        let (broker, backend, done) = (broker.clone(), backend.clone(), Arc::clone(&done));
        consumers.spawn(async move {
            let mut last = started.elapsed();
            while done.load(Ordering::Relaxed) < tasks {
                let wait = Duration::from_millis(200);
                let want = Consume { max: batch, wait, ..Consume::new(format!("w{index}@bench"), "bench") };
                let deliveries = broker.consume(want).await?;
                if !deliveries.is_empty() {
                    done.fetch_add(deliveries.len(), Ordering::Relaxed);
                    settle(&broker, &backend, deliveries).await?;
                    last = started.elapsed();
                }
            }
            Outcome::Ok(last)
        });
    }
    let mut published = Duration::ZERO;
    while let Some(publisher) = publishers.join_next().await {
        published = published.max(publisher??);
    }
    let mut ended = published;
    while let Some(consumer) = consumers.join_next().await {
        ended = ended.max(consumer??);
    }
    Ok((tasks as f64 / published.as_secs_f64(), tasks as f64 / ended.as_secs_f64()))
}

/// Many callers that each publish, store and settle by themselves: the writer makes the batches.
async fn one_by_one(broker: &Arc<dyn Broker>, backend: &Arc<dyn ResultBackend>, tasks: usize) -> Outcome<()> {
    const CALLERS: usize = 256;
    let each = tasks.div_ceil(CALLERS);
    let started = Instant::now();
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let broker = broker.clone();
        callers.spawn(async move {
            for _ in 0..each {
                broker.publish(vec![publication()]).await?;
            }
            Outcome::Ok(())
        });
    }
    while let Some(caller) = callers.join_next().await {
        caller??;
    }
    let count = each * CALLERS;
    println!(
        "{CALLERS} callers that publish one by one: {:.0}/s",
        count as f64 / started.elapsed().as_secs_f64()
    );

    let started = Instant::now();
    let mut left = count;
    let mut settling = JoinSet::new();
    while left > 0 {
        for delivery in
            broker.consume(Consume { max: 100, wait: WAIT, ..Consume::new("w@bench", "bench") }).await?
        {
            left -= 1;
            let (broker, backend) = (broker.clone(), backend.clone());
            settling.spawn(async move { settle(&broker, &backend, vec![delivery]).await });
        }
    }
    while let Some(settled) = settling.join_next().await {
        settled??;
    }
    let rate = count as f64 / started.elapsed().as_secs_f64();
    println!("claimed by 100, stored and settled one by one: {rate:.0}/s");
    Ok(())
}

async fn latency(broker: &Arc<dyn Broker>) -> Outcome<()> {
    const SAMPLES: usize = 300;
    let (sender, mut sent) = tokio::sync::mpsc::unbounded_channel();
    let publishing = broker.clone();
    let publisher = tokio::spawn(async move {
        let mut tick = tokio::time::interval(Duration::from_millis(10));
        for _ in 0..SAMPLES {
            tick.tick().await;
            sender.send(Instant::now())?;
            publishing.publish(vec![publication()]).await?;
        }
        Outcome::Ok(())
    });
    let mut latencies = Vec::with_capacity(SAMPLES);
    while latencies.len() < SAMPLES {
        let deliveries = broker.consume(Consume { wait: WAIT, ..Consume::new("w@bench", "bench") }).await?;
        for _ in &deliveries {
            latencies.extend(sent.recv().await.map(|at| at.elapsed()));
        }
        broker.settle(deliveries.into_iter().map(Delivery::ack).collect()).await?;
    }
    publisher.await??;
    latencies.sort_unstable();
    let share = |percent: usize| {
        latencies.get(percent * (SAMPLES - 1) / 100).map_or(0.0, |at| at.as_secs_f64() * 1e3)
    };
    println!(
        "publish to delivery at 100/s: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
        share(50),
        share(95),
        share(99)
    );
    Ok(())
}
