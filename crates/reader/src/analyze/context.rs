//! A file with what the knowledge base knows around it.

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
        Ok(Self { kb, facts, text, imported_by, language })
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
        let is_alone = self.is_alone(&name);
        self.facts.symbols.iter().filter(move |member| {
            // Same-named types of one file are told apart by their lines; methods of Go and Rust stand elsewhere.
            member.parent.as_deref() == Some(&name)
                && (is_alone || (member.lines.start_line >= start && member.lines.end_line <= end))
        })
    }

    fn is_alone(&self, name: &str) -> bool {
        self.facts.symbols.iter().filter(|symbol| symbol.qualified_name() == name).take(2).count() < 2
    }
}
