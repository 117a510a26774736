//! The handle that server and command line hold.

use celeriac::App;
use store::{Analysis, AnalysisId, Found, LlmUsage, NewAnalysis, Source, Status};

use crate::intake::{Checked, checked};
use crate::progress::change;
use crate::settings::Settings;
use crate::tasks::{self, RunAnalysis};
use crate::{AnalysisError, ErrorKind, Shared, Submission, blocking};

/// The queue of all tasks.
pub(crate) const QUEUE: &str = "analysis";

/// Everything that can be done with analyses. Cheap to clone.
#[derive(Clone)]
pub struct Analyses {
    app: App<Shared>,
}

impl Analyses {
    /// Opens database, object store and queue, and removes what dead processes left behind.
    pub async fn open(settings: Settings) -> Result<Self, AnalysisError> {
        let default = format!("sqlite://{}", settings.data_dir.join("queue.db").display());
        let broker_url = settings.broker_url.clone().unwrap_or(default);
        let backend_url = settings.result_backend_url.clone();
        let shared = Shared::open(settings).await?;
        let mut builder = App::builder(&broker_url).default_queue(QUEUE);
        if let Some(url) = &backend_url {
            builder = builder.result_backend(url);
        }
        let app = builder.state(shared).open().await?;
        Ok(Self { app: tasks::registered(app) })
    }

    /// Opens what was read to be looked at, in a data folder that may not be written, such as another user's: everything
    /// that changes something fails. There is no queue then but an empty one of our own, in the system's temporary folder.
    pub async fn look(settings: Settings) -> Result<Self, AnalysisError> {
        let shared = Shared::look(settings).await?;
        let url = format!("sqlite://{}", shared.space().path().join("queue.db").display());
        let app = App::builder(&url).default_queue(QUEUE).state(shared).open().await?;
        Ok(Self { app: tasks::registered(app) })
    }

    /// The settings that it was opened with.
    pub fn settings(&self) -> &Settings {
        self.shared().settings()
    }

    /// The Celery app: tasks, inspection, events.
    pub fn app(&self) -> &App<Shared> {
        &self.app
    }

    pub(crate) fn shared(&self) -> &Shared {
        self.app.state()
    }

    pub(crate) fn store(&self) -> &store::Store {
        self.shared().store()
    }

    /// Queues an analysis. Plain mistakes (no such folder, a hostile URL) are told now, the rest by the analysis.
    pub async fn submit(&self, submission: Submission) -> Result<Analysis, AnalysisError> {
        let model = self.model(&submission)?;
        let language = submission.options.language.unwrap_or(self.settings().language);
        let checked = self.checked(&submission).await?;
        let task_id = uuid::Uuid::new_v4().to_string();
        let new = NewAnalysis {
            id: AnalysisId::generate(),
            name: checked.name,
            task_id: task_id.clone(),
            source: checked.source,
            commit: checked.commit,
            language,
            model,
        };
        let added = self.store().add(new).await?.analysis;
        self.publish(&added.id, 1, &task_id).await?;
        Ok(added)
    }

    /// Whether [`submit`](Self::submit) would take it; nothing is queued.
    pub async fn check(&self, submission: &Submission) -> Result<(), AnalysisError> {
        self.model(submission)?;
        self.checked(submission).await.map(drop)
    }

    async fn checked(&self, submission: &Submission) -> Result<Checked, AnalysisError> {
        let (settings, wanted) = (self.settings().clone(), submission.clone());
        let mut checked = blocking(move || checked(&wanted, &settings)).await?;
        if let Source::Upload { upload } = &checked.source {
            let found = self.store().upload(upload).await?.ok_or_else(|| {
                AnalysisError::new(
                    ErrorKind::NotFound,
                    "upload_not_found",
                    format!("there is no upload {upload}"),
                    "Upload the archive first: POST /api/v1/uploads.",
                )
            })?;
            if submission.name.is_none() {
                checked.name = crate::intake::name_of_archive(&found.name);
            }
        }
        Ok(checked)
    }

