//! Puts the definitions of a file into each other, and gives each its lines, signature and documentation.

use std::ops::Range;

use super::{
    above::{Above, leading_doc},
    comments,
    found::Found,
    signature::signature,
    table::{Export, Spec},
};
use crate::domain::{LineRange, Symbol, SymbolKind};
use crate::secrets::mask;

/// A definition as its match gave it; `kind` is `None` for a scope that is no symbol.
pub(super) struct Definition {
    pub(super) kind: Option<SymbolKind>,
    pub(super) name: String,
    pub(super) name_at: usize,
    pub(super) range: Range<usize>,
    pub(super) body_at: Option<usize>,
    /// The parent as written.
    pub(super) parent: Option<String>,
    /// Parents within the one around, that stand before the name: `class A::B`.
    pub(super) prefix: Option<String>,
    pub(super) is_exported: bool,
    /// By the section that it stands in, or by being named so.
    pub(super) is_hidden: bool,
    pub(super) pattern: usize,
}

/// A definition in its place.
struct Placed {
    definition: Definition,
    /// From its first decorator or attribute.
    from: usize,
    parent: Option<String>,
    qualified: String,
    doc: Option<String>,
}

/// What is told of a definition to those who ask for it by place.
pub(super) struct Decorated<'a> {
    pub(super) name: &'a str,
    pub(super) qualified: &'a str,
    pub(super) doc: Option<&'a str>,
    pub(super) is_field: bool,
    pub(super) is_type: bool,
    /// The qualified name of what it is a member of.
    pub(super) parent: Option<&'a str>,
    pub(super) at: usize,
}

impl Placed {
    fn decorated(&self) -> Decorated<'_> {
        Decorated {
            name: &self.definition.name,
            qualified: &self.qualified,
            doc: self.doc.as_deref(),
            is_field: self.definition.kind == Some(SymbolKind::Field),
            is_type: self.definition.kind.is_some_and(is_type),
            parent: self.parent.as_deref(),
            at: self.definition.name_at,
        }
    }
}

/// The definitions of a file, nested.
pub(super) struct Outline {
    placed: Vec<Placed>,
    newlines: Vec<u32>,
    /// The file's own documentation.
    pub(super) doc: Option<String>,
}

impl Outline {
    /// Sorts, removes doubles and locals, nests.
    /// `newlines` is where the lines of `text` end.
    pub(super) fn build(found: &mut Found, spec: &Spec, text: &str, newlines: Vec<u32>) -> Outline {
        let definitions = without_doubles(std::mem::take(&mut found.definitions));
        found.wrappers.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        found.attributes.sort_by_key(|range| range.start);
        found.comments.sort_by_key(|range| range.start);
        found.sections.sort();
        let mut outline = Outline { placed: Vec::with_capacity(definitions.len()), newlines, doc: None };
        let mut open: Vec<usize> = Vec::new();
        for mut definition in definitions {
            while open
                .last()
                .is_some_and(|&top| outline.placed[top].definition.range.end <= definition.range.start)
            {
                open.pop();
            }
            let holder = open.iter().rev().find(|&&top| holds(&outline.placed[top].definition, &definition));
            let around = holder.map(|&top| &outline.placed[top]);
            if !settle_kind(&mut definition, around) {
                continue;
            }
            definition.is_hidden =
                around.is_some_and(|around| found.sections.hides(&definition, &around.definition));
            let around_start = around.map(|around| around.definition.range.start);
            // `Layer.prototype.match = function () {…}` is handed out with `Layer`.
            definition.is_exported |= matches!(spec.export, Export::Marked)
                && definition.parent.as_deref().is_some_and(|parent| parent != "this");
            let mut parent = parent_of(&mut definition, around);
            if let Some(prefix) = definition.prefix.take() {
                parent = Some(parent.map_or(prefix.clone(), |parent| format!("{parent}.{prefix}")));
            }
            let (from, is_exported) = wrapped(&definition, around_start, &found.wrappers, text);
            definition.is_exported |= is_exported;
            let above = Above { found, spec, text };
            let (from, doc) = above.of(from);
            let qualified = match &parent {
                Some(parent) if definition.kind.is_some() => format!("{parent}.{}", definition.name),
                _ => definition.name.clone(),
            };
            open.push(outline.placed.len());
            outline.placed.push(Placed { definition, from, parent, qualified, doc });
        }
        outline.attach_docstrings(&found.docs, text);
        if outline.doc.is_none() {
            outline.doc = leading_doc(&found.comments, outline.first(), text);
        }
        outline
    }

