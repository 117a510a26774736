//! Doorbells: how the processes on one file wake each other without polling.
//!
//! Each process binds a Unix datagram socket in the folder `<file>-bells`. Whoever committed something sends one byte to
//! every socket there, and wakes the waiting tasks of its own process directly. A socket that nobody listens on any more
//! is removed by whoever notices. Bells only make things quick: everyone who waits also looks once in
//! [`FALLBACK_POLL`], so a bell that cannot be hung up or a byte that is lost costs a second and nothing else.

use std::collections::HashMap;
use std::fs;
use std::io::{self, ErrorKind};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, LazyLock, Weak};
use std::thread::{self, Thread};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;

/// How often those who wait look without having been rung for.
pub(crate) const FALLBACK_POLL: Duration = Duration::from_secs(1);

/// A socket's path may have about this many bytes; the system's limit is 108 or less.
const MAX_SOCKET_PATH: usize = 100;

/// The bells of this process, by the file's path.
static HUNG: LazyLock<Mutex<HashMap<PathBuf, Weak<Bells>>>> = LazyLock::new(Default::default);

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bell {
    /// A queue has messages.
    Queue,
    /// Results were stored.
    Result,
    /// Something was broadcast.
    Broadcast,
}

impl Bell {
    const ALL: [Bell; 3] = [Bell::Queue, Bell::Result, Bell::Broadcast];

    fn bit(self) -> u8 {
        match self {
            Self::Queue => 1,
            Self::Result => 2,
            Self::Broadcast => 4,
        }
    }
}

/// This process's bell, and the way to ring those of the others.
pub(crate) struct Bells {
    shared: Arc<Shared>,
    /// The thread that rings.
    ringer: Option<Thread>,
}

struct Shared {
    /// One counter for each [`Bell`], which those who wait in this process watch.
    rung: [watch::Sender<u64>; 3],
    /// The bits of the bells that other processes have not been rung for yet.
    unsent: AtomicU8,
    is_closing: AtomicBool,
}

impl Shared {
    fn wake(&self, bits: u8) {
        for (bell, rung) in Bell::ALL.iter().zip(&self.rung) {
            if bits & bell.bit() != 0 {
                rung.send_modify(|count| *count = count.wrapping_add(1));
            }
        }
    }
}

impl Bells {
    /// The bells of a file; one for all its users in this process.
    pub(crate) fn open(file: &Path) -> Arc<Self> {
        let mut hung = HUNG.lock();
        if let Some(bells) = hung.get(file).and_then(Weak::upgrade) {
            return bells;
        }
        let bells = Self::hang(file);
        hung.retain(|_, bells| bells.strong_count() > 0);
        hung.insert(file.to_owned(), Arc::downgrade(&bells));
        bells
    }

    /// Bells of a file that are not shared within the process.
    pub(super) fn hang(file: &Path) -> Arc<Self> {
        let shared = Arc::new(Shared {
            rung: [(); 3].map(|()| watch::Sender::new(0)),
            unsent: AtomicU8::new(0),
            is_closing: AtomicBool::new(false),
        });
        let ringer = match hang_up(file, &shared) {
            Ok(ringer) => Some(ringer),
            Err(error) => {
                tracing::warn!(
                    file = %file.display(), %error,
                    "cannot bind a socket beside the queue's file: messages of other processes are noticed within a second"
                );
                None
            }
        };
        Arc::new(Self { shared, ringer })
    }

    /// Wakes everyone in all processes who waits for this. Never blocks.
    pub(crate) fn ring(&self, bell: Bell) {
        self.shared.wake(bell.bit());
        if let Some(ringer) = &self.ringer {
            let unsent = self.shared.unsent.fetch_or(bell.bit(), Ordering::AcqRel);
            // Whoever set the bit before has woken the ringer, which has not come to it yet.
            if unsent & bell.bit() == 0 {
                ringer.unpark();
            }
        }
    }

    /// Something that rings when it is dropped: to be part of a change's outcome, so that the bell is rung after the
    /// commit even when the caller has gone meanwhile.
    pub(crate) fn when_dropped(self: &Arc<Self>, bell: Bell) -> RingWhenDropped {
        RingWhenDropped { bells: Arc::clone(self), bell }
    }

    /// Notices rings from now on.
    pub(crate) fn listen(&self, bell: Bell) -> Listener {
        let index = Bell::ALL.iter().position(|known| *known == bell).unwrap_or(0);
        let mut rung = self.shared.rung[index].subscribe();
        rung.mark_unchanged();
        Listener { rung }
    }
}

impl Drop for Bells {
    fn drop(&mut self) {
        self.shared.is_closing.store(true, Ordering::Release);
        if let Some(ringer) = &self.ringer {
            ringer.unpark();
        }
    }
}

/// See [`Bells::when_dropped`].
pub(crate) struct RingWhenDropped {
    bells: Arc<Bells>,
    bell: Bell,
}

impl Drop for RingWhenDropped {
    fn drop(&mut self) {
        self.bells.ring(self.bell);
    }
}

/// Notices rings. Listen first, then look, then wait: nothing is missed.
pub(crate) struct Listener {
    rung: watch::Receiver<u64>,
}

impl Listener {
    /// Returns when the bell was rung since the last call, or after `most`, or after [`FALLBACK_POLL`]. Cancel safe.
    pub(crate) async fn wait(&mut self, most: Duration) {
        // The sender lives as long as the bells; an error would mean that they have gone, and then time decides.
        let rung = async {
            if self.rung.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        };
        // A timeout is the fallback: the caller looks.
        tokio::time::timeout(most.min(FALLBACK_POLL), rung).await.unwrap_or(());
    }
}

