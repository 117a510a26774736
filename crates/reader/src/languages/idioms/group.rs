//! Calls that give a prefix to routes: `route("/api") {…}`, `nest("/api", router)`.

use std::ops::Range;

use super::{Arguments, Call, Facts, Node, Outline, arguments, route::joined, text_of};

/// Groups stand in each other so deep.
const MAX_DEPTH: usize = 8;
/// Most prefixes of one route: a router may be mounted in several places.
const MAX_PREFIXES: usize = 8;

/// Where routes have a prefix.
pub(super) struct Group {
    framework: &'static str,
    within: Within,
    prefix: String,
    /// Where the group itself stands.
    at: usize,
}

/// Where the routes of a group stand.
enum Within {
    Range(Range<usize>),
    /// In the body of this function.
    Function(String),
}

/// Takes a call that holds routes: in its arguments, in the block behind it, or in what its arguments name.
pub(super) fn read(
    framework: &'static str,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let prefix = match arguments.at(0).and_then(|node| arguments::string(node, call.text)) {
        Some(prefix) => prefix,
        // `merge(router)` adds routes as they are.
        None if call.name == "merge" => String::new(),
        None => return false,
    };
    if !prefix.starts_with('/') && framework != "ktor" && call.name != "merge" {
        return false;
    }
    let mut add = |within| facts.group(Group { framework, within, prefix: prefix.clone(), at: call.at });
    if framework == "ktor" {
        let inner = call.arguments.parent();
        let block = inner.and_then(Node::parent).filter(|outer| {
            outer.kind() == "call_expression"
                && inner.is_some_and(|inner| outer.start_byte() == inner.start_byte())
        });
        let Some(block) = block else { return false };
        add(Within::Range(call.arguments.end_byte()..block.end_byte()));
        return true;
    }
    add(Within::Range(call.arguments.byte_range()));
    let Some(router) = arguments.last().map(start_of_chain) else { return true };
    let written = text_of(router, call.text);
    match (router.kind(), router.child_by_field_name("function")) {
        ("identifier", _) => {
            values_of(router, written, call.text).into_iter().for_each(|range| add(Within::Range(range)));
        }
        ("call_expression", Some(function)) => {
            let path = text_of(function, call.text);
            let path = path.trim_start_matches("Self::").trim_start_matches("self::");
            add(Within::Function(path.replace("::", ".")));
        }
        _ => {}
    }
    true
}

/// `api` of `api.layer(x).clone()`.
fn start_of_chain<'t>(node: Node<'t>) -> Node<'t> {
    let before = |node: &Node<'t>| node.child_by_field_name("function")?.child_by_field_name("value");
    std::iter::successors(Some(node), before).last().unwrap_or(node)
}

/// What a variable is given in the blocks around: `let api = …;`, `api = api.route(…);`.
fn values_of(from: Node<'_>, name: &str, text: &str) -> Vec<Range<usize>> {
    let around = std::iter::successors(Some(from), |node| node.parent()).skip(1);
    for block in around.filter(|node| node.kind() == "block") {
        let values = block.named_children().take_while(|node| node.start_byte() < from.start_byte());
        let found: Vec<Range<usize>> = values
            .filter_map(|statement| {
                let (target, value) = match statement.kind() {
                    "let_declaration" => {
                        (statement.child_by_field_name("pattern")?, statement.child_by_field_name("value")?)
                    }
                    "expression_statement" => {
                        let assigned = statement.named_children().next()?;
                        (assigned.child_by_field_name("left")?, assigned.child_by_field_name("right")?)
                    }
                    _ => return None,
                };
                let is_it = text_of(target, text) == name && value.end_byte() <= from.start_byte();
                is_it.then(|| value.byte_range())
            })
            .collect();
        if !found.is_empty() {
            return found;
        }
    }
    Vec::new()
}

/// The groups of a file, in their places.
pub(super) struct Groups(Vec<(Range<usize>, Group)>);

impl Groups {
    pub(super) fn of(found: Vec<Group>, outline: &Outline) -> Self {
        let mut placed = Vec::with_capacity(found.len());
        for group in found {
            let range = match &group.within {
                Within::Range(range) => Some(range.clone()),
                Within::Function(name) => outline.range_of(name),
            };
            placed.extend(range.map(|range| (range, group)));
        }
        Self(placed)
    }

    /// What the path of a route at a place may start with; empty where no group holds it.
    pub(super) fn prefixes(&self, framework: &str, at: usize) -> Vec<String> {
        self.prefixes_within(framework, at, 0)
    }

    fn prefixes_within(&self, framework: &str, at: usize, depth: usize) -> Vec<String> {
        let around = || {
            self.0.iter().filter(|(range, group)| {
                group.framework == framework && range.contains(&at) && group.at != at
            })
        };
        let innermost = around().map(|(range, _)| range.start).max();
        let mut found = Vec::new();
        for (_, group) in around().filter(|(range, _)| Some(range.start) == innermost) {
            if depth < MAX_DEPTH && found.len() < MAX_PREFIXES {
                let outer = self.prefixes_within(framework, group.at, depth + 1);
                found.extend(outer.iter().map(|outer| match (outer.is_empty(), group.prefix.is_empty()) {
                    (true, _) => group.prefix.clone(),
                    (_, true) => outer.clone(),
                    _ => joined(outer, &group.prefix),
                }));
            }
        }
        if found.is_empty() {
            found.push(String::new());
        }
        found
    }
}
