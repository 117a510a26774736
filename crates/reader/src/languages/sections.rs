//! Members that are hidden by where they stand (`private:`), or by being named (`private :a, :b`).

use std::ops::Range;

use super::{nesting::Definition, syntax::Node};
use crate::domain::SymbolKind;

/// Marks that are looked at for one member, from the nearest back.
const MAX_STEPS: usize = 500;

/// What a mark says of the members behind it, up to the next mark of the same body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Section {
    Shown,
    Hidden,
    /// Hidden are methods and fields, not what they stand among.
    HiddenMethods,
}

/// The marks of a file.
#[derive(Default)]
pub(super) struct Sections {
    /// Where each stands, the body that it stands in, what it says.
    marks: Vec<(usize, Range<usize>, Section)>,
    /// Names that are hidden in the type around the place.
    names: Vec<(usize, String)>,
}

impl Sections {
    pub(super) fn mark(&mut self, node: Node<'_>, section: Section) {
        if let Some(body) = node.parent() {
            self.marks.push((node.start_byte(), body.byte_range(), section));
        }
    }

    pub(super) fn hide(&mut self, at: usize, name: &str) {
        self.names.push((at, name.to_owned()));
    }

    pub(super) fn sort(&mut self) {
        self.marks.sort_by_key(|(at, ..)| *at);
        self.names.sort();
    }

    /// Whether a member of the definition around it is hidden.
    pub(super) fn hides(&self, member: &Definition, around: &Definition) -> bool {
        let is_method = matches!(
            member.kind,
            Some(SymbolKind::Method | SymbolKind::Function | SymbolKind::Field | SymbolKind::Variable)
        );
        if is_method && self.is_named(member, around) {
            return true;
        }
        let Some(body_at) = around.body_at else { return false };
        let end = self.marks.partition_point(|(at, ..)| *at < member.range.start);
        let nearest = self.marks[..end]
            .iter()
            .rev()
            .take(MAX_STEPS)
            .take_while(|(at, ..)| *at >= body_at)
            .find(|(_, body, _)| body.start == body_at && body.end >= member.range.end);
        match nearest {
            Some((_, _, Section::Hidden)) => true,
            Some((_, _, Section::HiddenMethods)) => is_method && member.parent.is_none(),
            _ => false,
        }
    }

    fn is_named(&self, member: &Definition, around: &Definition) -> bool {
        let first = self.names.partition_point(|(at, _)| *at < around.range.start);
        self.names[first..]
            .iter()
            .take(MAX_STEPS)
            .take_while(|(at, _)| *at < around.range.end)
            .any(|(_, name)| *name == member.name)
    }
}
