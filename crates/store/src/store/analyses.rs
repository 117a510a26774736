//! Analyses and their history.

use std::collections::BTreeMap;

use reader::{FileReading, Page, PageHead};

use rusqlite::Connection;

use super::Store;
use crate::tables::{analyses, events, pages, readings, results};
use crate::{
    Analysis, AnalysisEvent, AnalysisId, Change, Changed, EventId, Found, LlmUsage, NewAnalysis, ResultId,
    Run, Status, StoreError,
};

impl Store {
    /// Adds a queued analysis.
    pub async fn add(&self, new: NewAnalysis) -> Result<Changed, StoreError> {
        self.tables.write(move |db| analyses::insert(db, &new)).await
    }

    /// Applies a change, if the analysis is in a state that permits it; `None` if not, or if there is none.
    pub async fn change(&self, id: &AnalysisId, change: Change) -> Result<Option<Changed>, StoreError> {
        let id = id.clone();
        if change.is_quiet {
            return self.tables.write_lazily(move |db| analyses::change(db, &id, &change)).await;
        }
        self.tables.write(move |db| analyses::change(db, &id, &change)).await
    }

    /// Writes an event of the analysis as it stands, after quiet changes.
    pub async fn announce(&self, id: &AnalysisId) -> Result<Option<Changed>, StoreError> {
        let id = id.clone();
        self.tables.write_lazily(move |db| analyses::announce(db, &id)).await
    }

