//! `tasks.run_analysis_task`: from the source to the knowledge base, then the files are shared out.

use std::sync::Arc;

use celeriac::protocol::Signature;
use celeriac::{Context, Task, TaskResult};
use serde::{Deserialize, Serialize};
use store::{Analysis, AnalysisId, Change, CountsSet, ReadResult, Run, Step};

use super::guard::{Broken, Ended, guarded};
use super::{BatchAnalyzeFiles, batch_task_id};
use crate::cancellation::Work;
use crate::intake::{Fetched, fetch};
use crate::progress::change_in_task;
use crate::{Shared, index, keys, readings};

/// Reads a repository: fetch, scan, index; then shares the files out.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RunAnalysis {
    /// The analysis.
    pub(crate) analysis_id: AnalysisId,
    /// Its run: a task of an older one does nothing.
    pub(crate) run: Run,
}

impl Task<Shared> for RunAnalysis {
    const NAME: &'static str = "tasks.run_analysis_task";
    const TRACK_STARTED: bool = true;
    type Output = Ended;

    async fn run(self, cx: Context<Shared>) -> TaskResult<Ended> {
        guarded(&cx, &self.analysis_id, self.run, |work| self.read(&cx, work)).await
    }
}

impl RunAnalysis {
    async fn read(&self, cx: &Context<Shared>, work: Arc<Work>) -> Result<u64, Broken> {
        let shared = cx.state();
        let analysis = self.tell(cx, Change::start(self.run)).await?;
        self.tell(cx, Change::at(self.run, Step::Scan, None)).await?;
        let fetched =
            fetch(&analysis.source, shared.settings(), shared.store(), shared.space(), &work.flag()).await?;
        if fetched.revision.is_some() && fetched.revision != analysis.commit {
            let commit = fetched.revision.clone();
            self.tell(cx, Change::at(self.run, Step::Scan, None).commit(commit)).await?;
        }
        let result = self.result(cx, &analysis, &fetched, &work).await?;
        let mut taken = Change::at(self.run, Step::Scan, None).result(result.id.clone());
        // What an earlier run of this analysis made was counted when it was made.
        if shared.store().result_of(&self.analysis_id).await?.as_ref() != Some(&result.id) {
            taken = taken.usage(readings::taken_over(shared, &result).await?);
        }
        self.tell(cx, taken).await?;
        if let (Some(model), false) = (&analysis.model, result.is_complete) {
            readings::check_provider(shared, model).await?;
        }
        let result = match result.knowledge {
            Some(_) => result,
            None => {
                index::build(cx, &self.analysis_id, self.run, &analysis, &fetched, &result.id, work.flag())
                    .await?;
                shared.store().result(&result.id).await?
            }
        };
        drop(fetched);
        self.hand_on(cx, &analysis, result).await
    }

    /// The result of this content with these settings: a new one, or that of an earlier analysis, as far as it came.
    async fn result(
        &self,
        cx: &Context<Shared>,
        analysis: &Analysis,
        fetched: &Fetched,
        work: &Work,
    ) -> Result<ReadResult, Broken> {
        let shared = cx.state();
        let digest = index::digest(shared, fetched, work.flag()).await?;
        let id = keys::result(analysis, fetched.revision.as_deref(), &digest);
        let mut result = shared.store().result(&id).await?;
        if let Some(entry) = &result.knowledge
            && shared.store().objects().size(&entry.key).await?.is_none()
        {
            tracing::warn!("the knowledge base {} is gone and is built again", entry.key);
            result.knowledge = None;
            result.is_complete = false;
        }
        if result.fallbacks > 0 {
            shared.store().forget_fallbacks(&id).await?;
            result = ReadResult { knowledge: result.knowledge, ..shared.store().result(&id).await? };
        }
        Ok(result)
    }

    async fn hand_on(
        &self,
        cx: &Context<Shared>,
        analysis: &Analysis,
        result: ReadResult,
    ) -> Result<u64, Broken> {
        let mut counts =
            CountsSet { analyzed: Some(result.analyzed), failed: Some(0), ..CountsSet::default() };
        if let Some(entry) = &result.knowledge {
            (counts.files, counts.skipped, counts.symbols) =
                (Some(entry.files), Some(entry.skipped), Some(entry.symbols));
        }
        if result.is_complete {
            counts.pages = Some(result.pages);
            self.tell(cx, Change::complete(self.run).counts(counts)).await?;
            return Ok(result.pages);
        }
        self.tell(cx, Change::at(self.run, Step::Index, None).counts(counts)).await?;
        let task =
            BatchAnalyzeFiles { analysis_id: self.analysis_id.clone(), run: self.run, paths: Vec::new() };
        let signature =
            Signature::of::<_, Shared>(&task)?.option("task_id", batch_task_id(&analysis.task_id));
        cx.app().send_signature(signature).await?;
        Ok(result.knowledge.map_or(0, |entry| entry.files))
    }

    async fn tell(&self, cx: &Context<Shared>, change: Change) -> Result<Analysis, Broken> {
        let changed = change_in_task(cx, &self.analysis_id, change).await?;
        changed.map(|changed| changed.analysis).ok_or(Broken::NotWanted)
    }
}
