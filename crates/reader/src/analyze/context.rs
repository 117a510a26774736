//! A file with what the knowledge base knows around it.

use std::collections::HashMap;

use crate::document::PageLanguage;
use crate::domain::Symbol;
use crate::facts::FileFacts;
use crate::knowledge::{FileLink, KnowledgeBase, SymbolLink};

use super::AnalyzeError;

/// Everything that descriptions of one file are made from.
pub(super) struct Context<'a> {
    pub kb: &'a KnowledgeBase,
    pub facts: FileFacts,
    /// Empty for a file that was not read.
    pub text: String,
    /// Files that import it.
    pub imported_by: Vec<FileLink>,
    /// Of the fixed words.
    pub language: PageLanguage,
    /// The symbols inside each, and how many are called so, by qualified name: a file may have very many.
    members: HashMap<String, Vec<usize>>,
    namesakes: HashMap<String, usize>,
    /// Where each line begins.
    lines: Vec<usize>,
}

impl<'a> Context<'a> {
    pub(super) fn load(
        kb: &'a KnowledgeBase,
        path: &str,
        language: PageLanguage,
    ) -> Result<Self, AnalyzeError> {
        let facts = kb.facts(path)?.ok_or_else(|| AnalyzeError::NoSuchFile { path: path.to_owned() })?;
        let text = kb.source(path)?.unwrap_or_default();
        let imported_by = kb.imported_by(path)?;
        let mut members: HashMap<String, Vec<usize>> = HashMap::new();
        let mut namesakes: HashMap<String, usize> = HashMap::new();
        for (at, symbol) in facts.symbols.iter().enumerate() {
            if let Some(parent) = &symbol.parent {
                members.entry(parent.clone()).or_default().push(at);
            }
            *namesakes.entry(symbol.qualified_name()).or_default() += 1;
        }
        let lines =
            std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1)).collect();
        Ok(Self { kb, facts, text, imported_by, language, members, namesakes, lines })
    }

    /// The text from a line on, counted from 1.
    pub(super) fn text_from(&self, line: u32) -> &str {
        let start = self.lines.get(line.saturating_sub(1) as usize);
        start.and_then(|start| self.text.get(*start..)).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &str {
        &self.facts.file.path
    }

    pub(super) fn callers(&self, symbol: &Symbol) -> Result<Vec<SymbolLink>, AnalyzeError> {
        Ok(self.kb.callers(self.path(), &symbol.qualified_name())?)
    }

    pub(super) fn callees(&self, symbol: &Symbol) -> Result<Vec<SymbolLink>, AnalyzeError> {
        Ok(self.kb.callees(self.path(), &symbol.qualified_name())?)
    }

    /// The symbols directly inside, by line.
    pub(super) fn members<'s>(&'s self, symbol: &Symbol) -> impl Iterator<Item = &'s Symbol> + use<'s, 'a> {
        let name = symbol.qualified_name();
        let (start, end) = (symbol.lines.start_line, symbol.lines.end_line);
        let is_alone = self.namesakes.get(&name).is_none_or(|count| *count < 2);
        let members = self.members.get(&name).map(Vec::as_slice).unwrap_or_default();
        members.iter().filter_map(|at| self.facts.symbols.get(*at)).filter(move |member| {
            // Same-named types of one file are told apart by their lines; methods of Go and Rust stand elsewhere.
            is_alone || (member.lines.start_line >= start && member.lines.end_line <= end)
        })
    }
}
