//! Work that is made of several tasks: chains, groups and chords.
//!
//! A canvas is a [`Signature`](crate::protocol::Signature) whose dict is what Python's Celery makes of the same words,
//! so that either side can apply what the other wrote. `options` reads and writes these dicts, `compose` joins them
//! (`|`), `freeze` gives ids, `stamp` marks them, `plan` applies them, `replace` puts one in a running task's place,
//! `signature` is how they are written in Rust, `builtin` are the tasks that they need in every worker.

pub(crate) mod builtin;
pub(crate) mod compose;
pub(crate) mod freeze;
pub(crate) mod options;
pub(crate) mod plan;
pub(crate) mod replace;
mod signature;
mod stamp;
mod within;

pub use signature::{Chain, Chord, Group, chain, chord, chunks, group, map, starmap};
