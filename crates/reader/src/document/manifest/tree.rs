//! JSON and TOML as one tree whose values know their lines.

use toml::de::{DeTable, DeValue};

use super::Fact;
use super::text::{LineStarts, lines};
use crate::domain::LineRange;

/// Nesting deeper than this is not a manifest.
const MAX_DEPTH: usize = 64;

/// A value and where it stands, its key included.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) lines: LineRange,
    pub(super) value: Value,
}

#[derive(Debug)]
pub(super) enum Value {
    Text(String),
    /// A number, boolean, null or date.
    Other(String),
    List(Vec<Node>),
    /// In the order of the file.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value under `keys`, one below the other.
    pub(super) fn at(&self, keys: &[&str]) -> Option<&Self> {
        let mut node = self;
        for key in keys {
            node = node.entries().iter().find(|(name, _)| name == key).map(|(_, node)| node)?;
        }
        Some(node)
    }

    pub(super) fn entries(&self) -> &[(String, Self)] {
        match &self.value {
            Value::Map(entries) => entries,
            _ => &[],
        }
    }

    pub(super) fn list(&self) -> &[Self] {
        match &self.value {
            Value::List(nodes) => nodes,
            _ => &[],
        }
    }

    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) fn is_true(&self) -> bool {
        matches!(&self.value, Value::Other(text) if text == "true")
    }

    /// The text under `keys` as a fact.
    pub(super) fn fact(&self, keys: &[&str]) -> Option<Fact> {
        let node = self.at(keys)?;
        let value = node.text()?.trim();
        (!value.is_empty()).then(|| Fact { value: value.to_owned(), lines: node.lines })
    }
}

/// Parses TOML; `None` when it is not.
pub(super) fn toml(text: &str) -> Option<Node> {
    let starts = LineStarts::new(text);
    let table = DeTable::parse(text).ok()?;
    Some(table_node(table.get_ref(), table.span(), &starts, 0))
}

type Span = std::ops::Range<usize>;

fn range(span: &Span, starts: &LineStarts) -> LineRange {
    lines(starts.at(span.start), starts.at(span.end.saturating_sub(1).max(span.start)))
}

fn table_node(table: &DeTable<'_>, span: Span, starts: &LineStarts, depth: usize) -> Node {
    let mut entries: Vec<(usize, String, Node)> = Vec::new();
    if depth < MAX_DEPTH {
        for (key, value) in table {
            let mut node = value_node(value.get_ref(), value.span(), starts, depth + 1);
            let at = key.span().start;
            // A `[table]` further up than its own header (an implicit parent) keeps the header's lines.
            let key_line = starts.at(at);
            if key_line <= node.lines.start_line {
                node.lines.start_line = key_line;
            }
            entries.push((at, key.get_ref().to_string(), node));
        }
    }
    entries.sort_by_key(|(at, ..)| *at);
    let mut place = range(&span, starts);
    if let Some(last) = entries.iter().map(|(_, _, node)| node.lines.end_line).max() {
        place.end_line = place.end_line.max(last);
    }
    Node { lines: place, value: Value::Map(entries.into_iter().map(|(_, key, node)| (key, node)).collect()) }
}

fn value_node(value: &DeValue<'_>, span: Span, starts: &LineStarts, depth: usize) -> Node {
    let place = range(&span, starts);
    let value = match value {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(number) => Value::Other(number.to_string()),
        DeValue::Float(number) => Value::Other(number.to_string()),
        DeValue::Boolean(flag) => Value::Other(flag.to_string()),
        DeValue::Datetime(time) => Value::Other(time.to_string()),
        DeValue::Array(_) if depth >= MAX_DEPTH => Value::List(Vec::new()),
        DeValue::Array(nodes) => Value::List(
            nodes.iter().map(|node| value_node(node.get_ref(), node.span(), starts, depth + 1)).collect(),
        ),
        DeValue::Table(table) => return table_node(table, span, starts, depth),
    };
    Node { lines: place, value }
}

/// Parses JSON (comments and trailing commas forgiven); `None` when it is not.
pub(super) fn json(text: &str) -> Option<Node> {
    let mut parser = Json { bytes: text.as_bytes(), text, at: 0, line: 1 };
    parser.blank();
    let node = parser.value(0)?;
    parser.blank();
    (parser.at >= parser.bytes.len()).then_some(node)
}

struct Json<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
    line: u32,
}

impl Json<'_> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn step(&mut self) {
        if self.peek() == Some(b'\n') {
            self.line += 1;
        }
        self.at += 1;
    }

    fn blank(&mut self) {
        if self.at == 0 && self.text.starts_with('\u{feff}') {
            self.at = 3;
        }
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.step(),
                b'/' if self.bytes.get(self.at + 1) == Some(&b'/') => {
                    while self.peek().is_some_and(|byte| byte != b'\n') {
                        self.at += 1;
                    }
                }
                _ => return,
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Node> {
        if depth > MAX_DEPTH {
            return None;
        }
        let start = self.line;
        let value = match self.peek()? {
            b'{' => self.map(depth)?,
            b'[' => self.list(depth)?,
            b'"' => Value::Text(self.string()?),
            _ => {
                let from = self.at;
                while self
                    .peek()
                    .is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.'))
                {
                    self.at += 1;
                }
                if from == self.at {
                    return None;
                }
                Value::Other(self.text.get(from..self.at)?.to_owned())
            }
        };
        Some(Node { lines: lines(start, self.line), value })
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        let mut entries = Vec::new();
        self.step();
        loop {
            self.blank();
            match self.peek()? {
                b'}' => {
                    self.step();
                    return Some(Value::Map(entries));
                }
                b',' => self.step(),
                b'"' => {
                    let start = self.line;
                    let key = self.string()?;
                    self.blank();
                    if self.peek()? != b':' {
                        return None;
                    }
                    self.step();
                    self.blank();
                    let mut node = self.value(depth + 1)?;
                    node.lines.start_line = start;
                    entries.push((key, node));
                }
                _ => return None,
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        let mut nodes = Vec::new();
        self.step();
        loop {
            self.blank();
            match self.peek()? {
                b']' => {
                    self.step();
                    return Some(Value::List(nodes));
                }
                b',' => self.step(),
                _ => nodes.push(self.value(depth + 1)?),
            }
        }
    }

    fn string(&mut self) -> Option<String> {
        let from = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => break,
                b'\n' => return None,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(from..self.at)?).ok()
    }
}
