//! Flowcharts.

use std::collections::BTreeSet;

use super::DiagramError;
use super::lines::{Line, is_safe, name, quoted};

/// Opening and closing marks of the shapes; longer ones first.
const SHAPES: &[(&str, &str)] = &[
    ("(((", ")))"),
    ("([", "])"),
    ("[[", "]]"),
    ("[(", ")]"),
    ("((", "))"),
    ("{{", "}}"),
    ("[/", "/]"),
    ("[\\", "\\]"),
    ("[", "]"),
    ("(", ")"),
    ("{", "}"),
    (">", "]"),
];
const RESERVED: &[&str] = &[
    "end",
    "subgraph",
    "graph",
    "flowchart",
    "style",
    "linkStyle",
    "classDef",
    "class",
    "click",
    "href",
    "call",
    "direction",
];
const DIRECTIONS: &[&str] = &["TD", "TB", "LR", "RL", "BT"];

pub(super) fn parse(
    direction: Option<&str>,
    header: usize,
    lines: &[Line<'_>],
) -> Result<usize, DiagramError> {
    if direction.is_some_and(|direction| !DIRECTIONS.contains(&direction)) {
        return Err(DiagramError::new(header, "the direction is one of TD, TB, LR, RL, BT"));
    }
    let mut nodes = BTreeSet::new();
    let mut open: Vec<usize> = Vec::new();
    for &(number, line) in lines {
        let first = line.split_whitespace().next().unwrap_or("");
        match first {
            "subgraph" => {
                subgraph(number, line["subgraph".len()..].trim())?;
                open.push(number);
            }
            "end" if line == "end" => {
                open.pop().ok_or_else(|| DiagramError::new(number, "`end` without `subgraph`"))?;
            }
            "direction" => {
                if !line.split_whitespace().nth(1).is_some_and(|word| DIRECTIONS.contains(&word)) {
                    return Err(DiagramError::new(number, "the direction is one of TD, TB, LR, RL, BT"));
                }
            }
            "classDef" | "class" | "style" | "linkStyle" => {
                let plain = |c: char| c.is_alphanumeric() || " ,:#-_.%".contains(c);
                if !line.chars().all(plain) {
                    return Err(DiagramError::new(number, "a style holds more than names and values"));
                }
            }
            "click" => return Err(DiagramError::new(number, "`click` is not accepted")),
            _ => chain(number, line, &mut nodes)?,
        }
    }
    match open.last() {
        Some(number) => Err(DiagramError::new(*number, "`subgraph` without `end`")),
        None => Ok(nodes.len()),
    }
}

fn subgraph(number: usize, rest: &str) -> Result<(), DiagramError> {
    let title = match name(rest) {
        Some((_, tail)) if tail.trim_start().starts_with('[') => {
            let tail = tail.trim_start();
            tail.strip_prefix('[').and_then(|tail| tail.strip_suffix(']')).unwrap_or("[")
        }
        _ => rest,
    };
    let plain = quoted(title).map_or_else(
        || !title.is_empty() && !title.contains(['[', ']', '(', ')', '{', '}', '"', '<', '>']),
        |(inner, tail)| tail.is_empty() && is_safe(inner),
    );
    if plain { Ok(()) } else { Err(DiagramError::new(number, "a subgraph is `subgraph id [\"title\"]`")) }
}

fn chain(number: usize, line: &str, nodes: &mut BTreeSet<String>) -> Result<(), DiagramError> {
    let mut rest = group(number, line, nodes)?;
    while !rest.is_empty() {
        rest = link(number, rest)?.trim_start();
        rest = group(number, rest, nodes)?;
    }
    Ok(())
}

/// Nodes joined by `&`.
fn group<'a>(number: usize, text: &'a str, nodes: &mut BTreeSet<String>) -> Result<&'a str, DiagramError> {
    let mut rest = node(number, text, nodes)?.trim_start();
    while let Some(tail) = rest.strip_prefix('&') {
        rest = node(number, tail.trim_start(), nodes)?.trim_start();
    }
    Ok(rest)
}

