//! The backend's scripts.

use crate::redis::Script;

/// The scripts, by name.
pub(super) struct Scripts {
    pub(super) store: Script,
    pub(super) chord_part: Script,
}

impl Scripts {
    pub(super) fn new() -> Self {
        Self {
            store: Script::new(include_str!("lua/store.lua")),
            chord_part: Script::new(include_str!("lua/chord_part.lua")),
        }
    }

    /// All of them, for the connection to load.
    pub(super) fn all() -> Vec<Script> {
        let Self { store, chord_part } = Self::new();
        vec![store, chord_part]
    }
}
