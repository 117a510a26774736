//! A symbol in words, each of which is a fact.

use super::AnalyzeError;
use super::context::Context;
use super::parts::{Part, described};
use super::phrases::{self, List};
use crate::document::markdown::{code, escape};
use crate::domain::{EdgeKind, Symbol, SymbolKind};
use crate::knowledge::SymbolLink;
use crate::{FileRole, role_of, secrets};

/// Names in one list at most.
const MAX_NAMES: usize = 6;
/// Members in one list at most.
const MAX_MEMBERS: usize = 12;
/// Characters of documentation at most.
const MAX_DOC: usize = 1200;

/// Documentation, signature, members, uses.
pub(super) fn description(context: &Context<'_>, part: &Part<'_>) -> Result<String, AnalyzeError> {
    let symbol = part.symbol;
    let mut paragraphs = Vec::new();
    paragraphs.extend(symbol.doc.as_deref().and_then(documentation));
    if !symbol.signature.is_empty() {
        paragraphs.push(code(&secrets::mask(&symbol.signature)));
    }
    paragraphs.extend(members(context, symbol));
    let mut uses = Vec::new();
    let callees = context.callees(symbol)?;
    uses.extend(inherited(context, &callees));
    uses.extend(listed(context, List::Calls, callees.iter().filter(|link| link.edge == EdgeKind::Call)));
    uses.extend(used_by(context, symbol)?);
    if !uses.is_empty() {
        paragraphs.push(phrases::joined(context.language, &uses));
    }
    Ok(paragraphs.join("\n\n"))
}

/// The documentation as Markdown text, secrets masked.
fn documentation(doc: &str) -> Option<String> {
    let masked = secrets::mask(doc.trim());
    let mut out = String::new();
    for paragraph in masked.split("\n\n") {
        let line: Vec<&str> = paragraph.split_whitespace().collect();
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() && out.len() + paragraph.len() > MAX_DOC {
            break;
        }
        if !out.is_empty() {
            out.push_str("\n\n");
        }
        let text: String = line.join(" ").chars().take(MAX_DOC).collect();
        out.push_str(&crate::document::markdown::prose(&text));
    }
    (!out.is_empty()).then_some(out)
}

/// `Fields: … Methods: …` of a type.
fn members(context: &Context<'_>, symbol: &Symbol) -> Option<String> {
    use SymbolKind::*;
    if !matches!(symbol.kind, Class | Struct | Enum | Interface | Trait | Type | Table) {
        return None;
    }
    let (mut fields, mut methods) = (Vec::new(), Vec::new());
    for member in context.members(symbol) {
        match member.kind {
            Field | Variable | Constant => fields.push(member.name.as_str()),
            Method | Function => methods.push(member.name.as_str()),
            _ => {}
        }
    }
    let of_fields = match symbol.kind {
        Enum => List::Variants,
        Table => List::Columns,
        _ => List::Fields,
    };
    let lists = [
        names(context, of_fields, &fields, MAX_MEMBERS),
        names(context, List::Methods, &methods, MAX_MEMBERS),
    ];
    let lists: Vec<String> = lists.into_iter().flatten().collect();
    (!lists.is_empty()).then(|| phrases::joined(context.language, &lists))
}

/// `Fields: `a`, `b` and 3 more.`
fn names(context: &Context<'_>, list: List, all: &[&str], most: usize) -> Option<String> {
    let mut unique: Vec<&str> = Vec::new();
    for name in all {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    if unique.is_empty() {
        return None;
    }
    let shown: Vec<String> = unique.iter().take(most).map(|name| code(name)).collect();
    Some(list.of(context.language, &shown, unique.len().saturating_sub(most)))
}

fn inherited(context: &Context<'_>, callees: &[SymbolLink]) -> Option<String> {
    let bases: Vec<&str> = callees
        .iter()
        .filter(|link| link.edge == EdgeKind::Inherit)
        .filter_map(|link| link.symbol.as_deref())
        .collect();
    names(context, List::Extends, &bases, MAX_NAMES)
}

/// What it uses or is used by; symbols of other files with their place.
fn listed<'a>(
    context: &Context<'_>,
    list: List,
    links: impl Iterator<Item = &'a SymbolLink>,
) -> Option<String> {
    let home = context.path();
    let mut shown: Vec<String> = Vec::new();
    for link in links {
        let name = match &link.symbol {
            Some(symbol) => code(symbol),
            None if link.path == home => continue,
            None => code(&link.path),
        };
        let text = if link.path == home || link.symbol.is_none() {
            name
        } else {
            format!("{name} ({})", escape(&link.path))
        };
        if !shown.contains(&text) {
            shown.push(text);
        }
    }
    if shown.is_empty() {
        return None;
    }
    let more = shown.len().saturating_sub(MAX_NAMES);
    shown.truncate(MAX_NAMES);
    Some(list.sentence(context.language, &shown, more))
}

