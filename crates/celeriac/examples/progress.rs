//! A task that tells how far it is, and somebody who watches: `cargo run -p celeriac --example progress`

use std::time::Duration;

use celeriac::{App, Context, Shutdown, Task, TaskResult};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Serialize, Deserialize)]
struct Walk {
    steps: u32,
}

impl Task for Walk {
    const NAME: &'static str = "tasks.walk";
    type Output = u32;

    async fn run(self, cx: Context) -> TaskResult<u32> {
        for step in 1..=self.steps {
            cx.checkpoint()?;
            tokio::time::sleep(Duration::from_millis(50)).await;
            cx.progress(json!({"step": step, "of": self.steps})).await?;
        }
        Ok(self.steps)
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app = App::open(&format!("sqlite://{}", folder.path().join("queue.db").display()))
        .await?
        .register::<Walk>();
    let mut events = app.events().await?;
    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().events(true).run(shutdown.clone()));

    app.send(Walk { steps: 5 }).await?;
    while let Some(event) = events.recv().await {
        match event.kind.as_str() {
            "task-progress" => println!("step {} of {}", event.fields["step"], event.fields["of"]),
            "task-succeeded" => break,
            _ => {}
        }
    }
    shutdown.warm();
    worker.await??;
    Ok(())
}
