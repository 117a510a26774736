//! Step 1: makes the knowledge base of a repository from its scanned files.
//!
//! [`KnowledgeBaseWriter`] is the sink of a scan: it writes one SQLite file with texts, symbols, facts, chunks
//! and a full-text index, resolves imports and names to the files and symbols of the repository, and ranks the
//! files. [`crate::knowledge::KnowledgeBase`] reads that file. The same files give the same answers.

mod chunk;
mod error;
mod manifests;
mod names;
mod packages;
mod rank;
mod resolve;
pub(crate) mod rows;
pub(crate) mod schema;
mod thread;
mod tree;
pub(crate) mod words;
mod writer;

pub use error::IndexError;
pub use writer::{Counts, IndexProgress, KnowledgeBaseWriter, RepositoryMeta};
