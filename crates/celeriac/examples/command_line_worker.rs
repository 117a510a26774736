//! A whole worker program, with Celery's flags, log, pid file, signals and both pools:
//! `cargo run -p celeriac --example command_line_worker -- -b sqlite://queue.db -c 2 -l info`

use std::process::ExitCode;

use celeriac::{App, Context, Task, TaskResult};
use celeriac_cli::WorkerProgram;
use clap::Parser;
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

fn main() -> ExitCode {
    WorkerProgram::parse().main(async |program| {
        let mut app = App::builder(program.broker.as_deref().unwrap_or("sqlite://queue.db"));
        if let Some(url) = &program.result_backend {
            app = app.result_backend(url);
        }
        Ok(app.open().await?.register::<Add>())
    })
}
