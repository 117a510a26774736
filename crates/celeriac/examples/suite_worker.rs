//! A worker for Celery's own integration suite: it knows the tasks of `t/integration/tasks.py` by their names.
//!
//! `CELERY_BROKER_URL=redis://127.0.0.1:6379/0 cargo run -p celeriac --example suite_worker -- --hostname w1@lab -E`
//!
//! Broker and result backend come from CELERY_BROKER_URL and CELERY_RESULT_BACKEND, else from REDIS_HOST and
//! REDIS_PORT, which also say where the tasks echo to. `tests/python/integration.py` runs the suite against it.

mod suite;

use std::process::ExitCode;

use celeriac::{App, PoolKind, Shutdown, Signals};

/// What the command line says.
#[derive(Debug)]
struct Options {
    hostname: Option<String>,
    concurrency: usize,
    events: bool,
    queues: Vec<String>,
    pool: PoolKind,
    prefetch_multiplier: usize,
}

const USAGE: &str = "usage: suite_worker [--hostname NAME@HOST] [--concurrency N] [-E] [--queues A,B] \
    [--pool tokio|prefork] [--prefetch-multiplier N]";

impl Options {
    fn parse(words: impl IntoIterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            hostname: None,
            concurrency: std::thread::available_parallelism().map_or(2, usize::from),
            events: false,
            queues: vec!["celery".to_owned()],
            pool: PoolKind::Tokio,
            prefetch_multiplier: 4,
        };
        let mut words = words.into_iter();
        while let Some(word) = words.next() {
            let (name, mut inline) = match word.split_once('=') {
                Some((name, value)) if name.starts_with("--") => (name.to_owned(), Some(value.to_owned())),
                _ => (word, None),
            };
            let mut value =
                || inline.take().or_else(|| words.next()).ok_or_else(|| format!("{name} needs a value"));
            let number = |text: String| {
                text.parse::<usize>().map_err(|_| format!("{name} takes a number, not {text}"))
            };
            match name.as_str() {
                "-n" | "--hostname" => options.hostname = Some(value()?),
                "-c" | "--concurrency" => options.concurrency = number(value()?)?,
                "-E" | "--task-events" => options.events = true,
                "-Q" | "--queues" => options.queues = value()?.split(',').map(str::to_owned).collect(),
                "-l" | "--loglevel" => drop(value()?),
                "--prefetch-multiplier" => options.prefetch_multiplier = number(value()?)?,
                "-P" | "--pool" => {
                    options.pool = match value()?.as_str() {
                        "tokio" => PoolKind::Tokio,
                        "prefork" => PoolKind::Prefork,
                        other => return Err(format!("there is no pool {other}")),
                    };
                }
                other => return Err(format!("what is {other}?")),
            }
        }
        Ok(options)
    }
}

#[tokio::main]
async fn main() -> ExitCode {
    let filter = std::env::var("LOG_LEVEL").ok().and_then(|level| level.parse().ok());
    let filter = filter.unwrap_or(tracing_subscriber::filter::LevelFilter::INFO);
    tracing_subscriber::fmt().with_max_level(filter).with_writer(std::io::stderr).init();
    let options = match Options::parse(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(error) => {
            tracing::error!("{error}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    match run(options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> Result<(), Box<dyn std::error::Error>> {
    let redis = suite::redis_url();
    let broker = std::env::var("CELERY_BROKER_URL").unwrap_or_else(|_| redis.clone());
    let backend = std::env::var("CELERY_RESULT_BACKEND").unwrap_or_else(|_| broker.clone());
    let state = suite::Suite::new(redis);
    let app = suite::register(App::builder(&broker).result_backend(&backend).state(state).open().await?);

    let shutdown = Shutdown::new();
    let _signals = Signals::listen(&shutdown)?;
    let mut worker = app
        .worker()
        .concurrency(options.concurrency)
        .prefetch_multiplier(options.prefetch_multiplier)
        .events(options.events)
        .queues(options.queues)
        .pool(options.pool);
    if let Some(hostname) = &options.hostname {
        worker = worker.hostname(hostname);
    }
    worker.run(shutdown).await?;
    Ok(())
}
