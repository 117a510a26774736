//! Links of pages, for readers of plain files.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::document::markdown::{encode_path, parse_source_target};
use crate::domain::Page;

/// Where the links of one exported page lead.
pub(super) struct Links<'a> {
    /// From the page's folder to the output folder: empty, or `../` once or more.
    pub(super) up: String,
    /// Where the sources lie.
    pub(super) sources: Sources<'a>,
}

/// Where the sources that pages cite lie.
#[derive(Clone, Copy)]
pub(super) enum Sources<'a> {
    /// In the repository: the way from the output folder to it, percent-encoded, ending in `/`.
    Repository(&'a str),
    /// These, by path, below [`COPIES`] in the output folder.
    Copies(&'a BTreeSet<String>),
}

/// The folder of sources that are given along.
pub(super) const COPIES: &str = "source/";

/// The file of a page within the output folder.
pub(super) fn file_of(slug: &str, is_index: bool) -> String {
    if is_index { "index.md".to_owned() } else { format!("{slug}.md") }
}

/// The page's Markdown with its links rewritten; `index` is the slug of the page that is `index.md`.
pub(super) fn rewrite(page: &Page, index: &str, links: &Links<'_>) -> String {
    let text = &page.markdown;
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut rest = text.as_str();
    // What a page quotes is escaped, so `](source:` is ours unless it stands in code.
    let mut in_fence: Option<String> = None;
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
        let (line, tail) = rest.split_at(end);
        rest = tail;
        let trimmed = line.trim_start();
        let ticks = trimmed.len() - trimmed.trim_start_matches('`').len();
        match &in_fence {
            Some(fence) => {
                if ticks >= fence.len() && trimmed.trim_end().chars().all(|c| c == '`') {
                    in_fence = None;
                }
                out.push_str(line);
            }
            None if ticks >= 3 => {
                in_fence = Some("`".repeat(ticks));
                out.push_str(line);
            }
            None => rewrite_line(line, index, links, &mut out),
        }
    }
    out
}

fn rewrite_line(line: &str, index: &str, links: &Links<'_>, out: &mut String) {
    let bytes = line.as_bytes();
    let mut at = 0;
    while at < line.len() {
        if bytes.get(at) == Some(&b'`') {
            // A code span: up to the next run of as many backticks.
            let run = line[at..].len() - line[at..].trim_start_matches('`').len();
            let close = closing(&line[at + run..], run);
            let end = close.map_or(at + run, |close| at + run + close + run);
            out.push_str(&line[at..end]);
            at = end;
            continue;
        }
        if bytes.get(at) == Some(&b'\\') && at + 1 < line.len() && bytes.get(at + 1).is_some_and(u8::is_ascii)
        {
            out.push_str(&line[at..at + 2]);
            at += 2;
            continue;
        }
        if line[at..].starts_with("](")
            && let Some(end) = line[at + 2..].find(')')
            && let Some(target) = target(&line[at + 2..at + 2 + end], index, links)
        {
            match target {
                Target::File(file) => out.push_str(&format!("]({file})")),
                Target::Nowhere => out.push(']'),
            }
            at += 2 + end + 1;
            continue;
        }
        let step = line[at..].chars().next().map_or(1, char::len_utf8);
        out.push_str(&line[at..at + step]);
        at += step;
    }
}

/// Where in `text` a run of exactly `run` backticks starts.
fn closing(text: &str, run: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes.get(at) == Some(&b'`') {
            let length = bytes[at..].iter().take_while(|byte| **byte == b'`').count();
            if length == run {
                return Some(at);
            }
            at += length;
        } else {
            at += 1;
        }
    }
    None
}

/// Where a link of ours leads.
enum Target {
    /// To this file, relative to the page.
    File(String),
    /// The source lies nowhere near the page: the words stand in their brackets without a link.
    Nowhere,
}

fn target(target: &str, index: &str, links: &Links<'_>) -> Option<Target> {
    if let Some(slug) = target.strip_prefix("page:") {
        return Some(Target::File(format!("{}{}", links.up, file_of(slug, slug == index))));
    }
    let (path, lines) = parse_source_target(target)?;
    let anchor = if lines.end_line > lines.start_line {
        format!("#L{}-L{}", lines.start_line, lines.end_line)
    } else {
        format!("#L{}", lines.start_line)
    };
    let base = match links.sources {
        Sources::Repository(way) => way,
        Sources::Copies(copies) if copies.contains(&path) => COPIES,
        Sources::Copies(_) => return Some(Target::Nowhere),
    };
    Some(Target::File(format!("{}{base}{}{anchor}", links.up, encode_path(&path))))
}

/// The way from folder `from` to folder `to`, percent-encoded and ended by `/`; `None` across drives.
pub(super) fn relative(from: &Path, to: &Path) -> Option<String> {
    let from: Vec<Component<'_>> = from.components().collect();
    let to: Vec<Component<'_>> = to.components().collect();
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        return None;
    }
    let mut way = PathBuf::new();
    for _ in shared..from.len() {
        way.push("..");
    }
    way.extend(to.get(shared..)?);
    let parts: Vec<String> =
        way.components().map(|part| encode_path(&part.as_os_str().to_string_lossy())).collect();
    Some(if parts.is_empty() { String::new() } else { format!("{}/", parts.join("/")) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Origin;

    fn page(markdown: &str) -> Page {
        Page {
            slug: "modules/x".into(),
            title: "x".into(),
            parent: None,
            order: 0,
            origin: Origin::Static,
            markdown: markdown.into(),
            citations: Vec::new(),
            diagrams: Vec::new(),
            links: Vec::new(),
        }
    }

    #[test]
    fn links_lead_from_the_page_to_the_source_and_to_pages() {
        let links = Links { up: "../".into(), sources: Sources::Repository("../repo%20x/") };
        let text = "[a](source:src/a%20b.py#L3-L9) `](source:c.py#L1)` [o](page:overview) [m](page:modules/y)\n\
                    ```text\n[a](source:d.py#L1)\n```\n\\[a](source:no#L1) [b](source:e.py#L4)\n";
        assert_eq!(
            rewrite(&page(text), "overview", &links),
            "[a](../../repo%20x/src/a%20b.py#L3-L9) `](source:c.py#L1)` [o](../index.md) [m](../modules/y.md)\n\
             ```text\n[a](source:d.py#L1)\n```\n\\[a](../../repo%20x/no#L1) [b](../../repo%20x/e.py#L4)\n"
        );
        let copies = BTreeSet::from(["a b.py".to_owned()]);
        let copied = Links { up: "../".into(), sources: Sources::Copies(&copies) };
        assert_eq!(
            rewrite(&page("[a](source:a%20b.py#L3) [b](source:b.py#L3)"), "overview", &copied),
            "[a](../source/a%20b.py#L3) [b]"
        );
    }

    #[test]
    fn the_way_between_folders_is_relative() {
        assert_eq!(relative(Path::new("/a/out"), Path::new("/a/repo x")).as_deref(), Some("../repo%20x/"));
        assert_eq!(relative(Path::new("/a/repo/docs"), Path::new("/a/repo")).as_deref(), Some("../"));
        assert_eq!(relative(Path::new("/a"), Path::new("/a")).as_deref(), Some(""));
    }
}
