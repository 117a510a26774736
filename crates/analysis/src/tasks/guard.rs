//! What all tasks begin and end with.

use celeriac::{Context, TaskResult};
use serde::{Deserialize, Serialize};
use store::{Analysis, AnalysisId, Change, ResultId, Run, Status};

use crate::cancellation::Work;
use crate::progress::change_in_task;
use crate::{AnalysisError, Shared};

/// What a task ended with, for the log and the result backend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ended {
    /// It did so many files or pages.
    Done(u64),
    /// The analysis was cancelled, resumed or removed.
    NotWanted,
    /// The analysis failed; its row tells why.
    Failed(String),
}

/// How the work of a task breaks off.
pub(crate) enum Broken {
    /// The analysis ends with this.
    Analysis(AnalysisError),
    /// Nobody wants the work any more.
    NotWanted,
}

impl<E: Into<AnalysisError>> From<E> for Broken {
    fn from(error: E) -> Self {
        let error = error.into();
        if error.code == "cancelled" { Self::NotWanted } else { Self::Analysis(error) }
    }
}

/// An analysis that runs, as a task of it sees it.
pub(crate) struct Wanted {
    pub(crate) analysis: Analysis,
    pub(crate) result: ResultId,
}

/// The analysis, if this run of it goes on and has its result.
pub(crate) async fn wanted(cx: &Context<Shared>, id: &AnalysisId, run: Run) -> Result<Wanted, Broken> {
    let store = cx.state().store();
    match store.analysis(id).await? {
        Some((analysis, now)) if now == run && analysis.status == Status::Running => {
            let result = store.result_of(id).await?.ok_or(Broken::NotWanted)?;
            Ok(Wanted { analysis, result })
        }
        _ => Err(Broken::NotWanted),
    }
}

/// Does a task's work for as long as its analysis wants it, and writes down how it broke off.
pub(crate) async fn guarded<F>(
    cx: &Context<Shared>,
    id: &AnalysisId,
    run: Run,
    work: impl FnOnce(std::sync::Arc<Work>) -> F,
) -> TaskResult<Ended>
where
    F: Future<Output = Result<u64, Broken>>,
{
    let holder = std::sync::Arc::new(cx.state().running().begin(id, run));
    let done = holder.clone().unless_cancelled(work(holder.clone())).await;
    match done {
        Some(Ok(done)) => Ok(Ended::Done(done)),
        None | Some(Err(Broken::NotWanted)) => Ok(Ended::NotWanted),
        Some(Err(Broken::Analysis(error))) => {
            // A worker that shuts down or a task that is revoked is no failure of the analysis.
            cx.checkpoint()?;
            tracing::warn!("the analysis {id} failed ({}): {error}", error.code);
            change_in_task(cx, id, Change::fail(run, error.to_failure())).await?;
            Ok(Ended::Failed(error.message))
        }
    }
}
