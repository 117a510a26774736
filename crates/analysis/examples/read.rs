//! Reads a folder with a worker inside this process and prints what was made of it:
//! `cargo run -p analysis --example read -- FOLDER`.
#![allow(clippy::print_stdout)]

use std::time::Instant;

use analysis::{Analyses, Settings, Source};
use celeriac::Shutdown;
use futures_util::StreamExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let path = std::env::args().nth(1).ok_or("usage: read FOLDER")?;
    let data = tempfile::tempdir()?;
    let analyses = Analyses::open(Settings::new(data.path())).await?;
    let shutdown = Shutdown::new();
    let worker = analyses.worker().hostname("example@localhost").concurrency(2).prefetch_multiplier(1);
    let worker = tokio::spawn(analyses.clone().run_worker(worker, shutdown.clone()));
    // The second time nothing has changed.
    for _ in 0..2 {
        let begun = Instant::now();
        let submitted = analyses.submit(Source::Path { path: path.clone() }.into()).await?;
        let mut events = analyses.watch(&submitted.id, None).await?;
        let mut step = None;
        while let Some(event) = events.next().await {
            let now = event?.analysis;
            if now.step != step {
                println!("{:>8.3} s  {:?}", begun.elapsed().as_secs_f64(), now.step);
                step = now.step;
            }
            if let Some(error) = now.error {
                println!("{}: {} {}", error.code, error.message, error.hint);
            }
            if now.status.is_final() {
                println!("{:>8.3} s  {} {:?}", begun.elapsed().as_secs_f64(), now.status, now.counts);
            }
        }
    }
    shutdown.warm();
    worker.await??;
    Ok(())
}
