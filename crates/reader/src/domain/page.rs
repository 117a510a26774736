//! The documentation.

use serde::{Deserialize, Serialize};

use super::{Citation, Origin};

/// A page of the documentation.
///
/// In `markdown` a citation is a link whose target is `source:PATH#L3-L9` (path percent-encoded);
/// a link to another page is `page:SLUG`. Whoever shows the page rewrites both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Page {
    /// Its address: letters, digits, `-` and `/`.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// The slug of the page above.
    pub parent: Option<String>,
    /// Its place among the pages with the same parent.
    pub order: u32,
    /// Who wrote it.
    pub origin: Origin,
    /// The text.
    pub markdown: String,
    /// All citations in the text, in order, without repeats.
    pub citations: Vec<Citation>,
    /// All diagrams in the text, in order.
    pub diagrams: Vec<Diagram>,
    /// Slugs of the pages it links to, sorted.
    pub links: Vec<String>,
}

/// A page in the tree, without its text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PageHead {
    /// Its address.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// The slug of the page above.
    pub parent: Option<String>,
    /// Its place among the pages with the same parent.
    pub order: u32,
    /// Who wrote it.
    pub origin: Origin,
}

impl Page {
    /// What the tree of pages shows of it.
    pub fn head(&self) -> PageHead {
        PageHead {
            slug: self.slug.clone(),
            title: self.title.clone(),
            parent: self.parent.clone(),
            order: self.order,
            origin: self.origin,
        }
    }
}

/// A diagram that was parsed before it was kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Diagram {
    /// Always `mermaid`.
    pub language: String,
    /// Its text.
    pub source: String,
}
