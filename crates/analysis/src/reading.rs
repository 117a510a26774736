//! Looking at what was read.

use std::sync::Arc;

use reader::{File, FileReading, Item, ItemKind, KnowledgeBase, Page, PageHead};
use store::{Analysis, AnalysisId, ResultId, Status};

use crate::analyses::one;
use crate::knowledge::NOT_INDEXED;
use crate::{Analyses, AnalysisError, Cursor};

/// Readings that are loaded at first and at most: a few files may have all the items that are wanted, or hundreds none.
const READINGS_AT_ONCE: (usize, usize) = (16, 200);

impl Analyses {
    /// The knowledge base; an error of the kind `Conflict` before it is built. Its methods block: call them on a
    /// thread where that is allowed.
    pub async fn knowledge(&self, id: &AnalysisId) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        let result = self.result(id).await?;
        match self.knowledge_of(result).await {
            Err(error) if error.code == NOT_INDEXED => Err(not_indexed(error, &self.existing(id).await?.0)),
            found => found,
        }
    }

    /// The same by what [`readable`](Self::readable) takes, and quicker than both.
    pub async fn knowledge_by_name(&self, name: &str) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        let result = one(name, self.store().find_result(name).await?)?;
        match self.knowledge_of(result).await {
            Err(error) if error.code == NOT_INDEXED => Err(not_indexed(error, &self.readable(name).await?)),
            found => found,
        }
    }

    async fn knowledge_of(&self, result: Option<ResultId>) -> Result<Arc<KnowledgeBase>, AnalysisError> {
        // No result has the other id, so that tells that nothing is indexed.
        let result = result.unwrap_or_else(|| ResultId::of(&["none"]));
        self.shared().knowledge().of(self.shared(), &result).await
    }

    /// All pages, in their order; empty before they are written.
    pub async fn pages(&self, id: &AnalysisId) -> Result<Vec<Page>, AnalysisError> {
        match self.result(id).await? {
            Some(result) => Ok(self.store().pages(&result).await?),
            None => Ok(Vec::new()),
        }
    }

    /// All pages without their texts, by what [`readable`](Self::readable) takes.
    pub async fn page_heads(&self, name: &str) -> Result<Vec<PageHead>, AnalysisError> {
        one(name, self.store().find_page_heads(name).await?)
    }

    /// One page.
    pub async fn page(&self, id: &AnalysisId, slug: &str) -> Result<Option<Page>, AnalysisError> {
        match self.result(id).await? {
            Some(result) => Ok(self.store().page(&result, slug).await?),
            None => Ok(None),
        }
    }

    /// The same by what [`readable`](Self::readable) takes.
    pub async fn page_by_name(&self, name: &str, slug: &str) -> Result<Option<Page>, AnalysisError> {
        one(name, self.store().find_page(name, slug).await?)
    }

    /// What is said of one file, by what [`readable`](Self::readable) takes.
    pub async fn reading(&self, name: &str, path: &str) -> Result<Option<FileReading>, AnalysisError> {
        one(name, self.store().find_reading(name, path).await?)
    }

    /// What is said of these files, as far as they are described, in the order asked.
    pub async fn readings(
        &self,
        id: &AnalysisId,
        paths: Vec<String>,
    ) -> Result<Vec<FileReading>, AnalysisError> {
        match self.result(id).await? {
            Some(result) => Ok(self.store().readings_of(&result, paths).await?),
            None => Ok(Vec::new()),
        }
    }

    /// Adds what is said of each of these files, which are in the order of their paths. The knowledge base has no
    /// summaries: it is written before anything is said. The analysis is given by what [`readable`](Self::readable) takes.
    pub async fn summarize(&self, name: &str, files: &mut [File]) -> Result<(), AnalysisError> {
        let (Some(first), Some(last)) = (files.first(), files.last()) else { return Ok(()) };
        let mut said = one(name, self.store().find_summaries(name, &first.path, &last.path).await?)?;
        for file in files {
            file.summary = said.remove(&file.path);
        }
        Ok(())
    }

    /// At most `limit` items, by path and line, of one file or all, of one kind or all; and the cursor of the next
    /// part.
    pub async fn items(
        &self,
        id: &AnalysisId,
        path: Option<&str>,
        kind: Option<ItemKind>,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Item>, Option<String>), AnalysisError> {
        let limit = limit.clamp(1, 10_000);
        let mut from: Option<Cursor> = cursor.map(str::parse).transpose()?;
        let Some(result) = self.result(id).await? else { return Ok((Vec::new(), None)) };
        let mut items: Vec<Item> = Vec::new();
        let mut after: Option<String> = None;
        let (mut at_once, most) = READINGS_AT_ONCE;
        // The file that the cursor stands in is read first, then those after it.
        let mut page = match (path, &from) {
            (Some(path), _) => self.store().readings_of(&result, vec![path.to_owned()]).await?,
            (None, Some(cursor)) => {
                after = Some(cursor.path.clone());
                self.store().readings_of(&result, vec![cursor.path.clone()]).await?
            }
            (None, None) => Vec::new(),
        };
        loop {
            for reading in page {
                let skip =
                    from.take().filter(|cursor| cursor.path == reading.path).map_or(0, |cursor| cursor.index);
                for (index, item) in reading.items.into_iter().enumerate().skip(skip) {
                    if kind.is_some_and(|kind| kind != item.kind) {
                        continue;
                    }
                    if items.len() == limit {
                        return Ok((items, Some(Cursor { index, path: reading.path }.to_string())));
                    }
                    items.push(item);
                }
                after = Some(reading.path);
            }
            if path.is_some() {
                return Ok((items, None));
            }
            page = self.store().readings(&result, after.clone(), at_once).await?;
            at_once = most.min(at_once * 2);
            if page.is_empty() {
                return Ok((items, None));
            }
        }
    }

    pub(crate) async fn result(&self, id: &AnalysisId) -> Result<Option<ResultId>, AnalysisError> {
        match self.store().result_of(id).await? {
            Some(result) => Ok(Some(result)),
            None => self.existing(id).await.map(|_| None),
        }
    }
}

/// Nobody is to wait for what will not come.
fn not_indexed(error: AnalysisError, analysis: &Analysis) -> AnalysisError {
    if !matches!(analysis.status, Status::Failed | Status::Cancelled) {
        return error;
    }
    let failure = analysis.error.as_ref();
    let why = failure.map_or_else(String::new, |failure| format!(": {}", failure.message));
    AnalysisError {
        message: format!(
            "the analysis {} {} before the repository was indexed{why}",
            analysis.name,
            match analysis.status {
                Status::Failed => "failed",
                _ => "was cancelled",
            }
        ),
        hint: failure.map_or("Resume it, or read the repository again.", |failure| &failure.hint).to_owned(),
        ..error
    }
}
