//! Tasks in processes of their own: one counts, one hangs and is killed, one crashes; the worker goes on.
//! `cargo run -p celeriac --example prefork`

use std::time::Duration;

use celeriac::{App, Context, PoolKind, Shutdown, Task, TaskError, TaskResult};
use serde::{Deserialize, Serialize};

/// Blocks its thread, as no task of the tokio pool should.
#[derive(Serialize, Deserialize)]
struct CountPrimes {
    below: u32,
}

impl Task for CountPrimes {
    const NAME: &'static str = "tasks.count_primes";
    type Output = (usize, u32);

    async fn run(self, cx: Context) -> TaskResult<(usize, u32)> {
        let mut primes: Vec<u32> = Vec::new();
        for n in 2..self.below {
            cx.checkpoint()?;
            if primes.iter().take_while(|prime| *prime * *prime <= n).all(|prime| n % prime != 0) {
                primes.push(n);
            }
        }
        Ok((primes.len(), std::process::id()))
    }
}

/// Hangs, and does not listen.
#[derive(Serialize, Deserialize)]
struct Hang;

impl Task for Hang {
    const NAME: &'static str = "tasks.hang";
    const TIME_LIMIT: Option<Duration> = Some(Duration::from_millis(300));
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        std::thread::sleep(Duration::from_secs(3600));
        Err(TaskError::failed("RuntimeError", "nobody stopped it"))
    }
}

/// Takes its process with it.
#[derive(Serialize, Deserialize)]
struct Crash;

impl Task for Crash {
    const NAME: &'static str = "tasks.crash";
    const REJECT_ON_WORKER_LOST: bool = false;
    type Output = ();

    async fn run(self, _cx: Context) -> TaskResult<()> {
        std::process::abort()
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    // A child is this program again, with other arguments: here, the queue of its parent.
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| format!("sqlite://{}", folder.path().join("queue.db").display()));
    let app = App::open(&url).await?.register::<CountPrimes>().register::<Hang>().register::<Crash>();
    let worker = app.worker().pool(PoolKind::Prefork).concurrency(2).child_arguments([&url]);
    if celeriac::is_prefork_child() {
        // What follows is for the parent alone.
        return Ok(worker.run(Shutdown::new()).await?);
    }
    let shutdown = Shutdown::new();
    let running = tokio::spawn(worker.run(shutdown.clone()));

    let (primes, process) = app.send(CountPrimes { below: 10_000 }).await?.get().await?;
    println!("{primes} primes, counted in another process: {}", process != std::process::id());
    for failed in [app.send(Hang).await?.get().await, app.send(Crash).await?.get().await] {
        println!("{}", failed.err().map(|error| error.to_string()).unwrap_or_default());
    }
    let (primes, _) = app.send(CountPrimes { below: 100 }).await?.get().await?;
    println!("{primes} primes, all is well");

    shutdown.warm();
    running.await??;
    Ok(())
}