    /// Where the first definition starts, and whether it has documentation.
    fn first(&self) -> Option<(usize, bool)> {
        self.placed.first().map(|placed| (placed.from, placed.doc.is_some()))
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        let at = u32::try_from(at).unwrap_or(u32::MAX);
        let before = self.newlines.partition_point(|&newline| newline < at);
        u32::try_from(before).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// The qualified name of a scope.
    pub(super) fn qualified(&self, scope: usize) -> &str {
        &self.placed[scope].qualified
    }

    /// True when this scope or one around it is a function.
    pub(super) fn is_function(&self, scope: usize) -> bool {
        matches!(self.placed[scope].definition.kind, Some(SymbolKind::Function | SymbolKind::Method))
    }

    /// A cursor that answers for rising positions.
    pub(super) fn scopes(&self) -> Scopes<'_> {
        Scopes { outline: self, next: 0, open: Vec::new() }
    }

    /// The definition that a decorator or annotation at `at` belongs to.
    pub(super) fn decorated(&self, at: usize) -> Option<Decorated<'_>> {
        let end = self.placed.partition_point(|placed| placed.definition.range.start <= at);
        // Annotations stand inside the definition, decorators and attributes before it.
        let around = self.placed[..end].iter().rev().take(200);
        let behind = self.placed[end..].iter().take(4);
        around
            .chain(behind)
            .filter(|placed| {
                let definition = &placed.definition;
                definition.kind.is_some()
                    && placed.from <= at
                    && at < definition.name_at
                    && at < definition.range.end
            })
            .min_by_key(|placed| placed.definition.name_at)
            .map(Placed::decorated)
    }

    /// The members of a kind of the definition with this qualified name.
    pub(super) fn members<'a>(
        &'a self,
        parent: &'a str,
        kind: SymbolKind,
    ) -> impl Iterator<Item = Decorated<'a>> {
        let members = move |placed: &&Placed| {
            placed.definition.kind == Some(kind) && placed.parent.as_deref() == Some(parent)
        };
        self.placed.iter().filter(members).map(Placed::decorated)
    }

    /// Whether a type is defined before this place.
    pub(super) fn has_type_before(&self, at: usize) -> bool {
        let before = self.placed.iter().take_while(|placed| placed.definition.range.start < at);
        before.filter_map(|placed| placed.definition.kind).any(is_type)
    }

    /// The symbols by line, and which of them are hidden.
    pub(super) fn into_symbols(self, path: &str, text: &str) -> (Vec<Symbol>, Vec<bool>) {
        let mut symbols: Vec<(Symbol, bool)> = Vec::with_capacity(self.placed.len());
        let newlines = self.newlines;
        let line = |at: usize| {
            let at = u32::try_from(at).unwrap_or(u32::MAX);
            u32::try_from(newlines.partition_point(|&newline| newline < at))
                .unwrap_or(u32::MAX)
                .saturating_add(1)
        };
        for placed in self.placed {
            let Placed { definition, from, parent, doc, .. } = placed;
            let Some(kind) = definition.kind else { continue };
            let start_line = line(from);
            let last = definition.range.end.saturating_sub(1).max(definition.range.start);
            let symbol = Symbol {
                path: path.to_owned(),
                kind,
                lines: LineRange { start_line, end_line: line(last).max(start_line) },
                signature: mask(&signature(&definition, text)).into_owned(),
                exported: definition.is_exported,
                name: definition.name,
                parent,
                doc: doc.map(|doc| mask(&doc).into_owned()),
            };
            symbols.push((symbol, definition.is_hidden));
        }
        symbols.sort_by_key(|(symbol, _)| symbol.lines.start_line);
        symbols.into_iter().unzip()
    }

    /// Gives each docstring to the innermost definition around it, or to the file.
    fn attach_docstrings(&mut self, docs: &[Range<usize>], text: &str) {
        let mut docs: Vec<&Range<usize>> = docs.iter().collect();
        docs.sort_by_key(|range| range.start);
        let owners: Vec<Option<usize>> = {
            let mut scopes = self.scopes();
            docs.iter().map(|range| scopes.at(range.start)).collect()
        };
        for (range, owner) in docs.into_iter().zip(owners) {
            let raw = &text[range.clone()];
            let is_comment = raw.starts_with("//") || raw.starts_with("/*");
            let doc = if is_comment { comments::clean(raw) } else { comments::clean_docstring(raw) };
            let place = match owner {
                Some(owner) => &mut self.placed[owner].doc,
                None => &mut self.doc,
            };
            match (place, doc) {
                (place @ None, doc) => *place = doc,
                (Some(known), Some(more)) if is_comment && known.len() < 8192 => {
                    known.push('\n');
                    known.push_str(&more);
                }
                _ => {}
            }
        }
    }
}

/// Answers which definition stands around a position; positions must rise.
pub(super) struct Scopes<'a> {
    outline: &'a Outline,
    next: usize,
    open: Vec<usize>,
}

