//! One run of `git`, bounded in time and disk.

use std::path::Path;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::AsyncReadExt;
use tokio::process::{Child, Command};
use tokio::time::Instant;

/// What git said at most.
const MAX_OUTPUT: u64 = 64 << 10;
/// How often time, size and cancellation are looked at.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Ended {
    Well { output: String },
    Badly { message: String },
    TimedOut,
    TooLarge,
    Cancelled,
}

/// Bounds of all runs of one clone together.
pub(super) struct Bounds<'a> {
    pub(super) until: Instant,
    pub(super) folder: &'a Path,
    pub(super) max_bytes: u64,
    pub(super) cancelled: &'a AtomicBool,
}

/// Runs git in its own process group, which ends as a whole when a bound is passed.
pub(super) async fn run(mut command: Command, bounds: &Bounds<'_>) -> std::io::Result<Ended> {
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn()?;
    let _group = Group(child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw));
    let (stdout, stderr) = (child.stdout.take(), child.stderr.take());
    let output = async { tokio::join!(bounded(stdout), bounded(stderr), child_status(&mut child)) };
    tokio::pin!(output);
    loop {
        tokio::select! {
            (output, errors, status) = &mut output => {
                return Ok(match status? {
                    true => Ended::Well { output },
                    false => Ended::Badly { message: errors },
                });
            }
            () = tokio::time::sleep(LOOK_EVERY) => {
                if bounds.cancelled.load(Ordering::Relaxed) {
                    return Ok(Ended::Cancelled);
                }
                if Instant::now() >= bounds.until {
                    return Ok(Ended::TimedOut);
                }
                let folder = bounds.folder.to_owned();
                let size = tokio::task::spawn_blocking(move || size_of(&folder)).await.unwrap_or(0);
                if size > bounds.max_bytes {
                    return Ok(Ended::TooLarge);
                }
            }
        }
    }
}

async fn child_status(child: &mut Child) -> std::io::Result<bool> {
    child.wait().await.map(|status| status.success())
}

/// The beginning of what a pipe gives; the rest is read and dropped, so that the writer does not wait.
async fn bounded(pipe: Option<impl tokio::io::AsyncRead + Unpin>) -> String {
    let Some(mut pipe) = pipe else { return String::new() };
    let mut kept = Vec::new();
    // A pipe that cannot be read ends the text early; git's exit status is what counts.
    let _ = (&mut pipe).take(MAX_OUTPUT).read_to_end(&mut kept).await;
    let _ = tokio::io::copy(&mut pipe, &mut tokio::io::sink()).await;
    String::from_utf8_lossy(&kept).into_owned()
}

/// The process group of a run; git's helpers (`git-remote-https`, `ssh`) end with it.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It has usually ended already.
            let _ = killpg(group, Signal::SIGKILL);
        }
    }
}

fn size_of(folder: &Path) -> u64 {
    let mut sum = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => sum += metadata.len(),
                Err(_) => {}
            }
        }
    }
    sum
}
