//! Entity-relationship diagrams.

use std::collections::BTreeSet;

use super::DiagramError;
use super::lines::{Line, is_safe, name, quoted};

const LEFT: &[&str] = &["||", "|o", "}o", "}|"];
const RIGHT: &[&str] = &["||", "o|", "o{", "|{"];

pub(super) fn parse(lines: &[Line<'_>]) -> Result<usize, DiagramError> {
    let mut entities = BTreeSet::new();
    let mut open: Option<usize> = None;
    for &(number, line) in lines {
        if open.is_some() {
            if line == "}" {
                open = None;
            } else {
                attribute(number, line)?;
            }
            continue;
        }
        let (left, rest) = entity(line).ok_or_else(|| DiagramError::new(number, "an entity was expected"))?;
        entities.insert(left.to_owned());
        let mut rest = rest.trim_start();
        if let Some(inner) = rest.strip_prefix('[') {
            let (label, tail) = quoted(inner).unwrap_or_else(|| inner.split_at(inner.find(']').unwrap_or(0)));
            if label.is_empty() || !is_safe(label) {
                return Err(DiagramError::new(number, "an alias is `[\"text\"]`"));
            }
            rest = tail
                .strip_prefix(']')
                .ok_or_else(|| DiagramError::new(number, "`]` is missing"))?
                .trim_start();
        }
        match rest {
            "" => {}
            "{" => open = Some(number),
            _ => relation(number, rest, &mut entities)?,
        }
    }
    match open {
        Some(number) => Err(DiagramError::new(number, "`}` is missing")),
        None => Ok(entities.len()),
    }
}

fn entity(text: &str) -> Option<(&str, &str)> {
    if text.starts_with('"') {
        return quoted(text).filter(|(id, _)| !id.is_empty() && is_safe(id));
    }
    let mut end = name(text)?.0.len();
    while let Some((part, _)) = text[end..].strip_prefix('-').and_then(name) {
        end += 1 + part.len();
    }
    Some(text.split_at(end))
}

fn attribute(number: usize, line: &str) -> Result<(), DiagramError> {
    let (code, comment) = match line.find('"') {
        Some(at) => line.split_at(at),
        None => (line, ""),
    };
    if !comment.is_empty()
        && !quoted(comment).is_some_and(|(text, rest)| rest.trim().is_empty() && is_safe(text))
    {
        return Err(DiagramError::new(number, "a comment stands in double quotes at the end"));
    }
    let words: Vec<&str> = code.split_whitespace().collect();
    let word = |text: &str| {
        text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_[]()".contains(c))
    };
    let keys = words.get(2..).unwrap_or_default().iter().all(|text| {
        text.split(',').filter(|key| !key.is_empty()).all(|key| ["PK", "FK", "UK"].contains(&key))
    });
    match words.as_slice() {
        [kind, name, ..] if word(kind) && word(name) && keys => Ok(()),
        _ => Err(DiagramError::new(number, "an attribute is `type name [PK|FK|UK] [\"comment\"]`")),
    }
}

fn relation(number: usize, text: &str, entities: &mut BTreeSet<String>) -> Result<(), DiagramError> {
    let fail = || DiagramError::new(number, "a relation is `A ||--o{ B : label`");
    let left = LEFT.iter().find_map(|mark| text.strip_prefix(mark)).ok_or_else(fail)?;
    let line = left.strip_prefix("--").or_else(|| left.strip_prefix("..")).ok_or_else(fail)?;
    let right = RIGHT.iter().find_map(|mark| line.strip_prefix(mark)).ok_or_else(fail)?;
    let (id, rest) = entity(right.trim_start()).ok_or_else(fail)?;
    entities.insert(id.to_owned());
    let label = rest.trim_start().strip_prefix(':').ok_or_else(fail)?.trim();
    let plain = quoted(label).map_or_else(
        || !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || "-_".contains(c)),
        |(text, rest)| rest.is_empty() && is_safe(text),
    );
    if plain {
        Ok(())
    } else {
        Err(DiagramError::new(number, "a label of several words stands in double quotes"))
    }
}
