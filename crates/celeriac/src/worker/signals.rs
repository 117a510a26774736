//! What signals do to a worker, as in Celery 5.6, for every program that runs one.
//!
//! | signal | effect |
//! | --- | --- |
//! | TERM | warm shutdown; the second one, or with `REMAP_SIGTERM=SIGQUIT` the first, a cold one |
//! | INT | warm shutdown; the second one a cold one |
//! | QUIT | cold shutdown |
//! | one more | cold at once, where a [soft shutdown timeout](crate::WorkerBuilder::soft_shutdown_timeout) delays it |
//! | HUP | warm shutdown, then the program starts again with the same arguments |
//! | USR1 | what runs and what the pool is like is written to the log |

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinHandle;

use crate::worker::pool::prefork::is_prefork_child;
use crate::worker::shutdown::Shutdown;

/// Makes the signal for a warm shutdown one for a cold shutdown, when it is set to `SIGQUIT`.
const REMAP: &str = "REMAP_SIGTERM";

/// Turns the process's signals into those of a [`Shutdown`], until it is dropped.
///
/// ```no_run
/// # async fn example(app: celeriac::App) -> Result<(), Box<dyn std::error::Error>> {
/// let shutdown = celeriac::Shutdown::new();
/// let signals = celeriac::Signals::listen(&shutdown)?;
/// app.worker().run(shutdown).await?;
/// if signals.want_restart() {
///     return Err(celeriac::restart().into());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Signals {
    /// Nothing in a child, whose parent hears the signals for it.
    listening: Option<JoinHandle<()>>,
    restart: Arc<AtomicBool>,
}

impl Signals {
    /// Listens from now on. The signals never again have their default effect in this process.
    ///
    /// # Errors
    /// When the system does not let this process listen to a signal.
    pub fn listen(shutdown: &Shutdown) -> std::io::Result<Self> {
        let restart = Arc::new(AtomicBool::new(false));
        if is_prefork_child() {
            return Ok(Self { listening: None, restart });
        }
        let ears = Ears {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user1: signal(SignalKind::user_defined1())?,
        };
        let listening = tokio::spawn(obey(ears, shutdown.clone(), restart.clone()));
        Ok(Self { listening: Some(listening), restart })
    }

    /// Was HUP among them? Then the program is to call [`restart`] when its worker has ended.
    pub fn want_restart(&self) -> bool {
        self.restart.load(Ordering::SeqCst)
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        if let Some(listening) = self.listening.take() {
            listening.abort();
        }
    }
}

struct Ears {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user1: Signal,
}

async fn obey(mut ears: Ears, shutdown: Shutdown, restart: Arc<AtomicBool>) {
    let terminates_cold = std::env::var(REMAP).is_ok_and(|signal| signal == "SIGQUIT");
    let mut asked = false;
    loop {
        let cold = tokio::select! {
            _ = ears.terminate.recv() => asked || terminates_cold,
            _ = ears.interrupt.recv() => {
                if !asked {
                    tracing::warn!(target: "celery.worker", "worker: Hitting Ctrl+C again will end all running tasks");
                }
                asked
            }
            _ = ears.quit.recv() => true,
            _ = ears.hangup.recv() => {
                tracing::warn!(target: "celery.worker", "Restarting celery worker ({})", std::env::args().collect::<Vec<_>>().join(" "));
                restart.store(true, Ordering::SeqCst);
                false
            }
            _ = ears.user1.recv() => {
                shutdown.dump();
                continue;
            }
        };
        asked = true;
        if cold && shutdown.soft.is_cancelled() {
            shutdown.cold();
        } else if cold {
            shutdown.soft();
        } else {
            shutdown.warm();
        }
    }
}

/// Starts this program again in place of this process, with the same arguments: it keeps its process id. A program that
/// was replaced on the disk starts as what it is now. Returns only when that fails.
pub fn restart() -> std::io::Error {
    let mut own = std::env::args_os();
    let name = own.next();
    let path = match std::env::current_exe() {
        Ok(path) => undeleted(path),
        Err(error) => return error,
    };
    let mut command = Command::new(&path);
    command.arg0(name.unwrap_or_else(|| path.into())).args(own);
    command.exec()
}

/// The kernel marks the path of a program whose file was replaced.
fn undeleted(path: PathBuf) -> PathBuf {
    match path.to_str().and_then(|text| text.strip_suffix(" (deleted)")) {
        Some(path) => PathBuf::from(path),
        None => path,
    }
}
