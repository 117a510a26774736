//! What a worker looks after beside its tasks.

use std::time::Duration;

use store::{AnalysisId, Change, Run};

use crate::progress::change;
use crate::{Analyses, AnalysisError, ErrorKind};

/// How often dead letters are looked at while an analysis runs.
const EVERY: Duration = Duration::from_secs(5);
/// So many of them, the newest.
const LETTERS: usize = 200;

/// Fails analyses of which a task ended among the dead letters: nobody will run it, and the others wait for it.
pub(crate) async fn keep(analyses: Analyses) {
    loop {
        if let Err(error) = fail_dead(&analyses).await {
            tracing::warn!("cannot look for tasks that killed their workers: {error}");
        }
        tokio::time::sleep(EVERY).await;
    }
}

pub(crate) async fn fail_dead(analyses: &Analyses) -> Result<(), AnalysisError> {
    let unfinished = analyses.store().unfinished().await?;
    if unfinished.is_empty() {
        return Ok(());
    }
    let broker = analyses.app().broker();
    for letter in broker.dead_letters(LETTERS).await.map_err(celeriac::AppError::from)? {
        let Ok(message) = &letter.message else { continue };
        let kwargs = message.body.kwargs();
        let text = |name: &str| kwargs.get(name).and_then(|value| value.as_str());
        let Some(id) = text("analysis_id").and_then(|id| id.parse::<AnalysisId>().ok()) else { continue };
        let Some(run) = kwargs.get("run").and_then(|run| Run::try_from(run.as_u64()?).ok()) else { continue };
        if !unfinished.iter().any(|(analysis, now)| analysis.id == id && *now == run) {
            continue;
        }
        let file = text("path").map_or_else(String::new, |path| format!(" for {path}"));
        let error = AnalysisError::new(
            ErrorKind::Internal,
            "worker_died",
            format!("the task {}{file} was given up: {}", message.headers.task, letter.reason),
            "The worker's log tells how it ended (memory, a crash in a parser); leave the file out with .gitignore, then resume.",
        );
        change(analyses.store(), &**broker, &id, Change::fail(run, error.to_failure())).await?;
    }
    Ok(())
}
