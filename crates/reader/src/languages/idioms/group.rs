//! Calls that hold routes with a prefix: `route("/api") {…}`, `nest("/api", router)`.

use std::ops::Range;

use super::{Arguments, Call, Facts, Node, arguments, mount, receiver::receiver, text_of, variable};
use crate::facts::{Mount, MountKind, Mounted, Router, path_below};

/// Groups stand in each other so deep.
const MAX_DEPTH: usize = 8;
/// Most prefixes of one route: a router may be mounted in several places.
const MAX_PREFIXES: usize = 8;
/// A chain of calls is followed so far.
const MAX_CHAIN: usize = 200;

/// Frameworks whose calls are told apart by name only: one project has one of them.
const ALIKE: [&[&str]; 3] = [&["gin", "chi", "net/http"], &["axum", "actix"], &["laravel", "slim"]];

/// Where routes have a prefix.
pub(super) struct Group {
    pub(super) framework: &'static str,
    pub(super) within: Range<usize>,
    pub(super) prefix: String,
    /// Where the group itself stands.
    pub(super) at: usize,
    /// The router that it is a part of.
    pub(super) on: Option<String>,
}

/// How a call holds routes.
pub(super) enum Shape {
    /// In the block behind it.
    Block,
    /// In its arguments.
    Nested,
    /// In the calls behind it in its chain.
    Chain,
    /// In its last argument, with a prefix that the chain before or a list names.
    Prefixed,
}

/// Takes a call that holds routes.
pub(super) fn read(
    framework: &'static str,
    shape: &Shape,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let prefix = arguments.at(0).and_then(|node| arguments::string(node, call.text));
    let mut add = |prefix: &str, within: Range<usize>| {
        let (prefix, on) = (prefix.to_owned(), receiver(call));
        facts.group(Group { framework, within, prefix, at: call.at, on });
    };
    match shape {
        Shape::Block => {
            let named = || arguments.named("path").and_then(|node| arguments::string(node, call.text));
            let Some(prefix) = prefix.or_else(named) else { return false };
            let Some(within) = block_behind(call) else { return false };
            add(&prefix, within);
            true
        }
        Shape::Chain => {
            let Some(prefix) = prefix else { return false };
            add(&prefix, chain_behind(call));
            true
        }
        Shape::Nested => {
            // `merge(router)` adds routes as they are.
            let prefix = prefix.or_else(|| (call.name == "merge").then(String::new));
            let Some(prefix) = prefix.filter(|prefix| prefix.is_empty() || prefix.starts_with('/')) else {
                return false;
            };
            add(&prefix, call.arguments.byte_range());
            // What the chain itself goes on with answers where the call stands.
            let on = receiver(call);
            if let Some(whole) = call.arguments.parent() {
                variable::mount_starts(framework, whole, on.as_deref(), call, facts);
            }
            if let Some(router) = arguments.last() {
                variable::mount_starts(framework, router, on.as_deref(), call, facts);
            }
            true
        }
        Shape::Prefixed => {
            let earlier = earlier_in_chain(call.arguments, "prefix", call.text)
                .and_then(|arguments| Arguments::of(arguments, call.text).at(0));
            let listed = || {
                let list = arguments.at(0).filter(|_| arguments.len() > 1)?;
                let items = list.named_children();
                items.into_iter().find_map(|item| {
                    let mut parts = item.named_children();
                    let key = arguments::string(parts.next()?, call.text)?;
                    (key == "prefix").then(|| parts.next()).flatten()
                })
            };
            let given = earlier.or_else(listed).and_then(|node| arguments::string(node, call.text));
            let prefix = given.or_else(|| prefix.filter(|_| arguments.len() > 1)).unwrap_or_default();
            let Some(last) = arguments.last() else { return false };
            match mount::mounted(last, call.text) {
                Some(what @ Mounted::Module(..)) => facts.mount(pending(framework, what, prefix, call)),
                _ => add(&prefix, last.byte_range()),
            }
            true
        }
    }
}

