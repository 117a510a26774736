//! `tasks.analyze_single_file_task`: one file, described by the LLM.

use celeriac::{Context, Task, TaskResult};
use serde::{Deserialize, Serialize};
use store::{AnalysisId, Run};

use super::guard::{Broken, Ended, guarded, wanted};
use crate::progress::tell;
use crate::{Shared, readings};

/// Describes one file with the LLM.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct AnalyzeSingleFile {
    /// The analysis.
    pub(crate) analysis_id: AnalysisId,
    /// Its run: a task of an older one does nothing.
    pub(crate) run: Run,
    /// The file.
    pub(crate) path: String,
}

impl Task<Shared> for AnalyzeSingleFile {
    const NAME: &'static str = "tasks.analyze_single_file_task";
    type Output = Ended;

    async fn run(self, cx: Context<Shared>) -> TaskResult<Ended> {
        guarded(&cx, &self.analysis_id, self.run, |_| self.describe(&cx)).await
    }
}

impl AnalyzeSingleFile {
    async fn describe(&self, cx: &Context<Shared>) -> Result<u64, Broken> {
        let wanted = wanted(cx, &self.analysis_id, self.run).await?;
        let is_new =
            readings::with_llm(cx.state(), &wanted.analysis, self.run, &wanted.result, &self.path).await?;
        tell(cx, &self.analysis_id).await?;
        Ok(u64::from(is_new))
    }
}
