//! Written pages in a cache: under which name, and whether one that was found still holds.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{WriteError, cited, finished, prompt};
use crate::document::{DocumentError, PageLanguage};
use crate::domain::{FileReading, Page};
use crate::knowledge::KnowledgeBase;

/// The name of a written page in a cache: a digest of the model, the language, the prompts and all that they say of this
/// page, its figures and the cited lines included. So a page is asked for again when anything changed that its writer saw.
pub fn page_cache_key(
    model: &str,
    language: PageLanguage,
    kb: &KnowledgeBase,
    readings: &[FileReading],
    page: &Page,
) -> Result<String, WriteError> {
    let question = prompt::question(kb, page, &cited(readings, page))?;
    let mut hasher = blake3::Hasher::new();
    for part in [prompt::PAGE_VERSION.as_str(), model, &prompt::system(language), &page.title, &question] {
        hasher.update(part.as_bytes()).update(&[0]);
    }
    Ok(format!("page-{}", hasher.finalize().to_hex()))
}

/// A written page as a cache keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptPage {
    page: Page,
    /// The hashes of the files that it cites. A model may cite what it was not shown, which the key cannot know of.
    cited: BTreeMap<String, String>,
}

impl KeptPage {
    /// Of a page that was just written over this knowledge base.
    pub fn of(kb: &KnowledgeBase, page: Page) -> Result<Self, DocumentError> {
        let mut cited = BTreeMap::new();
        for citation in &page.citations {
            if !cited.contains_key(&citation.path) {
                cited.insert(citation.path.clone(), hash_of(kb, &citation.path)?);
            }
        }
        Ok(Self { page, cited })
    }

    /// The page at the place of the static page that it was written from, with links to those of `slugs` that there are
    /// now; none when a file that it cites has changed.
    pub fn still_holds(
        self,
        kb: &KnowledgeBase,
        now: &Page,
        slugs: &[String],
    ) -> Result<Option<Page>, DocumentError> {
        for (path, hash) in &self.cited {
            if hash_of(kb, path)? != *hash {
                return Ok(None);
            }
        }
        let page = Page {
            slug: now.slug.clone(),
            title: now.title.clone(),
            parent: now.parent.clone(),
            order: now.order,
            ..self.page
        };
        Ok(Some(finished(kb, page, slugs)?))
    }
}

/// Empty where there is no such file.
fn hash_of(kb: &KnowledgeBase, path: &str) -> Result<String, DocumentError> {
    Ok(kb.file(path)?.map(|file| file.hash).unwrap_or_default())
}
