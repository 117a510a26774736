//! Pages in the words of a model, held to what the source says.
//!
//! The model rewrites a static page; every place that it cites must exist, every diagram must parse. What is
//! wrong is sent back once; then the static page stands, with a note that says why. Pages are independent of
//! each other, and [`page_cache_key`] depends on all that the model is told, and on nothing else.

mod draft;
mod kept;
mod prompt;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt, stream};
use llm::{ChatModel, ChatRequest, FinishReason, LlmError, Message, Usage};
use thiserror::Error;

use super::{DocumentError, PageLanguage, check_pages};
use crate::domain::{FileReading, Origin, Page};
use crate::knowledge::{KnowledgeBase, KnowledgeError};
use draft::Draft;
pub use kept::{KeptPage, page_cache_key};

/// Tokens of a page at most.
const PAGE_TOKENS: u32 = 6_000;
/// A wrong page is shown to the model again up to this many characters.
const MAX_SHOWN_ANSWER: usize = 24_000;

/// How pages are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriteOptions {
    /// The language of the pages.
    pub language: PageLanguage,
    /// Pages that are written at most; the rest stay static.
    pub max_pages: usize,
    /// Pages that are written at the same time by [`written_pages`].
    pub concurrency: usize,
}

impl Default for WriteOptions {
    fn default() -> Self {
        Self { language: PageLanguage::default(), max_pages: 80, concurrency: 8 }
    }
}

/// A page and what it cost.
#[derive(Debug, Clone, PartialEq)]
pub struct WrittenPage {
    /// The page; the static one, with a note, where the model's could not be kept.
    pub page: Page,
    /// Tokens of all calls.
    pub usage: Usage,
    /// Calls that were answered.
    pub calls: u32,
}

/// Why pages could not be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The knowledge base did not answer.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The model cannot be used for any page, or not now: trying later may help.
    #[error(transparent)]
    Llm(#[from] LlmError),
    /// The thread that prepares prompts has died.
    #[error("the preparation of a page ended unexpectedly: {0}")]
    Interrupted(String),
}

impl From<KnowledgeError> for WriteError {
    fn from(error: KnowledgeError) -> Self {
        Self::Document(error.into())
    }
}

/// Whether a model is asked to rewrite this page: those that explain are, those that list are not.
pub fn wants_writing(page: &Page) -> bool {
    let is_explanation =
        matches!(page.slug.as_str(), "overview" | "architecture") || page.slug.starts_with("modules/");
    is_explanation && !page.citations.is_empty()
}

/// All pages, in their order: those that a model explains better are written by it.
pub async fn written_pages(
    model: &dyn ChatModel,
    kb: &Arc<KnowledgeBase>,
    readings: &[FileReading],
    static_pages: &[Page],
    options: &WriteOptions,
) -> Result<Vec<WrittenPage>, WriteError> {
    let mut left = options.max_pages;
    let chosen: Vec<(&Page, bool)> = static_pages
        .iter()
        .map(|page| {
            let is_chosen = left > 0 && wants_writing(page);
            left -= usize::from(is_chosen);
            (page, is_chosen)
        })
        .collect();
    let slugs: Vec<String> = static_pages.iter().map(|page| page.slug.clone()).collect();
    let slugs = &slugs;
    stream::iter(chosen)
        .map(async |(page, is_chosen)| {
            if is_chosen {
                write_page(model, kb, readings, page, slugs, options).await
            } else {
                Ok(WrittenPage { page: page.clone(), usage: Usage::default(), calls: 0 })
            }
        })
        .buffered(options.concurrency.max(1))
        .try_collect()
        .await
}

/// Rewrites one page; `slugs` are those of all pages, to which it may link.
pub async fn write_page(
    model: &dyn ChatModel,
    kb: &Arc<KnowledgeBase>,
    readings: &[FileReading],
    page: &Page,
    slugs: &[String],
    options: &WriteOptions,
) -> Result<WrittenPage, WriteError> {
    let job = {
        let (kb, page, readings) = (kb.clone(), page.clone(), cited(readings, page));
        off_the_runtime(move || Job::prepare(&kb, page, &readings)).await?
    };
    let mut spent = WrittenPage { page: page.clone(), usage: Usage::default(), calls: 0 };
    match job.ask(model, options.language, &mut spent).await {
        Ok(markdown) => {
            let note = written_note(options.language, model.model());
            let page = Page { origin: Origin::Llm, markdown: with_note(&markdown, &note), ..page.clone() };
            let (kb, slugs) = (kb.clone(), slugs.to_vec());
            spent.page = off_the_runtime(move || Ok(finished(&kb, page, &slugs)?)).await?;
        }
        Err(Failed::ThisPage(reason)) => {
            spent.page.markdown = with_note(&page.markdown, &static_note(options.language, &reason));
        }
        Err(Failed::All(error)) => return Err(error.into()),
    }
    Ok(spent)
}

