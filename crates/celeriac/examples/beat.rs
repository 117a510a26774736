//! Tasks that are sent by the clock: `cargo run -p celeriac --example beat`

use std::time::Duration;

use celeriac::{App, Context, Schedule, Shutdown, Signature, Task, TaskResult};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// Tells the channel that all tasks share that it ran.
#[derive(Serialize, Deserialize)]
struct Tick {
    word: String,
}

impl Task<mpsc::Sender<String>> for Tick {
    const NAME: &'static str = "tasks.tick";
    type Output = ();

    async fn run(self, cx: Context<mpsc::Sender<String>>) -> TaskResult<()> {
        // Nobody listens any more when the program is about to end.
        drop(cx.state().send(self.word).await);
        Ok(())
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let (sender, mut ticks) = mpsc::channel(1);
    let url = format!("sqlite://{}", folder.path().join("queue.db").display());
    let app = App::builder(&url).state(sender).open().await?.register::<Tick>();

    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().run(shutdown.clone()));
    let beat = app
        .beat()
        .entry(
            "often",
            Schedule::every(Duration::from_millis(200)),
            Signature::of(&Tick { word: "tick".into() })?,
        )
        .entry(
            "at seven",
            Schedule::crontab("0 7 * * mon-fri")?,
            Signature::new("tasks.tick").args(["good morning"]),
        );
    let beat = tokio::spawn(beat.run(shutdown.clone()));

    for _ in 0..3 {
        println!("{}", ticks.recv().await.unwrap_or_default());
    }

    shutdown.warm();
    ticks.close();
    beat.await??;
    worker.await??;
    Ok(())
}
