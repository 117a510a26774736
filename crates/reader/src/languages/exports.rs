//! Which symbols are visible outside their module.

use std::collections::{HashMap, HashSet};

use super::table::{Export, Spec};
use crate::domain::{Symbol, SymbolKind};

/// Sets `exported` by the rule of the language. A member is visible only if its parent is, and if it does not stand in a
/// hidden section; what is defined outside of its type is as visible as its declaration there.
pub(super) fn mark(symbols: &mut [Symbol], hidden: &[bool], listed: &HashSet<String>, spec: &Spec) {
    let mut visible: HashMap<String, (bool, SymbolKind)> = HashMap::new();
    let mut declared_hidden: HashSet<String> = HashSet::new();
    for (symbol, &is_hidden) in symbols.iter_mut().zip(hidden) {
        let parent = symbol.parent.as_ref().map(|parent| visible.get(parent).copied());
        let name = symbol.qualified_name();
        let is_declared_hidden = symbol.parent.is_some()
            && declared_hidden.contains(&name)
            && visible.get(&name).is_some_and(|(visible, _)| !visible);
        let is_hidden = is_hidden || is_declared_hidden;
        if is_hidden {
            declared_hidden.insert(name.clone());
        }
        symbol.exported = match parent {
            _ if is_hidden => false,
            None => top_level(symbol, listed, spec),
            Some(Some((false, _))) => false,
            Some(Some((true, SymbolKind::Function | SymbolKind::Method))) => symbol.exported,
            Some(Some((true, kind))) => member(symbol, Some(kind), spec),
            // The parent stands in another file, or the scope is no symbol.
            Some(None) => member(symbol, None, spec) && parent_is_public(symbol, listed, spec),
        };
        let kind = symbol.kind;
        let entry = visible.entry(name).or_insert((symbol.exported, kind));
        entry.0 |= symbol.exported;
    }
}

fn top_level(symbol: &Symbol, listed: &HashSet<String>, spec: &Spec) -> bool {
    match spec.export {
        Export::NoUnderscore if listed.is_empty() => !is_underscored(&symbol.name),
        Export::NoUnderscore => listed.contains(&symbol.name),
        Export::Marked => symbol.exported || listed.contains(&symbol.name),
        rule => by_words(symbol, rule, None),
    }
}

fn member(symbol: &Symbol, parent: Option<SymbolKind>, spec: &Spec) -> bool {
    match spec.export {
        Export::NoUnderscore => !is_underscored(&symbol.name),
        Export::NoWord(words) => {
            !words_before_name(symbol).any(|word| word != "static" && words.contains(&word))
        }
        Export::Marked => {
            !symbol.name.starts_with('#')
                && !words_before_name(symbol).any(|word| matches!(word, "private" | "protected"))
        }
        rule => by_words(symbol, rule, parent),
    }
}

fn by_words(symbol: &Symbol, rule: Export, parent: Option<SymbolKind>) -> bool {
    let follows_parent = matches!(
        parent,
        Some(SymbolKind::Interface | SymbolKind::Trait | SymbolKind::Enum | SymbolKind::Table)
    );
    match rule {
        Export::Capital => symbol.name.chars().next().is_some_and(char::is_uppercase),
        Export::Word(words) => {
            let is_namespace = symbol.kind == SymbolKind::Module && symbol.signature.starts_with("namespace");
            symbol.exported
                || is_namespace
                || follows_parent
                || words_before_name(symbol).any(|word| words.contains(&word))
        }
        Export::NoWord(words) => !words_before_name(symbol).any(|word| words.contains(&word)),
        Export::NoUnderscore | Export::Marked => symbol.exported,
    }
}

fn parent_is_public(symbol: &Symbol, listed: &HashSet<String>, spec: &Spec) -> bool {
    let parent = symbol.parent.as_deref().unwrap_or_default();
    match spec.export {
        Export::Marked => parent.split('.').next().is_some_and(|first| listed.contains(first)),
        Export::Capital => parent.chars().next().is_some_and(char::is_uppercase),
        Export::NoUnderscore => !is_underscored(parent),
        Export::Word(_) | Export::NoWord(_) => true,
    }
}

fn is_underscored(name: &str) -> bool {
    name.starts_with('_') && !(name.starts_with("__") && name.ends_with("__"))
}

/// The words of the signature that stand before the name: `pub`, `static`, `private` …
fn words_before_name(symbol: &Symbol) -> impl Iterator<Item = &str> {
    let before = symbol.signature.find(symbol.name.as_str()).map_or("", |at| &symbol.signature[..at]);
    before.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// A function that may start a program: at the top, or a static method of a class.
pub(super) fn may_start_program(symbol: &Symbol, spec: &Spec) -> bool {
    match symbol.kind {
        SymbolKind::Function => symbol.parent.is_none() || spec.separator == ".",
        SymbolKind::Method => {
            words_before_name(symbol).any(|word| word == "static") || spec.entry.contains(&"Main")
        }
        _ => false,
    }
}
