//! What a page's Markdown refers to.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::markdown::parse_source_target;
use crate::domain::{Citation, Diagram, LineRange};

/// Citations, diagrams and links of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Collected {
    /// In order, without repeats; symbols are not filled in.
    pub citations: Vec<Citation>,
    /// In order.
    pub diagrams: Vec<Diagram>,
    /// Slugs, sorted.
    pub links: Vec<String>,
}

/// A link or a diagram, and the bytes of the Markdown that make it.
#[derive(Debug)]
pub(super) struct Mark {
    pub(super) kind: MarkKind,
    pub(super) bytes: Range<usize>,
    /// The label of a link within the Markdown.
    pub(super) label: Range<usize>,
}

#[derive(Debug)]
pub(super) enum MarkKind {
    /// A link to `source:…`; `None` when its target cannot be read.
    Citation(Option<Citation>),
    Page(String),
    Diagram(String),
    /// A link that leads out of the documentation.
    Outside(String),
}

/// Finds what the Markdown of a page refers to.
pub fn collect(markdown: &str) -> Collected {
    let mut found = Collected::default();
    let mut seen = BTreeSet::new();
    let mut links = BTreeSet::new();
    for mark in marks(markdown) {
        match mark.kind {
            MarkKind::Citation(Some(citation)) => {
                if seen.insert(citation.clone()) {
                    found.citations.push(citation);
                }
            }
            MarkKind::Page(slug) => drop(links.insert(slug)),
            MarkKind::Diagram(source) => {
                found.diagrams.push(Diagram { language: "mermaid".to_owned(), source });
            }
            MarkKind::Citation(None) | MarkKind::Outside(_) => {}
        }
    }
    found.links = links.into_iter().collect();
    found
}

/// Fills in which symbol stands at the lines of each citation.
pub(super) fn name_symbols(citations: &mut [Citation], symbols: &BTreeMap<String, Vec<(LineRange, String)>>) {
    for citation in citations {
        let mut symbols = symbols.get(&citation.path).into_iter().flatten();
        citation.symbol = symbols.find(|(lines, _)| *lines == citation.lines).map(|(_, name)| name.clone());
    }
}

pub(super) fn marks(markdown: &str) -> Vec<Mark> {
    let mut found = Vec::new();
    let mut open: Vec<(String, Range<usize>, Option<Range<usize>>)> = Vec::new();
    let mut diagram: Option<(Range<usize>, String)> = None;
    for (event, bytes) in
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_GFM).into_offset_iter()
    {
        match event {
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                open.push((dest_url.to_string(), bytes, None));
            }
            Event::End(TagEnd::Link | TagEnd::Image) => {
                let Some((target, bytes, label)) = open.pop() else { continue };
                let kind = if target.starts_with("source:") {
                    MarkKind::Citation(parse_source_target(&target).map(|(path, lines)| Citation {
                        path,
                        lines,
                        symbol: None,
                    }))
                } else if let Some(slug) = target.strip_prefix("page:") {
                    MarkKind::Page(slug.to_owned())
                } else {
                    MarkKind::Outside(target)
                };
                let label = label.unwrap_or(bytes.start..bytes.start);
                found.push(Mark { kind, bytes, label });
            }
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) if info.trim() == "mermaid" => {
                diagram = Some((bytes, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((bytes, source)) = diagram.take() {
                    let label = bytes.start..bytes.start;
                    found.push(Mark { kind: MarkKind::Diagram(source), bytes, label });
                }
            }
            Event::Text(text) if diagram.is_some() => {
                if let Some((_, source)) = &mut diagram {
                    source.push_str(&text);
                }
            }
            _ => {
                if let Some((_, _, label)) = open.last_mut() {
                    *label = Some(
                        label.as_ref().map_or(bytes.clone(), |known| known.start..bytes.end.max(known.end)),
                    );
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::LineRange;

    #[test]
    fn a_page_tells_what_it_refers_to() {
        let markdown = "See [`x`](source:a%20b.py#L3-L4) and [it](page:modules/x) and [`x`](source:a%20b.py#L3-L4).\n\n\
                        | a |\n| --- |\n| [y](source:c.py#L1) |\n\n```mermaid\nflowchart TD\n  a --> b\n```\n";
        let found = collect(markdown);
        let place = |path: &str, start_line, end_line| Citation {
            path: path.into(),
            lines: LineRange { start_line, end_line },
            symbol: None,
        };
        assert_eq!(found.citations, [place("a b.py", 3, 4), place("c.py", 1, 1)]);
        assert_eq!(found.links, ["modules/x"]);
        assert_eq!(found.diagrams[0].source, "flowchart TD\n  a --> b\n");
    }
}
