//! A parsed file as one flat list of its nodes.
//!
//! tree-sitter's tree is walked once, then freed; whoever asks for children, fields or text afterwards reads
//! twenty bytes of a list instead of crossing into C. A node's descendants follow it in the list.

use std::{collections::HashMap, ops::Range};

use tree_sitter::{Language, Tree};

use super::deadline::Deadline;

/// The clock is read once for this many nodes.
const NODES_PER_CHECK: usize = 1 << 16;
/// The kind that grammars give to what they cannot read.
const ERROR: u16 = u16::MAX;

/// The place of no node.
const NONE: u32 = u32::MAX;

/// What a grammar says of its kinds of nodes and of its fields.
#[derive(Debug)]
pub(super) struct Grammar {
    kinds: Vec<(Box<str>, bool)>,
    fields: HashMap<Box<str>, u16>,
}

impl Grammar {
    pub(super) fn of(language: &Language) -> Grammar {
        let kinds = 0..u16::try_from(language.node_kind_count()).unwrap_or(ERROR);
        let fields = 1..=u16::try_from(language.field_count()).unwrap_or(0);
        Grammar {
            kinds: kinds
                .map(|kind| {
                    (language.node_kind_for_id(kind).unwrap_or("").into(), language.node_kind_is_named(kind))
                })
                .collect(),
            fields: fields
                .filter_map(|field| Some((language.field_name_for_id(field)?.into(), field)))
                .collect(),
        }
    }

    /// The number of a field; 0, which no field has, for an unknown name.
    pub(super) fn field(&self, name: &str) -> u16 {
        self.fields.get(name).copied().unwrap_or(0)
    }

    fn is_named(&self, kind: u16) -> bool {
        self.kinds.get(kind as usize).is_none_or(|(_, is_named)| *is_named)
    }
}

/// The nodes of a file.
pub(super) struct Syntax<'g> {
    grammar: &'g Grammar,
    nodes: Vec<Flat>,
    newlines: Vec<u32>,
}

#[derive(Debug, Clone, Copy)]
struct Flat {
    kind: u16,
    field: u16,
    start: u32,
    end: u32,
    /// Where the list goes on behind the descendants.
    next: u32,
    /// `NONE` for the root.
    parent: u32,
}

impl<'g> Syntax<'g> {
    /// The nodes of `tree` in the order in which they start, and whether the deadline came before their end.
    pub(super) fn of(tree: &Tree, grammar: &'g Grammar, text: &str, deadline: Deadline) -> (Self, bool) {
        let mut nodes = Vec::with_capacity(text.len() / 4);
        let is_cut = flatten(tree, deadline, &mut nodes);
        let newlines = memchr::memchr_iter(b'\n', text.as_bytes()).map(index).collect();
        (Syntax { grammar, nodes, newlines }, is_cut)
    }

    pub(super) fn len(&self) -> u32 {
        index(self.nodes.len())
    }

    /// The node at a place of the list.
    pub(super) fn node(&self, at: u32) -> Node<'_> {
        Node { syntax: self, at }
    }

    /// Where the lines end.
    pub(super) fn into_newlines(self) -> Vec<u32> {
        self.newlines
    }
}

fn flatten(tree: &Tree, deadline: Deadline, nodes: &mut Vec<Flat>) -> bool {
    let mut cursor = tree.walk();
    let mut open: Vec<usize> = Vec::new();
    loop {
        let (node, at) = (cursor.node(), nodes.len());
        nodes.push(Flat {
            kind: node.kind_id(),
            field: cursor.field_id().map_or(0, u16::from),
            start: index(node.start_byte()),
            end: index(node.end_byte()),
            next: index(at + 1),
            parent: open.last().map_or(NONE, |parent| index(*parent)),
        });
        if at % NODES_PER_CHECK == NODES_PER_CHECK - 1 && deadline.is_over() {
            let end = index(nodes.len());
            open.iter().for_each(|&at| nodes[at].next = end);
            return true;
        }
        if cursor.goto_first_child() {
            open.push(at);
            continue;
        }
        while !cursor.goto_next_sibling() {
            let (true, Some(parent)) = (cursor.goto_parent(), open.pop()) else { return false };
            nodes[parent].next = index(nodes.len());
        }
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

/// A node and its file.
#[derive(Clone, Copy)]
pub(super) struct Node<'t> {
    syntax: &'t Syntax<'t>,
    at: u32,
}

impl<'t> Node<'t> {
    fn flat(self) -> &'t Flat {
        &self.syntax.nodes[self.at as usize]
    }

    /// Its place in the list.
    pub(super) fn at(self) -> u32 {
        self.at
    }

    /// Where the list goes on behind its descendants.
    pub(super) fn next(self) -> u32 {
        self.flat().next
    }

    pub(super) fn parent(self) -> Option<Node<'t>> {
        let parent = self.flat().parent;
        (parent != NONE).then_some(Node { at: parent, ..self })
    }

    pub(super) fn kind_id(self) -> u16 {
        self.flat().kind
    }

    pub(super) fn field_id(self) -> u16 {
        self.flat().field
    }

    pub(super) fn kind(self) -> &'t str {
        self.syntax.grammar.kinds.get(self.kind_id() as usize).map_or("ERROR", |(name, _)| name)
    }

    pub(super) fn is_named(self) -> bool {
        self.syntax.grammar.is_named(self.kind_id())
    }

    pub(super) fn is_error(self) -> bool {
        self.kind_id() == ERROR
    }

    pub(super) fn start_byte(self) -> usize {
        self.flat().start as usize
    }

    pub(super) fn end_byte(self) -> usize {
        self.flat().end as usize
    }

    pub(super) fn byte_range(self) -> Range<usize> {
        self.start_byte()..self.end_byte()
    }

    /// The line that it starts on, from 1.
    pub(super) fn line(self) -> u32 {
        let start = self.flat().start;
        index(self.syntax.newlines.partition_point(|newline| *newline < start)).saturating_add(1)
    }

    pub(super) fn children(self) -> impl Iterator<Item = Node<'t>> {
        self.children_from(self.at + 1)
    }

    /// The children that start at this place of the list or behind it.
    pub(super) fn children_from(self, at: u32) -> impl Iterator<Item = Node<'t>> {
        let (syntax, end, mut at) = (self.syntax, self.next(), at);
        std::iter::from_fn(move || {
            let child = (at < end).then_some(Node { syntax, at })?;
            at = child.next();
            Some(child)
        })
    }

    pub(super) fn named_children(self) -> impl Iterator<Item = Node<'t>> {
        self.children().filter(|child| child.is_named())
    }

    pub(super) fn child_by_field_name(self, name: &str) -> Option<Node<'t>> {
        match self.syntax.grammar.field(name) {
            0 => None,
            field => self.children().find(|child| child.field_id() == field),
        }
    }
}
