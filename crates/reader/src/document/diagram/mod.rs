//! Mermaid diagrams: builders for those that we draw, and a parser for all that we keep.
//!
//! A diagram that [`parse`] does not understand is not kept. The parser accepts flowcharts, class,
//! entity-relationship, sequence and state diagrams without directives, links or scripts, and is
//! stricter than Mermaid where Mermaid is known to fail while drawing.

mod build;
mod classes;
mod entities;
mod flow;
mod lines;
mod sequence;
mod states;

pub use build::{ClassBox, ClassDiagram, Flowchart, label};

/// The most nodes that one diagram shows.
pub const MAX_NODES: usize = 30;
/// A longer diagram is refused.
const MAX_BYTES: usize = 50_000;
const MAX_LINES: usize = 1_000;

/// What a diagram is, as far as we need to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The kind.
    pub kind: Kind,
    /// How many different nodes, classes, entities, participants or states it has.
    pub nodes: usize,
}

/// The kinds that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Flowchart,
    Class,
    Entity,
    Sequence,
    State,
}

/// Why a diagram is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the diagram: {message}")]
pub struct DiagramError {
    /// The line in the diagram, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

impl DiagramError {
    fn new(line: usize, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

/// Checks that `source` is a diagram of the accepted subset.
pub fn parse(source: &str) -> Result<Parsed, DiagramError> {
    if source.len() > MAX_BYTES || source.lines().count() > MAX_LINES {
        return Err(DiagramError::new(1, "the diagram is too long"));
    }
    let lines = lines::meaningful(source)?;
    let Some((number, header)) = lines.first() else {
        return Err(DiagramError::new(1, "the diagram is empty"));
    };
    let mut words = header.split_whitespace();
    let (kind, body) = (words.next().unwrap_or(""), &lines[1..]);
    let parsed = match kind {
        "flowchart" | "graph" => {
            Parsed { kind: Kind::Flowchart, nodes: flow::parse(words.next(), *number, body)? }
        }
        "classDiagram" => Parsed { kind: Kind::Class, nodes: classes::parse(body)? },
        "erDiagram" => Parsed { kind: Kind::Entity, nodes: entities::parse(body)? },
        "sequenceDiagram" => Parsed { kind: Kind::Sequence, nodes: sequence::parse(body)? },
        "stateDiagram" | "stateDiagram-v2" => Parsed { kind: Kind::State, nodes: states::parse(body)? },
        _ => {
            let shown: String = kind.chars().take(40).collect();
            return Err(DiagramError::new(*number, format!("`{shown}` is no kind of diagram that is kept")));
        }
    };
    if words.next().is_some() {
        return Err(DiagramError::new(*number, "text after the kind of diagram"));
    }
    if parsed.nodes == 0 {
        return Err(DiagramError::new(*number, "the diagram has no nodes"));
    }
    Ok(parsed)
}

#[cfg(test)]
mod tests;
