//! Not more than so many starts per second, and a limit that is lifted while the worker runs.
//! `cargo run -p celeriac --example rate_limit`

use std::time::{Duration, Instant};

use celeriac::{App, Context, Shutdown, Task, TaskResult};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Ask {
    question: u32,
}

impl Task for Ask {
    const NAME: &'static str = "tasks.ask";
    // As many as the provider allows, over all that this worker runs at a time.
    const RATE_LIMIT: Option<&'static str> = Some("20/s");
    type Output = u32;

    async fn run(self, _cx: Context) -> TaskResult<u32> {
        Ok(self.question)
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app =
        App::open(&format!("sqlite://{}", folder.path().join("queue.db").display())).await?.register::<Ask>();
    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().concurrency(10).run(shutdown.clone()));

    let start = Instant::now();
    ask(&app, 5).await?;
    // The first starts at once, each of the others 50 ms after the one before.
    println!("limited: {}", start.elapsed() >= Duration::from_millis(190));

    let answers = app.control().rate_limit(Ask::NAME, "0").await?;
    println!("{} worker lifted the limit", answers.len());
    ask(&app, 50).await?;
    println!("50 more are answered");

    shutdown.warm();
    worker.await??;
    Ok(())
}

async fn ask(app: &App, questions: u32) -> Result<(), Box<dyn std::error::Error>> {
    let tasks = (0..questions).map(|question| celeriac::Signature::of(&Ask { question }));
    let tasks = tasks.collect::<Result<Vec<_>, _>>()?;
    for answer in app.send_batch(tasks).await? {
        answer.get().await?;
    }
    Ok(())
}
