//! Whether what runs on this thread is a task.

use std::cell::Cell;

thread_local! {
    static IS_INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// While this lives, the thread runs a task. Held for each poll of a run, so that what is spawned from it is outside.
pub(crate) struct Inside {
    before: bool,
}

impl Inside {
    pub(crate) fn enter() -> Self {
        Self { before: IS_INSIDE.replace(true) }
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        IS_INSIDE.set(self.before);
    }
}

/// Is this a task's own code?
pub(super) fn is_inside() -> bool {
    IS_INSIDE.get()
}
