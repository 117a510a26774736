//! A page as a model wrote it, and what is wrong with it.

use std::collections::BTreeMap;

use pulldown_cmark::{Event, Options, Parser};

use crate::document::collect;
use crate::document::diagram::{self, MAX_NODES};
use crate::document::markdown::{cite, escape};
use crate::domain::LineRange;

/// Longer pages are refused.
const MAX_BYTES: usize = 200_000;
/// Problems of one kind that are told.
const MAX_PROBLEMS: usize = 12;
/// Shorter paragraphs may go without a place.
const SHORT: usize = 120;

/// A page with links in place of its citations.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Draft {
    pub markdown: String,
    /// Why it cannot be kept.
    pub problems: Vec<String>,
    /// Diagrams that do not parse.
    pub diagram_problems: Vec<String>,
}

/// Files that may be cited: by the path that the model was shown, the path and its number of lines.
type Files = BTreeMap<String, (String, u32)>;

impl Draft {
    /// Reads a model's answer.
    pub(super) fn read(answer: &str, title: &str, files: &Files) -> Self {
        if answer.len() > MAX_BYTES {
            let problems = vec![format!("The page is longer than {MAX_BYTES} bytes.")];
            return Self { markdown: String::new(), problems, diagram_problems: Vec::new() };
        }
        let mut problems = Vec::new();
        let linked = linked(&without_html(unfenced(answer)), files, &mut problems);
        let markdown = titled(&linked, title);
        problems.extend(uncited(&markdown));
        problems.truncate(MAX_PROBLEMS);
        let diagram_problems = diagram_problems(&markdown);
        Self { markdown, problems, diagram_problems }
    }
}

/// The answer without a fence around the whole of it.
fn unfenced(answer: &str) -> &str {
    let text = answer.trim();
    let Some((first, rest)) = text.split_once('\n') else { return text };
    let is_fence = matches!(first.trim(), "```" | "```markdown" | "```md");
    match rest.trim_end().strip_suffix("```") {
        Some(inner) if is_fence => inner.trim(),
        _ => text,
    }
}

/// With the page's title, if the model left it out.
fn titled(markdown: &str, title: &str) -> String {
    let text = markdown.trim();
    if text.starts_with("# ") { format!("{text}\n") } else { format!("# {}\n\n{text}\n", escape(title)) }
}

/// HTML as text.
fn without_html(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut copied = 0;
    for (event, bytes) in Parser::new_ext(markdown, Options::ENABLE_TABLES).into_offset_iter() {
        if !matches!(event, Event::Html(_) | Event::InlineHtml(_)) || bytes.start < copied {
            continue;
        }
        out.push_str(markdown.get(copied..bytes.start).unwrap_or_default());
        out.push_str(&markdown.get(bytes.clone()).unwrap_or_default().replace('<', "&lt;"));
        copied = bytes.end;
    }
    out.push_str(markdown.get(copied..).unwrap_or_default());
    out
}

/// Turns each `[[PATH:A-B]]` into a link to the source; those that lead nowhere are problems.
fn linked(markdown: &str, files: &Files, problems: &mut Vec<String>) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut in_fence = false;
    for line in markdown.split_inclusive('\n') {
        if line.trim_start().starts_with("```") {
            in_fence = !in_fence;
            out.push_str(line);
        } else if in_fence {
            out.push_str(line);
        } else {
            link_line(line, files, problems, &mut out);
        }
    }
    out
}

fn link_line(line: &str, files: &Files, problems: &mut Vec<String>, out: &mut String) {
    let mut rest = line;
    while let Some(open) = rest.find("[[") {
        let after = &rest[open + 2..];
        let Some(close) = after.find("]]") else { break };
        let inside = &after[..close];
        let tail = &after[close + 2..];
        let Some((path, lines)) = place(inside) else {
            // Double brackets of another meaning.
            out.push_str(&rest[..open + 2]);
            rest = after;
            continue;
        };
        // A place that was written as code.
        let is_code = rest[..open].ends_with('`') && tail.starts_with('`');
        out.push_str(&rest[..open - usize::from(is_code)]);
        match resolved(path, lines, files) {
            Ok(path) => out.push_str(&link(&path, lines)),
            Err(problem) => problems.push(problem),
        }
        rest = &tail[usize::from(is_code)..];
    }
    out.push_str(rest);
}

fn place(text: &str) -> Option<(&str, LineRange)> {
    let (path, range) = text.rsplit_once(':')?;
    let (start, end) = range.split_once(['-', '–']).unwrap_or((range, range));
    let line = |text: &str| text.trim().trim_start_matches('L').parse().ok();
    Some((path.trim(), LineRange { start_line: line(start)?, end_line: line(end)? }))
}

