//! State diagrams.

use std::collections::BTreeSet;

use super::DiagramError;
use super::lines::{Line, message, name, quoted};

pub(super) fn parse(lines: &[Line<'_>]) -> Result<usize, DiagramError> {
    let mut states = BTreeSet::new();
    let mut open: Vec<usize> = Vec::new();
    let mut in_note: Option<usize> = None;
    for &(number, line) in lines {
        if in_note.is_some() {
            if line == "end note" {
                in_note = None;
            } else {
                message(number, line)?;
            }
        } else if line == "}" {
            open.pop().ok_or_else(|| DiagramError::new(number, "`}` without `{`"))?;
        } else if line == "--" && !open.is_empty() {
            continue;
        } else if let Some(rest) = line.strip_prefix("state ") {
            if state(number, rest.trim(), &mut states)? {
                open.push(number);
            }
        } else if let Some(rest) = line.strip_prefix("direction ") {
            if !["TB", "BT", "LR", "RL"].contains(&rest.trim()) {
                return Err(DiagramError::new(number, "the direction is one of TB, BT, LR, RL"));
            }
        } else if let Some(rest) = line.strip_prefix("note ") {
            let rest = rest.strip_prefix("left of ").or_else(|| rest.strip_prefix("right of "));
            let (_, tail) = rest
                .and_then(name)
                .ok_or_else(|| DiagramError::new(number, "a note is `note right of A`"))?;
            match tail.trim_start().strip_prefix(':') {
                Some(text) => message(number, text)?,
                None if tail.trim().is_empty() => in_note = Some(number),
                None => return Err(DiagramError::new(number, "a note is `note right of A : text`")),
            }
        } else {
            transition(number, line, &mut states)?;
        }
    }
    match open.last().copied().or(in_note) {
        Some(number) => Err(DiagramError::new(number, "a block is not closed")),
        None => Ok(states.len()),
    }
}

fn state(number: usize, rest: &str, states: &mut BTreeSet<String>) -> Result<bool, DiagramError> {
    let fail = || DiagramError::new(number, "a state is `state \"text\" as A` or `state A {`");
    let (id, tail) = match quoted(rest) {
        Some((text, tail)) => {
            message(number, text)?;
            tail.trim_start().strip_prefix("as ").map(str::trim_start).and_then(name).ok_or_else(fail)?
        }
        None => name(rest).ok_or_else(fail)?,
    };
    states.insert(id.to_owned());
    match tail.trim() {
        "" | "<<choice>>" | "<<fork>>" | "<<join>>" => Ok(false),
        "{" => Ok(true),
        _ => Err(fail()),
    }
}

fn endpoint<'a>(text: &'a str, states: &mut BTreeSet<String>) -> Option<&'a str> {
    if let Some(rest) = text.strip_prefix("[*]") {
        return Some(rest);
    }
    let (id, rest) = name(text)?;
    states.insert(id.to_owned());
    Some(rest)
}

fn transition(number: usize, line: &str, states: &mut BTreeSet<String>) -> Result<(), DiagramError> {
    let fail = || DiagramError::new(number, "a transition is `A --> B : text`");
    let rest = endpoint(line, states).ok_or_else(fail)?.trim_start();
    let rest = match rest.strip_prefix("-->") {
        Some(rest) => endpoint(rest.trim_start(), states).ok_or_else(fail)?.trim_start(),
        None => rest,
    };
    match rest.strip_prefix(':') {
        Some(text) => message(number, text),
        None if rest.is_empty() => Ok(()),
        None => Err(fail()),
    }
}
