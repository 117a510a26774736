//! The arguments of a call, in whatever way the grammar writes them.

use crate::languages::{
    found::{one_line, text_of, unquote},
    syntax::Node,
};

/// Most arguments that are looked at.
const MAX_ARGUMENTS: usize = 40;

/// Arguments with the names that some of them have.
pub(super) struct Arguments<'t, 'a> {
    items: Vec<(Option<&'a str>, Node<'t>)>,
}

impl<'t, 'a> Arguments<'t, 'a> {
    /// Of a node whose named children are the arguments.
    pub(super) fn of(node: Node<'t>, text: &'a str) -> Self {
        // An annotation without brackets has its name only.
        if matches!(node.kind(), "marker_annotation" | "attribute") {
            return Arguments { items: Vec::new() };
        }
        let items = node
            .named_children()
            .filter(|child| !child.kind().contains("comment"))
            .take(MAX_ARGUMENTS)
            .map(|child| item(child, text))
            .collect();
        Arguments { items }
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The positional argument at a place.
    pub(super) fn at(&self, place: usize) -> Option<Node<'t>> {
        self.positional().nth(place)
    }

    pub(super) fn last(&self) -> Option<Node<'t>> {
        self.items.last().map(|(_, node)| *node)
    }

    pub(super) fn positional(&self) -> impl Iterator<Item = Node<'t>> {
        self.items.iter().filter(|(name, _)| name.is_none()).map(|(_, node)| *node)
    }

    pub(super) fn named(&self, wanted: &str) -> Option<Node<'t>> {
        self.items.iter().find(|(name, _)| *name == Some(wanted)).map(|(_, node)| *node)
    }

    pub(super) fn any_named(&self, wanted: &[&str]) -> Option<Node<'t>> {
        wanted.iter().find_map(|wanted| self.named(wanted))
    }
}

fn item<'t, 'a>(child: Node<'t>, text: &'a str) -> (Option<&'a str>, Node<'t>) {
    for (name, value) in [("name", "value"), ("key", "value"), ("label", "value")] {
        if let (Some(name), Some(value)) = (child.child_by_field_name(name), child.child_by_field_name(value))
        {
            return (Some(text_of(name, text).trim_matches(':')), value);
        }
    }
    if matches!(child.kind(), "argument" | "value_argument" | "attribute_argument") {
        let first = child.named_children().next();
        if let Some(value) = child.named_children().last() {
            let name = first.filter(|first| first.at() != value.at()).map(|node| text_of(node, text));
            return (name, value);
        }
    }
    (None, child)
}

/// The content of a string literal; `None` for anything else.
pub(super) fn string(node: Node<'_>, text: &str) -> Option<String> {
    let written = text_of(node, text);
    let kind = node.kind();
    if kind == "simple_symbol" {
        return Some(format!("/{}", written.trim_start_matches(':')));
    }
    let is_string = kind.contains("string") || kind == "encapsed_string" || kind == "template_literal";
    if !is_string && !written.starts_with(['"', '\'', '`']) {
        return None;
    }
    if matches!(kind, "binary_operator" | "binary_expression") {
        return joined(node, text);
    }
    if kind == "concatenated_string" {
        let parts: Vec<String> =
            node.named_children().take(MAX_ARGUMENTS).map(|part| interpolated(text_of(part, text))).collect();
        return Some(parts.concat());
    }
    Some(interpolated(written))
}

/// `"DB_" + name` is `DB_<name>`.
fn joined(node: Node<'_>, text: &str) -> Option<String> {
    let mut parts = node.named_children();
    let (left, right) = (parts.next()?, parts.next()?);
    let operator = text.get(left.end_byte()..right.start_byte())?.trim();
    if !matches!(operator, "+" | "." | "..") {
        return None;
    }
    let computed = |part: Node<'_>| format!("<{}>", one_line(text_of(part, text), 40));
    let right = string(right, text).unwrap_or_else(|| computed(right));
    Some(string(left, text).unwrap_or_else(|| computed(left)) + &right)
}

/// All string literals in a node: itself, or the items of a list.
pub(super) fn strings(node: Node<'_>, text: &str) -> Vec<String> {
    if let Some(one) = string(node, text) {
        return vec![one];
    }
    if node.kind() == "call" || node.kind() == "call_expression" {
        return Vec::new();
    }
    node.named_children().take(MAX_ARGUMENTS).filter_map(|child| string(child, text)).collect()
}

/// The content of the first `"…"` in a text.
pub(super) fn first_text(text: &str) -> Option<&str> {
    let from = text.find('"')? + 1;
    let to = from + text[from..].find('"')?;
    (to > from).then(|| &text[from..to])
}

/// A name as shown: a string's content, or what is computed, in `<…>`.
pub(super) fn shown(node: Node<'_>, text: &str) -> Option<String> {
    if let Some(name) = string(node, text) {
        return (!name.is_empty() && name.len() <= 200).then_some(name);
    }
    let written = text_of(node, text);
    let is_name = !written.is_empty()
        && written.len() <= 80
        && written.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | ':' | '$' | '@'));
    is_name.then(|| format!("<{written}>"))
}

/// A handler as written, when it is a name; a function written in place is `None`.
pub(super) fn handler(node: Node<'_>, text: &str) -> Option<String> {
    let written = text_of(node, text);
    let is_inline = written.contains('{') || written.contains("=>") || written.contains('\n');
    (!is_inline).then(|| one_line(written, 100))
}

/// The literal with `{x}`, `${x}` and `#{x}` as `<x>` when the literal is a template.
fn interpolated(written: &str) -> String {
    let is_python =
        written.starts_with(['f', 'F', 'r', 'R']) && written.contains('{') && !written.starts_with("r#");
    let content = unquote(written);
    let open = if written.starts_with('`') && content.contains("${") {
        "${"
    } else if content.contains("#{") {
        "#{"
    } else if is_python && written[..2].contains(['f', 'F']) {
        "{"
    } else {
        return content.to_owned();
    };
    content.replace(open, "<").replace('}', ">")
}
