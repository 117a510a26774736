//! Imports: the parts that several matches gave are put together, trees of names are unfolded.

use std::{collections::BTreeMap, ops::Range};

use super::{
    captures::Role,
    found::{MAX_FACTS, text_of, unquote},
    nesting::Outline,
    query::Capture,
    syntax::Node,
    table::Spec,
};
use crate::facts::{Import, ImportTime, ImportedName};

/// The deepest tree of braces that is unfolded.
const MAX_TREE_DEPTH: usize = 16;

/// Imports before they are sorted and timed.
#[derive(Default)]
pub(super) struct Imports {
    by_module: BTreeMap<usize, Import>,
    trees: BTreeMap<usize, Tree>,
    types_regions: Vec<Range<usize>>,
}

struct Tree {
    range: Range<usize>,
    is_reexport: bool,
}

impl Imports {
    /// Inside `range` imports serve type checking only.
    pub(super) fn types_region(&mut self, range: Range<usize>) {
        self.types_regions.push(range);
    }

    /// Takes one match; matches with the same module node are one import.
    pub(super) fn take(&mut self, module: Node<'_>, captures: &[Capture<'_>], roles: &[Role], text: &str) {
        if self.by_module.len() >= MAX_FACTS {
            return;
        }
        let written = text_of(module, text);
        let written = written.strip_prefix('<').and_then(|inner| inner.strip_suffix('>')).unwrap_or(written);
        let import = self.by_module.entry(module.start_byte()).or_insert_with(|| Import {
            module: unquote(written).to_owned(),
            names: Vec::new(),
            alias: None,
            wildcard: false,
            reexport: false,
            relative: false,
            when: ImportTime::Load,
            line: super::found::line_of(module),
        });
        // `import static a.B.c` also matches as the import of `a.B.c`: the match that knows the name is right.
        let has_name = captures.iter().any(|capture| roles[capture.index as usize] == Role::ImportName);
        if has_name && import.module.len() > unquote(written).len() {
            unquote(written).clone_into(&mut import.module);
        }
        let mut name: Option<ImportedName> = None;
        let mut alias: Option<String> = None;
        for capture in captures {
            let here = unquote(text_of(capture.node, text)).to_owned();
            match roles[capture.index as usize] {
                Role::ImportName => name = Some(ImportedName { name: here, alias: None }),
                Role::ImportAlias => alias = Some(here),
                Role::ImportDefault => {
                    name = Some(ImportedName { name: "default".to_owned(), alias: Some(here) });
                }
                Role::ImportWildcard => import.wildcard = true,
                Role::ImportReexport => import.reexport = true,
                Role::ImportTypes => import.when = ImportTime::Types,
                Role::ImportRelative => import.relative = true,
                _ => {}
            }
        }
        match (name, alias) {
            (Some(mut name), alias) => {
                name.alias = alias.or(name.alias);
                if !import.names.contains(&name) {
                    import.names.push(name);
                }
            }
            (None, Some(alias)) => import.alias = Some(alias),
            (None, None) => {}
        }
    }

    /// Takes a path with braces.
    pub(super) fn take_tree(&mut self, tree: Node<'_>, captures: &[Capture<'_>], roles: &[Role]) {
        let is_reexport =
            captures.iter().any(|capture| roles[capture.index as usize] == Role::ImportReexport);
        let entry = self.trees.entry(tree.start_byte());
        entry.or_insert(Tree { range: tree.byte_range(), is_reexport: false }).is_reexport |= is_reexport;
    }

    /// The imports by line, with the time they take effect.
    pub(super) fn finish(self, spec: &Spec, text: &str, outline: &Outline) -> Vec<Import> {
        let mut imports: Vec<(usize, Import)> = self.by_module.into_iter().collect();
        for (at, tree) in self.trees {
            let mut unfolded = Vec::new();
            let written = &text[tree.range.clone()];
            let written = ["import ", "use ", "function ", "const "]
                .iter()
                .fold(written, |written, word| written.strip_prefix(word).unwrap_or(written).trim_start());
            for path in split_at_commas(written) {
                unfold(path, "", spec.separator, 0, &mut unfolded);
            }
            for mut import in unfolded {
                import.reexport = tree.is_reexport;
                import.line = outline.line(at);
                imports.push((at, import));
            }
        }
        imports.sort_by_key(|(at, _)| *at);
        let mut scopes = outline.scopes();
        imports
            .into_iter()
            .map(|(at, mut import)| {
                if self.types_regions.iter().any(|region| region.contains(&at)) {
                    import.when = ImportTime::Types;
                } else if scopes.at(at).is_some_and(|scope| outline.is_function(scope)) {
                    import.when = ImportTime::Call;
                }
                if spec.imports_paths {
                    import.relative |= import.module.starts_with(['.', '/']);
                }
                import
            })
            .collect()
    }
}

