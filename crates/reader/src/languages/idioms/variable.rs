//! Variables of Rust that hold routers: which one a chain of calls is given to, and what it is given.

use super::{Call, Facts, Node, group::pending, line_of, mount, text_of};
use crate::facts::Mounted;

/// Variables are given each other so often.
const MAX_DEPTH: usize = 8;
/// Around a call stand so many nodes before what it is given to: two for each call of its chain.
const MAX_AROUND: usize = 1_000;

/// A statement that gives a variable something.
struct Binding<'t> {
    /// What is bound; a later `let` of the same name is another variable, so it tells its line.
    variable: String,
    value: Node<'t>,
}

/// The variable that is given what a call makes, or a part of it.
pub(super) fn assigned(arguments: Node<'_>, text: &str) -> Option<String> {
    let around = std::iter::successors(arguments.parent(), |node| node.parent()).take(MAX_AROUND);
    let mut around = around.take_while(|node| node.kind() != "function_item");
    around.find_map(|node| {
        let (target, value) = parts(node)?;
        let name = names(target, text).next()?;
        match continues(value, name, text) {
            false => Some(variable(name, node)),
            true => bound(node, name, text).map(|binding| binding.variable),
        }
    })
}

/// The variable that a name means where it is used.
pub(super) fn named(used: Node<'_>, text: &str) -> Option<String> {
    let name = Some(text_of(used, text)).filter(|_| used.kind() == "identifier")?;
    bound(used, name, text).map(|binding| binding.variable)
}

/// Mounts the variables and calls that a value starts with, in what the variable `on` or the call around holds.
pub(super) fn mount_starts(
    framework: &'static str,
    value: Node<'_>,
    on: Option<&str>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) {
    mount_within(framework, value, on, call, facts, 0);
}

fn mount_within(
    framework: &'static str,
    value: Node<'_>,
    on: Option<&str>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
    depth: usize,
) {
    if depth > MAX_DEPTH {
        return;
    }
    for start in starts(value) {
        let (what, behind) = match start.kind() {
            "identifier" => match bound(start, text_of(start, call.text), call.text) {
                Some(Binding { variable, value }) => (Mounted::Name(variable), Some(value)),
                None => continue,
            },
            _ => match mount::mounted(start, call.text) {
                Some(what @ Mounted::Call(_)) => (what, None),
                _ => continue,
            },
        };
        if let (Mounted::Name(variable), Some(value)) = (&what, behind) {
            mount_within(framework, value, Some(variable), call, facts, depth + 1);
        }
        let mut mount = pending(framework, what, String::new(), call);
        mount.at = start.start_byte();
        mount.mount.on.name = on.map(str::to_owned);
        facts.mount(mount);
    }
}

/// The statement that gave a name its value; later ones that only go on with it are passed over.
fn bound<'t>(from: Node<'t>, name: &str, text: &str) -> Option<Binding<'t>> {
    let around = std::iter::successors(from.parent(), |node| node.parent());
    let blocks =
        around.take_while(|node| node.kind() != "function_item").filter(|node| node.kind() == "block");
    blocks.into_iter().find_map(|block| {
        let before = block.named_children().take_while(|node| node.end_byte() <= from.start_byte());
        let bindings = before.filter_map(|statement| {
            let node = match statement.kind() {
                "expression_statement" => statement.named_children().next()?,
                _ => statement,
            };
            let (target, value) = parts(node)?;
            let is_it = names(target, text).any(|bound| bound == name) && !continues(value, name, text);
            let variable = || variable(names(target, text).next().unwrap_or(name), node);
            is_it.then(|| Binding { variable: variable(), value })
        });
        bindings.last()
    })
}

/// What is given a value, and the value.
fn parts(node: Node<'_>) -> Option<(Node<'_>, Node<'_>)> {
    let (target, value) = match node.kind() {
        "let_declaration" => ("pattern", "value"),
        "assignment_expression" => ("left", "right"),
        _ => return None,
    };
    Some((node.child_by_field_name(target)?, node.child_by_field_name(value)?))
}

/// The names of `mut api` and of `(router, api)`.
fn names<'a>(target: Node<'_>, text: &'a str) -> impl Iterator<Item = &'a str> {
    let words = text_of(target, text).split(|c: char| !c.is_alphanumeric() && c != '_');
    words.filter(|word| !matches!(*word, "" | "mut" | "ref"))
}

fn variable(name: &str, binding: Node<'_>) -> String {
    format!("{name}@{}", line_of(binding))
}

/// `api.route(…)` goes on with `api`.
fn continues(value: Node<'_>, name: &str, text: &str) -> bool {
    starts(value).into_iter().any(|start| start.kind() == "identifier" && text_of(start, text) == name)
}

/// What a value starts with: `api` of `api.layer(x).clone()`, and that of each branch.
fn starts(value: Node<'_>) -> Vec<Node<'_>> {
    let (mut open, mut found) = (vec![value], Vec::new());
    while let Some(node) = open.pop() {
        let chained =
            node.child_by_field_name("function").and_then(|called| called.child_by_field_name("value"));
        match node.kind() {
            "call_expression" if chained.is_some() => open.extend(chained),
            "await_expression"
            | "try_expression"
            | "parenthesized_expression"
            | "reference_expression"
            | "expression_statement"
            | "else_clause" => open.extend(node.named_children().last()),
            "block" => open.extend(node.named_children().last()),
            "if_expression" => {
                open.extend(
                    ["alternative", "consequence"].iter().filter_map(|part| node.child_by_field_name(part)),
                );
            }
            "match_expression" => {
                let arms = node.child_by_field_name("body").into_iter().flat_map(Node::named_children);
                open.extend(arms.filter_map(|arm| arm.child_by_field_name("value")));
            }
            _ => found.push(node),
        }
    }
    found
}
