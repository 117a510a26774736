//! Sequence diagrams.

use std::collections::BTreeSet;

use super::DiagramError;
use super::lines::{Line, message, name};

const ARROWS: &[&str] = &["-->>", "->>", "-->", "->", "--x", "-x", "--)", "-)"];
const BLOCKS: &[&str] = &["loop", "alt", "opt", "par", "critical", "break", "rect", "box"];
const BRANCHES: &[&str] = &["else", "and", "option"];

pub(super) fn parse(lines: &[Line<'_>]) -> Result<usize, DiagramError> {
    let mut participants = BTreeSet::new();
    let mut open: Vec<(usize, &str)> = Vec::new();
    for &(number, line) in lines {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match word {
            "participant" | "actor" => {
                let (id, rest) =
                    name(rest).ok_or_else(|| DiagramError::new(number, "a participant has a name"))?;
                participants.insert(id.to_owned());
                match rest.trim().strip_prefix("as ") {
                    Some(label) => message(number, label)?,
                    None if rest.trim().is_empty() => {}
                    None => {
                        return Err(DiagramError::new(number, "a participant is `participant X as Label`"));
                    }
                }
            }
            "activate" | "deactivate" => {
                if !matches!(name(rest), Some((_, ""))) {
                    return Err(DiagramError::new(number, "one participant was expected"));
                }
            }
            "autonumber" => {}
            "title" | "title:" => message(number, rest)?,
            "Note" | "note" => note(number, rest)?,
            "end" if rest.is_empty() => {
                open.pop().ok_or_else(|| DiagramError::new(number, "`end` without a block"))?;
            }
            _ if BLOCKS.contains(&word) => {
                message(number, rest)?;
                open.push((number, word));
            }
            _ if BRANCHES.contains(&word) => {
                message(number, rest)?;
                if open.is_empty() {
                    return Err(DiagramError::new(number, format!("`{word}` outside a block")));
                }
            }
            _ => arrow(number, line, &mut participants)?,
        }
    }
    match open.last() {
        Some((number, word)) => Err(DiagramError::new(*number, format!("`{word}` without `end`"))),
        None => Ok(participants.len()),
    }
}

fn note(number: usize, rest: &str) -> Result<(), DiagramError> {
    let place = ["over ", "left of ", "right of "].iter().find_map(|start| rest.strip_prefix(start));
    let parts = place.and_then(|place| place.split_once(':'));
    match parts {
        Some((who, text)) if who.split(',').all(|id| matches!(name(id.trim()), Some((_, "")))) => {
            message(number, text)
        }
        _ => Err(DiagramError::new(number, "a note is `Note over A,B: text`")),
    }
}

fn arrow(number: usize, line: &str, participants: &mut BTreeSet<String>) -> Result<(), DiagramError> {
    let fail = || DiagramError::new(number, "a message is `A->>B: text`");
    let (from, rest) = name(line).ok_or_else(fail)?;
    let rest = rest.trim_start();
    let arrow = ARROWS.iter().find(|arrow| rest.starts_with(**arrow)).ok_or_else(fail)?;
    let rest = rest[arrow.len()..].trim_start().trim_start_matches(['+', '-']).trim_start();
    let (to, rest) = name(rest).ok_or_else(fail)?;
    let text = rest.trim_start().strip_prefix(':').ok_or_else(fail)?;
    if from == "end" || to == "end" {
        return Err(DiagramError::new(number, "`end` is a reserved word"));
    }
    participants.insert(from.to_owned());
    participants.insert(to.to_owned());
    message(number, text)
}
