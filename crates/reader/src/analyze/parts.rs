//! Which symbols of a file are described.

use std::collections::HashMap;

use super::context::Context;
use crate::domain::{ItemKind, Symbol, SymbolKind};

/// More parts than this are not described; the file's symbols are still all listed and searchable.
const MAX_PARTS: usize = 400;

/// A symbol that is described, and as what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part<'a> {
    pub kind: ItemKind,
    pub symbol: &'a Symbol,
}

/// The parts of a file, by line; [`described`] tells which of them are described.
pub(super) fn parts<'a>(context: &'a Context<'_>) -> Vec<Part<'a>> {
    let kinds: HashMap<String, SymbolKind> =
        context.facts.symbols.iter().map(|symbol| (symbol.qualified_name(), symbol.kind)).collect();
    let parts = context.facts.symbols.iter().filter_map(|symbol| {
        let parent = symbol.parent.as_ref().map(|name| (name.as_str(), kinds.get(name).copied()));
        kind_of(context, symbol, parent).map(|kind| Part { kind, symbol })
    });
    parts.collect()
}

/// The first of a file's parts.
pub(super) fn described<'a, 'b>(parts: &'a [Part<'b>]) -> &'a [Part<'b>] {
    parts.get(..MAX_PARTS).unwrap_or(parts)
}

fn kind_of(
    context: &Context<'_>,
    symbol: &Symbol,
    parent: Option<(&str, Option<SymbolKind>)>,
) -> Option<ItemKind> {
    use SymbolKind::*;
    let is_in_tests = parent.is_some_and(|(name, _)| name.split('.').any(|part| part == "tests"));
    let is_local = matches!(parent, Some((_, Some(Function | Method))));
    if is_in_tests || is_local {
        return None;
    }
    match symbol.kind {
        Table => Some(ItemKind::DataModel),
        Class | Struct | Interface | Type if holds_data(context, symbol) => Some(ItemKind::DataModel),
        Class | Struct | Enum | Interface | Trait => Some(ItemKind::Class),
        Function => Some(ItemKind::Function),
        Method if symbol.exported && !is_plain_ceremony(symbol) => Some(ItemKind::Function),
        Type | Method | Module | Constant | Variable | Field => None,
    }
}

/// Words in front of or in a declaration that make it a record: decorators, derives, bases.
const RECORD_MARKS: &[&str] = &[
    "@dataclass",
    "@dataclasses.dataclass",
    "@attr.s",
    "@attr.define",
    "@attrs.define",
    "@define",
    "@frozen",
    "@Entity",
    "@Document",
    "@Table",
    "@Data",
    "data class ",
    "case class ",
    "record ",
    "(BaseModel",
    "(TypedDict",
    "(NamedTuple",
    "(models.Model",
    "(db.Model",
    "(SQLModel",
    "(DeclarativeBase",
    "ActiveRecord::Base",
    "ApplicationRecord",
];

/// Fields, and hardly anything done with them.
fn holds_data(context: &Context<'_>, symbol: &Symbol) -> bool {
    let (mut fields, mut methods) = (0, 0);
    for member in context.members(symbol) {
        match member.kind {
            SymbolKind::Field | SymbolKind::Variable | SymbolKind::Constant => fields += 1,
            SymbolKind::Method | SymbolKind::Function if !is_ceremony(&member.name, &symbol.name) => {
                methods += 1
            }
            _ => {}
        }
    }
    if fields > 0 && is_marked(context, symbol) {
        return true;
    }
    fields >= 2 && methods == 0
}

fn is_marked(context: &Context<'_>, symbol: &Symbol) -> bool {
    let is_mark = |text: &str| RECORD_MARKS.iter().any(|mark| text.contains(mark));
    let head = context.text_from(symbol.lines.start_line).lines().take(8).take_while(|line| {
        let line = line.trim_start();
        line.starts_with(['@', '#', '['])
    });
    is_mark(&symbol.signature) || head.into_iter().any(is_mark)
}

/// A constructor, getter or the like that nobody found worth a word.
fn is_plain_ceremony(symbol: &Symbol) -> bool {
    let owner = symbol.parent.as_deref().and_then(|parent| parent.rsplit('.').next());
    symbol.doc.is_none() && is_ceremony(&symbol.name, owner.unwrap_or_default())
}

/// Methods that records have too: constructors, comparison, printing, access.
fn is_ceremony(name: &str, owner: &str) -> bool {
    name == owner
        || (name.starts_with("__") && name.ends_with("__"))
        || matches!(
            name,
            "constructor"
                | "initialize"
                | "init"
                | "new"
                | "default"
                | "clone"
                | "fmt"
                | "eq"
                | "hash"
                | "equals"
                | "hashCode"
                | "toString"
                | "to_s"
                | "to_json"
                | "to_dict"
                | "toJSON"
                | "String"
        )
        || ["get", "set", "is"].iter().any(|start| {
            name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        })
}
