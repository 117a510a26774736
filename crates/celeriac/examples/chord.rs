//! Many tasks side by side, and one that gets all their results: `cargo run -p celeriac --example chord`

use celeriac::{App, Context, Shutdown, Signature, Task, TaskResult, chord};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Square {
    number: u64,
}

impl Task for Square {
    const NAME: &'static str = "tasks.square";
    type Output = u64;

    async fn run(self, _cx: Context) -> TaskResult<u64> {
        Ok(self.number * self.number)
    }
}

#[derive(Serialize, Deserialize)]
struct Sum {
    numbers: Vec<u64>,
}

impl Task for Sum {
    const NAME: &'static str = "tasks.sum";
    type Output = u64;

    async fn run(self, _cx: Context) -> TaskResult<u64> {
        Ok(self.numbers.iter().sum())
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let app = App::open(&format!("sqlite://{}", folder.path().join("queue.db").display())).await?;
    let app = app.register::<Square>().register::<Sum>();
    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().concurrency(8).run(shutdown.clone()));

    let header =
        (1..=100).map(|number| Signature::of::<_, ()>(&Square { number })).collect::<Result<Vec<_>, _>>()?;
    let total = chord(header, Signature::new(Sum::NAME)).apply(&app).await?;
    println!("the squares up to 100 make {}", total.get().await?);

    shutdown.warm();
    worker.await??;
    Ok(())
}
