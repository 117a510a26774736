//! What was read: knowledge base, readings, pages and the LLM's answers.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reader::{FileReading, Page};
use rusqlite::params;

use super::Store;
use crate::tables::{analyses, answers, pages, readings, results};
use crate::{
    AnalysisId, Answer, Change, Changed, KnowledgeEntry, LlmUsage, ObjectKey, ReadResult, ResultId, Run,
    SavedPage, SavedReading, StoreError,
};

/// Readings that belong together with what they cost, saved at once.
#[derive(Debug, Clone)]
pub struct SaveReadings {
    /// Who pays.
    pub analysis: AnalysisId,
    /// The run that made them.
    pub run: Run,
    /// Where they belong.
    pub result: ResultId,
    /// The readings.
    pub readings: Vec<SavedReading>,
    /// New answers of the LLM, with their keys.
    pub answers: Vec<(String, Answer)>,
    /// Keys of answers that the cache gave.
    pub used: Vec<String>,
    /// What this cost now.
    pub usage: LlmUsage,
}

impl Store {
    /// The result; it is added if it is not there.
    pub async fn result(&self, id: &ResultId) -> Result<ReadResult, StoreError> {
        let id = id.clone();
        self.tables
            .write(move |db| {
                results::insert(db, &id)?;
                results::get(db, &id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
            })
            .await
    }

    /// The result, if it is there.
    pub async fn existing_result(&self, id: &ResultId) -> Result<Option<ReadResult>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| results::get(db, &id)).await
    }

    /// Takes over the file as the knowledge base of this result.
    pub async fn save_knowledge(
        &self,
        id: &ResultId,
        file: &Path,
        files: u64,
        skipped: u64,
        symbols: u64,
    ) -> Result<(), StoreError> {
        let key: ObjectKey = format!("knowledge/{id}.sqlite").parse()?;
        self.objects.put(&key, file).await?;
        let (id, entry) = (id.clone(), KnowledgeEntry { key, files, skipped, symbols });
        self.tables
            .write(move |db| {
                results::insert(db, &id)?;
                results::set_knowledge(db, &id, &entry)
            })
            .await
    }

    /// The knowledge base as a file of this machine; `None` before it is built.
    pub async fn knowledge(&self, id: &ResultId) -> Result<Option<PathBuf>, StoreError> {
        match self.existing_result(id).await?.and_then(|result| result.knowledge) {
            Some(entry) => self.objects.local(&entry.key).await.map(Some),
            None => Ok(None),
        }
    }

    /// Saves readings, answers and usage in one commit, and counts the new readings for every analysis that
    /// runs on this result. The answers are kept even when the analysis was cancelled: they are paid for.
    pub async fn save_readings(&self, save: SaveReadings) -> Result<Option<Changed>, StoreError> {
        self.tables
            .write(move |db| {
                for (key, answer) in &save.answers {
                    answers::save(db, key, answer)?;
                }
                answers::touch(db, &save.used)?;
                let (mut new, mut failed) = (0_i64, 0_i64);
                if results::exists(db, &save.result)? {
                    for reading in &save.readings {
                        if readings::save(db, &save.result, reading)? {
                            new += 1;
                            failed += i64::from(reading.is_fallback);
                        }
                    }
                }
                db.prepare_cached(
                    "UPDATE analyses SET analyzed = analyzed + ?2, failed = failed + ?3, done = done + ?2
                     WHERE result = ?1 AND status = 'running' AND step = 'analyze'",
                )?
                .execute(params![save.result.as_str(), new, failed])?;
                analyses::change(db, &save.analysis, &Change::note(save.run).usage(save.usage).quiet())
            })
            .await
    }

    /// At most `limit` readings of files after `after`, by path.
    pub async fn readings(
        &self,
        id: &ResultId,
        after: Option<String>,
        limit: usize,
    ) -> Result<Vec<FileReading>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| readings::list(db, &id, after.as_deref(), limit)).await
    }

    /// The readings of these files, as far as there are any, in the order asked.
    pub async fn readings_of(
        &self,
        id: &ResultId,
        paths: Vec<String>,
    ) -> Result<Vec<FileReading>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| readings::get(db, &id, &paths)).await
    }

    /// The files that have a reading.
    pub async fn read_paths(&self, id: &ResultId) -> Result<BTreeSet<String>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| readings::paths(db, &id)).await
    }

    /// Forgets the readings that stand in for the LLM's, so that it is asked again; how many they were.
    pub async fn forget_fallbacks(&self, id: &ResultId) -> Result<usize, StoreError> {
        let id = id.clone();
        self.tables
            .write(move |db| {
                let forgotten = readings::delete_fallbacks(db, &id)?;
                if forgotten > 0 {
                    results::set_complete(db, &id, false)?;
                }
                Ok(forgotten)
            })
            .await
    }

    /// Replaces the pages of a result. It is complete then, unless a page stands in for the LLM's.
    pub async fn save_pages(&self, id: &ResultId, new: Vec<SavedPage>) -> Result<(), StoreError> {
        let id = id.clone();
        self.tables
            .write(move |db| {
                if results::exists(db, &id)? {
                    pages::replace(db, &id, &new)?;
                    results::set_complete(db, &id, !new.iter().any(|page| page.is_fallback))?;
                }
                Ok(())
            })
            .await
    }

    /// All pages, in their order.
    pub async fn pages(&self, id: &ResultId) -> Result<Vec<Page>, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| pages::list(db, &id)).await
    }

    /// One page.
    pub async fn page(&self, id: &ResultId, slug: &str) -> Result<Option<Page>, StoreError> {
        let (id, slug) = (id.clone(), slug.to_owned());
        self.tables.read(move |db| pages::get(db, &id, &slug)).await
    }

    /// What readings and pages cost when they were made, in this analysis or an earlier one.
    pub async fn cost(&self, id: &ResultId) -> Result<LlmUsage, StoreError> {
        let id = id.clone();
        self.tables
            .read(move |db| {
                let mut sum = readings::usage(db, &id)?;
                sum += pages::usage(db, &id)?;
                Ok(sum)
            })
            .await
    }

    /// The same of the readings alone.
    pub async fn cost_of_readings(&self, id: &ResultId) -> Result<LlmUsage, StoreError> {
        let id = id.clone();
        self.tables.read(move |db| readings::usage(db, &id)).await
    }

    /// What the LLM wrote for this key.
    pub async fn answer(&self, key: &str) -> Result<Option<Answer>, StoreError> {
        let key = key.to_owned();
        self.tables.read(move |db| answers::get(db, &key)).await
    }

    /// Forgets answers that nobody used since then; how many they were.
    pub async fn prune_answers(&self, before: jiff::Timestamp) -> Result<usize, StoreError> {
        self.tables.write(move |db| answers::prune(db, before)).await
    }
}
