//! Holds a query against the nodes of a file.

use super::{Capture, Item, Kind, Pattern, Quantifier, Query, Shape};
use crate::languages::{
    deadline::Deadline,
    syntax::{Node, Syntax},
};

/// The clock is read once for this many starts of patterns.
const STARTS_PER_CHECK: u32 = 1 << 12;
/// Steps that one pattern may take from one node; more is a file made to take time.
const MAX_STEPS: u32 = 1 << 19;
/// The same captures again are looked for among so many of the last matches of a pattern from one node.
const COMPARED: usize = 16;

/// Everything that a query found in a file.
pub(in super::super) struct Matches<'t> {
    found: Vec<Match>,
    captures: Vec<Capture<'t>>,
    /// The deadline came before the end of the file.
    pub(in super::super) is_cut: bool,
}

struct Match {
    /// The node at which the match was complete, the outermost one, the pattern: the order of the matches.
    order: (u32, u32, u16),
    captures: (u32, u32),
}

impl<'t> Matches<'t> {
    /// Each match: its pattern and its captures, from outside to inside and from left to right.
    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (usize, &[Capture<'t>])> {
        self.found.iter().map(|found| {
            let (from, to) = found.captures;
            (usize::from(found.order.2), &self.captures[from as usize..to as usize])
        })
    }
}

impl Query {
    /// The matches in `syntax`, in the order in which they are complete.
    pub(in super::super) fn matches<'t>(
        &self,
        syntax: &'t Syntax<'t>,
        text: &'t str,
        deadline: Deadline,
    ) -> Matches<'t> {
        let matches = Matches { found: Vec::new(), captures: Vec::new(), is_cut: false };
        let mut matcher = Matcher { text, matches, open: Vec::new(), steps: 0, root: 0, first: 0, last: 0 };
        let mut starts = 0_u32;
        for at in 0..syntax.len() {
            let node = syntax.node(at);
            let Some(starting) = self.by_kind.get(usize::from(node.kind_id())) else { continue };
            for &number in starting {
                matcher.start(number, &self.patterns[usize::from(number)], node);
            }
            starts += u32::from(!starting.is_empty());
            if starts == STARTS_PER_CHECK {
                starts = 0;
                if deadline.is_over() {
                    matcher.matches.is_cut = true;
                    break;
                }
            }
        }
        matcher.matches.found.sort_by_key(|found| found.order);
        matcher.matches
    }
}

struct Matcher<'t> {
    text: &'t str,
    matches: Matches<'t>,
    /// Captured on the way to where the matcher is.
    open: Vec<Capture<'t>>,
    steps: u32,
    root: u32,
    /// The place of the first match of this pattern from this root.
    first: usize,
    /// The last node that took part.
    last: u32,
}

#[derive(Clone, Copy)]
/// What is still to be found once a node has matched: the rest of a list of children, then the rest around it.
struct Rest<'a, 't> {
    pattern: &'a Pattern,
    number: u16,
    items: &'a [Item],
    siblings: Siblings<'t>,
    next_must: Must,
    around: Option<&'a Rest<'a, 't>>,
}

/// Children that were not looked at yet.
#[derive(Clone, Copy)]
struct Siblings<'t> {
    parent: Node<'t>,
    at: u32,
}

/// Where the next child has to stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Must {
    /// Anywhere.
    Follow,
    /// With no named node between.
    Touch,
    /// With nothing between.
    BeFirst,
}

impl<'t> Siblings<'t> {
    fn of(parent: Node<'t>) -> Self {
        Siblings { parent, at: parent.at() + 1 }
    }

    fn behind(self, child: Node<'t>) -> Self {
        Siblings { at: child.next(), ..self }
    }

    fn iter(self) -> impl Iterator<Item = Node<'t>> {
        self.parent.children_from(self.at)
    }

    fn has_named(self) -> bool {
        self.iter().any(Node::is_named)
    }
}

impl<'t> Matcher<'t> {
    fn start(&mut self, number: u16, pattern: &Pattern, node: Node<'t>) {
        (self.root, self.first, self.steps) = (node.at(), self.matches.found.len(), 0);
        let siblings = Siblings { parent: node, at: node.next() };
        let rest = Rest { pattern, number, items: &[], siblings, next_must: Must::Follow, around: None };
        for shape in pattern.roots.iter().filter(|shape| shape.fits(node)) {
            self.take(shape, node, &rest);
        }
    }

