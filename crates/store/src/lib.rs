//! What lasts and is shared: analyses, readings, pages, usage, uploads and the object store.
//!
//! One [`Store`] stands over one SQLite file (through `sqlite-group-commit`, so that several processes
//! may hold it open and writes that arrive together are committed together) and one [`ObjectStore`].
//! It saves the values of `reader` and knows neither queues nor HTTP. Every method is asynchronous and
//! takes or gives batches.

pub mod domain;
mod error;

pub use domain::*;
pub use error::StoreError;