pub(super) fn pending(
    framework: &'static str,
    what: Mounted,
    prefix: String,
    call: &Call<'_, '_>,
) -> mount::Pending {
    let (line, kind) = (super::line_of(call.arguments), MountKind::Before);
    let mount = Mount { what, on: Router::default(), prefix, kind, line };
    mount::Pending { mount, framework, at: call.at }
}

/// The block behind a call: `route("/api") {…}`, `namespace :api do … end`.
fn block_behind(call: &Call<'_, '_>) -> Option<Range<usize>> {
    let inner = call.arguments.parent()?;
    if let Some(block) = inner.child_by_field_name("block") {
        return Some(block.byte_range());
    }
    let outer = inner
        .parent()
        .filter(|outer| outer.kind() == "call_expression" && inner.start_byte() == outer.start_byte())?;
    Some(call.arguments.end_byte()..outer.end_byte())
}

/// What follows a call in its chain: `scope("/api").route(…).service(…)`.
fn chain_behind(call: &Call<'_, '_>) -> Range<usize> {
    let from = call.arguments.end_byte();
    let start = call.arguments.parent().map_or(from, Node::start_byte);
    let around = std::iter::successors(call.arguments.parent(), |node| node.parent()).take(MAX_CHAIN);
    let chain = around.take_while(|node| {
        node.start_byte() == start && matches!(node.kind(), "call_expression" | "field_expression")
    });
    from..chain.last().map_or(from, Node::end_byte)
}

/// The arguments of an earlier call in a chain: `prefix("x")` of `Route::prefix("x")->group(…)`.
pub(super) fn earlier_in_chain<'t>(arguments: Node<'t>, name: &str, text: &str) -> Option<Node<'t>> {
    let mut node = arguments.parent()?;
    for _ in 0..MAX_CHAIN {
        let function = node.child_by_field_name("function").unwrap_or(node);
        let object = ["object", "operand"].iter().find_map(|field| function.child_by_field_name(field))?;
        let called = object.child_by_field_name("function").unwrap_or(object);
        let called =
            ["name", "field", "property"].iter().find_map(|field| called.child_by_field_name(field))?;
        if text_of(called, text) == name {
            return object.child_by_field_name("arguments");
        }
        node = object;
    }
    None
}

/// The groups of a file.
pub(super) struct Groups(pub(super) Vec<Group>);

/// What the groups around a place say of it.
#[derive(Clone)]
pub(super) struct Around {
    pub(super) prefix: String,
    /// The router that the outermost group is a part of; `None` where there is no group.
    pub(super) on: Option<Option<String>>,
}

impl Groups {
    /// What the path of a route at a place may start with; one that is empty where no group holds it.
    pub(super) fn around(&self, framework: &str, at: usize) -> Vec<Around> {
        self.around_within(framework, at, 0)
    }

    fn around_within(&self, framework: &str, at: usize, depth: usize) -> Vec<Around> {
        let around = || {
            self.0.iter().filter(|group| {
                is_alike(group.framework, framework) && group.within.contains(&at) && group.at != at
            })
        };
        let innermost = around().map(|group| group.within.start).max();
        let mut found: Vec<Around> = Vec::new();
        for group in around().filter(|group| Some(group.within.start) == innermost) {
            if depth < MAX_DEPTH && found.len() < MAX_PREFIXES {
                let outer = self.around_within(framework, group.at, depth + 1);
                found.extend(outer.into_iter().map(|outer| Around {
                    prefix: below(framework, &outer.prefix, &group.prefix),
                    on: Some(outer.on.unwrap_or_else(|| group.on.clone())),
                }));
            }
        }
        if found.is_empty() {
            found.push(Around { prefix: String::new(), on: None });
        }
        found
    }
}

fn is_alike(a: &str, b: &str) -> bool {
    a == b || ALIKE.iter().any(|alike| alike.contains(&a) && alike.contains(&b))
}

/// A prefix below another; none is no slash.
pub(super) fn below(framework: &str, outer: &str, prefix: &str) -> String {
    if prefix.is_empty() { outer.to_owned() } else { path_below(framework, outer, prefix) }
}
