//! Rust counterparts of the tasks of Celery's integration suite.

mod canvas;
mod echo;
mod errors;
mod numbers;
mod python;
mod replaced;
mod retries;
mod signatures;

use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use celeriac::{App, Signature, TaskError};
use parking_lot::Mutex;
use tokio::sync::OnceCell;

/// What the tasks share.
#[derive(Clone)]
pub struct Suite {
    redis_url: String,
    /// Made when a task needs it.
    redis: Arc<OnceCell<redis::aio::MultiplexedConnection>>,
    /// Where latencies go, once one was told.
    latencies: Arc<Mutex<Option<File>>>,
}

impl Suite {
    pub fn new(redis_url: String) -> Self {
        Self { redis_url, redis: Arc::default(), latencies: Arc::default() }
    }

    /// The Redis to which tasks echo.
    async fn redis(&self) -> Result<redis::aio::MultiplexedConnection, TaskError> {
        let connect = || async {
            redis::Client::open(self.redis_url.as_str())?.get_multiplexed_async_connection().await
        };
        Ok(self.redis.get_or_try_init(connect).await?.clone())
    }

    /// Adds a line to this process's file in `$LATDIR`.
    fn write_latency(&self, ms: f64) -> std::io::Result<()> {
        let mut latencies = self.latencies.lock();
        if latencies.is_none() {
            let folder = std::env::var_os("LATDIR").map(PathBuf::from).unwrap_or_default();
            let path = folder.join(std::process::id().to_string());
            *latencies = Some(File::options().create(true).append(true).open(path)?);
        }
        match latencies.as_mut() {
            Some(file) => file.write_all(format!("{ms}\n").as_bytes()),
            None => Ok(()),
        }
    }
}

/// The Redis that REDIS_HOST and REDIS_PORT name.
pub fn redis_url() -> String {
    let host = std::env::var("REDIS_HOST").unwrap_or_else(|_| "localhost".to_owned());
    let port = std::env::var("REDIS_PORT").unwrap_or_else(|_| "6379".to_owned());
    format!("redis://{host}:{port}/0")
}

/// A task of the suite.
fn task(name: &str) -> Signature {
    Signature::new(format!("t.integration.tasks.{name}"))
}

/// Makes all tasks known.
pub fn register(app: App<Suite>) -> App<Suite> {
    let app = numbers::register(app);
    let app = echo::register(app);
    let app = errors::register(app);
    let app = retries::register(app)
        .register::<retries::ClassBasedAutoRetryTask>()
        .register::<retries::SuiteClassBasedAutoRetryTask>();
    let app = canvas::register(app);
    let app = replaced::register(app);
    signatures::register(app)
}

/// Tasks in a short form: the name, the struct with its fields, and what a run does with `this` and `cx`.
macro_rules! tasks {
    ($($name:literal $task:ident($($arguments:tt)*) { $($const:ident: $const_type:ty = $value:expr;)* }
       -> $output:ty = |$this:ident, $cx:ident| $body:block)*) => {
        $(
            $crate::suite::tasks!(@struct $task ($($arguments)*));

            impl celeriac::Task<$crate::suite::Suite> for $task {
                const NAME: &'static str = $name;
                $(const $const: $const_type = $value;)*
                type Output = $output;

                async fn run(
                    self,
                    $cx: celeriac::Context<$crate::suite::Suite>,
                ) -> celeriac::TaskResult<$output> {
                    let $this = self;
                    $body
                }
            }
        )*

        pub(super) fn register(app: celeriac::App<$crate::suite::Suite>) -> celeriac::App<$crate::suite::Suite> {
            app$(.register::<$task>())*
        }
    };
    (@struct $task:ident (* )) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct $task(celeriac::AnyArguments);
    };
    (@struct $task:ident ($($(#[$meta:meta])* $field:ident: $type:ty),*)) => {
        #[derive(serde::Serialize, serde::Deserialize)]
        struct $task { $($(#[$meta])* $field: $type),* }
    };
}
use tasks;
