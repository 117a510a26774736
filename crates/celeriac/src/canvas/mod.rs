//! Work that is made of several tasks: chains, groups and chords.
//!
//! A canvas is a [`Signature`](crate::protocol::Signature) whose dict is what Python's Celery makes of the same words,
//! so that either side can apply what the other wrote. `options` reads and writes these dicts, `plan` applies them,
//! `signature` is how they are written in Rust.

mod builtin;
pub(crate) mod options;
pub(crate) mod plan;
mod signature;

pub(crate) use builtin::Accumulate;
pub use signature::{Chain, Chord, Group, chain, chord, group};
