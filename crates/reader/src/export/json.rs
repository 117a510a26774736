//! The export document: `{version, analysis, files, symbols, items, pages, graph}`.

use std::collections::BTreeMap;
use std::io::Write;

use serde::Serialize;
use serde_json::Value;

use super::ExportError;
use crate::domain::{Item, Page};
use crate::knowledge::{KnowledgeBase, SymbolQuery};

/// The version of the document's shape.
pub const VERSION: u32 = 1;

/// What the document is made of.
pub struct Export<'a> {
    /// The analysis as the API shows it; whoever exports decides which ids and times it keeps.
    pub analysis: &'a Value,
    /// Files, symbols and the graph.
    pub kb: &'a KnowledgeBase,
    /// What is said of files, by path: the knowledge base is written before that.
    pub summaries: &'a BTreeMap<String, String>,
    /// The items of all files, by path and line.
    pub items: &'a [Item],
    /// The pages in reading order.
    pub pages: &'a [Page],
}

/// The document as bytes.
pub fn json(export: &Export<'_>) -> Result<Vec<u8>, ExportError> {
    let mut bytes = Vec::new();
    write_json(export, &mut bytes)?;
    Ok(bytes)
}

/// Writes the document value by value: it is never in memory as a whole.
pub fn write_json(export: &Export<'_>, out: &mut dyn Write) -> Result<(), ExportError> {
    write!(out, "{{\n\"version\": {VERSION},\n\"analysis\": ")?;
    serde_json::to_writer(&mut *out, export.analysis)?;
    let mut files = export.kb.files()?;
    for file in &mut files {
        file.summary = export.summaries.get(&file.path).cloned();
    }
    list(out, "files", files.iter())?;
    // Symbols of one file at a time.
    write!(out, ",\n\"symbols\": [")?;
    let mut first = true;
    for file in files {
        let query = SymbolQuery { path: Some(file.path), ..SymbolQuery::default() };
        for symbol in export.kb.symbols(&query)? {
            element(out, &symbol, &mut first)?;
        }
    }
    write!(out, "\n]")?;
    list(out, "items", export.items.iter())?;
    list(out, "pages", export.pages.iter())?;
    let graph = export.kb.graph()?;
    write!(out, ",\n\"graph\": {{\n\"nodes\": [")?;
    let mut first = true;
    for node in &graph.nodes {
        element(out, node, &mut first)?;
    }
    write!(out, "\n],\n\"edges\": [")?;
    let mut first = true;
    for edge in &graph.edges {
        element(out, edge, &mut first)?;
    }
    write!(out, "\n]\n}}\n}}\n")?;
    Ok(())
}

fn list<'a, T: Serialize + 'a>(
    out: &mut dyn Write,
    key: &str,
    values: impl Iterator<Item = &'a T>,
) -> Result<(), ExportError> {
    write!(out, ",\n\"{key}\": [")?;
    let mut first = true;
    for value in values {
        element(out, value, &mut first)?;
    }
    write!(out, "\n]")?;
    Ok(())
}

/// One value on a line of its own, so that two exports can be compared line by line.
fn element<T: Serialize>(out: &mut dyn Write, value: &T, first: &mut bool) -> Result<(), ExportError> {
    out.write_all(if *first { b"\n" } else { b",\n" })?;
    *first = false;
    serde_json::to_writer(&mut *out, value)?;
    Ok(())
}
