//! A program that is nothing but a worker.

use std::io::Write;
use std::process::ExitCode;

use celeriac::{App, Shutdown, Signals};
use clap::Parser;

use super::args::WorkerArgs;
use super::error::WorkerError;
use super::log::{LogLevel, start_log};
use super::prepare::Prepared;

/// The command line of a program that is nothing but a worker.
///
/// ```no_run
/// use celeriac_cli::WorkerProgram;
/// use clap::Parser;
///
/// fn main() -> std::process::ExitCode {
///     WorkerProgram::parse().main(async |program| {
///         let broker = program.broker.as_deref().unwrap_or("sqlite://queue.db");
///         Ok(celeriac::App::open(broker).await?)
///     })
/// }
/// ```
#[derive(Debug, Clone, Parser)]
#[command(about = "A worker")]
pub struct WorkerProgram {
    /// Celery's first word, which may be left out.
    #[arg(hide = true, value_parser = ["worker"])]
    pub command: Option<String>,
    /// Accepted for habit.
    #[arg(long, short = 'A', value_name = "NAME")]
    pub app: Option<String>,
    /// URL of the broker.
    #[arg(long, short = 'b', env = "CELERY_BROKER_URL", value_name = "URL", hide_env_values = true)]
    pub broker: Option<String>,
    /// URL of the result backend: the broker unless set.
    #[arg(long, env = "CELERY_RESULT_BACKEND", value_name = "URL", hide_env_values = true)]
    pub result_backend: Option<String>,
    /// How much to log.
    #[arg(
        long,
        short = 'l',
        value_enum,
        ignore_case = true,
        default_value = "warning",
        env = "LOG_LEVEL",
        value_name = "LEVEL"
    )]
    pub loglevel: LogLevel,
    #[command(flatten)]
    #[allow(missing_docs)]
    pub worker: WorkerArgs,
}

/// What makes the app may fail in its own ways.
type Made<S> = Result<App<S>, Box<dyn std::error::Error + Send + Sync>>;

impl WorkerProgram {
    /// Runs the worker of the app that `open` makes until a signal ends it.
    pub fn main<S: Send + Sync + 'static>(mut self, open: impl AsyncFnOnce(&Self) -> Made<S>) -> ExitCode {
        // An empty variable is none.
        for url in [&mut self.broker, &mut self.result_backend] {
            *url = url.take().filter(|url| !url.is_empty());
        }
        match self.run(open) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                drop(writeln!(std::io::stderr(), "ERROR: {error}"));
                ExitCode::from(error.exit_code())
            }
        }
    }

    fn run<S: Send + Sync + 'static>(
        &self,
        open: impl AsyncFnOnce(&Self) -> Made<S>,
    ) -> Result<(), WorkerError> {
        let name = "celery";
        let Prepared::Here(_pidfile) = self.worker.prepare(name)? else { return Ok(()) };
        start_log(self.loglevel, self.worker.logfile(name).as_deref())?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .map_err(|source| WorkerError::System { what: "start the runtime", source })?;
        let restart = runtime.block_on(async {
            let app = open(self).await.map_err(|error| WorkerError::Program(error.to_string()))?;
            let shutdown = Shutdown::new();
            let signals = Signals::listen(&shutdown)
                .map_err(|source| WorkerError::System { what: "listen to signals", source })?;
            self.worker.configure(app.worker(), name)?.run(shutdown).await?;
            Ok::<_, WorkerError>(signals.want_restart())
        })?;
        if restart {
            return Err(WorkerError::System { what: "start again", source: celeriac::restart() });
        }
        Ok(())
    }
}
