//! How a process finds out that it is a child of a prefork pool.

use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::sync::OnceLock;

use parking_lot::Mutex;

/// Tells a child its number and the inode of the socket that is its standard input.
///
/// What a task starts inherits the variable, but not that standard input: it takes itself for no child.
pub(super) const VARIABLE: &str = "CELERIAC_PREFORK_CHILD";

/// The child's end of the socket to its parent.
#[derive(Debug)]
pub(crate) struct Door {
    pub(super) stream: UnixStream,
}

struct Identity {
    /// Which child of its parent it is, from 1.
    number: u64,
    /// Taken by the one who serves.
    stream: Mutex<Option<UnixStream>>,
}

fn identity() -> Option<&'static Identity> {
    static IDENTITY: OnceLock<Option<Identity>> = OnceLock::new();
    IDENTITY.get_or_init(recognise).as_ref()
}

fn recognise() -> Option<Identity> {
    let text = std::env::var(VARIABLE).ok()?;
    let (number, inode) = text.split_once(':')?;
    let (number, inode): (u64, u64) = (number.parse().ok()?, inode.parse().ok()?);
    let stdin = std::io::stdin();
    if nix::sys::stat::fstat(stdin.as_fd()).ok()?.st_ino != inode {
        return None;
    }
    let stream = stdin.as_fd().try_clone_to_owned().ok()?;
    close_stdin();
    Some(Identity { number, stream: Mutex::new(Some(UnixStream::from(stream))) })
}

/// Neither the task nor what it starts shall read from the parent's socket.
fn close_stdin() {
    let closed = std::fs::File::open("/dev/null")
        .map(OwnedFd::from)
        .and_then(|null| nix::unistd::dup2_stdin(null).map_err(std::io::Error::from));
    if let Err(error) = closed {
        tracing::warn!(target: "celery.pool", "the standard input cannot be closed: {error}");
    }
}

impl Door {
    /// The way to the parent, the first time that it is asked for in a child.
    pub(crate) fn open() -> Option<Self> {
        identity()?.stream.lock().take().map(|stream| Self { stream })
    }

    /// The inode by which a child recognises its standard input.
    pub(super) fn inode(stream: &UnixStream) -> std::io::Result<u64> {
        Ok(nix::sys::stat::fstat(stream.as_fd())?.st_ino)
    }
}

/// Is this process a child of a prefork pool? It is the program itself, started again: whatever a program does before
/// [`WorkerBuilder::run`](crate::WorkerBuilder::run) it does in each child too, unless it asks here. (Sending tasks,
/// writing a pid file and binding a port belong to those things that a child should leave alone.)
pub fn is_prefork_child() -> bool {
    identity().is_some()
}

/// The process's name in logs, as Celery has it: `MainProcess`, or `ForkPoolWorker-3` in a child.
pub fn process_name() -> String {
    identity().map_or_else(|| "MainProcess".to_owned(), |child| format!("ForkPoolWorker-{}", child.number))
}
