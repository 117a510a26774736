//! What a call is called on, and what it is given to.

use super::{Call, Node, text_of, variable};
use crate::domain::Language;

/// Calls that give the router back that they were called on.
const CHAINED: [&str; 14] = [
    "use",
    "route",
    "get",
    "post",
    "put",
    "delete",
    "patch",
    "head",
    "options",
    "all",
    "register",
    "mount",
    "group",
    "include_router",
];
/// A chain is followed so far.
const MAX_CHAIN: usize = 200;
/// Around a call stand so many nodes before what it is given to.
const MAX_AROUND: usize = 12;
/// Most statements of a block that are looked through.
const MAX_STATEMENTS: usize = 400;

/// The router that a call is called on, by name; `None` when it has none, or when the function around tells more.
pub(super) fn receiver(call: &Call<'_, '_>) -> Option<String> {
    match call.language {
        Language::Rust => return variable::assigned(call.arguments, call.text),
        Language::Ruby | Language::Java | Language::Kotlin => return None,
        _ => {}
    }
    let whole = call.arguments.parent()?;
    let Some(mut object) = object_of(whole) else {
        // A decorator of Python, or a class of PHP.
        return call.qualifier.filter(|_| call.language != Language::Php).and_then(name);
    };
    for _ in 0..MAX_CHAIN {
        let (Some(function), Some(inner)) = (called(object), object_of(object)) else { break };
        if !CHAINED.contains(&text_of(function, call.text)) {
            return None;
        }
        object = inner;
    }
    let written = text_of(object, call.text);
    // `Route::get` of PHP is called on no router that has a name.
    if call.language == Language::Php && !written.starts_with('$') {
        return None;
    }
    name(written)
}

fn name(written: &str) -> Option<String> {
    let is_name = written.len() <= 80
        && !written.starts_with(|c: char| c.is_numeric())
        && written.chars().all(|c| c.is_alphanumeric() || "_.$>-".contains(c));
    is_name.then(|| written.to_owned())
}

/// What stands before the name that a call calls.
fn object_of(call: Node<'_>) -> Option<Node<'_>> {
    let function = call.child_by_field_name("function").unwrap_or(call);
    ["object", "operand", "value", "receiver"].iter().find_map(|field| function.child_by_field_name(field))
}

/// The name that a call calls on something.
fn called(call: Node<'_>) -> Option<Node<'_>> {
    let function = call.child_by_field_name("function").unwrap_or(call);
    ["property", "field", "attribute"]
        .iter()
        .find_map(|field| function.child_by_field_name(field))
        .or_else(|| call.child_by_field_name("name"))
}

/// The variable that is given what a call makes.
pub(super) fn assigned_name(arguments: Node<'_>, text: &str) -> Option<String> {
    let mut node = arguments.parent()?;
    for _ in 0..MAX_AROUND {
        let around = node.parent()?;
        let target = match around.kind() {
            "variable_declarator" => around.child_by_field_name("name"),
            "assignment" | "assignment_expression" | "short_var_declaration" | "assignment_statement" => {
                around.child_by_field_name("left").filter(|left| left.at() != node.at())
            }
            "var_spec" => around.named_children().next(),
            // The call of a chain, which gives its router back.
            "member_expression"
            | "attribute"
            | "selector_expression"
            | "call_expression"
            | "call"
            | "expression_list"
            | "await_expression"
            | "await"
            | "parenthesized_expression" => {
                node = around;
                continue;
            }
            _ => None,
        };
        return target.and_then(|target| name(text_of(target, text)));
    }
    None
}

/// What a variable is given in the blocks around a place where it is used.
pub(super) fn value_of<'t>(used: Node<'t>, text: &str) -> Option<Node<'t>> {
    if used.kind() != "identifier" {
        return None;
    }
    let is_block = |node: &Node<'_>| {
        matches!(node.kind(), "block" | "statement_block" | "statement_list" | "program" | "module")
    };
    let around = std::iter::successors(used.parent(), |node| node.parent());
    around.filter(is_block).find_map(|block| {
        let before = block.named_children().take_while(|node| node.start_byte() < used.start_byte());
        before
            .take(MAX_STATEMENTS)
            .filter_map(|statement| given_in(statement, text_of(used, text), text))
            .last()
    })
}

/// The value that a statement gives to a name.
fn given_in<'t>(statement: Node<'t>, name: &str, text: &str) -> Option<Node<'t>> {
    let given = |node: Node<'t>, target: &str, value: &str| {
        let is_it = node.child_by_field_name(target).is_some_and(|target| text_of(target, text) == name);
        is_it.then(|| node.child_by_field_name(value)).flatten()
    };
    match statement.kind() {
        "lexical_declaration" | "variable_declaration" => {
            statement.named_children().find_map(|declarator| given(declarator, "name", "value"))
        }
        "expression_statement" => given(statement.named_children().next()?, "left", "right"),
        "short_var_declaration" => given(statement, "left", "right"),
        _ => None,
    }
}
