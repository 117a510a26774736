//! Whether what pages say can be followed.

use std::collections::{BTreeMap, BTreeSet};

use super::collect::{MarkKind, collect, marks, name_symbols};
use super::{DocumentError, diagram};
use crate::domain::{LineRange, Page};
use crate::knowledge::{KnowledgeBase, SymbolQuery};

/// What [`check_pages`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Citations that resolve.
    pub citations: usize,
    /// Diagrams that parse.
    pub diagrams: usize,
    /// What did not hold and was taken out.
    pub problems: Vec<Problem>,
}

/// Something on a page that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The page.
    pub slug: String,
    /// What is wrong, for people.
    pub message: String,
}

/// Checks pages against the knowledge base.
///
/// A citation of a file or of lines that do not exist, a link to a page that is not among `pages` and a
/// link out of the documentation become plain text; a diagram that does not parse is taken out. Lines are
/// never moved to make a citation fit. The lists of each page are made anew from its text.
pub fn check_pages(kb: &KnowledgeBase, pages: &mut [Page]) -> Result<Report, DocumentError> {
    let slugs: BTreeSet<String> = pages.iter().map(|page| page.slug.clone()).collect();
    let lines: BTreeMap<String, u32> = kb
        .files()?
        .into_iter()
        .filter(|file| file.skipped.is_none())
        .map(|file| (file.path, file.lines))
        .collect();
    let mut symbols: BTreeMap<String, Vec<(LineRange, String)>> = BTreeMap::new();
    let mut report = Report::default();
    for page in pages.iter_mut() {
        let problems = repair(page, &slugs, &lines);
        report
            .problems
            .extend(problems.into_iter().map(|message| Problem { slug: page.slug.clone(), message }));
        let mut found = collect(&page.markdown);
        for citation in &found.citations {
            if !symbols.contains_key(&citation.path) {
                let query = SymbolQuery { path: Some(citation.path.clone()), ..SymbolQuery::default() };
                let names = kb
                    .symbols(&query)?
                    .iter()
                    .map(|symbol| (symbol.lines, symbol.qualified_name()))
                    .collect();
                symbols.insert(citation.path.clone(), names);
            }
        }
        name_symbols(&mut found.citations, &symbols);
        report.citations += found.citations.len();
        report.diagrams += found.diagrams.len();
        page.citations = found.citations;
        page.diagrams = found.diagrams;
        page.links = found.links;
    }
    Ok(report)
}

/// Takes out what does not hold and says what it was.
fn repair(page: &mut Page, slugs: &BTreeSet<String>, lines: &BTreeMap<String, u32>) -> Vec<String> {
    let mut problems = Vec::new();
    let mut cuts: Vec<(std::ops::Range<usize>, String)> = Vec::new();
    for mark in marks(&page.markdown) {
        let problem = match &mark.kind {
            MarkKind::Citation(None) => Some("a citation's target cannot be read".to_owned()),
            MarkKind::Citation(Some(citation)) => {
                let (start, end) = (citation.lines.start_line, citation.lines.end_line);
                match lines.get(&citation.path) {
                    None => Some(format!("{} is no file that was read", citation.path)),
                    Some(count) if start < 1 || end < start || end > *count => {
                        Some(format!("{} has {count} lines, not {start} to {end}", citation.path))
                    }
                    Some(_) => None,
                }
            }
            MarkKind::Page(slug) if !slugs.contains(slug) => Some(format!("there is no page {slug}")),
            MarkKind::Outside(target) => Some(format!("a link leads to {target}")),
            MarkKind::Diagram(source) => diagram::parse(source).err().map(|error| error.to_string()),
            MarkKind::Page(_) => None,
        };
        if let Some(problem) = problem {
            problems.push(problem);
            let label = page.markdown.get(mark.label).unwrap_or("").to_owned();
            cuts.push((mark.bytes, label));
        }
    }
    // From the back, so that earlier places stay where they are; an outer cut swallows an inner one.
    cuts.sort_by_key(|(bytes, _)| (std::cmp::Reverse(bytes.start), bytes.end));
    let mut end = usize::MAX;
    for (bytes, label) in cuts {
        if bytes.end <= end {
            end = bytes.start;
            page.markdown.replace_range(bytes, &label);
        }
    }
    problems
}
