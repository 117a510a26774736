//! Blocks of Markdown.

use pulldown_cmark::{CodeBlockKind, Event, HeadingLevel, Options, Parser, Tag, TagEnd};

use super::super::manifest::Fact;
use super::Block;
use crate::domain::LineRange;

pub(super) fn blocks(text: &str) -> Vec<Block> {
    let starts: Vec<usize> = std::iter::once(0)
        .chain(text.bytes().enumerate().filter(|(_, b)| *b == b'\n').map(|(at, _)| at + 1))
        .collect();
    let line_of =
        |offset: usize| u32::try_from(starts.partition_point(|start| *start <= offset)).unwrap_or(u32::MAX);
    let lines_of = |range: &std::ops::Range<usize>| {
        let body = text.get(range.clone()).unwrap_or("").trim_end();
        LineRange {
            start_line: line_of(range.start),
            end_line: line_of(range.start + body.len().saturating_sub(1)),
        }
    };
    let mut blocks = Vec::new();
    let mut words = String::new();
    let mut linked = 0;
    let mut link_depth = 0_usize;
    let mut images = 0_usize;
    let mut lists: Vec<Vec<Fact>> = Vec::new();
    let mut items = 0_usize;
    let mut quotes = 0_usize;
    let mut alerts = 0_usize;
    let mut tables = 0_usize;
    let mut code: Option<(bool, u32, String)> = None;
    for (event, range) in
        Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_GFM).into_offset_iter()
    {
        match event {
            Event::Start(Tag::Paragraph | Tag::Heading { .. }) => {
                words.clear();
                linked = 0;
            }
            Event::Start(Tag::Item) => {
                items += 1;
                words.clear();
            }
            Event::Start(Tag::Link { .. }) => link_depth += 1,
            Event::End(TagEnd::Link) => link_depth = link_depth.saturating_sub(1),
            Event::Start(Tag::Image { .. }) => images += 1,
            Event::End(TagEnd::Image) => images = images.saturating_sub(1),
            Event::Start(Tag::BlockQuote(kind)) => {
                quotes += 1;
                alerts += usize::from(kind.is_some());
            }
            Event::End(TagEnd::BlockQuote(kind)) => {
                quotes = quotes.saturating_sub(1);
                alerts = alerts.saturating_sub(usize::from(kind.is_some()));
            }
            Event::Start(Tag::Table(_)) => tables += 1,
            Event::End(TagEnd::Table) => tables = tables.saturating_sub(1),
            Event::Start(Tag::List(_)) => {
                if let Some(list) = lists.last_mut().filter(|_| items > 0 && !words.trim().is_empty()) {
                    // The item's own words end where its sub-list starts.
                    list.push(Fact {
                        value: words.trim().to_owned(),
                        lines: LineRange {
                            start_line: line_of(range.start).saturating_sub(1).max(1),
                            end_line: line_of(range.start).saturating_sub(1).max(1),
                        },
                    });
                    words.clear();
                }
                lists.push(Vec::new());
            }
            Event::End(TagEnd::List(_)) => {
                let list = lists.pop().unwrap_or_default();
                if lists.is_empty() && quotes == 0 && !list.is_empty() {
                    blocks.push(Block::List { items: list });
                }
            }
            Event::End(TagEnd::Item) => {
                items = items.saturating_sub(1);
                let depth = lists.len();
                if let Some(list) = lists.last_mut()
                    && depth == 1
                    && !words.trim().is_empty()
                {
                    list.push(Fact { value: words.trim().to_owned(), lines: lines_of(&range) });
                }
                words.clear();
            }
            Event::Start(Tag::CodeBlock(kind)) => {
                let info = match &kind {
                    CodeBlockKind::Fenced(info) => info.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                let language = info.split([' ', ',']).next().unwrap_or("").to_lowercase();
                let shell = ["sh", "bash", "shell", "console", "zsh", "shell-session", "terminal"]
                    .contains(&language.as_str());
                let first = line_of(range.start) + u32::from(matches!(kind, CodeBlockKind::Fenced(_)));
                code = Some((shell, first, String::new()));
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some((shell, start, text)) = code.take() {
                    blocks.push(Block::Code { text, shell, start });
                }
            }
            Event::Text(part) => {
                if let Some((_, _, body)) = &mut code {
                    body.push_str(&part);
                } else if images == 0 {
                    words.push_str(&part);
                    if link_depth > 0 {
                        linked += part.chars().count();
                    }
                }
            }
            Event::Code(part) if images == 0 => {
                words.push('`');
                words.push_str(&part);
                words.push('`');
                if link_depth > 0 {
                    linked += part.chars().count();
                }
            }
            Event::SoftBreak | Event::HardBreak => words.push(' '),
            Event::End(TagEnd::Paragraph) if items == 0 && quotes == 0 && tables == 0 => {
                let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
                if !text.is_empty() {
                    blocks.push(Block::Paragraph { text, linked, lines: lines_of(&range) });
                }
                words.clear();
            }
            Event::End(TagEnd::Paragraph)
                if items == 0
                    && alerts == 0
                    && quotes == 1
                    && matches!(blocks.as_slice(), [] | [Block::Heading { .. }]) =>
            {
                let text = words.split_whitespace().collect::<Vec<_>>().join(" ");
                blocks.push(Block::Tagline { text, linked, lines: lines_of(&range) });
                words.clear();
            }
            Event::End(TagEnd::Paragraph) => words.push(' '),
            Event::End(TagEnd::Heading(level)) => {
                let level = match level {
                    HeadingLevel::H1 => 1,
                    HeadingLevel::H2 => 2,
                    HeadingLevel::H3 => 3,
                    _ => 4,
                };
                let text = words.trim().to_owned();
                blocks.push(Block::Heading { level, text, line: line_of(range.start) });
                words.clear();
            }
            _ => {}
        }
    }
    blocks
}