fn node<'a>(number: usize, text: &'a str, nodes: &mut BTreeSet<String>) -> Result<&'a str, DiagramError> {
    let (id, rest) = identifier(text).ok_or_else(|| DiagramError::new(number, "a node was expected"))?;
    if RESERVED.contains(&id) {
        return Err(DiagramError::new(number, format!("`{id}` is a reserved word")));
    }
    nodes.insert(id.to_owned());
    let mut rest = rest;
    // `>` opens a shape only where no arrow can stand.
    if let Some((open, close)) = SHAPES.iter().find(|(open, _)| rest.starts_with(open)) {
        let inner = &rest[open.len()..];
        rest = match quoted(inner) {
            Some((label, tail)) => {
                if !is_safe(label) {
                    return Err(DiagramError::new(number, "HTML in a label"));
                }
                tail.strip_prefix(close).ok_or_else(|| {
                    DiagramError::new(number, format!("`{close}` was expected after the label"))
                })?
            }
            None => {
                let end = inner
                    .find(close)
                    .ok_or_else(|| DiagramError::new(number, format!("`{close}` is missing")))?;
                let label = &inner[..end];
                let bare = label.replace("<br/>", " ").replace("<br>", " ");
                if bare.trim().is_empty()
                    || bare.contains(['(', ')', '[', ']', '{', '}', '"', '<', '>', '|', ';', '`'])
                {
                    return Err(DiagramError::new(number, "a label with signs stands in double quotes"));
                }
                &inner[end + close.len()..]
            }
        };
    }
    if let Some(tail) = rest.strip_prefix(":::") {
        rest =
            name(tail).ok_or_else(|| DiagramError::new(number, "a class name was expected after `:::`"))?.1;
    }
    Ok(rest)
}

/// As [`name`], with single `-` between letters.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let mut end = name(text)?.0.len();
    while let Some(tail) = text[end..].strip_prefix('-') {
        match name(tail) {
            Some((part, _)) if !part.starts_with('.') => end += 1 + part.len(),
            _ => break,
        }
    }
    Some(text.split_at(end))
}

fn link(number: usize, text: &str) -> Result<&str, DiagramError> {
    let fail = |message: &str| DiagramError::new(number, message);
    let end = text.find(|c: char| !"<-=.~>ox".contains(c)).unwrap_or(text.len());
    // `o` and `x` belong to the arrow only at its end, before a space or a label.
    let arrow = &text[..end];
    let rest = &text[end..];
    if !is_arrow(arrow) {
        return labelled(number, text);
    }
    let rest_trimmed = rest.trim_start();
    let Some(tail) = rest_trimmed.strip_prefix('|') else { return Ok(rest) };
    let close = tail.find('|').ok_or_else(|| fail("`|` is missing after the label of a link"))?;
    let label = &tail[..close];
    let plain = quoted(label).map_or_else(
        || !label.trim().is_empty() && !label.contains(['(', ')', '[', ']', '{', '}', '"', '<', '>', ';']),
        |(inner, after)| after.is_empty() && is_safe(inner),
    );
    if plain {
        Ok(&tail[close + 1..])
    } else {
        Err(fail("the label of a link with signs stands in double quotes"))
    }
}

fn is_arrow(text: &str) -> bool {
    let body = text.strip_prefix('<').unwrap_or(text);
    let (body, headed) = match body.strip_suffix(['>', 'x', 'o']) {
        Some(body) => (body, true),
        None => (body, false),
    };
    let line = |c: char, least: usize| body.len() >= least && body.chars().all(|found| found == c);
    let dotted = body.len() >= 3
        && body.starts_with('-')
        && body.ends_with('-')
        && body[1..body.len() - 1].chars().all(|c| c == '.');
    if headed {
        line('-', 2) || line('=', 2) || dotted
    } else {
        line('-', 3) || line('=', 3) || line('~', 3) || dotted
    }
}

/// `-- text -->`, `== text ==>`, `-. text .->`.
fn labelled(number: usize, text: &str) -> Result<&str, DiagramError> {
    for (open, closes) in [("--", ["-->", "---"]), ("==", ["==>", "==="]), ("-.", [".->", ".-"])] {
        let Some(inner) = text.strip_prefix(open) else { continue };
        if !inner.starts_with(' ') {
            continue;
        }
        for close in closes {
            if let Some(end) = inner.find(close) {
                let label = inner[..end].trim();
                let label =
                    quoted(label).filter(|(_, rest)| rest.is_empty()).map_or(label, |(inner, _)| inner);
                if label.is_empty() || label.contains(['"', '[', ']', '(', ')', '{', '}', '|', '<', '>', ';'])
                {
                    return Err(DiagramError::new(number, "the label of a link holds signs"));
                }
                return Ok(&inner[end + close.len()..]);
            }
        }
    }
    Err(DiagramError::new(number, "a link such as `-->` was expected"))
}