    /// The node fits: finds its children and then `rest` in every way; whether there was one.
    fn take(&mut self, shape: &Shape, node: Node<'t>, rest: &Rest<'_, 't>) -> bool {
        let (open, last) = (self.open.len(), self.last);
        self.open.extend(shape.captures.iter().map(|&index| Capture { index, node }));
        self.last = node.at();
        let found = if shape.children.is_empty() {
            self.go_on(rest)
        } else {
            let must = if shape.children[0].is_immediate { Must::Touch } else { Must::Follow };
            self.go_on(&Rest {
                items: &shape.children,
                siblings: Siblings::of(node),
                next_must: must,
                around: Some(rest),
                ..*rest
            })
        };
        self.open.truncate(open);
        self.last = last;
        found
    }

    fn go_on(&mut self, rest: &Rest<'_, 't>) -> bool {
        self.steps += 1;
        if self.steps > MAX_STEPS {
            return false;
        }
        match (rest.items.split_first(), rest.around) {
            (Some((item, items)), _) => match item.quantifier {
                Quantifier::One => self.one(item, items, rest, false),
                Quantifier::Some => self.one(item, items, rest, true),
                Quantifier::Optional => self.one(item, items, rest, false) || self.skip(item, items, rest),
                Quantifier::Any => {
                    let some = self.one(item, items, rest, true);
                    let none = self.skip(item, items, rest);
                    some || none
                }
            },
            (None, Some(around)) => self.go_on(around),
            (None, None) => self.complete(rest),
        }
    }

    /// One of the siblings is `item`; when it repeats, those that follow it at once may be, too.
    fn one(&mut self, item: &Item, items: &[Item], rest: &Rest<'_, 't>, repeats: bool) -> bool {
        let (mut found, mut must) = (false, rest.next_must);
        for child in rest.siblings.iter() {
            let siblings = rest.siblings.behind(child);
            let may_be = !item.is_last || !siblings.has_named();
            let mut fits = false;
            for shape in item.choices.iter().filter(|shape| may_be && shape.fits(child)) {
                let next_must = match items.first() {
                    Some(next) if next.is_immediate => after(shape),
                    _ => Must::Follow,
                };
                found |= self.take(shape, child, &Rest { items, siblings, next_must, ..*rest });
                fits = true;
            }
            must = match must {
                Must::Follow => continue,
                _ if fits && repeats => Must::BeFirst,
                Must::Touch if !child.is_named() => continue,
                _ => break,
            };
        }
        found
    }

    /// `item` matches nothing.
    fn skip(&mut self, item: &Item, items: &[Item], rest: &Rest<'_, 't>) -> bool {
        if item.is_last && rest.siblings.has_named() {
            return false;
        }
        let is_first = rest.siblings.at == rest.siblings.parent.at() + 1;
        let must = match items.first() {
            _ if item.is_immediate && is_first => Must::BeFirst,
            // An anchor between what is missing and the next holds nothing.
            Some(next) if next.is_immediate && item.is_immediate => Must::Touch,
            _ => Must::Follow,
        };
        let last = self.last;
        self.last = rest.siblings.parent.next();
        let found = self.go_on(&Rest { items, next_must: must, ..*rest });
        self.last = last;
        found
    }

    fn complete(&mut self, rest: &Rest<'_, 't>) -> bool {
        let (text, open) = (self.text, &self.open);
        let texts = |wanted: u16| {
            let nodes = open.iter().filter(move |capture| capture.index == wanted);
            nodes.map(|capture| text.get(capture.node.byte_range()).unwrap_or(""))
        };
        if !rest.pattern.predicates.iter().all(|predicate| predicate.holds(texts)) {
            return true;
        }
        let Matches { found, captures, .. } = &mut self.matches;
        let is_known = found[self.first.max(found.len().saturating_sub(COMPARED))..].iter().any(|known| {
            let known = &captures[known.captures.0 as usize..known.captures.1 as usize];
            known.len() == open.len() && known.iter().zip(open).all(|(one, other)| one.is(other))
        });
        if !is_known {
            let from = captures.len();
            captures.extend_from_slice(open);
            let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            let captures = (place(from), place(captures.len()));
            found.push(Match { order: (self.last, self.root, rest.number), captures });
        }
        true
    }
}

/// What an anchor behind a match of `shape` asks for: behind `_` nothing is passed over.
fn after(shape: &Shape) -> Must {
    if shape.kind == Kind::Any && shape.children.is_empty() { Must::BeFirst } else { Must::Touch }
}

impl Shape {
    fn fits(&self, node: Node<'_>) -> bool {
        let is_kind = match self.kind {
            Kind::Is(kind) => node.kind_id() == kind,
            Kind::Named => node.is_named() && !node.is_error(),
            Kind::Any => !node.is_error(),
        };
        is_kind
            && (self.field == 0 || node.field_id() == self.field)
            && !self.absent.iter().any(|field| node.children().any(|child| child.field_id() == *field))
    }
}

impl Capture<'_> {
    fn is(&self, other: &Capture<'_>) -> bool {
        self.index == other.index && self.node.at() == other.node.at()
    }
}
