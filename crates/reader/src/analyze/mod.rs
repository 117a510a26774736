//! Step 2: what the parts of one file are.
//!
//! [`read_static`] describes a file by facts alone: its documentation, its signatures, who uses what.
//! [`read_with_llm`] asks a model, checks the answer against the file, and falls back to the facts.
//! [`cache_key`] names an answer, so that nobody asks twice.

mod answer;
mod context;
mod describe;
mod error;
mod excerpt;
mod facts_reading;
pub(crate) mod markdown;
mod model_reading;
pub(crate) mod names;
mod parts;
mod phrases;
pub(crate) mod prompt;
mod segments;
mod summary;

pub use error::AnalyzeError;
pub use facts_reading::read_static;
pub use model_reading::{LlmReading, ReadOptions, cache_key, read_with_llm, wants_llm};
pub use prompt::PROMPT_VERSION;

#[cfg(test)]
pub(crate) mod tests;

#[cfg(test)]
mod model_tests;
