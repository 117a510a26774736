//! Remote control, events and the command line with real programs on a real Redis: Celery's command line and Flower
//! on our worker, our command line on Python's worker.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod bad_input;
mod bindings;
mod celery_on_ours;
mod events;
mod flower;
mod ours_on_celery;
mod own_commands;
mod support;
