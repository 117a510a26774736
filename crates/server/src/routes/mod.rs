//! One file per resource.

pub mod analyses;
pub mod events;
pub mod export;
pub mod files;
pub mod graph;
pub mod health;
pub mod items;
pub mod pages;
pub mod search;
pub mod symbols;
pub mod tasks;
pub mod uploads;
