//! Names of the repository's making, as a model is shown them.

/// A symbol's name as the list shows it and as an answer gives it back: `operator<<` keeps its signs, for its
/// signature shows them beside it.
pub(super) fn shown_name(name: &str) -> String {
    name.chars().take(400).map(|c| if c.is_control() || c == '`' { '?' } else { c }).collect()
}

/// A name on one line and without the signs that blocks are made of.
pub(crate) fn attribute(text: &str) -> String {
    text.chars().take(400).map(|c| if c.is_control() || "\"<>`".contains(c) { '?' } else { c }).collect()
}
