//! The worker on a real Redis: beside Python's clients and workers, and through every fault that a Redis can have.
#![allow(clippy::unwrap_used)]

mod connections;
mod extended;
mod faults;
mod handover;
mod interop;
mod leases;
mod routing;
mod support;
