//! The worker's memory over restarts (`--statedb`): which ids are revoked, and the clock.
//!
//! A JSON file that is replaced as a whole whenever something was revoked, so that also a killed worker remembers.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

use crate::error::AppError;
use crate::protocol::Timestamp;
use crate::worker::lease::ended_within;
use crate::worker::revoked::{MAX_REVOKED, RevokedSet};
use crate::worker::shared::Shared;

/// How long what was revoked may wait to be written.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// No file that this worker writes is larger.
const MAX_BYTES: u64 = 128 * 1024 * 1024;

#[derive(Debug, Serialize, Deserialize)]
struct State {
    /// The Lamport clock.
    #[serde(default)]
    clock: u64,
    /// Ids, oldest first, and when they were revoked in seconds since 1970.
    #[serde(default)]
    revoked: Vec<(String, f64)>,
}

/// What the file knows; nothing when there is none yet.
pub(crate) fn load(path: &Path) -> Result<(u64, RevokedSet), AppError> {
    let wrong = |reason: String| AppError::StateDb { path: path.to_owned(), reason };
    let mut revoked = RevokedSet::default();
    let length = match std::fs::metadata(path) {
        Ok(file) => file.len(),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            // Better now than at the first revoke.
            return match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() && !folder.is_dir() => {
                    Err(wrong(format!("there is no folder {}", folder.display())))
                }
                _ => Ok((0, revoked)),
            };
        }
        Err(error) => return Err(wrong(error.to_string())),
    };
    if length > MAX_BYTES {
        return Err(wrong(format!("it has {length} bytes and may have {MAX_BYTES}")));
    }
    let bytes = std::fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let state: State = serde_json::from_slice(&bytes)
        .map_err(|error| wrong(format!("it is not what this worker writes ({error})")))?;
    let now = Timestamp::now().unix_seconds();
    for (id, since) in state.revoked.into_iter().rev().take(MAX_REVOKED).rev() {
        let age = Duration::try_from_secs_f64(now - since).unwrap_or_default();
        revoked.insert_aged(id, age);
    }
    Ok((state.clock, revoked))
}

/// Writes whenever something was revoked, and at the end.
pub(crate) async fn keep<S: Send + Sync + 'static>(
    shared: Arc<Shared<S>>,
    path: PathBuf,
    end: CancellationToken,
) {
    let mut saved = None;
    loop {
        let ends = ended_within(SAVE_EVERY, &end).await;
        let changes = shared.revoked.lock().changes();
        if ends || saved != Some(changes) {
            match save(&shared, path.clone()).await {
                Ok(()) => saved = Some(changes),
                Err(error) => {
                    let path = path.display();
                    tracing::error!(target: "celery.worker", "cannot write the revoked ids to {path}: {error}");
                }
            }
        }
        if ends {
            return;
        }
    }
}

async fn save<S: Send + Sync + 'static>(shared: &Shared<S>, path: PathBuf) -> std::io::Result<()> {
    let now = Timestamp::now().unix_seconds();
    let revoked = shared.revoked.lock().aged();
    let revoked = revoked.into_iter().map(|(id, age)| (id, now - age.as_secs_f64())).collect();
    let state = State { clock: shared.app.core().clock.value(), revoked };
    let write = move || {
        let mut fresh = path.clone().into_os_string();
        fresh.push(".new");
        std::fs::write(&fresh, serde_json::to_vec(&state)?)?;
        std::fs::rename(&fresh, &path)
    };
    tokio::task::spawn_blocking(write).await.map_err(std::io::Error::other)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_another_program_wrote_is_refused_and_nothing_is_fine() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        assert_eq!(load(&path).unwrap().1.ids(), Vec::<String>::new());
        std::fs::write(&path, b"\x00\x06\x15\x61").unwrap();
        let error = load(&path).unwrap_err().to_string();
        assert!(error.contains("state.db") && error.contains("remove it"), "{error}");
    }

    #[test]
    fn ids_keep_their_age() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("state.db");
        let now = Timestamp::now().unix_seconds();
        let state = State {
            clock: 7,
            revoked: vec![("old".into(), now - 1e6), ("young".into(), now - 10.0), ("odd".into(), now + 1e9)],
        };
        std::fs::write(&path, serde_json::to_vec(&state).unwrap()).unwrap();
        let (clock, mut revoked) = load(&path).unwrap();
        assert_eq!((clock, revoked.ids()), (7, vec!["young".to_owned(), "odd".to_owned()]));
    }
}
