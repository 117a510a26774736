//! Writers of the diagrams that static pages show.

use std::collections::BTreeMap;

use super::super::markdown::one_line;

/// Text for a quoted label: signs that Mermaid reads become entities, long text is cut.
pub fn label(text: &str) -> String {
    const MOST: usize = 60;
    let line = one_line(text);
    let mut out = String::with_capacity(line.len());
    for (at, c) in line.chars().enumerate() {
        if at >= MOST {
            out.push('…');
            break;
        }
        match c {
            '"' => out.push_str("#quot;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '&' => out.push_str("#amp;"),
            '#' => out.push_str("#35;"),
            ';' => out.push_str("#59;"),
            '`' => out.push_str("#96;"),
            '\\' => out.push_str("#92;"),
            '%' => out.push_str("#37;"),
            // A script's address is only an address with its colon.
            ':' if out.to_ascii_lowercase().ends_with("javascript") => out.push_str("#58;"),
            _ => out.push(c),
        }
    }
    out
}

/// A flowchart: nodes in boxes, groups around them, arrows between them.
#[derive(Debug, Default)]
pub struct Flowchart {
    nodes: Vec<(String, Option<String>)>,
    ids: BTreeMap<String, usize>,
    edges: Vec<(usize, usize, EdgeStyle)>,
    left_to_right: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum EdgeStyle {
    Solid,
    Dotted,
}

impl Flowchart {
    /// Drawn from left to right instead of from the top down.
    pub fn left_to_right(mut self) -> Self {
        self.left_to_right = true;
        self
    }

    /// Adds a node once; `key` tells it from others.
    pub fn node(&mut self, key: &str, text: &str, group: Option<&str>) {
        if !self.ids.contains_key(key) {
            self.ids.insert(key.to_owned(), self.nodes.len());
            self.nodes.push((text.to_owned(), group.map(str::to_owned)));
        }
    }

    /// Adds an arrow between nodes that were added; others are ignored.
    pub fn edge(&mut self, from: &str, to: &str, dotted: bool) {
        if let (Some(from), Some(to)) = (self.ids.get(from), self.ids.get(to)) {
            let style = if dotted { EdgeStyle::Dotted } else { EdgeStyle::Solid };
            self.edges.push((*from, *to, style));
        }
    }

    /// How many nodes it has.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether it has no node.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// Whether it has no arrow.
    pub fn has_edges(&self) -> bool {
        !self.edges.is_empty()
    }

    /// The source.
    pub fn source(&self) -> String {
        let mut out = String::from(if self.left_to_right { "flowchart LR\n" } else { "flowchart TD\n" });
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, (text, group)) in self.nodes.iter().enumerate() {
            match group {
                Some(group) => groups.entry(group).or_default().push(at),
                None => out.push_str(&format!("  n{at}[\"{}\"]\n", label(text))),
            }
        }
        for (number, (group, members)) in groups.iter().enumerate() {
            out.push_str(&format!("  subgraph g{number} [\"{}\"]\n", label(group)));
            for at in members {
                if let Some((text, _)) = self.nodes.get(*at) {
                    out.push_str(&format!("    n{at}[\"{}\"]\n", label(text)));
                }
            }
            out.push_str("  end\n");
        }
        let mut edges = self.edges.clone();
        edges.sort_unstable();
        edges.dedup_by_key(|(from, to, _)| (*from, *to));
        for (from, to, style) in edges {
            let arrow = if style == EdgeStyle::Dotted { "-.->" } else { "-->" };
            out.push_str(&format!("  n{from} {arrow} n{to}\n"));
        }
        out
    }
}

/// A class diagram.
#[derive(Debug, Default)]
pub struct ClassDiagram {
    boxes: Vec<ClassBox>,
    ids: BTreeMap<String, usize>,
    relations: Vec<(usize, usize, &'static str)>,
}

/// One class with its fields.
#[derive(Debug, Clone)]
pub struct ClassBox {
    /// Tells it from others.
    pub key: String,
    /// Shown as its name.
    pub name: String,
    /// Shown above the name: `enum`, `table`, …
    pub annotation: Option<String>,
    /// One line each.
    pub members: Vec<String>,
}

impl ClassDiagram {
    /// Adds a class once.
    pub fn class(&mut self, class: ClassBox) {
        if !self.ids.contains_key(&class.key) {
            self.ids.insert(class.key.clone(), self.boxes.len());
            self.boxes.push(class);
        }
    }

    /// `derived` extends `base`; both must have been added.
    pub fn inherits(&mut self, derived: &str, base: &str) {
        self.relate(base, derived, "<|--");
    }

    /// `owner` has a field of type `part`.
    pub fn has(&mut self, owner: &str, part: &str) {
        self.relate(owner, part, "-->");
    }

    fn relate(&mut self, left: &str, right: &str, arrow: &'static str) {
        if let (Some(left), Some(right)) = (self.ids.get(left), self.ids.get(right))
            && left != right
        {
            self.relations.push((*left, *right, arrow));
        }
    }

    /// How many classes it has.
    pub fn len(&self) -> usize {
        self.boxes.len()
    }

    /// Whether it has no class.
    pub fn is_empty(&self) -> bool {
        self.boxes.is_empty()
    }

    /// The source.
    pub fn source(&self) -> String {
        let mut out = String::from("classDiagram\n");
        for (at, class) in self.boxes.iter().enumerate() {
            out.push_str(&format!("  class c{at}[\"{}\"]", label(&class.name)));
            let mut members: Vec<String> = Vec::new();
            if let Some(annotation) = &class.annotation {
                members.push(format!("<<{}>>", plain(annotation)));
            }
            members.extend(class.members.iter().map(|text| plain(text)).filter(|text| !text.is_empty()));
            if members.is_empty() {
                out.push('\n');
            } else {
                out.push_str(" {\n");
                for member in members {
                    out.push_str(&format!("    {member}\n"));
                }
                out.push_str("  }\n");
            }
        }
        let mut relations = self.relations.clone();
        relations.sort_unstable();
        relations.dedup();
        for (left, right, arrow) in relations {
            out.push_str(&format!("  c{left} {arrow} c{right}\n"));
        }
        out
    }
}

/// A member's text: Mermaid's signs replaced by look-alikes.
fn plain(text: &str) -> String {
    let line = one_line(text);
    let mut out = String::new();
    for c in line.chars().take(60) {
        match c {
            '<' => out.push('‹'),
            '>' => out.push('›'),
            '{' => out.push('⟨'),
            '}' => out.push('⟩'),
            '"' | '`' => out.push('\''),
            ';' => out.push(','),
            '~' => out.push('∼'),
            '%' | '#' | '\\' => {}
            _ => out.push(c),
        }
    }
    out.trim().to_owned()
}
