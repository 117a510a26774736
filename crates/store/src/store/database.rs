//! The way to the SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};

use crate::{StoreError, schema};

/// The SQLite file, opened.
#[derive(Clone)]
pub(super) struct Tables {
    path: Arc<PathBuf>,
    connection: Arc<Mutex<Connection>>,
}

impl Tables {
    pub(super) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        let file = path.clone();
        let connection = tokio::task::spawn_blocking(move || open(&file))
            .await
            .map_err(|error| StoreError::Database { path: path.clone(), message: error.to_string() })??;
        Ok(Self { path: Arc::new(path), connection: Arc::new(Mutex::new(connection)) })
    }

    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let value = work(&transaction)?;
            transaction.commit()?;
            Ok(value)
        })
        .await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| work(connection)).await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = self.connection.clone();
        match tokio::task::spawn_blocking(move || work(&mut connection.lock())).await {
            Ok(result) => result.map_err(|error| sqlite_error(&self.path, &error)),
            Err(error) => {
                Err(StoreError::Database { path: self.path.as_ref().clone(), message: error.to_string() })
            }
        }
    }
}

fn open(path: &Path) -> Result<Connection, StoreError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|source| StoreError::Object {
            action: "make",
            path: parent.to_owned(),
            source,
        })?;
    }
    let failed = |error: rusqlite::Error| sqlite_error(path, &error);
    let mut connection = Connection::open(path).map_err(failed)?;
    connection
        .execute_batch(
            "PRAGMA busy_timeout = 10000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;",
        )
        .map_err(failed)?;
    connection.set_prepared_statement_cache_capacity(128);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let found: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    if found > schema::version() {
        return Err(StoreError::Newer { path: path.to_owned(), found, known: schema::version() });
    }
    schema::migrate(&transaction).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(connection)
}

fn sqlite_error(path: &Path, error: &rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    match error {
        rusqlite::Error::SqliteFailure(failure, _) if failure.code == ErrorCode::DiskFull => {
            StoreError::DiskFull { path }
        }
        rusqlite::Error::FromSqlConversionFailure(_, _, source) => {
            StoreError::Unreadable { what: "a column", message: source.to_string() }
        }
        error => StoreError::Database { path, message: error.to_string() },
    }
}

/// The file that a database URL names.
pub(super) fn path_of(url: &str) -> Result<PathBuf, StoreError> {
    match url.strip_prefix("sqlite://") {
        Some(path) if !path.is_empty() && !path.contains(['?', '#', '\0']) => Ok(PathBuf::from(path)),
        _ => Err(StoreError::Url {
            what: "DATABASE_URL",
            // A password may stand in it.
            url: url.split("://").next().unwrap_or_default().chars().take(32).collect::<String>() + "://…",
            supported: "sqlite:///absolute/path.db",
        }),
    }
}
