//! Step 2: what the parts of one file are.
//!
//! [`read_static`] describes a file by facts alone: its documentation, its signatures, who uses what.
//! [`read_with_llm`] asks a model, checks the answer against the file, and falls back to the facts.
//! [`cache_key`] names an answer, so that nobody asks twice.

mod context;
mod describe;
mod error;
mod excerpt;
mod facts_reading;
mod parts;
mod summary;

pub use error::AnalyzeError;
pub use facts_reading::read_static;
