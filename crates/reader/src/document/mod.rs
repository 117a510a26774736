//! The step `document`: pages from what was read.
//!
//! [`static_pages`] makes pages of which everything can be derived from files: manifests, the README,
//! declarations, doc comments and the graph. Each claim cites its lines; what is unknown is not said.
//! [`check_pages`] goes over pages of any origin: every citation points at lines that exist, and every
//! diagram parses.

mod check;
mod collect;
pub mod diagram;
mod error;
pub mod manifest;
pub mod markdown;
mod options;
mod pages;
pub mod readme;
pub(crate) mod sentence;
mod slug;
mod survey;
mod text;
mod written;

pub use check::{Problem, Report, check_pages};
pub use collect::{Collected, collect};
pub use error::DocumentError;
pub use options::{DocumentOptions, PageLanguage};
pub use pages::static_pages;
pub use text::grouped;
pub use written::{
    KeptPage, WriteError, WriteOptions, WrittenPage, page_cache_key, wants_writing, write_page, written_pages,
};