/// The readings of the files that a page cites: the others are not shown to the model.
fn cited(readings: &[FileReading], page: &Page) -> Vec<FileReading> {
    let cited: BTreeSet<&str> = page.citations.iter().map(|citation| citation.path.as_str()).collect();
    readings.iter().filter(|reading| cited.contains(reading.path.as_str())).cloned().collect()
}

async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, WriteError> + Send + 'static,
) -> Result<T, WriteError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| WriteError::Interrupted(error.to_string()))?
}

/// A page could not be written, for this reason; or none can.
enum Failed {
    ThisPage(String),
    All(LlmError),
}

/// One page's question, and what its answer is checked against.
struct Job {
    page: Page,
    question: String,
    /// Lines of each file that may be cited, by the path as the prompt shows it.
    files: BTreeMap<String, (String, u32)>,
}

impl Job {
    fn prepare(kb: &KnowledgeBase, page: Page, readings: &[FileReading]) -> Result<Self, WriteError> {
        let question = prompt::question(kb, &page, readings)?;
        let files = kb
            .files()?
            .into_iter()
            .filter(|file| file.skipped.is_none())
            .map(|file| (prompt::shown_path(&file.path), (file.path, file.lines)))
            .collect();
        Ok(Self { page, question, files })
    }

    /// Asks, and once more with what was wrong.
    async fn ask(
        &self,
        model: &dyn ChatModel,
        language: PageLanguage,
        spent: &mut WrittenPage,
    ) -> Result<String, Failed> {
        let mut messages = vec![Message::system(prompt::system(language)), Message::user(&self.question)];
        let mut is_repair = false;
        loop {
            let request = ChatRequest {
                max_tokens: Some(PAGE_TOKENS),
                temperature: Some(0.2),
                ..ChatRequest::new("page", messages.clone())
            };
            let response = model.chat(request).await.map_err(|error| {
                if error.concerns_this_call() {
                    Failed::ThisPage(error.to_string())
                } else {
                    Failed::All(error)
                }
            })?;
            spent.usage += response.usage;
            spent.calls += 1;
            let draft = Draft::read(&response.text, &self.page.title, &self.files);
            let mut problems = draft.problems;
            if response.finish_reason == FinishReason::Length {
                problems
                    .insert(0, "The page was cut off because it was too long: write a shorter one.".into());
            }
            // A second diagram that does not parse costs the page its diagram, not its text.
            if problems.is_empty() && (is_repair || draft.diagram_problems.is_empty()) {
                return Ok(draft.markdown);
            }
            if is_repair {
                return Err(Failed::ThisPage(problems.into_iter().next().unwrap_or_default()));
            }
            is_repair = true;
            problems.extend(draft.diagram_problems);
            let shown: String = response.text.chars().take(MAX_SHOWN_ANSWER).collect();
            messages.push(Message::assistant(shown));
            messages.push(Message::user(prompt::repair(&problems)));
        }
    }
}

/// The page with its lists made from its text, and without what does not hold.
fn finished(kb: &KnowledgeBase, page: Page, slugs: &[String]) -> Result<Page, DocumentError> {
    let empty = |slug: &String| Page {
        slug: slug.clone(),
        title: String::new(),
        markdown: String::new(),
        citations: Vec::new(),
        diagrams: Vec::new(),
        links: Vec::new(),
        ..page.clone()
    };
    let mut pages: Vec<Page> = slugs.iter().filter(|slug| **slug != page.slug).map(empty).collect();
    pages.insert(0, page.clone());
    check_pages(kb, &mut pages)?;
    Ok(pages.into_iter().next().unwrap_or(page))
}

/// The Markdown with a quoted note below its title.
fn with_note(markdown: &str, note: &str) -> String {
    match markdown.split_once('\n') {
        Some((title, rest)) if title.starts_with("# ") => {
            format!("{title}\n\n> {note}\n\n{}", rest.trim_start())
        }
        _ => format!("> {note}\n\n{markdown}"),
    }
}

fn written_note(language: PageLanguage, model: &str) -> String {
    let model = super::markdown::code(model);
    match language {
        PageLanguage::En => {
            format!("Written by {model} from the source; every cited place was checked to exist.")
        }
        PageLanguage::Zh => format!("由 {model} 根据源代码撰写；引用的每一处都已核对存在。"),
    }
}

fn static_note(language: PageLanguage, reason: &str) -> String {
    let reason = super::markdown::escape(reason);
    match language {
        PageLanguage::En => {
            format!("Static analysis stands here, since the LLM's page could not be kept: {reason}")
        }
        PageLanguage::Zh => format!("此页为静态分析，因为大模型撰写的页面无法采用：{reason}"),
    }
}

#[cfg(test)]
mod tests;
