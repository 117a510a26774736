//! How a person or the system asks a command in the foreground to stop.

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C, a `kill`, or the terminal that was closed.
pub struct Interrupt {
    interrupt: Signal,
    terminate: Signal,
    /// `None` under `nohup`, whose users want the work to go on.
    hangup: Option<Signal>,
}

impl Interrupt {
    /// Listens from now on: what comes before somebody asks is not lost.
    pub fn listen() -> std::io::Result<Interrupt> {
        let hangup = SignalKind::hangup();
        Ok(Interrupt {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: if is_ignored(hangup) { None } else { Some(signal(hangup)?) },
        })
    }

    /// Waits for a signal; gives the exit code by which shells know that it ended the command.
    pub async fn exit_code(&mut self) -> u8 {
        let hangup = async {
            match &mut self.hangup {
                Some(hangup) => drop(hangup.recv().await),
                None => std::future::pending().await,
            }
        };
        let kind = tokio::select! {
            _ = self.interrupt.recv() => SignalKind::interrupt(),
            _ = self.terminate.recv() => SignalKind::terminate(),
            () = hangup => SignalKind::hangup(),
        };
        128 + u8::try_from(kind.as_raw_value()).unwrap_or_default()
    }
}

/// Whether whoever started this process had the signal ignored. Where the system does not tell, it is not.
fn is_ignored(kind: SignalKind) -> bool {
    let Ok(status) = std::fs::read_to_string("/proc/self/status") else { return false };
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (kind.as_raw_value() - 1) & 1 == 1
}
