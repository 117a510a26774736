//! Reads a repository: files, symbols, knowledge base, items and pages.
//!
//! The four steps are plain functions from values to values; this crate knows nothing of HTTP, of
//! queues or of the shared database. [`mod@scan`] reads the folder, [`index`] builds the knowledge base,
//! [`analyze`] makes the items of one file and [`document`] writes the pages.

pub mod analyze;
pub mod document;
pub mod domain;
pub mod export;
pub mod facts;
pub mod index;
pub mod knowledge;
pub mod languages;
pub mod scan;
pub mod secrets;
mod sink;

pub use domain::*;
pub use index::{Counts, IndexError, IndexProgress, KnowledgeBaseWriter, RepositoryMeta};
pub use knowledge::{KnowledgeBase, KnowledgeError};
pub use scan::{FileRole, role_of, scan};
pub use sink::{FileSink, SinkError};
