//! The handle to a file.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Weak};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use crate::DatabaseError;
use crate::connection::{connect_onlooker, connect_reader, connect_writer};
use crate::migrate::check_schema;
use crate::readers::Readers;
use crate::writer::{Call, Durability, Job, Writer};

/// The files that are open in this process, by canonical path.
static OPEN: LazyLock<Mutex<HashMap<PathBuf, Weak<Database>>>> = LazyLock::new(Default::default);

/// How to open a file.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// Makes or updates the schema; runs inside a transaction, each time that the file is opened. See
    /// [`apply_migrations`](crate::apply_migrations).
    pub migrate: fn(&Connection) -> Result<(), DatabaseError>,
    /// How many look-ups run at once.
    pub read_connections: usize,
    /// How many changes may wait for the writer before callers have to wait with theirs.
    pub queued_writes: usize,
    /// Whether everyone in the process who opens the file shares one [`Database`]. Without, this one has a writer of its
    /// own, as if it were in another process.
    pub is_shared: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { migrate: |_| Ok(()), read_connections: 4, queued_writes: 4096, is_shared: true }
    }
}

/// A SQLite file: changes go through one writer thread, look-ups through a few connections beside it.
pub struct Database {
    path: PathBuf,
    /// To the writer thread, which ends when this is dropped; `None` where nothing is written.
    jobs: Option<mpsc::Sender<Box<dyn Job>>>,
    readers: Arc<Readers>,
    /// The writer thread; `None` where nothing is written.
    writer: Option<JoinHandle<()>>,
}

impl Database {
    /// Opens a file, which is made when it is not there (its folder must be). Opening a file that this process has open
    /// already gives the same `Database`, so that all its users share one writer and their changes one commit; its
    /// migrations are run all the same. Blocks for as long as the migrations take.
    pub fn open(path: impl AsRef<Path>, options: OpenOptions) -> Result<Arc<Self>, DatabaseError> {
        let path = canonical(path.as_ref())?;
        let mut open = OPEN.lock();
        let conn = connect_writer(&path).map_err(|error| error.at(&path))?;
        migrate(&conn, options.migrate).map_err(|error| error.at(&path))?;
        if options.is_shared
            && let Some(database) = open.get(&path).and_then(Weak::upgrade)
        {
            return Ok(database);
        }
        let (jobs, queue) = mpsc::channel(options.queued_writes.max(1));
        let writer = Writer { conn, path: path.clone(), durability: Durability::Full };
        let writer = std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || writer.run(queue))
            .map_err(|error| DatabaseError::CannotOpen { path: path.clone(), reason: error.to_string() })?;
        let readers = Arc::new(Readers::new(path.clone(), options.read_connections, connect_reader));
        let database = Arc::new(Self { path: path.clone(), jobs: Some(jobs), readers, writer: Some(writer) });
        open.retain(|_, database| database.strong_count() > 0);
        if options.is_shared {
            open.insert(path, Arc::downgrade(&database));
        }
        Ok(database)
    }

    /// Opens a file that is only looked at, as one may in a folder that one may not write: nothing is made, migrated or
    /// locked, and every change fails. Tables of another schema than that of `steps` are refused. Blocks.
    pub fn look(path: impl AsRef<Path>, component: &str, steps: &[&str]) -> Result<Self, DatabaseError> {
        let path = canonical(path.as_ref())?;
        let readers = Readers::new(path.clone(), OpenOptions::default().read_connections, connect_onlooker);
        readers.run(|conn| check_schema(conn, component, steps).map_err(|error| error.at(&path)))?;
        Ok(Self { path, jobs: None, readers: Arc::new(readers), writer: None })
    }

    /// The file's canonical path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes a change. When this returns the change is on disk; on an error nothing of it is in the file. `change` runs
    /// on the writer's thread, inside a transaction that it must not end; it should be quick, for everybody waits for
    /// it. A call that is dropped before its change was begun makes no change.
    pub async fn write<T, F>(&self, change: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.submit(change, Durability::Full).await
    }

    /// Makes a change that may be lost with a power failure, though not with the death of the process: for what another
    /// process makes good, such as leases and progress. Changes are never reordered: a later [`write`](Self::write)
    /// makes this one safe as well.
    pub async fn write_lazily<T, F>(&self, change: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        self.submit(change, Durability::Lazy).await
    }

    async fn submit<T, F>(&self, work: F, durability: Durability) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let closed = || DatabaseError::Closed { path: self.path.clone() };
        let (waiter, answer) = oneshot::channel();
        let call = Call { durability, work: Some(work), outcome: None, waiter };
        let jobs =
            self.jobs.as_ref().ok_or_else(|| DatabaseError::OnlyLookedAt { path: self.path.clone() })?;
        jobs.send(Box::new(call)).await.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }

    /// Looks something up, on a thread where it may block. It sees everything that was written before the call.
    pub async fn read<T, F>(&self, look_up: F) -> Result<T, DatabaseError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, DatabaseError> + Send + 'static,
    {
        let _permit = self.readers.permit().await?;
        let readers = Arc::clone(&self.readers);
        let outcome = tokio::task::spawn_blocking(move || readers.run(look_up)).await;
        outcome.map_err(|_| DatabaseError::Closed { path: self.path.clone() })?
    }
}

impl Drop for Database {
    /// Waits for the writer thread: a process that ended while the file is being closed would leave its log there without
    /// the log's index, which nobody can read who may not write.
    fn drop(&mut self) {
        self.jobs = None;
        let Some(writer) = self.writer.take() else { return };
        // A change that holds the last handle is on that very thread.
        if writer.thread().id() != std::thread::current().id() && writer.join().is_err() {
            tracing::error!("the writer of {} panicked", self.path.display());
        }
    }
}

impl std::fmt::Debug for Database {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Database").field("path", &self.path).finish_non_exhaustive()
    }
}

fn migrate(
    conn: &Connection,
    migrate: fn(&Connection) -> Result<(), DatabaseError>,
) -> Result<(), DatabaseError> {
    conn.execute_batch("BEGIN IMMEDIATE")?;
    let outcome = migrate(conn).and_then(|()| Ok(conn.execute_batch("COMMIT")?));
    if outcome.is_err() && !conn.is_autocommit() {
        conn.execute_batch("ROLLBACK")?;
    }
    outcome
}

/// One path for one file, whether it exists yet or not.
fn canonical(path: &Path) -> Result<PathBuf, DatabaseError> {
    let cannot_open = |error: std::io::Error| DatabaseError::CannotOpen {
        path: path.to_owned(),
        reason: error.to_string(),
    };
    if let Ok(existing) = path.canonicalize() {
        return Ok(existing);
    }
    let name = path.file_name().ok_or_else(|| cannot_open(std::io::ErrorKind::InvalidFilename.into()))?;
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    Ok(folder.canonicalize().map_err(cannot_open)?.join(name))
}
