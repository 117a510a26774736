//! Reads a knowledge base: files, texts, symbols, the graph, and search.

mod base;
mod error;
mod folders;
mod links;
mod module_names;
mod older;
mod pool;
mod query;
mod search;
pub mod structure;
#[cfg(test)]
pub(crate) mod tests;
pub(crate) mod units;

pub use base::{Chunk, KnowledgeBase, SymbolQuery};
pub use error::KnowledgeError;
pub use links::{FileLink, Outside, OutsideImport, SymbolLink};
pub use older::OlderBase;
pub use search::{Hit, SearchQuery};
pub use structure::{Module, ModuleEdge, Structure};
