//! What all tasks begin and end with.

use std::time::Duration;

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

/// Writes the failure into the row. On a disk that was full a moment ago there is room once the task's own files are
/// gone; when there is none, the analysis has no task any more, and `resume` takes it up.
async fn write_down(
    cx: &Context<Shared>,
    id: &AnalysisId,
    run: Run,
    error: &AnalysisError,
) -> Result<(), AnalysisError> {
    for pause in [Duration::from_millis(100), Duration::from_secs(1), Duration::from_secs(5)] {
        match change_in_task(cx, id, Change::fail(run, error.to_failure())).await {
            Ok(_) => return Ok(()),
            Err(problem) => tracing::error!("cannot note that the analysis {id} failed: {problem}"),
        }
        tokio::time::sleep(pause).await;
    }
    change_in_task(cx, id, Change::fail(run, error.to_failure())).await.map(|_| ())
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
            write_down(cx, id, run, &error).await?;
            Ok(Ended::Failed(error.message))
        }
    }
}