    fn model(&self, submission: &Submission) -> Result<Option<String>, AnalysisError> {
        let options = &submission.options;
        match (&self.settings().llm, &options.model) {
            (_, Some(_)) if options.static_only => Err(AnalysisError::invalid(
                "options_conflict",
                "both a model and static analysis are asked for",
                "Leave one of them out.",
            )),
            (None, Some(model)) => Err(AnalysisError::invalid(
                "llm_not_configured",
                format!("the model {model} is asked for, and no LLM provider is configured"),
                "Set OPENAI_BASE_URL and OPENAI_API_KEY, or leave the model out for static analysis.",
            )),
            (None, None) => Ok(None),
            (Some(_), _) if options.static_only => Ok(None),
            (Some(_), Some(model))
                if model.is_empty() || model.len() > 200 || model.chars().any(char::is_control) =>
            {
                Err(AnalysisError::invalid(
                    "model_invalid",
                    "the model's name is empty, too long or holds control characters",
                    "Give the name that the provider lists.",
                ))
            }
            (Some(_), Some(model)) => Ok(Some(model.clone())),
            (Some(llm), None) => Ok(Some(llm.model.clone())),
        }
    }

    /// Sends the task of a queued analysis; when that fails, the analysis says so.
    pub(crate) async fn publish(
        &self,
        id: &AnalysisId,
        run: store::Run,
        task_id: &str,
    ) -> Result<(), AnalysisError> {
        let task = RunAnalysis { analysis_id: id.clone(), run };
        let Err(error) = self.app.send(task).task_id(task_id).await else { return Ok(()) };
        let error = AnalysisError::from(error);
        let failed = store::Change::fail(run, error.to_failure());
        change(self.store(), &**self.app.broker(), id, failed).await?;
        Err(error)
    }

    /// By id, by name (the newest of that name), or by the beginning of an id.
    pub async fn get(&self, name: &str) -> Result<Analysis, AnalysisError> {
        one(name, self.store().find(name).await?)
    }

    /// The same for those who read: of a name the newest that is completed, or the newest while none is. A newer one that
    /// failed or runs must not hide what was read before.
    pub async fn readable(&self, name: &str) -> Result<Analysis, AnalysisError> {
        one(name, self.store().find_readable(name).await?)
    }

    /// The analysis of this id.
    pub(crate) async fn existing(&self, id: &AnalysisId) -> Result<(Analysis, store::Run), AnalysisError> {
        match self.store().analysis(id).await? {
            Some(found) => Ok(found),
            None => Err(self
                .get(id.as_str())
                .await
                .err()
                .unwrap_or_else(|| AnalysisError::internal("no such analysis"))),
        }
    }

    /// At most `limit` analyses, newest first, from the cursor on; and the cursor of the next part.
    pub async fn list(
        &self,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Analysis>, Option<String>), AnalysisError> {
        // The beginning of an id is one too, but was never given out.
        let whole = |cursor: &str| cursor.parse().ok().filter(|id: &AnalysisId| id.as_str().len() == 16);
        let before = cursor.map(|cursor| whole(cursor).ok_or_else(bad_cursor)).transpose()?;
        let limit = limit.clamp(1, 10_000);
        let mut found = self.store().list(before, limit + 1).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| more).map(|last| last.id.to_string());
        Ok((found, next))
    }

    /// How many analyses there are of each status.
    pub async fn status_counts(&self) -> Result<Vec<(Status, u64)>, AnalysisError> {
        Ok(self.store().totals().await?)
    }

    /// What all analyses that are still there asked of the LLM.
    pub async fn llm_usage(&self) -> Result<LlmUsage, AnalysisError> {
        Ok(self.store().total_usage().await?)
    }
}

/// The one of that name, or why there is none.
pub(crate) fn one<T>(name: &str, found: Found<T>) -> Result<T, AnalysisError> {
    let shown: String = name.chars().filter(|letter| !letter.is_control()).take(100).collect();
    match found {
        Found::One(found) => Ok(*found),
        Found::None => Err(AnalysisError::new(
            ErrorKind::NotFound,
            "not_found",
            format!("there is no analysis `{shown}`"),
            "`code-reader list` shows those that there are.",
        )),
        Found::Ambiguous(ids) => Err(AnalysisError::new(
            ErrorKind::Invalid,
            "ambiguous",
            format!(
                "several analyses begin with `{shown}`: {}",
                ids.iter().map(AnalysisId::as_str).collect::<Vec<_>>().join(", ")
            ),
            "Give more of the id.",
        )),
    }
}

pub(crate) fn bad_cursor() -> AnalysisError {
    AnalysisError::invalid(
        "cursor",
        "the cursor is none that was given out",
        "Take `next` of the part before as it is.",
    )
}
