//! `tasks.batch_analyze_files_task`: shares the files out, or describes those that it was given.

use std::sync::Arc;

use celeriac::protocol::Signature;
use celeriac::{AppError, Context, Task, TaskResult, chord};
use serde::{Deserialize, Serialize};
use store::{AnalysisId, Change, CountsSet, Progress, Run, SaveReadings, SavedReading, Step};

use super::guard::{Broken, Ended, Wanted, guarded, wanted};
use super::{AnalyzeSingleFile, GenerateDocument, document_task_id};
use crate::cancellation::Work;
use crate::progress::{change_in_task, tell};
use crate::{Shared, readings};

/// Files without an LLM are described so many at a time: a message each would cost more than the work.
const FILES_AT_ONCE: usize = 200;

/// Describes these files; without any it shares out all that are not described yet.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BatchAnalyzeFiles {
    /// The analysis.
    pub(crate) analysis_id: AnalysisId,
    /// Its run: a task of an older one does nothing.
    pub(crate) run: Run,
    /// The files to describe without an LLM.
    #[serde(default)]
    pub(crate) paths: Vec<String>,
}

impl Task<Shared> for BatchAnalyzeFiles {
    const NAME: &'static str = "tasks.batch_analyze_files_task";
    type Output = Ended;

    async fn run(self, cx: Context<Shared>) -> TaskResult<Ended> {
        guarded(&cx, &self.analysis_id, self.run, |work| async {
            let analysis = wanted(&cx, &self.analysis_id, self.run).await?;
            if self.paths.is_empty() {
                self.share_out(&cx, analysis).await
            } else {
                self.describe(&cx, analysis, work).await
            }
        })
        .await
    }
}

impl BatchAnalyzeFiles {
    async fn share_out(&self, cx: &Context<Shared>, wanted: Wanted) -> Result<u64, Broken> {
        let shared = cx.state();
        if shared.store().is_shared_out(&self.analysis_id, self.run).await? {
            // Delivered again after its tasks were sent.
            return Ok(0);
        }
        let base = shared.knowledge().of(shared, &wanted.result).await?;
        let paths = crate::blocking(move || readings::paths(&base)).await?;
        let read = shared.store().read_paths(&wanted.result).await?;
        let total = paths.len() as u64;
        let pending: Vec<String> = paths.into_iter().filter(|path| !read.contains(path)).collect();
        let done = total - pending.len() as u64;
        let counts = CountsSet { analyzed: Some(done), ..CountsSet::default() };
        let begun =
            Change::at(self.run, Step::Analyze, Some(Progress { done, total: Some(total) })).counts(counts);
        change_in_task(cx, &self.analysis_id, begun).await?.ok_or(Broken::NotWanted)?;

        let sent = pending.len() as u64;
        let document = GenerateDocument { analysis_id: self.analysis_id.clone(), run: self.run };
        let document = Signature::of::<_, Shared>(&document)?
            .immutable()
            .option("task_id", document_task_id(&wanted.analysis.task_id));
        if pending.is_empty() {
            cx.app().send_signature(document).await?;
        } else {
            let header = self.header(wanted.analysis.model.is_some(), pending)?;
            chord(header, document).apply(cx.app()).await?;
        }
        shared.store().set_shared_out(&self.analysis_id, self.run).await?;
        Ok(sent)
    }

    fn header(&self, has_llm: bool, pending: Vec<String>) -> Result<Vec<Signature>, AppError> {
        let (analysis_id, run) = (&self.analysis_id, self.run);
        if has_llm {
            let single = |path| AnalyzeSingleFile { analysis_id: analysis_id.clone(), run, path };
            return pending.into_iter().map(|path| Signature::of::<_, Shared>(&single(path))).collect();
        }
        pending
            .chunks(FILES_AT_ONCE)
            .map(|paths| {
                Signature::of::<_, Shared>(&Self {
                    analysis_id: analysis_id.clone(),
                    run,
                    paths: paths.to_vec(),
                })
            })
            .collect()
    }

    async fn describe(&self, cx: &Context<Shared>, wanted: Wanted, work: Arc<Work>) -> Result<u64, Broken> {
        let shared = cx.state();
        let read = shared.store().read_paths(&wanted.result).await?;
        let pending: Vec<String> = self.paths.iter().filter(|path| !read.contains(*path)).cloned().collect();
        let base = shared.knowledge().of(shared, &wanted.result).await?;
        let flag = work.flag();
        let language = crate::pages::options(wanted.analysis.language).language;
        let turn = shared.turn_to_describe().await?;
        let made = crate::blocking(move || readings::of_files(&base, &pending, language, &flag)).await?;
        drop(turn);
        let done = made.len() as u64;
        let readings = made
            .into_iter()
            .map(|reading| SavedReading { reading, is_fallback: false, usage: None })
            .collect();
        let save = SaveReadings {
            analysis: self.analysis_id.clone(),
            run: self.run,
            result: wanted.result,
            readings,
            answers: Vec::new(),
            used: Vec::new(),
            usage: Default::default(),
        };
        shared.store().save_readings(save).await?;
        tell(cx, &self.analysis_id).await?;
        Ok(done)
    }
}