/// Binds the socket and starts the two threads that serve it. They end when the [`Bells`] are dropped.
fn hang_up(file: &Path, shared: &Arc<Shared>) -> io::Result<Thread> {
    let mut folder = file.as_os_str().to_owned();
    folder.push("-bells");
    let sockets = Sockets::open(PathBuf::from(folder))?;
    let own = format!("{}-{}", std::process::id(), uuid::Uuid::new_v4().simple());
    let socket = UnixDatagram::bind(sockets.path(&own))?;
    let sender = UnixDatagram::unbound()?;
    sender.set_nonblocking(true)?;
    sockets.sweep(&sender, &own);

    let listening = Arc::clone(shared);
    thread::Builder::new().name("bell-listener".into()).spawn(move || {
        let mut bits = [0u8; 16];
        while !listening.is_closing.load(Ordering::Acquire) {
            match socket.recv(&mut bits) {
                Ok(count) => listening.wake(bits.iter().take(count).fold(0, |all, bit| all | bit)),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    tracing::warn!(%error, "the doorbell broke: messages of other processes are noticed within a second");
                    break;
                }
            }
        }
    })?;

    let ringing = Arc::clone(shared);
    let ringer = thread::Builder::new().name("bell-ringer".into()).spawn(move || {
        while !ringing.is_closing.load(Ordering::Acquire) {
            match ringing.unsent.swap(0, Ordering::AcqRel) {
                0 => thread::park(),
                bits => sockets.ring_all(&sender, bits, &own),
            }
        }
        // What was committed last is told before this ends; then the listener is woken to end too.
        sockets.ring_all(&sender, ringing.unsent.swap(0, Ordering::AcqRel), &own);
        sockets.ring(&sender, 0, &own);
        sockets.remove(&own);
    })?;
    Ok(ringer.thread().clone())
}

/// The folder of the sockets.
struct Sockets {
    folder: PathBuf,
    /// The folder, open: its sockets can be reached through this when the folder's own path is too long for a socket's.
    handle: fs::File,
}

impl Sockets {
    fn open(folder: PathBuf) -> io::Result<Self> {
        match fs::create_dir(&folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        Ok(Self { handle: fs::File::open(&folder)?, folder })
    }

    fn path(&self, name: &str) -> PathBuf {
        let path = self.folder.join(name);
        if path.as_os_str().len() <= MAX_SOCKET_PATH {
            return path;
        }
        PathBuf::from(format!("/proc/self/fd/{}/{name}", self.handle.as_raw_fd()))
    }

    /// The names of all sockets but `own`.
    fn others(&self, own: &str) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name != own).collect()
    }

    /// Rings everyone else.
    fn ring_all(&self, sender: &UnixDatagram, bits: u8, own: &str) {
        if bits != 0 {
            for name in self.others(own) {
                self.ring(sender, bits, &name);
            }
        }
    }

    /// Sends one byte. A full socket has a ring waiting in it already; one without a listener is removed.
    fn ring(&self, sender: &UnixDatagram, bits: u8, name: &str) {
        if let Err(error) = sender.send_to(&[bits], self.path(name))
            && error.kind() == ErrorKind::ConnectionRefused
        {
            self.remove(name);
        }
    }

    /// Removes the sockets that nobody listens on. Listeners notice nothing but a ring without a bit.
    fn sweep(&self, sender: &UnixDatagram, own: &str) {
        for name in self.others(own) {
            self.ring(sender, 0, &name);
        }
    }

    fn remove(&self, name: &str) {
        if let Err(error) = fs::remove_file(self.folder.join(name))
            && error.kind() != ErrorKind::NotFound
        {
            tracing::debug!(%error, name, "a doorbell without listener stays");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn is_rung(listener: &mut Listener) -> bool {
        tokio::time::timeout(Duration::from_secs(5), listener.rung.changed()).await.is_ok()
    }

    #[tokio::test]
    async fn a_ring_reaches_the_others_and_the_own_process() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.db");
        let (here, there) = (Bells::hang(&file), Bells::hang(&file));
        let (mut own, mut other) = (here.listen(Bell::Queue), there.listen(Bell::Queue));
        let results = there.listen(Bell::Result);
        here.ring(Bell::Queue);
        assert!(is_rung(&mut own).await && is_rung(&mut other).await);
        assert!(!results.rung.has_changed().unwrap(), "another bell stays silent");
    }

    #[tokio::test]
    async fn a_path_too_long_for_a_socket_is_reached_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        let file = deep.join("q.db");
        let (here, there) = (Bells::hang(&file), Bells::hang(&file));
        let mut other = there.listen(Bell::Broadcast);
        here.ring(Bell::Broadcast);
        assert!(is_rung(&mut other).await);
    }

    #[tokio::test]
    async fn sockets_of_the_dead_are_swept_and_those_of_the_living_end_with_them() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("q.db");
        let sockets = folder.path().join("q.db-bells");
        fs::create_dir(&sockets).unwrap();
        drop(UnixDatagram::bind(sockets.join("1-dead")).unwrap());
        let here = Bells::hang(&file);
        assert!(!sockets.join("1-dead").exists());
        assert_eq!(fs::read_dir(&sockets).unwrap().count(), 1);
        drop(here);
        while fs::read_dir(&sockets).unwrap().count() > 0 {
            tokio::task::yield_now().await;
        }
    }
}
