//! A program that runs beside a test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// No condition of a test takes longer, unless something is wrong.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A program in a process group of its own; dropping it kills the group.
#[derive(Debug)]
pub struct Process {
    /// The leader of the group.
    child: Child,
    /// What it prints, both streams.
    log: PathBuf,
}

impl Process {
    /// Starts the command; what it prints is kept in `log`.
    pub fn spawn(mut command: Command, log: impl Into<PathBuf>) -> Self {
        use std::os::unix::process::CommandExt;
        let log = log.into();
        let out = File::options().create(true).append(true).open(&log).expect("the log can be written");
        let err = out.try_clone().expect("the log can be written");
        let child =
            command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0).spawn().unwrap_or_else(
                |error| panic!("{} does not start: {error}", command.get_program().display()),
            );
        Self { child, log }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        std::fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Signals the program alone, not its children.
    pub fn signal(&self, signal: Signal) {
        let _ = nix::sys::signal::kill(self.pid(), signal);
    }

    /// Signals the program and its children.
    pub fn signal_group(&self, signal: Signal) {
        let _ = killpg(self.pid(), signal);
    }

    /// Kills the program and its children at once, and waits for the end.
    pub fn kill(&mut self) {
        self.signal_group(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Kills the program, not its children, and waits for its end.
    pub fn kill_alone(&mut self) {
        self.signal(Signal::SIGKILL);
        let _ = self.child.wait();
    }

    /// Has it ended?
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self) -> ExitStatus {
        let start = Instant::now();
        loop {
            if let Some(status) = self.ended() {
                return status;
            }
            assert!(start.elapsed() < PATIENCE, "the program does not end; it printed:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until its output holds `text`.
    pub fn until_printed(&mut self, text: &str) {
        let start = Instant::now();
        while !self.log().contains(text) {
            let ended = self.ended();
            assert!(
                ended.is_none() && start.elapsed() < PATIENCE,
                "it never prints {text:?} (ended: {ended:?}); it printed:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn pid(&self) -> Pid {
        Pid::from_raw(i32::try_from(self.child.id()).expect("a process id is an i32"))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// An example of the crate whose test this is: Cargo builds the examples beside the tests.
pub fn example(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("a test knows where it is");
    let target = test.parent().and_then(Path::parent).expect("a test lies in the target folder");
    let path = target.join("examples").join(name);
    assert!(path.exists(), "{} is missing: cargo build --examples", path.display());
    path
}

/// Waits until the condition holds.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "it never happens that {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
