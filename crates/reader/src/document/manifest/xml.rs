//! Just enough XML for project files: elements, attributes and text with their lines.

use super::text::{LineStarts, lines};
use crate::domain::LineRange;

const MAX_DEPTH: usize = 64;
const MAX_ELEMENTS: usize = 50_000;

/// An element with its children.
#[derive(Debug)]
pub(super) struct Element {
    pub(super) name: String,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) children: Vec<Self>,
    pub(super) lines: LineRange,
}

impl Element {
    fn new(name: &str, start: u32) -> Self {
        Self {
            name: name.to_owned(),
            attributes: Vec::new(),
            text: String::new(),
            children: Vec::new(),
            lines: lines(start, start),
        }
    }

    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    pub(super) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name == name)
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The text of a child, trimmed; `None` when it is empty.
    pub(super) fn child_text(&self, name: &str) -> Option<(&str, LineRange)> {
        let child = self.child(name)?;
        let text = child.text.trim();
        (!text.is_empty()).then_some((text, child.lines))
    }
}

/// The root element; `None` when tags do not match or nest too deep.
pub(super) fn parse(text: &str) -> Option<Element> {
    let starts = LineStarts::new(text);
    let mut stack = vec![Element::new("", 1)];
    let mut at = 0;
    let mut count = 0;
    while let Some(found) = text[at..].find('<') {
        let open = at + found;
        push_text(stack.last_mut()?, &text[at..open]);
        let rest = &text[open..];
        if rest.starts_with("<!--") {
            at = open + rest.find("-->")? + 3;
            continue;
        }
        if let Some(inner) = rest.strip_prefix("<![CDATA[") {
            let end = inner.find("]]>")?;
            stack.last_mut()?.text.push_str(&inner[..end]);
            at = open + 9 + end + 3;
            continue;
        }
        let close = open + rest.find('>')?;
        let tag = &text[open + 1..close];
        at = close + 1;
        if tag.starts_with(['?', '!']) {
            continue;
        }
        if let Some(name) = tag.strip_prefix('/') {
            let mut done = stack.pop()?;
            if done.name != name.trim() || stack.is_empty() {
                return None;
            }
            done.lines.end_line = starts.at(close);
            stack.last_mut()?.children.push(done);
            continue;
        }
        count += 1;
        if stack.len() > MAX_DEPTH || count > MAX_ELEMENTS {
            return None;
        }
        let (tag, empty) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, attributes) = tag.split_once(char::is_whitespace).unwrap_or((tag, ""));
        let mut element = Element::new(name, starts.at(open));
        element.attributes = self::attributes(attributes);
        if empty {
            element.lines.end_line = starts.at(close);
            stack.last_mut()?.children.push(element);
        } else {
            stack.push(element);
        }
    }
    let mut root = stack.pop().filter(|_| stack.is_empty())?;
    (!root.children.is_empty()).then(|| root.children.swap_remove(0))
}

fn push_text(element: &mut Element, text: &str) {
    if !text.trim().is_empty() {
        element.text.push_str(&unescape(text));
    }
}

fn attributes(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((key, after)) = rest.split_once('=') {
        let after = after.trim_start();
        let Some(quote) = after.chars().next().filter(|c| matches!(c, '"' | '\'')) else { break };
        let Some((value, next)) = after[1..].split_once(quote) else { break };
        found.push((key.trim().to_owned(), unescape(value)));
        rest = next;
    }
    found
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}
