//! What lasts and is shared: analyses, readings, pages, usage, uploads and the object store.
//!
//! One [`Store`] stands over one SQLite file (through `sqlite-group-commit`, so that several processes
//! may hold it open and writes that arrive together are committed together) and one [`ObjectStore`].
//! It saves the values of `reader` and knows neither queues nor HTTP. Every method is asynchronous and
//! takes or gives batches.
//!
//! An [`Analysis`] is what somebody asked for; a [`ReadResult`] is what was read of one content with one set
//! of settings. Analyses of an unchanged repository share their result: readings and pages hang on it.

pub mod domain;
mod error;
mod objects;
mod schema;
mod store;
mod tables;

pub use domain::*;
pub use error::StoreError;
pub use objects::{FileObjects, ObjectKey, ObjectStore};
pub use store::{SaveReadings, Store};
