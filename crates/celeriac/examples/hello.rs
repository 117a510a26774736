//! A task, a worker, a result: `cargo run -p celeriac --example hello`

use celeriac::{App, Context, Shutdown, Task, TaskResult};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Add {
    x: i64,
    y: i64,
}

impl Task for Add {
    const NAME: &'static str = "tasks.add";
    type Output = i64;

    async fn run(self, _cx: Context) -> TaskResult<i64> {
        Ok(self.x + self.y)
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app =
        App::open(&format!("sqlite://{}", folder.path().join("queue.db").display())).await?.register::<Add>();
    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().concurrency(4).run(shutdown.clone()));

    let sum = app.send(Add { x: 2, y: 3 }).await?;
    println!("{} is {}", sum.id(), sum.get().await?);

    shutdown.warm();
    worker.await??;
    Ok(())
}
