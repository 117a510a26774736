//! What uses a module, and what it uses.

use std::collections::{BTreeMap, BTreeSet};

use super::super::markdown::{Writer, code};
use super::super::survey::{ImportLink, SymbolAt, SymbolUse};
use super::super::text::Key;
use super::book::Book;
use crate::domain::Symbol;

const MOST_USERS: usize = 16;

/// Used by and uses, with the importing lines and the names.
pub(super) fn relations(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let mut used_by: BTreeMap<usize, Vec<ImportLink>> = BTreeMap::new();
    let mut uses: BTreeMap<usize, Vec<ImportLink>> = BTreeMap::new();
    for &file in &survey.modules[number].files {
        for link in survey.imported_by(file).filter(|link| !link.declares) {
            if let Some(other) = survey.module_of(link.from).filter(|other| *other != number) {
                used_by.entry(other).or_default().push(link);
            }
        }
        for link in survey.imports_of(file).filter(|link| !link.declares) {
            if let Some(other) = survey.module_of(link.to).filter(|other| *other != number) {
                uses.entry(other).or_default().push(link);
            }
        }
    }
    // Uses that resolve without an import of their own (same package, handed on by a third).
    let mut names: BTreeMap<(usize, usize), Vec<SymbolUse>> = BTreeMap::new();
    for used in survey.all_uses() {
        if let (Some(from), Some(to)) = (survey.module_of(used.from_file), survey.module_of(used.to.file))
            && from != to
            && (from == number || to == number)
        {
            names.entry((from, to)).or_default().push(*used);
        }
    }
    for (from, to) in names.keys() {
        if *to == number {
            used_by.entry(*from).or_default();
        } else {
            uses.entry(*to).or_default();
        }
    }
    let sentence = |others: &BTreeMap<usize, Vec<ImportLink>>, inward: bool| -> Vec<String> {
        let mut order: Vec<(&usize, &Vec<ImportLink>)> = others.iter().collect();
        let weight = |other: usize| {
            names.get(&if inward { (other, number) } else { (number, other) }).map_or(0, Vec::len)
        };
        order.sort_by_key(|(other, links)| (std::cmp::Reverse(weight(**other) + links.len()), **other));
        let mut items: Vec<String> = order
            .iter()
            .take(MOST_USERS)
            .map(|(other, links)| {
                let mut links = (*links).clone();
                links.sort_by_key(|link| (link.from, link.line, link.to));
                links.dedup_by_key(|link| (link.from, link.line));
                let key = if inward { (**other, number) } else { (number, **other) };
                let used = names.get(&key).map(Vec::as_slice).unwrap_or_default();
                let mut parts: Vec<String> = Vec::new();
                if !links.is_empty() {
                    parts.push(book.import_places(&links, 3));
                }
                let used = used_names(book, used, inward);
                if !used.is_empty() {
                    parts.push(used);
                }
                format!("{} ({})", book.module(**other), parts.join(&book.word(Key::Semicolon)))
            })
            .collect();
        if order.len() > MOST_USERS {
            items.push(book.say(Key::More, &[&(order.len() - MOST_USERS).to_string()]));
        }
        items
    };
    let inward = sentence(&used_by, true);
    let outward = sentence(&uses, false);
    if !inward.is_empty() {
        writer.heading(2, &book.word(Key::HeadUsedBy));
        writer.list(&inward);
    } else if survey.modules.len() > 1
        && survey.modules[number]
            .files
            .iter()
            .all(|at| survey.imported_by(*at).all(|link| link.declares || !survey.is_source(link.from)))
    {
        writer.paragraph(&book.word(Key::UsedByNobody));
    }
    let outside = outside(book, number);
    if !outward.is_empty() || !outside.is_empty() {
        writer.heading(2, &book.word(Key::HeadUses));
        writer.list(&outward);
        if !outside.is_empty() {
            writer.paragraph(&book.say(Key::FromOutside, &[&outside]));
        }
    }
}

/// The names used most between two modules, each with where: `Parser` in `Command.make` core.py:12.
fn used_names(book: &Book<'_>, uses: &[SymbolUse], inward: bool) -> String {
    let survey = book.survey;
    let mut by_name: BTreeMap<SymbolAt, Vec<SymbolUse>> = BTreeMap::new();
    for used in uses {
        by_name.entry(used.to).or_default().push(*used);
    }
    let mut order: Vec<(SymbolAt, Vec<SymbolUse>)> = by_name.into_iter().collect();
    order.sort_by_key(|(to, uses)| (std::cmp::Reverse(uses.len()), *to));
    let more = order.len().saturating_sub(5);
    let mut shown: Vec<String> = order
        .iter()
        .take(5)
        .map(|(to, uses)| {
            let name = code(&survey.symbol(*to).map_or_else(String::new, Symbol::qualified_name));
            let first = uses.iter().find(|used| used.from.is_some()).or_else(|| uses.first());
            let Some(first) = first else { return name };
            let place = book.line(first.from_file, first.line);
            let times = if uses.len() > 1 { format!(" ×{}", uses.len()) } else { String::new() };
            match first.from.filter(|_| inward).and_then(|from| survey.symbol(from)) {
                Some(user) => {
                    format!("{name} {} {} {place}{times}", book.word(Key::In), code(&user.qualified_name()))
                }
                None => format!("{name} {place}{times}"),
            }
        })
        .collect();
    if more > 0 {
        shown.push(book.say(Key::More, &[&more.to_string()]));
    }
    shown.join(", ")
}

/// Packages of others that the module imports and that a manifest names.
fn outside(book: &Book<'_>, number: usize) -> String {
    let survey = book.survey;
    let files: BTreeSet<&str> = survey.modules[number].files.iter().map(|at| survey.path(*at)).collect();
    let mut shown = Vec::new();
    for package in &survey.outside {
        let first = package.imports.iter().find(|import| files.contains(import.path.as_str()));
        let Some((import, at)) = first.and_then(|import| Some((import, survey.at(&import.path)?))) else {
            continue;
        };
        // Asked last: it goes through all that the manifests name.
        if super::dependencies::is_named(book, &package.package) {
            shown.push(format!("{} ({})", code(&package.package), book.line(at, import.line)));
        }
    }
    let more = shown.len().saturating_sub(10);
    shown.truncate(10);
    if more > 0 {
        shown.push(book.say(Key::More, &[&more.to_string()]));
    }
    shown.join(", ")
}
