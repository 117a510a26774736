//! A few connections for look-ups, which WAL lets run beside the writer.

use std::path::{Path, PathBuf};

use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::Semaphore;

use crate::DatabaseError;
use crate::writer::run_caught;

/// Connections that are made when they are first needed.
pub(crate) struct Readers {
    path: PathBuf,
    /// How one more is made.
    connect: fn(&Path) -> Result<Connection, DatabaseError>,
    /// Bounds how many look-ups run at once.
    permits: Semaphore,
    /// Connections that nobody uses now.
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(crate) fn new(
        path: PathBuf,
        connections: usize,
        connect: fn(&Path) -> Result<Connection, DatabaseError>,
    ) -> Self {
        Self { path, connect, permits: Semaphore::new(connections.max(1)), idle: Mutex::new(Vec::new()) }
    }

    /// Waits for a free connection's turn.
    pub(crate) async fn permit(&self) -> Result<tokio::sync::SemaphorePermit<'_>, DatabaseError> {
        self.permits.acquire().await.map_err(|_| DatabaseError::Closed { path: self.path.clone() })
    }

    /// Runs a look-up on a connection. Blocks.
    pub(crate) fn run<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, DatabaseError>,
    ) -> Result<T, DatabaseError> {
        let idle = self.idle.lock().pop();
        let conn = match idle {
            Some(conn) => conn,
            None => (self.connect)(&self.path).map_err(|error| error.at(&self.path))?,
        };
        let outcome = run_caught(work, &conn, &self.path);
        // A connection that was left inside a transaction would keep the file's log from being emptied.
        if conn.is_autocommit() {
            self.idle.lock().push(conn);
        }
        outcome
    }
}