impl Scopes<'_> {
    pub(super) fn at(&mut self, at: usize) -> Option<usize> {
        let placed = &self.outline.placed;
        while let Some(candidate) = placed.get(self.next)
            && candidate.definition.range.start <= at
        {
            self.close(candidate.definition.range.start);
            self.open.push(self.next);
            self.next += 1;
        }
        self.close(at);
        self.open.last().copied()
    }

    /// The qualified name of the innermost function around.
    pub(super) fn function_at(&mut self, at: usize) -> Option<&str> {
        self.at(at);
        let outline = self.outline;
        let function = self.open.iter().rev().find(|scope| outline.is_function(**scope));
        function.map(|scope| outline.qualified(*scope))
    }

    fn close(&mut self, at: usize) {
        while self.open.last().is_some_and(|&top| self.outline.placed[top].definition.range.end <= at) {
            self.open.pop();
        }
    }
}

fn without_doubles(mut definitions: Vec<Definition>) -> Vec<Definition> {
    definitions.sort_by_key(|definition| (definition.name_at, definition.kind.is_none(), definition.pattern));
    definitions.dedup_by(|later, earlier| {
        later.name_at == earlier.name_at && later.kind.is_none() == earlier.kind.is_none()
    });
    definitions.sort_by_key(|d| (d.range.start, std::cmp::Reverse(d.range.end), d.name_at));
    definitions
}

/// False for two names of one declaration (`int x, y;`), and for the type that a type's name is given to
/// (`typedef struct a {…} b;`).
fn holds(outer: &Definition, inner: &Definition) -> bool {
    let is_named_type = outer.kind == Some(SymbolKind::Type) && inner.kind.is_some_and(is_type);
    // Parameters of a constructor that are fields belong to its type.
    let is_parameter = inner.kind == Some(SymbolKind::Field)
        && matches!(outer.kind, Some(SymbolKind::Function | SymbolKind::Method))
        && outer.body_at.is_some_and(|body| inner.range.start < body);
    outer.range != inner.range && !is_named_type && !is_parameter
}

/// Methods and fields by where they stand; false for a local, which is no symbol.
fn settle_kind(definition: &mut Definition, around: Option<&Placed>) -> bool {
    let Some(kind) = definition.kind else { return true };
    let around_kind = around.map(|around| around.definition.kind);
    let in_function = matches!(around_kind, Some(Some(SymbolKind::Function | SymbolKind::Method)));
    let in_type = match around_kind {
        Some(None) => true,
        Some(Some(kind)) => is_type(kind),
        None => false,
    };
    match kind {
        SymbolKind::Function if in_type || definition.parent.is_some() => {
            definition.kind = Some(SymbolKind::Method)
        }
        SymbolKind::Constant | SymbolKind::Variable | SymbolKind::Field if in_function => {
            return definition.parent.is_some();
        }
        SymbolKind::Variable if in_type => definition.kind = Some(SymbolKind::Field),
        _ => {}
    }
    true
}

pub(super) fn is_type(kind: SymbolKind) -> bool {
    use SymbolKind::{Class, Enum, Interface, Struct, Table, Trait, Type};
    matches!(kind, Class | Enum | Interface | Struct | Table | Trait | Type)
}

/// The qualified name of the parent, from what is written or from what stands around.
fn parent_of(definition: &mut Definition, around: Option<&Placed>) -> Option<String> {
    let around = around.map(|around| around.qualified.clone());
    let Some(written) = definition.parent.take() else { return around };
    let written = written.trim_matches(|c: char| "*&() ".contains(c));
    let written = written.split(['<', '[']).next().unwrap_or(written).trim();
    let written = written.rsplit([' ', '*']).next().unwrap_or(written);
    let plain = written.replace("::", ".");
    let plain = plain.strip_suffix(".prototype").unwrap_or(&plain);
    match plain {
        "exports" | "module.exports" => {
            definition.is_exported = true;
            if definition.kind == Some(SymbolKind::Method) {
                definition.kind = Some(SymbolKind::Function);
            }
            None
        }
        "this" | "self" | "Self" => around,
        _ => {
            let plain =
                plain.strip_prefix("module.exports.").or(plain.strip_prefix("exports.")).unwrap_or(plain);
            Some(plain.to_owned())
        }
    }
}

/// Where the definition starts with its wrapper, and whether the wrapper exports it.
fn wrapped(
    definition: &Definition,
    around_start: Option<usize>,
    wrappers: &[(Range<usize>, bool)],
    text: &str,
) -> (usize, bool) {
    let mut from = definition.range.start;
    let mut exported = false;
    let end = wrappers.partition_point(|(range, _)| range.start <= definition.range.start);
    for (range, exports) in wrappers[..end].iter().rev().take(8) {
        if range.end < definition.range.end || around_start.is_some_and(|around| around >= range.start) {
            continue;
        }
        let before = &text[range.start..definition.range.start];
        let after = &text[definition.range.end..range.end];
        let is_direct = after.bytes().all(|b| b.is_ascii_whitespace() || b == b';')
            || before.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_whitespace());
        if is_direct {
            from = range.start;
            exported |= exports;
        }
    }
    (from, exported)
}
