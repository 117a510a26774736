//! A task that fails twice before it succeeds, with a growing pause: `cargo run -p celeriac --example retry`

use std::time::Duration;

use celeriac::{App, Context, RetryPolicy, Shutdown, Task, TaskResult};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize)]
struct Fetch {
    address: String,
}

impl Task for Fetch {
    const NAME: &'static str = "tasks.fetch";
    const MAX_RETRIES: Option<u32> = Some(5);
    const RETRY: RetryPolicy = RetryPolicy::exponential(Duration::from_millis(100), Duration::from_secs(60));
    type Output = String;

    async fn run(self, cx: Context) -> TaskResult<String> {
        if cx.request().retries() < 2 {
            let refused = std::io::Error::other(format!("{} refused the connection", self.address));
            return Err(cx.retry_because(&refused));
        }
        Ok(format!("fetched {} at try {}", self.address, cx.request().retries() + 1))
    }
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_env_filter("celery.worker=info").init();
    let folder = tempfile::tempdir()?;
    let app = App::open(&format!("sqlite://{}", folder.path().join("queue.db").display()))
        .await?
        .register::<Fetch>();
    let shutdown = Shutdown::new();
    let worker = tokio::spawn(app.worker().run(shutdown.clone()));

    let fetched = app.send(Fetch { address: "example.org".to_owned() }).await?;
    println!("{}", fetched.get().await?);

    shutdown.warm();
    worker.await??;
    Ok(())
}
