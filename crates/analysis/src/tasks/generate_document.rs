//! `tasks.generate_document_task`: the pages, from all that was read.

use celeriac::{Context, Task, TaskResult};
use serde::{Deserialize, Serialize};
use store::{AnalysisId, Change, CountsSet, Run, Step};

use super::guard::{Broken, Ended, guarded, wanted};
use crate::progress::change_in_task;
use crate::{Shared, pages};

/// Writes the pages of an analysis whose files are all described.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct GenerateDocument {
    /// The analysis.
    pub(crate) analysis_id: AnalysisId,
    /// Its run: a task of an older one does nothing.
    pub(crate) run: Run,
}

impl Task<Shared> for GenerateDocument {
    const NAME: &'static str = "tasks.generate_document_task";
    type Output = Ended;

    async fn run(self, cx: Context<Shared>) -> TaskResult<Ended> {
        guarded(&cx, &self.analysis_id, self.run, |_| self.write(&cx)).await
    }
}

impl GenerateDocument {
    async fn write(&self, cx: &Context<Shared>) -> Result<u64, Broken> {
        let shared = cx.state();
        let wanted = wanted(cx, &self.analysis_id, self.run).await?;
        let result = shared.store().result(&wanted.result).await?;
        let counts = CountsSet {
            analyzed: Some(result.analyzed),
            failed: Some(result.fallbacks),
            ..CountsSet::default()
        };
        let begun = Change::at(self.run, Step::Document, None).counts(counts);
        change_in_task(cx, &self.analysis_id, begun).await?.ok_or(Broken::NotWanted)?;
        let written = pages::write(cx, self.run, &wanted.analysis, &wanted.result).await?;
        let pages = written.len() as u64;
        shared.store().save_pages(&wanted.result, written).await?;
        let counts = CountsSet { pages: Some(pages), ..CountsSet::default() };
        let complete = Change::complete(self.run).counts(counts);
        change_in_task(cx, &self.analysis_id, complete).await?.ok_or(Broken::NotWanted)?;
        Ok(pages)
    }
}