    /// The analysis and its run.
    pub async fn analysis(&self, id: &AnalysisId) -> Result<Option<(Analysis, Run)>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| analyses::get(db, &id)).await
    }

    /// By id, by name (the newest of that name), or by the beginning of an id.
    pub async fn find(&self, text: &str) -> Result<Found, StoreError> {
        let text = text.to_owned();
        self.tables.read(move |db| analyses::find(db, &text)).await
    }

    /// By id, by name (the newest of that name that is completed; the newest while none is), or by the beginning of an
    /// id: for those who read, from whom a newer one that failed or runs must not hide what there is.
    pub async fn find_readable(&self, text: &str) -> Result<Found, StoreError> {
        let text = text.to_owned();
        self.tables.read(move |db| analyses::find_readable(db, &text)).await
    }

    /// The result that the analysis works on, once it has one: [`find_readable`](Self::find_readable) and
    /// [`result_of`](Self::result_of) in one look-up, for every one of them waits for two threads.
    pub async fn find_result(&self, text: &str) -> Result<Found<Option<ResultId>>, StoreError> {
        let text = text.to_owned();
        self.tables
            .read(move |db| analyses::find_readable(db, &text)?.and_then(|found| results::of(db, &found.id)))
            .await
    }

    /// The heads of all pages of the analysis, in their order.
    pub async fn find_page_heads(&self, text: &str) -> Result<Found<Vec<PageHead>>, StoreError> {
        self.find_in_result(text, pages::heads).await
    }

    /// A page of the analysis.
    pub async fn find_page(&self, text: &str, slug: &str) -> Result<Found<Option<Page>>, StoreError> {
        let slug = slug.to_owned();
        self.find_in_result(text, move |db, result| pages::get(db, result, &slug)).await
    }

    /// What is said of one file.
    pub async fn find_reading(
        &self,
        text: &str,
        path: &str,
    ) -> Result<Found<Option<FileReading>>, StoreError> {
        let path = path.to_owned();
        self.find_in_result(text, move |db, result| Ok(readings::get(db, result, &[path])?.pop())).await
    }

    /// The summaries of these files and of those between them, by path, as far as there are any.
    pub async fn find_summaries(
        &self,
        text: &str,
        first: &str,
        last: &str,
    ) -> Result<Found<BTreeMap<String, String>>, StoreError> {
        let (first, last) = (first.to_owned(), last.to_owned());
        self.find_in_result(text, move |db, result| readings::summaries(db, result, &first, &last)).await
    }

    /// Looks something up in the result of the analysis, and both together; the default when it has none yet.
    async fn find_in_result<T: Default + Send + 'static>(
        &self,
        text: &str,
        look_up: impl FnOnce(&Connection, &ResultId) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<Found<T>, StoreError> {
        let text = text.to_owned();
        self.tables
            .read(move |db| {
                analyses::find_readable(db, &text)?.and_then(|found| match results::of(db, &found.id)? {
                    Some(result) => look_up(db, &result),
                    None => Ok(T::default()),
                })
            })
            .await
    }

    /// At most `limit`, newest first, older than `before`.
    pub async fn list(&self, before: Option<AnalysisId>, limit: usize) -> Result<Vec<Analysis>, StoreError> {
        self.tables.read(move |db| analyses::list(db, before.as_ref(), limit)).await
    }

    /// Those that are queued or running, oldest first.
    pub async fn unfinished(&self) -> Result<Vec<(Analysis, Run)>, StoreError> {
        self.tables.read(analyses::unfinished).await
    }

    /// How many there are of each status.
    pub async fn totals(&self) -> Result<Vec<(Status, u64)>, StoreError> {
        self.tables.read(analyses::totals).await
    }

    /// What all analyses together asked of the LLM.
    pub async fn total_usage(&self) -> Result<LlmUsage, StoreError> {
        self.tables.read(analyses::usage).await
    }

    /// The analysis as it stands and the last event that tells of it, read at once.
    pub async fn latest(&self, id: &AnalysisId) -> Result<Option<AnalysisEvent>, StoreError> {
        let id = id.clone();
        self.tables
            .read(move |db| {
                // Of one moment: an end that is seen in the row must not be missing among the events.
                let db = db.unchecked_transaction()?;
                let event = events::last(&db, &id)?;
                Ok(analyses::get(&db, &id)?.map(|(analysis, _)| AnalysisEvent { id: event, analysis }))
            })
            .await
    }

    /// At most `limit` events later than `after`, in order.
    pub async fn events(
        &self,
        id: &AnalysisId,
        after: EventId,
        limit: usize,
    ) -> Result<Vec<AnalysisEvent>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| events::after(db, &id, after, limit)).await
    }

    /// The result that the analysis works on, once it has one.
    pub async fn result_of(&self, id: &AnalysisId) -> Result<Option<ResultId>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| results::of(db, &id)).await
    }

    /// Whether the files of an analysis were shared out to tasks in this run.
    pub async fn is_shared_out(&self, id: &AnalysisId, run: Run) -> Result<bool, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| analyses::is_shared_out(db, &id, run)).await
    }

    /// Notes that the files were shared out to tasks in this run.
    pub async fn set_shared_out(&self, id: &AnalysisId, run: Run) -> Result<(), StoreError> {
        let id = id.clone();
        self.tables.write(move |db| analyses::set_shared_out(db, &id, run)).await
    }

    /// Removes an analysis with its history, and what it alone used: result, knowledge base, upload. False
    /// when there was none.
    pub async fn remove(&self, id: &AnalysisId) -> Result<bool, StoreError> {
        let id = id.clone();
        let (was_there, objects) = self
            .tables
            .write(move |db| {
                let Some((analysis, _)) = analyses::get(db, &id)? else { return Ok((false, Vec::new())) };
                let result = results::of(db, &id)?;
                analyses::delete(db, &id)?;
                let mut objects = Vec::new();
                if let Some(result) = result {
                    objects.extend(results::delete_unused(db, &result)?);
                }
                if let crate::Source::Upload { upload } = &analysis.source {
                    objects.extend(
                        crate::tables::uploads::delete_unused(db, upload)?.map(|upload| upload.object),
                    );
                }
                Ok((true, objects))
            })
            .await?;
        for object in objects {
            self.objects.delete(&object).await?;
        }
        Ok(was_there)
    }
}
