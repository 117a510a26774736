//! Step `document`: the pages.

use std::collections::BTreeSet;
use std::sync::Arc;

use celeriac::Context;
use futures_util::{StreamExt, TryStreamExt, stream};
use reader::document::{
    DocumentOptions, KeptPage, PageLanguage, WriteError, WriteOptions, page_cache_key, static_pages,
    wants_writing, write_page,
};
use reader::{FileReading, KnowledgeBase, Origin, Page};
use store::{
    Analysis, Answer, Change, DocumentLanguage, LlmUsage, Progress, ResultId, Run, SaveReadings, SavedPage,
    Step, Store,
};

use crate::progress::change_in_task;
use crate::provider::{spared, usage_of};
use crate::tasks::Broken;
use crate::{AnalysisError, Shared, blocking};

/// Readings that are loaded at once.
const READINGS_AT_ONCE: usize = 500;

/// The pages of an analysis, checked.
pub(crate) async fn write(
    cx: &Context<Shared>,
    run: Run,
    analysis: &Analysis,
    result: &ResultId,
) -> Result<Vec<SavedPage>, Broken> {
    let shared = cx.state();
    let base = shared.knowledge().of(shared, result).await?;
    let summaries = match &analysis.model {
        Some(_) => summaries(shared.store(), result).await?,
        None => Vec::new(),
    };
    let options = options(analysis.language);
    let language = options.language;
    let kb = base.clone();
    let made = blocking(move || static_pages(&kb, &summaries, &options)).await;
    let pages = made.map_err(AnalysisError::internal)?;
    let Some(model) = &analysis.model else {
        return Ok(pages.into_iter().map(by_facts).collect());
    };
    let written = Written {
        cx,
        client: shared.llm(model)?,
        analysis,
        run,
        result,
        base,
        slugs: pages.iter().map(|page| page.slug.clone()).collect(),
        options: WriteOptions { language, ..WriteOptions::default() },
    };
    Ok(written.all(pages).await?)
}

fn by_facts(page: Page) -> SavedPage {
    SavedPage { page, is_fallback: false, usage: None }
}

/// Pages in the words of a model.
struct Written<'a> {
    cx: &'a Context<Shared>,
    client: llm::Client,
    analysis: &'a Analysis,
    run: Run,
    result: &'a ResultId,
    base: Arc<KnowledgeBase>,
    slugs: Vec<String>,
    options: WriteOptions,
}

