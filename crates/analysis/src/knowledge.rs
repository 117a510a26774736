//! Knowledge bases that were used lately.

use std::sync::Arc;

use parking_lot::Mutex;
use reader::KnowledgeBase;
use store::{ResultId, Store};

use crate::{AnalysisError, ErrorKind, blocking};

/// The code of an error: there is no knowledge base.
pub(crate) const NOT_INDEXED: &str = "not_indexed";
/// So many are kept open; each holds a few connections and their caches.
const KEPT: usize = 8;

/// Knowledge bases that were used lately, the latest last.
#[derive(Default)]
pub(crate) struct Knowledge(Mutex<Vec<(ResultId, Arc<KnowledgeBase>)>>);

impl Knowledge {
    /// The knowledge base of a result.
    pub(crate) async fn of(
        &self,
        store: &Store,
        result: &ResultId,
    ) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        if let Some(base) = self.kept(result) {
            return Ok(base);
        }
        let Some(path) = store.knowledge(result).await? else {
            return Err(AnalysisError::new(
                ErrorKind::Conflict,
                NOT_INDEXED,
                "the repository is not indexed yet",
                "Wait until the step `index` is done.",
            ));
        };
        let base = blocking(move || KnowledgeBase::open(path)).await;
        let base = Arc::new(base.map_err(AnalysisError::internal)?);
        let mut kept = self.0.lock();
        kept.retain(|(id, _)| id != result);
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push((result.clone(), base.clone()));
        Ok(base)
    }

    /// Forgets one that was removed or made anew.
    pub(crate) fn forget(&self, result: &ResultId) {
        self.0.lock().retain(|(id, _)| id != result);
    }

    fn kept(&self, result: &ResultId) -> Option<Arc<KnowledgeBase>> {
        let mut kept = self.0.lock();
        let at = kept.iter().position(|(id, _)| id == result)?;
        let found = kept.remove(at);
        let base = found.1.clone();
        kept.push(found);
        Some(base)
    }
}