/// Who uses it in the code itself; tests and examples are only counted.
fn used_by(context: &Context<'_>, symbol: &Symbol) -> Result<Vec<String>, AnalyzeError> {
    let name = symbol.qualified_name();
    let callers: Vec<SymbolLink> = context
        .callers(symbol)?
        .into_iter()
        .filter(|link| link.path != context.path() || link.symbol.as_deref() != Some(&name))
        .collect();
    let is_side = |link: &SymbolLink| {
        matches!(
            role_of(&link.path),
            FileRole::Test | FileRole::Example | FileRole::Benchmark | FileRole::Docs
        )
    };
    let home_is_side =
        matches!(role_of(context.path()), FileRole::Test | FileRole::Example | FileRole::Benchmark);
    let mut sentences = Vec::new();
    let of_kind = |kind: EdgeKind| {
        callers.iter().filter(move |link| link.edge == kind && (home_is_side || !is_side(link)))
    };
    sentences.extend(listed(context, List::ExtendedBy, of_kind(EdgeKind::Inherit)));
    sentences.extend(listed(context, List::CalledBy, of_kind(EdgeKind::Call)));
    sentences.extend(listed(context, List::UsedBy, of_kind(EdgeKind::Reference)));
    if !home_is_side {
        let mut files: Vec<&str> =
            callers.iter().filter(|link| is_side(link)).map(|link| link.path.as_str()).collect();
        files.sort_unstable();
        files.dedup();
        match files.len() {
            0 => {}
            1 => sentences.push(phrases::also_used_in(context.language, &code(files[0]))),
            count => sentences.push(phrases::also_used_in_files(context.language, count)),
        }
    }
    Ok(sentences)
}

/// A whole file: its summary, who imports it, what it reads and offers.
pub(super) fn file(context: &Context<'_>, parts: &[Part<'_>], summary: &str) -> String {
    let facts = &context.facts;
    let mut paragraphs =
        vec![facts.doc.as_deref().and_then(documentation).unwrap_or_else(|| summary.to_owned())];
    let mut sentences = Vec::new();
    let importers: Vec<&str> = context
        .imported_by
        .iter()
        .map(|link| link.path.as_str())
        .filter(|path| !matches!(role_of(path), FileRole::Test | FileRole::Example | FileRole::Benchmark))
        .collect();
    sentences.extend(names(context, List::ImportedBy, &importers, MAX_NAMES));
    let imports: Vec<&str> = facts.file.imports.iter().map(String::as_str).collect();
    sentences.extend(names(context, List::Imports, &imports, MAX_NAMES));
    let settings: Vec<&str> = facts.settings.iter().map(|setting| setting.name.as_str()).collect();
    sentences.extend(names(context, List::ReadsSettings, &settings, MAX_MEMBERS));
    // What a constant stands for is known only when all files are.
    let told = facts.routes.iter().filter(|route| !route.path.starts_with('<'));
    let routes: Vec<String> = told.map(|route| format!("{} {}", route.method, route.path)).collect();
    sentences.extend(names(
        context,
        List::Answers,
        &routes.iter().map(String::as_str).collect::<Vec<_>>(),
        MAX_MEMBERS,
    ));
    let commands: Vec<&str> = facts.commands.iter().map(|command| command.name.as_str()).collect();
    sentences.extend(names(context, List::DeclaresCommands, &commands, MAX_MEMBERS));
    let told = described(parts).len();
    if told < parts.len() {
        sentences.push(phrases::only_first_parts(context.language, told, parts.len()));
    }
    if !sentences.is_empty() {
        paragraphs.push(phrases::joined(context.language, &sentences));
    }
    paragraphs.join("\n\n")
}
