//! The worker process beside `serve`: started, watched, restarted, ended.
//!
//! The worker is a process of its own so that nothing heavy runs where the API answers, and so that
//! a crash in a parser takes no request with it. Its standard input is a pipe of ours: when we are
//! killed, the pipe closes and the worker ends by itself.

use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// The shortest and longest pause before a restart.
const PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(30));
/// A worker that ran so long counts as healthy again.
const HEALTHY: Duration = Duration::from_secs(60);
/// How long a warm shutdown may take before the worker is killed; its tasks run again later.
pub const GRACE: Duration = Duration::from_secs(20);

/// Keeps one worker running until `shutdown`, then ends it; returns when it is gone.
pub async fn supervise(arguments: Vec<String>, shutdown: CancellationToken) {
    let mut pause = PAUSE.0;
    while !shutdown.is_cancelled() {
        let begun = Instant::now();
        match start(&arguments) {
            Ok(mut child) => {
                // `wait` would close the pipe, and its end tells the worker that we are gone.
                let _pipe = child.stdin.take();
                tokio::select! {
                    status = child.wait() => match status {
                        Ok(status) => tracing::error!("the worker ended ({status}); its tasks run again within 30 s"),
                        Err(error) => tracing::error!("cannot watch the worker: {error}"),
                    },
                    () = shutdown.cancelled() => return end(child).await,
                }
            }
            Err(error) => tracing::error!("cannot start the worker: {error}"),
        }
        pause = if begun.elapsed() >= HEALTHY { PAUSE.0 } else { (pause * 2).min(PAUSE.1) };
        tracing::warn!("starting the worker again in {:.1} s", pause.as_secs_f64());
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = shutdown.cancelled() => return,
        }
    }
}

/// The worker yields to the API when both want the processor; `nice` puts itself in its place.
fn start(arguments: &[String]) -> std::io::Result<Child> {
    let program = std::env::current_exe()?;
    let mut yielding = Command::new("nice");
    yielding.args(["-n", "10"]).arg(&program).args(arguments);
    match spawn(yielding) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut plain = Command::new(program);
            plain.args(arguments);
            spawn(plain)
        }
        started => started,
    }
}

fn spawn(mut command: Command) -> std::io::Result<Child> {
    command
        .stdin(Stdio::piped())
        // Ctrl-C in a terminal reaches the whole group; the worker shall hear it from us only.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

async fn end(mut child: Child) {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // It may have ended in this very moment; then there is nobody to tell.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    match tokio::time::timeout(GRACE, child.wait()).await {
        Ok(Ok(_)) => {}
        Ok(Err(error)) => tracing::error!("cannot wait for the worker: {error}"),
        Err(_) => {
            tracing::warn!("the worker did not end within {} s and is killed", GRACE.as_secs());
            if let Err(error) = child.kill().await {
                tracing::error!("cannot kill the worker: {error}");
            }
        }
    }
}
