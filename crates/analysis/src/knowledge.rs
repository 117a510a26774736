//! Knowledge bases that were used lately.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use reader::{KnowledgeBase, KnowledgeError};
use store::ResultId;

use crate::intake::TempFolder;
use crate::{AnalysisError, ErrorKind, Shared, blocking, index};

/// The code of an error: there is no knowledge base.
pub(crate) const NOT_INDEXED: &str = "not_indexed";
/// So many are kept open; each holds a few connections and their caches.
const KEPT: usize = 8;

/// Knowledge bases that were used lately, the latest last.
#[derive(Default)]
pub(crate) struct Knowledge(Mutex<Vec<Kept>>);

struct Kept {
    result: ResultId,
    base: Arc<KnowledgeBase>,
    /// Where it lies, when that is not the object store.
    _folder: Option<TempFolder>,
}

impl Knowledge {
    /// The knowledge base of a result. One that an older program wrote is made anew from the texts that are in it.
    pub(crate) async fn of(
        &self,
        shared: &Shared,
        result: &ResultId,
    ) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        if let Some(base) = self.kept(result) {
            return Ok(base);
        }
        match open(shared, result).await? {
            Err(KnowledgeError::Version { found, supported, .. }) if found < supported => {
                self.renew(shared, result).await
            }
            opened => Ok(self.keep(result, opened?, None)),
        }
    }

    async fn renew(&self, shared: &Shared, result: &ResultId) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        let _alone = shared.flights().enter(&format!("knowledge {result}")).await;
        // Whoever was before has done it.
        if let Some(base) = self.kept(result) {
            return Ok(base);
        }
        let older = path(shared, result).await?;
        tracing::info!("making {} anew: an older version wrote it", older.display());
        let (counts, folder) = index::renew(shared, older).await?;
        let made = index::made_in(&folder);
        let (read, skipped, symbols) = (counts.files - counts.skipped, counts.skipped, counts.symbols);
        match shared.store().save_knowledge(result, &made, read, skipped, symbols).await {
            Ok(()) => Ok(self.keep(result, open(shared, result).await??, None)),
            Err(error) => {
                tracing::warn!("the knowledge base that was made anew is not kept: {error}");
                if let Ok(base) = open(shared, result).await? {
                    return Ok(self.keep(result, base, None));
                }
                // Where nothing may be written it can be looked at all the same.
                let base = blocking(move || KnowledgeBase::open(made)).await?;
                Ok(self.keep(result, base, Some(folder)))
            }
        }
    }

    fn keep(&self, result: &ResultId, base: KnowledgeBase, folder: Option<TempFolder>) -> Arc<KnowledgeBase> {
        let base = Arc::new(base);
        let mut kept = self.0.lock();
        kept.retain(|kept| kept.result != *result);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(Kept { result: result.clone(), base: base.clone(), _folder: folder });
        base
    }

    /// Forgets one that was removed or made anew.
    pub(crate) fn forget(&self, result: &ResultId) {
        self.0.lock().retain(|kept| kept.result != *result);
    }

    fn kept(&self, result: &ResultId) -> Option<Arc<KnowledgeBase>> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|kept| kept.result == *result)?;
        let found = kept.remove(at);
        let base = found.base.clone();
        kept.push(found);
        Some(base)
    }
}

async fn path(shared: &Shared, result: &ResultId) -> Result<PathBuf, AnalysisError> {
    shared.store().knowledge(result).await?.ok_or_else(|| {
        AnalysisError::new(
            ErrorKind::Conflict,
            NOT_INDEXED,
            "the repository is not indexed yet",
            "Wait until the step `index` is done.",
        )
    })
}

/// Opens the knowledge base of a result; the outer error is of the store.
async fn open(
    shared: &Shared,
    result: &ResultId,
) -> Result<Result<KnowledgeBase, KnowledgeError>, AnalysisError> {
    let path = path(shared, result).await?;
    Ok(blocking(move || KnowledgeBase::open(path)).await)
}
