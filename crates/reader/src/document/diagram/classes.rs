//! Class diagrams.

use std::collections::BTreeSet;

use super::DiagramError;
use super::lines::{Line, is_safe, name, quoted};

const RELATIONS: &[&str] = &[
    "<|--|>", "<|--", "--|>", "<|..", "..|>", "*--", "--*", "o--", "--o", "<--", "-->", "<..", "..>", "--",
    "..",
];

pub(super) fn parse(lines: &[Line<'_>]) -> Result<usize, DiagramError> {
    let mut classes = BTreeSet::new();
    let mut in_class: Option<usize> = None;
    let mut in_namespace: Option<usize> = None;
    for &(number, line) in lines {
        if in_class.is_some() {
            if line == "}" {
                in_class = None;
            } else {
                member(number, line)?;
            }
            continue;
        }
        if line == "}" && in_namespace.take().is_some() {
            continue;
        }
        if let Some(rest) = line.strip_prefix("namespace ") {
            let (_, rest) = name(rest).ok_or_else(|| DiagramError::new(number, "a namespace has a name"))?;
            if rest.trim() != "{" || in_namespace.is_some() {
                return Err(DiagramError::new(
                    number,
                    "a namespace is `namespace Name {`, not within another",
                ));
            }
            in_namespace = Some(number);
        } else if let Some(rest) = line.strip_prefix("class ") {
            if class(number, rest.trim(), &mut classes)? {
                in_class = Some(number);
            }
        } else if let Some(rest) = line.strip_prefix("direction ") {
            if !["TB", "BT", "LR", "RL"].contains(&rest.trim()) {
                return Err(DiagramError::new(number, "the direction is one of TB, BT, LR, RL"));
            }
        } else if let Some(rest) = line.strip_prefix("<<") {
            let class = rest.split_once(">>").map(|(_, class)| class.trim()).and_then(name);
            match class {
                Some((id, "")) => drop(classes.insert(id.to_owned())),
                _ => return Err(DiagramError::new(number, "an annotation is `<<kind>> Class`")),
            }
        } else if line.starts_with("note ") {
            let text = line.find('"').and_then(|at| quoted(&line[at..]));
            if !text.is_some_and(|(text, rest)| rest.is_empty() && is_safe(text)) {
                return Err(DiagramError::new(number, "a note's text stands in double quotes"));
            }
        } else {
            relation(number, line, &mut classes)?;
        }
    }
    match in_class.or(in_namespace) {
        Some(number) => Err(DiagramError::new(number, "`}` is missing")),
        None => Ok(classes.len()),
    }
}

/// `Name["label"]` and perhaps `{`; whether a body follows.
fn class(number: usize, text: &str, classes: &mut BTreeSet<String>) -> Result<bool, DiagramError> {
    let (id, rest) = identifier(text).ok_or_else(|| DiagramError::new(number, "a class has a name"))?;
    classes.insert(id.to_owned());
    let mut rest = rest.trim();
    if let Some(inner) = rest.strip_prefix('[') {
        let (label, tail) =
            quoted(inner).ok_or_else(|| DiagramError::new(number, "a class label stands in quotes"))?;
        if !is_safe(label) {
            return Err(DiagramError::new(number, "HTML in a label"));
        }
        rest = tail.strip_prefix(']').ok_or_else(|| DiagramError::new(number, "`]` is missing"))?.trim();
    }
    match rest {
        "" => Ok(false),
        "{" => Ok(true),
        "{}" | "{ }" => Ok(false),
        _ => Err(DiagramError::new(number, "text after the name of a class")),
    }
}

fn member(number: usize, text: &str) -> Result<(), DiagramError> {
    let annotation = text.starts_with("<<") && text.ends_with(">>");
    let text = if annotation { &text[2..text.len() - 2] } else { text };
    if text.contains(['{', '}', '<', '>', '"', ';', '`']) {
        return Err(DiagramError::new(number, "a member holds none of { } < > \" ; `"));
    }
    Ok(())
}

fn relation(number: usize, line: &str, classes: &mut BTreeSet<String>) -> Result<(), DiagramError> {
    let fail = |message: &str| DiagramError::new(number, message);
    let (left, rest) = identifier(line).ok_or_else(|| fail("a class was expected"))?;
    classes.insert(left.to_owned());
    let mut rest = rest.trim_start();
    if let Some(text) = rest.strip_prefix(':') {
        return member(number, text);
    }
    if let Some((_, tail)) = quoted(rest) {
        rest = tail.trim_start();
    }
    let arrow = RELATIONS
        .iter()
        .filter(|arrow| rest.starts_with(**arrow))
        .max_by_key(|arrow| arrow.len())
        .ok_or_else(|| fail("a relation such as `<|--` was expected"))?;
    rest = rest[arrow.len()..].trim_start();
    if let Some((_, tail)) = quoted(rest) {
        rest = tail.trim_start();
    }
    let (right, rest) = identifier(rest).ok_or_else(|| fail("a class was expected after the relation"))?;
    classes.insert(right.to_owned());
    match rest.trim_start().strip_prefix(':') {
        Some(text) if is_safe(text) && !text.trim().is_empty() && !text.contains([';', '{', '}']) => Ok(()),
        None if rest.trim().is_empty() => Ok(()),
        _ => Err(fail("the label of a relation is plain text after `:`")),
    }
}

/// A class name, which may have type parameters between `~`.
fn identifier(text: &str) -> Option<(&str, &str)> {
    let (id, rest) = name(text)?;
    let Some(inner) = rest.strip_prefix('~') else { return Some((id, rest)) };
    let end = inner.find('~')?;
    Some((id, &inner[end + 1..]))
}
