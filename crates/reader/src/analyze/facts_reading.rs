//! A file described without a model.

use super::AnalyzeError;
use super::context::Context;
use super::describe;
use super::excerpt::{Lines, masked};
use super::parts::{Part, described, parts};
use super::phrases;
use super::summary::summary;
use crate::document::PageLanguage;
use crate::domain::{FileReading, Item, ItemKind, LineRange, Origin};
use crate::knowledge::KnowledgeBase;

/// Lines of a whole file that its own item shows.
const FILE_LINES: usize = 40;

/// Describes a file by its documentation, declarations and uses; `language` is that of the words between them.
pub fn read_static(
    kb: &KnowledgeBase,
    path: &str,
    language: PageLanguage,
) -> Result<FileReading, AnalyzeError> {
    reading(&Context::load(kb, path, language)?)
}

/// The same for a file that was loaded before.
pub(super) fn reading(context: &Context<'_>) -> Result<FileReading, AnalyzeError> {
    let parts = parts(context);
    let text = masked(&context.text);
    let lines = Lines::new(&text);
    let summary = summary(context, &parts);
    let mut items = Vec::new();
    if context.facts.file.lines > 0 {
        items.push(file_item(context, &parts, &summary, &lines));
    }
    for part in described(&parts) {
        items.push(part_item(context, part, &lines)?);
    }
    Ok(FileReading {
        path: context.path().to_owned(),
        summary,
        items,
        dependencies: context.facts.file.imports.clone(),
        origin: Origin::Static,
        note: None,
    })
}

fn part_item(context: &Context<'_>, part: &Part<'_>, lines: &Lines<'_>) -> Result<Item, AnalyzeError> {
    Ok(Item {
        path: context.path().to_owned(),
        kind: part.kind,
        name: part.symbol.qualified_name(),
        title: phrases::title(context.language, part.symbol.kind, &part.symbol.qualified_name()),
        description: describe::description(context, part)?,
        lines: part.symbol.lines,
        code: lines.excerpt(part.symbol.lines, usize::MAX),
        origin: Origin::Static,
    })
}

fn file_item(context: &Context<'_>, parts: &[Part<'_>], summary: &str, lines: &Lines<'_>) -> Item {
    let path = context.path();
    let whole = LineRange { start_line: 1, end_line: context.facts.file.lines };
    Item {
        path: path.to_owned(),
        kind: ItemKind::File,
        name: path.to_owned(),
        title: path.rsplit('/').next().unwrap_or(path).to_owned(),
        description: describe::file(context, parts, summary),
        lines: whole,
        code: lines.excerpt(whole, FILE_LINES),
        origin: Origin::Static,
    }
}