fn resolved(path: &str, lines: LineRange, files: &Files) -> Result<String, String> {
    let shown: String = path.chars().filter(|c| !c.is_control()).take(120).collect();
    let LineRange { start_line, end_line } = lines;
    match files.get(path) {
        None => Err(format!(
            "[[{shown}:{start_line}-{end_line}]] leads nowhere: the repository has no such file."
        )),
        Some((_, count)) if start_line < 1 || end_line < start_line || end_line > *count => {
            Err(format!("[[{shown}:{start_line}-{end_line}]] leads nowhere: the file has {count} lines."))
        }
        Some((path, _)) => Ok(path.clone()),
    }
}

fn link(path: &str, lines: LineRange) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    let LineRange { start_line, end_line } = lines;
    let range =
        if start_line == end_line { start_line.to_string() } else { format!("{start_line}-{end_line}") };
    cite(&escape(&format!("{name}:{range}")), path, lines)
}

/// Paragraphs that cite nothing, when they are more than now and then one.
fn uncited(markdown: &str) -> Vec<String> {
    let mut in_fence = false;
    let (mut cited, mut bare) = (0, Vec::new());
    for block in markdown.split("\n\n") {
        let fences = block.lines().filter(|line| line.trim_start().starts_with("```")).count();
        let is_code = in_fence || fences > 0;
        in_fence ^= fences % 2 == 1;
        let text = block.trim();
        if text.contains("](source:") {
            cited += 1;
        } else if !is_code && !text.starts_with(['#', '>']) && text.chars().count() > SHORT {
            bare.push(text.split_whitespace().take(8).collect::<Vec<_>>().join(" "));
        }
    }
    if cited == 0 {
        return vec!["The page cites no place of the source.".into()];
    }
    if bare.len() <= cited {
        return Vec::new();
    }
    bare.into_iter()
        .take(4)
        .map(|start| format!("The paragraph that begins \"{start}\" cites no place."))
        .collect()
}

fn diagram_problems(markdown: &str) -> Vec<String> {
    let diagrams = collect(markdown).diagrams;
    let problem = |source: &str| match diagram::parse(source) {
        Err(error) => Some(format!("A diagram does not parse: {error}.")),
        Ok(parsed) if parsed.nodes > MAX_NODES => {
            Some(format!("A diagram has {} nodes; at most {MAX_NODES} can be read.", parsed.nodes))
        }
        Ok(_) => None,
    };
    diagrams.iter().filter_map(|diagram| problem(&diagram.source)).take(MAX_PROBLEMS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(answer: &str) -> Draft {
        let files = Files::from([
            ("src/a.py".to_owned(), ("src/a.py".to_owned(), 9)),
            ("odd?.py".to_owned(), ("odd\n.py".to_owned(), 2)),
        ]);
        Draft::read(answer, "The page", &files)
    }

    #[test]
    fn places_become_links_and_the_title_is_there() {
        let draft = read(
            "```markdown\nIt runs [[src/a.py:3-4]], `[[src/a.py:5]]`, [[odd?.py:1-2]] and `[[ -f x ]]`.\n```",
        );
        assert_eq!(
            draft.markdown,
            "# The page\n\nIt runs [a.py:3-4](source:src/a.py#L3-L4), [a.py:5](source:src/a.py#L5), [odd .py:1-2](source:odd%0A.py#L1-L2) and `[[ -f x ]]`.\n"
        );
        assert_eq!((draft.problems, draft.diagram_problems), (vec![], vec![]));
    }

    #[test]
    fn places_that_lead_nowhere_are_problems() {
        for (answer, reason) in [
            ("[[src/b.py:1-2]]", "no such file"),
            ("[[src/a.py:8-10]]", "has 9 lines"),
            ("[[src/a.py:4-3]]", "has 9 lines"),
            ("No place at all.", "cites no place"),
        ] {
            let draft = read(answer);
            assert!(draft.problems[0].contains(reason), "{draft:?}");
        }
    }

    #[test]
    fn html_becomes_text_and_code_stays() {
        let draft = read(
            "<img src=x onerror=alert(1)>\n\nUses `Vec<u8>` [[src/a.py:1-1]]\n\n```mermaid\nflowchart TD\n  a[<b>] -->\n```",
        );
        assert!(
            !draft.markdown.contains("<img") && draft.markdown.contains("`Vec<u8>`"),
            "{}",
            draft.markdown
        );
        assert_eq!(draft.diagram_problems.len(), 1);
    }
}
