//! What the SQLite broker and result backend share: the file, its schema, and the doorbells of the processes that have
//! it open. Broker and backend on one file share one writer, so that a result and the end of its delivery are one commit.

mod alive;
mod bells;
mod schema;

use std::path::PathBuf;
use std::sync::Arc;

use sqlite_group_commit::{Database, DatabaseError, OpenOptions};

pub(crate) use alive::{Alive, Dead};
pub(crate) use bells::{Bell, Bells, FALLBACK_POLL};

/// The file behind a broker or a result backend.
#[derive(Clone)]
pub(crate) struct File {
    pub db: Arc<Database>,
    pub bells: Arc<Bells>,
}

impl File {
    /// Opens the file and hangs up this process's bell.
    pub(crate) async fn open(path: PathBuf) -> Result<Self, DatabaseError> {
        let closed = DatabaseError::Closed { path: path.clone() };
        let open = move || {
            let db =
                Database::open(path, OpenOptions { migrate: schema::migrate, ..OpenOptions::default() })?;
            let bells = Bells::open(db.path());
            Ok(Self { db, bells })
        };
        tokio::task::spawn_blocking(open).await.unwrap_or(Err(closed))
    }

    /// Opens the file with a writer and a bell of its own, as another process would.
    #[cfg(test)]
    pub(crate) fn open_as_another_process(path: &std::path::Path) -> Self {
        let options = OpenOptions { migrate: schema::migrate, is_shared: false, ..OpenOptions::default() };
        let db = Database::open(path, options).unwrap();
        let bells = Bells::hang(db.path());
        Self { db, bells }
    }
}

/// Whether a URL asks for a database in memory, which no other program could open.
pub(crate) fn is_in_memory(url: &str) -> bool {
    let Some(rest) = url.strip_prefix("sqlite:") else { return false };
    rest.trim_start_matches('/').starts_with(":memory:")
        || rest
            .split_once('?')
            .is_some_and(|(_, query)| query.split('&').any(|option| option == "mode=memory"))
}

/// The path in a broker's or result backend's URL such as `sqlite:///absolute/path.db` or `sqlite://relative.db`; nothing
/// for other URLs.
pub fn path_of(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite://")?;
    let path = path.split_once('?').map_or(path, |(path, _)| path);
    (!path.is_empty()).then(|| PathBuf::from(path))
}

/// Now, in milliseconds since 1970, as the tables hold times.
pub(crate) fn now_ms() -> i64 {
    crate::protocol::Timestamp::now().unix_ms()
}

/// A duration in milliseconds, as the tables hold times; very long ones end within what can be added to a time.
pub(crate) fn ms(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX).min(i64::MAX / 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_absolute_and_relative_paths() {
        assert_eq!(path_of("sqlite:///var/q.db"), Some("/var/q.db".into()));
        assert_eq!(path_of("sqlite://q.db?mode=rwc"), Some("q.db".into()));
        assert_eq!(path_of("redis://localhost/0"), None);
        assert_eq!(path_of("sqlite://"), None);
        for url in ["sqlite://:memory:", "sqlite:///:memory:", "sqlite::memory:", "sqlite://q.db?mode=memory"]
        {
            assert!(is_in_memory(url), "{url}");
        }
        assert!(!is_in_memory("sqlite://memory.db?mode=rwc") && !is_in_memory("redis://:memory:@host/0"));
    }
}