/// `a::{b, c::{d as e}, *}` is `a` with `b` and all, and `a::c` with `d`.
fn unfold(tree: &str, prefix: &str, separator: &str, depth: usize, out: &mut Vec<Import>) {
    if depth > MAX_TREE_DEPTH || out.len() > 1000 {
        return;
    }
    let tree = tree.trim().trim_end_matches(';');
    let join = |part: &str| match (prefix.is_empty(), part.is_empty()) {
        (true, _) => part.to_owned(),
        (_, true) => prefix.to_owned(),
        _ => format!("{prefix}{separator}{part}"),
    };
    if let Some(open) = tree.find('{') {
        let head = tree[..open].trim().trim_end_matches(separator);
        let inner = tree[open + 1..].trim_end().trim_end_matches('}');
        let inner = if tree.ends_with('}') { &tree[open + 1..tree.len() - 1] } else { inner };
        for part in split_at_commas(inner) {
            unfold(part, &join(head), separator, depth + 1, out);
        }
        return;
    }
    let (path, alias) = match tree.split_once(" as ").or_else(|| tree.split_once("=>")) {
        Some((path, alias)) => (path.trim(), Some(alias.trim().to_owned())),
        None => (tree, None),
    };
    let full = join(path);
    let (module, name) = full.rsplit_once(separator).unwrap_or(("", &full));
    if name.is_empty() {
        return;
    }
    let found = out.iter().position(|import| import.module == module && !module.is_empty());
    let import = match found {
        Some(at) => &mut out[at],
        None => {
            out.push(Import {
                module: if module.is_empty() { full.clone() } else { module.to_owned() },
                names: Vec::new(),
                alias: None,
                wildcard: false,
                reexport: false,
                relative: false,
                when: ImportTime::Load,
                line: 0,
            });
            let last = out.len() - 1;
            &mut out[last]
        }
    };
    match name {
        "*" | "_" => import.wildcard = true,
        "self" => import.alias = Some(alias.unwrap_or_else(|| last_part(module, separator).to_owned())),
        _ if module.is_empty() => import.alias = alias,
        _ => import.names.push(ImportedName { name: name.to_owned(), alias }),
    }
}

fn last_part<'a>(path: &'a str, separator: &str) -> &'a str {
    path.rsplit(separator).next().unwrap_or(path)
}

/// Parts between the commas outside of braces.
fn split_at_commas(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut from) = (Vec::new(), 0_i32, 0);
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            b',' if depth == 0 => {
                parts.push(&text[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[from..]);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfolded(tree: &str) -> Vec<String> {
        let mut out = Vec::new();
        unfold(tree, "", "::", 0, &mut out);
        out.iter()
            .map(|import| {
                let names: Vec<String> = import
                    .names
                    .iter()
                    .map(|name| match &name.alias {
                        Some(alias) => format!("{}={alias}", name.name),
                        None => name.name.clone(),
                    })
                    .collect();
                let star = if import.wildcard { "*" } else { "" };
                format!("{} [{}]{star}", import.module, names.join(" "))
            })
            .collect()
    }

    #[test]
    fn trees_of_names_are_unfolded() {
        assert_eq!(unfolded("a::b"), ["a [b]"]);
        assert_eq!(unfolded("serde"), ["serde []"]);
        assert_eq!(unfolded("a::{b, c::{d as e, f}, *}"), ["a [b]*", "a::c [d=e f]"]);
        assert_eq!(unfolded("{a::b, c::d}"), ["a [b]", "c [d]"]);
        assert_eq!(unfolded("a::{{{"), Vec::<String>::new());
    }
}
