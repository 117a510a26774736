//! A web server and a worker in one program, which end together: `cargo run -p celeriac --example web_server`

use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use celeriac::{App, Context, Shutdown, Signals, Task, TaskResult};
use serde::{Deserialize, Serialize};

/// What tasks and handlers share.
struct Settings {
    limit: u64,
}

#[derive(Serialize, Deserialize)]
struct Count {
    up_to: u64,
}

impl Task<Settings> for Count {
    const NAME: &'static str = "tasks.count";
    type Output = u64;

    async fn run(self, cx: Context<Settings>) -> TaskResult<u64> {
        // What computes must not hold up the runtime; a thread cannot be dropped, so it looks whether it is to stop.
        let counted = tokio::task::spawn_blocking(move || -> TaskResult<u64> {
            let mut sum = 0;
            for number in 1..=self.up_to.min(cx.state().limit) {
                cx.checkpoint()?;
                sum += number;
            }
            Ok(sum)
        });
        counted.await?
    }
}

/// Sends the task and waits for its result; who cannot wait gives the id, and asks `app.result(id)` later.
async fn count(State(app): State<App<Settings>>, Path(up_to): Path<u64>) -> Result<String, StatusCode> {
    let sent = app.send(Count { up_to }).await.map_err(|_| StatusCode::SERVICE_UNAVAILABLE)?;
    let sum = sent.get().await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{sum}\n"))
}

#[tokio::main]
#[expect(clippy::print_stdout, reason = "it reports to the terminal")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("queue.db").display());
    let app = App::builder(&url).state(Settings { limit: 1_000_000 }).open().await?.register::<Count>();
    let shutdown = Shutdown::new();
    // TERM and INT give the warm signal, a second one the cold one.
    let _signals = Signals::listen(&shutdown)?;
    let worker = tokio::spawn(app.worker().run(shutdown.clone()));

    let router = Router::new().route("/count/{up_to}", get(count)).with_state(app);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}/count/10", listener.local_addr()?);
    let until = shutdown.clone();
    axum::serve(listener, router).with_graceful_shutdown(async move { until.requested().await }).await?;

    // The server may also have ended by itself.
    shutdown.warm();
    worker.await??;
    println!("all is done");
    Ok(())
}