impl Written<'_> {
    async fn all(&self, pages: Vec<Page>) -> Result<Vec<SavedPage>, AnalysisError> {
        let mut left = self.options.max_pages;
        let chosen: Vec<(Page, bool)> = pages
            .into_iter()
            .map(|page| {
                let is_chosen = left > 0 && wants_writing(&page);
                left -= usize::from(is_chosen);
                (page, is_chosen)
            })
            .collect();
        let total = chosen.iter().filter(|(_, is_chosen)| *is_chosen).count() as u64;
        let mut saved = Vec::with_capacity(chosen.len());
        let mut done = 0;
        let mut written =
            stream::iter(chosen)
                .map(async |(page, is_chosen)| {
                    if is_chosen {
                        self.one(page).await.map(|page| (page, 1))
                    } else {
                        Ok((by_facts(page), 0))
                    }
                })
                .buffered(self.options.concurrency.max(1));
        while let Some((page, more)) = written.try_next().await? {
            saved.push(page);
            done += more;
            if more > 0 && self.cx.state().announcer().may_tell(&self.analysis.id) {
                let progress = Progress { done, total: Some(total) };
                let change = Change::at(self.run, Step::Document, Some(progress));
                change_in_task(self.cx, &self.analysis.id, change).await?;
            }
        }
        Ok(saved)
    }

    /// One page: from the cache, or written, and then kept at once.
    async fn one(&self, page: Page) -> Result<SavedPage, AnalysisError> {
        let store = self.cx.state().store();
        let readings = Arc::new(self.readings(&page).await?);
        let key = self.key(&page, readings.clone()).await?;
        let _alone = self.cx.state().flights().enter(&key).await;
        if let Some(answer) = store.answer(&key).await?
            && let Some(kept) = self.kept(answer.body, &page).await?
        {
            self.keep(Vec::new(), vec![key], spared(&answer.usage)).await?;
            return Ok(SavedPage { page: kept, is_fallback: false, usage: Some(answer.usage) });
        }
        match write_page(&self.client, &self.base, &readings, &page, &self.slugs, &self.options).await {
            Ok(written) => {
                let usage = usage_of(&self.client, written.calls.into(), written.usage);
                let is_fallback = written.page.origin == Origin::Static;
                let mut answers = Vec::new();
                if !is_fallback {
                    let (base, page) = (self.base.clone(), written.page.clone());
                    let body =
                        blocking(move || KeptPage::of(&base, page)).await.map_err(AnalysisError::internal)?;
                    let body = serde_json::to_value(body).map_err(AnalysisError::internal)?;
                    answers.push((key, Answer { body, usage }));
                }
                self.keep(answers, Vec::new(), usage).await?;
                Ok(SavedPage { page: written.page, is_fallback, usage: Some(usage) })
            }
            Err(WriteError::Llm(error)) if error.concerns_all_calls() => Err(AnalysisError::from_llm(&error)),
            Err(WriteError::Llm(error)) => {
                tracing::warn!("the page {} stays static: {error}", page.slug);
                let usage = LlmUsage { calls: 1, ..LlmUsage::default() };
                self.keep(Vec::new(), Vec::new(), usage).await?;
                Ok(SavedPage { page, is_fallback: true, usage: None })
            }
            Err(error) => Err(AnalysisError::internal(error)),
        }
    }

    /// What the writer of a page is shown: the readings of the files that it cites, without their code, which lies in
    /// the knowledge base and is most of them. Those of all files would be the most that a large repository needs.
    async fn readings(&self, page: &Page) -> Result<Vec<FileReading>, AnalysisError> {
        let cited: BTreeSet<String> = page.citations.iter().map(|citation| citation.path.clone()).collect();
        let store = self.cx.state().store();
        let mut readings = store.readings_of(self.result, cited.into_iter().collect()).await?;
        let items = readings.iter_mut().flat_map(|reading| &mut reading.items);
        items.for_each(|item| item.code = String::new());
        Ok(readings)
    }

    async fn key(&self, page: &Page, readings: Arc<Vec<FileReading>>) -> Result<String, AnalysisError> {
        let (base, page, model) = (self.base.clone(), page.clone(), self.client.settings().model.clone());
        let language = self.options.language;
        let key = blocking(move || page_cache_key(&model, language, &base, &readings, &page)).await;
        key.map_err(AnalysisError::internal)
    }

    /// The page that the cache holds, if it is true to what was read now; one in an older form is none.
    async fn kept(&self, body: serde_json::Value, page: &Page) -> Result<Option<Page>, AnalysisError> {
        let Ok(kept) = serde_json::from_value::<KeptPage>(body) else { return Ok(None) };
        let (base, page, slugs) = (self.base.clone(), page.clone(), self.slugs.clone());
        blocking(move || kept.still_holds(&base, &page, &slugs)).await.map_err(AnalysisError::internal)
    }

    async fn keep(
        &self,
        answers: Vec<(String, Answer)>,
        used: Vec<String>,
        usage: LlmUsage,
    ) -> Result<(), AnalysisError> {
        let save = SaveReadings {
            analysis: self.analysis.id.clone(),
            run: self.run,
            result: self.result.clone(),
            readings: Vec::new(),
            answers,
            used,
            usage,
        };
        self.cx.state().store().save_readings(save).await?;
        Ok(())
    }
}

/// How pages are written.
pub(crate) fn options(language: DocumentLanguage) -> DocumentOptions {
    DocumentOptions {
        language: match language {
            DocumentLanguage::En => PageLanguage::En,
            DocumentLanguage::Zh => PageLanguage::Zh,
        },
    }
}

/// What static pages need of the readings: what an LLM said of files as a whole. The rest is in the knowledge base too.
async fn summaries(store: &Store, result: &ResultId) -> Result<Vec<FileReading>, AnalysisError> {
    each_reading(store, result, |reading| {
        (reading.origin == Origin::Llm).then(|| FileReading { items: Vec::new(), ..reading })
    })
    .await
}

/// What `take` keeps of all readings of a result, by path.
pub(crate) async fn each_reading<T>(
    store: &Store,
    result: &ResultId,
    mut take: impl FnMut(FileReading) -> Option<T>,
) -> Result<Vec<T>, AnalysisError> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let more = store.readings(result, after, READINGS_AT_ONCE).await?;
        let Some(last) = more.last() else { return Ok(all) };
        after = Some(last.path.clone());
        all.extend(more.into_iter().filter_map(&mut take));
    }
}
