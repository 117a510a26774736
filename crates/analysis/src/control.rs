//! Cancel, resume, remove, and setting right what a crash left.

use std::collections::HashSet;

use celeriac::protocol::QueueName;
use store::{Analysis, AnalysisId, Change, Status};

use crate::analyses::QUEUE;
use crate::progress::change;
use crate::tasks::{batch_task_id, document_task_id};
use crate::{Analyses, AnalysisError, ErrorKind};

/// Messages that are looked through for those that wait.
const PEEKED: usize = 100_000;
/// Uploads that no analysis reads are kept so long.
const UPLOADS_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24);
/// Answers of the LLM that nobody used are kept so long.
const ANSWERS_KEPT: jiff::SignedDuration = jiff::SignedDuration::from_hours(24 * 180);

impl Analyses {
    /// Stops an analysis: its tasks are revoked, what they do is given up. What was read is kept for
    /// [`resume`](Self::resume). One that has ended stays as it is.
    pub async fn cancel(&self, id: &AnalysisId) -> Result<Analysis, AnalysisError> {
        let broker = self.app().broker();
        let Some(cancelled) = change(self.store(), &**broker, id, Change::cancel()).await? else {
            let (analysis, _) = self.existing(id).await?;
            return match analysis.status {
                Status::Cancelled => Ok(analysis),
                status => Err(AnalysisError::new(
                    ErrorKind::Conflict,
                    "not_running",
                    format!("the analysis {id} is {status} and cannot be cancelled"),
                    "Only an analysis that waits or runs can be cancelled.",
                )),
            };
        };
        self.revoke(&cancelled.analysis.task_id).await;
        Ok(cancelled.analysis)
    }

    async fn revoke(&self, task_id: &str) {
        let tasks = [task_id.to_owned(), batch_task_id(task_id), document_task_id(task_id)];
        if let Err(error) = self.app().revoke(tasks, true).await {
            // The row says that it is cancelled; its tasks look there first.
            tracing::warn!("the tasks of {task_id} are not revoked: {error}");
        }
    }

    /// Goes on with an analysis that failed, was cancelled or is stuck, from what is saved.
    pub async fn resume(&self, id: &AnalysisId) -> Result<Analysis, AnalysisError> {
        let (analysis, run) = self.existing(id).await?;
        let from: &[Status] = match analysis.status {
            Status::Completed => {
                return Err(AnalysisError::new(
                    ErrorKind::Conflict,
                    "completed",
                    format!("the analysis {id} is completed"),
                    "Read the repository again to take up what has changed.",
                ));
            }
            Status::Failed | Status::Cancelled => &[Status::Failed, Status::Cancelled],
            Status::Queued | Status::Running if self.has_tasks(&analysis).await? => return Ok(analysis),
            Status::Queued | Status::Running => &[Status::Queued, Status::Running],
        };
        let task_id = uuid::Uuid::new_v4().to_string();
        let wanted = Change::resume(task_id.clone(), from).of_run(run);
        match change(self.store(), &**self.app().broker(), id, wanted).await? {
            Some(resumed) => {
                self.publish(id, resumed.run, &task_id).await?;
                Ok(resumed.analysis)
            }
            // Somebody else resumed it in between.
            None => Ok(self.existing(id).await?.0),
        }
    }

    /// Removes an analysis with all that is its alone; the tasks of one that runs are revoked.
    pub async fn remove(&self, id: &AnalysisId) -> Result<(), AnalysisError> {
        let (analysis, _) = self.existing(id).await?;
        let result = self.store().result_of(id).await?;
        // The row first: who follows it must not hear of something cancelled that could be resumed.
        self.store().remove(id).await?;
        if !analysis.status.is_final() {
            self.revoke(&analysis.task_id).await;
        }
        if let Some(result) = result {
            self.shared().knowledge().forget(&result);
        }
        crate::progress::ring(&**self.app().broker(), id).await;
        Ok(())
    }

    /// Whether a task of the analysis waits or runs.
    async fn has_tasks(&self, analysis: &Analysis) -> Result<bool, AnalysisError> {
        Ok(self.waiting().await?.contains(&analysis.id))
    }

    /// The analyses of which a task waits or runs.
    async fn waiting(&self) -> Result<HashSet<AnalysisId>, AnalysisError> {
        let queue = QueueName::from(QUEUE);
        let waiting = self.app().broker().peek(&queue, PEEKED).await.map_err(celeriac::AppError::from)?;
        let of = |message: &celeriac::protocol::Message| {
            message.body.kwargs().get("analysis_id")?.as_str()?.parse::<AnalysisId>().ok()
        };
        Ok(waiting.iter().filter_map(|peeked| peeked.message.as_ref().ok().and_then(of)).collect())
    }

    /// Sets right what a crash left: an analysis without tasks gets one again, what nobody needs is removed.
    pub(crate) async fn recover(&self) {
        // Before that: a task that killed its workers is not given to the next one.
        if let Err(error) = crate::upkeep::fail_dead(self).await {
            tracing::warn!("cannot look for tasks that killed their workers: {error}");
        }
        if let Err(error) = self.requeue_lost().await {
            tracing::warn!("cannot look for analyses that lost their task: {error}");
        }
        let now = jiff::Timestamp::now();
        let swept = async {
            self.store().remove_stale_uploads(now - UPLOADS_KEPT).await?;
            self.store().prune_answers(now - ANSWERS_KEPT).await
        };
        if let Err(error) = swept.await {
            tracing::warn!("cannot remove what is not needed any more: {error}");
        }
    }

    async fn requeue_lost(&self) -> Result<(), AnalysisError> {
        let unfinished = self.store().unfinished().await?;
        if unfinished.is_empty() {
            return Ok(());
        }
        // After the rows: a row without a message at this moment was either just added, which a second task does not
        // harm, or has lost it.
        let waiting = self.waiting().await?;
        for (analysis, run) in unfinished {
            if waiting.contains(&analysis.id) {
                continue;
            }
            let is_new = analysis.created_at.duration_until(jiff::Timestamp::now())
                < jiff::SignedDuration::from_secs(5);
            if analysis.status == Status::Queued && is_new {
                continue;
            }
            tracing::warn!("the analysis {} lost its task and gets a new one", analysis.id);
            let task_id = uuid::Uuid::new_v4().to_string();
            let wanted = Change::resume(task_id.clone(), &[Status::Queued, Status::Running]).of_run(run);
            if let Some(resumed) = change(self.store(), &**self.app().broker(), &analysis.id, wanted).await? {
                self.publish(&analysis.id, resumed.run, &task_id).await?;
            }
        }
        Ok(())
    }
}
