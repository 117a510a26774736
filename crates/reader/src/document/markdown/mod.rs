//! Markdown that says what we mean, whatever the repository's text holds.
//!
//! Names, docs and paths of the repository are untrusted: [`escape`], [`code`] and [`prose`] turn them
//! into Markdown that shows them as text and can neither end a table cell, nor start HTML, nor make a
//! link. [`cite`] and [`page_link`] are the only makers of links.

mod inline;
mod links;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use inline::one_line;
pub use inline::{code, escape, prose};
pub use links::{cite, encode_path, page_link, parse_source_target, source_target};
pub use writer::Writer;
