//! Canvases between Python's Celery and our workers and clients, on a real Redis: Python's client and our worker, our
//! client and Python's worker, and fleets of both on one queue.
#![allow(clippy::unwrap_used)]
#![recursion_limit = "256"]

mod features;
mod fleets;
mod ours;
mod random;
mod support;
