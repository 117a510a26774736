//! How many tasks a second a client sends, in batches of a thousand and one at a time; prints both rates.
//!
//! `CELERY_BROKER_URL=redis://… cargo run --release -p celeriac --example enqueue -- [BATCHED] [SINGLE] [PACED]`
//!
//! Last it sends PACED tasks, a hundred in a second, each with the time when it was sent; who runs them tells how late
//! they start.

use std::time::{Duration, Instant};

use celeriac::{App, Signature, Timestamp};

const TASK: &str = "t.integration.tasks.noop";
const TIMED: &str = "t.integration.tasks.lat";

// One thread: a message then changes none on its way to the connection.
#[tokio::main(flavor = "current_thread")]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let batched: usize = arguments.next().map_or(Ok(100_000), |text| text.parse())?;
    let single: usize = arguments.next().map_or(Ok(10_000), |text| text.parse())?;
    let paced: usize = arguments.next().map_or(Ok(0), |text| text.parse())?;
    let app = App::open(&std::env::var("CELERY_BROKER_URL")?).await?;
    app.send_signature(Signature::new(TASK).args([0])).await?;

    let start = Instant::now();
    let numbers: Vec<usize> = (0..batched).collect();
    for batch in numbers.chunks(1_000) {
        app.send_batch(batch.iter().map(|x| Signature::new(TASK).args([*x]))).await?;
    }
    println!("{:.0}", batched as f64 / start.elapsed().as_secs_f64());

    let start = Instant::now();
    for x in 0..single {
        app.send_signature(Signature::new(TASK).args([x])).await?;
    }
    println!("{:.0}", single as f64 / start.elapsed().as_secs_f64());

    let mut tick = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..paced {
        tick.tick().await;
        app.send_signature(Signature::new(TIMED).args([Timestamp::now().unix_seconds()])).await?;
    }
    Ok(())
}
