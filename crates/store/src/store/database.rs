//! The way to the SQLite file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::Connection;
use sqlite_group_commit::{Database, DatabaseError, OpenOptions, apply_migrations};

use crate::{StoreError, schema};

/// Our tables' name among those of the file.
const COMPONENT: &str = "analyses";

/// The SQLite file, opened.
#[derive(Clone)]
pub(super) struct Tables(Arc<Database>);

impl Tables {
    pub(super) async fn open(path: PathBuf) -> Result<Self, StoreError> {
        Self::blocking(move || open(&path)).await
    }

    /// Opens what is only looked at: see [`Database::look`].
    pub(super) async fn look(path: PathBuf) -> Result<Self, StoreError> {
        Self::blocking(move || Ok(Self(Arc::new(Database::look(path, COMPONENT, schema::STEPS)?)))).await
    }

    async fn blocking(
        open: impl FnOnce() -> Result<Self, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        match tokio::task::spawn_blocking(open).await {
            Ok(opened) => opened,
            Err(error) => Err(StoreError::Database { message: error.to_string() }),
        }
    }

    /// Changes the tables: when this returns the change is on disk, or nothing of it.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.0.write(move |db| Ok(change(db)?)).await?)
    }

    /// As [`write`](Self::write), for what may be lost with a power failure: progress.
    pub(super) async fn write_lazily<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.0.write_lazily(move |db| Ok(change(db)?)).await?)
    }

    /// Looks something up.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        look_up: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        Ok(self.0.read(move |db| Ok(look_up(db)?)).await?)
    }
}

fn open(path: &Path) -> Result<Tables, StoreError> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).map_err(|source| StoreError::Object {
            action: "make",
            path: parent.to_owned(),
            source,
        })?;
    }
    let options = OpenOptions {
        migrate: |db| apply_migrations(db, COMPONENT, schema::STEPS),
        ..OpenOptions::default()
    };
    Ok(Tables(Database::open(path, options)?))
}

impl From<DatabaseError> for StoreError {
    fn from(error: DatabaseError) -> Self {
        let message = error.to_string();
        match error {
            DatabaseError::NewerSchema { path, found, known, .. } => Self::Newer { path, found, known },
            DatabaseError::Full { path } => Self::DiskFull { path },
            DatabaseError::Sqlite { source, .. } => match &*source {
                rusqlite::Error::FromSqlConversionFailure(_, _, column) => {
                    Self::Unreadable(column.to_string())
                }
                _ => Self::Database { message },
            },
            _ => Self::Database { message },
        }
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
