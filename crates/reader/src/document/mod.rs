//! The step `document`: pages from what was read.
//!
//! Everything on a page made here can be derived from files: manifests, the README, declarations, doc
//! comments and the graph. Each claim cites its lines; what is unknown is not said.

pub mod diagram;
pub mod manifest;
pub mod markdown;
mod options;
pub mod readme;
pub(crate) mod sentence;

pub use options::{DocumentOptions, PageLanguage};
