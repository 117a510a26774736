//! What a CommonJS file is as a whole: `module.exports = function route() {…}`.

use std::{collections::HashMap, ops::Range};

use super::{found::Found, nesting::Definition};
use crate::domain::SymbolKind;

/// Gives what is assigned to `module.exports` or `exports` itself its own name, or that of the file, and exports it.
pub(super) fn settle(found: &mut Found, path: &str, text: &str) {
    let is_whole = |definition: &Definition| {
        definition.name == "exports"
            && match definition.parent.as_deref() {
                Some(parent) => parent == "module",
                None => matches!(definition.kind, Some(SymbolKind::Function | SymbolKind::Class)),
            }
    };
    if !found.definitions.iter().any(is_whole) {
        return;
    }
    let mut named: HashMap<usize, Range<usize>> = HashMap::new();
    for definition in found.definitions.iter().filter(|definition| !is_whole(definition)) {
        if found.export_names.contains(&definition.name) {
            named.insert(definition.range.end, definition.range.clone());
        }
    }
    let (whole, mut definitions): (Vec<Definition>, Vec<Definition>) =
        std::mem::take(&mut found.definitions).into_iter().partition(is_whole);
    for mut definition in whole {
        // What is assigned ends where the assignment ends.
        if named.get(&definition.range.end).is_some_and(|value| definition.range.start < value.start) {
            found.wrappers.push((start_of_chain(text, definition.range.start)..definition.range.end, true));
            continue;
        }
        definition.range.start = start_of_chain(text, definition.range.start);
        definition.parent = None;
        definition.is_exported = true;
        if let Some(name) = name_of_file(path) {
            definition.name = name.to_owned();
        }
        definitions.push(definition);
    }
    found.definitions = definitions;
}

/// Where `exports = module.exports = …` starts, of which the last assignment starts at `at`.
fn start_of_chain(text: &str, mut at: usize) -> usize {
    while let Some(target) = text[..at].trim_end().strip_suffix('=').map(str::trim_end)
        && let Some(before) = target.strip_suffix("module.exports").or_else(|| target.strip_suffix("exports"))
        && !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.'))
    {
        at = before.len();
    }
    at
}

/// `lib/layer.js` is `layer`, `lib/view/index.js` is `view`.
fn name_of_file(path: &str) -> Option<&str> {
    let mut parts = path.rsplit('/').map(|part| part.split('.').next().unwrap_or(part));
    let stem = parts.next()?;
    let name = if stem == "index" { parts.next().unwrap_or(stem) } else { stem };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_names_what_has_no_name() {
        assert_eq!(name_of_file("lib/layer.js"), Some("layer"));
        assert_eq!(name_of_file("lib/view/index.js"), Some("view"));
        assert_eq!(name_of_file("index.js"), Some("index"));
        assert_eq!(name_of_file(".eslintrc.js"), None);
    }
}
