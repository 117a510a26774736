//! What the matches of one file's query found, and how it becomes facts.

use std::{collections::HashSet, ops::Range};

use super::{
    captures::Role,
    comments::cut,
    common_js,
    engine::Extract,
    exports,
    idioms::{self, Call, Facts},
    imports::Imports,
    nesting::{Definition, Outline},
    query::Capture,
    sections::Sections,
    syntax::Node,
    table::{Export, Spec},
};
use crate::secrets::mask;
use crate::{
    domain::{EdgeKind, Language, SymbolKind},
    facts::{Command, EntryPoint, ImportedName, Route, Router, Setting, Use},
};

/// Most facts of one sort that are kept of one file.
pub(super) const MAX_FACTS: usize = 100_000;
/// The longest qualifier that is kept as written.
const MAX_QUALIFIER: usize = 80;

/// Everything found, in the order of the matches.
#[derive(Default)]
pub(super) struct Found {
    pub(super) definitions: Vec<Definition>,
    pub(super) wrappers: Vec<(Range<usize>, bool)>,
    pub(super) attributes: Vec<Range<usize>>,
    pub(super) comments: Vec<Range<usize>>,
    pub(super) docs: Vec<Range<usize>>,
    pub(super) sections: Sections,
    pub(super) export_names: HashSet<String>,
    pub(super) imports: Imports,
    pub(super) uses: Vec<FoundUse>,
    pub(super) facts: Facts,
    pub(super) entries: Vec<Range<usize>>,
    /// Where the file's own statements start.
    pub(super) file_entry: Option<usize>,
}

/// The pattern of a match.
#[derive(Clone, Copy)]
pub(super) struct Pattern<'a> {
    pub(super) index: usize,
    /// What `(#set! framework "…")` says.
    pub(super) framework: Option<&'a str>,
    pub(super) language: Language,
}

/// A use before its scope is known.
pub(super) struct FoundUse {
    pub(super) at: usize,
    pub(super) kind: EdgeKind,
    pub(super) name: String,
    pub(super) qualifier: Option<String>,
}

impl Found {
    /// Takes one match.
    pub(super) fn take(
        &mut self,
        captures: &[Capture<'_>],
        roles: &[Role],
        pattern: Pattern<'_>,
        text: &str,
    ) {
        if let [only] = captures
            && self.take_single(roles[only.index as usize], only.node, text)
        {
            return;
        }
        let of = |wanted: Role| {
            captures
                .iter()
                .find(|capture| roles[capture.index as usize] == wanted)
                .map(|capture| capture.node)
        };
        for capture in captures {
            let node = capture.node;
            match roles[capture.index as usize] {
                Role::Definition(kind) => self.definition(node, Some(kind), pattern.index, &of, text),
                Role::Scope => self.definition(node, None, pattern.index, &of, text),
                Role::ImportModule => self.imports.take(node, captures, roles, text),
                Role::ImportTree => self.imports.take_tree(node, captures, roles),
                Role::Call => self.call(node, &of, pattern.language, text),
                Role::Setting => {
                    let setting = Setting {
                        // Only a variable tells the name at run time.
                        name: match node.kind() {
                            "identifier" => format!("<{}>", text_of(node, text)),
                            _ => unquote(text_of(node, text)).to_owned(),
                        },
                        default: of(Role::SettingDefault).map(|node| one_line(text_of(node, text), 200)),
                        line: line_of(node),
                    };
                    match pattern.framework {
                        Some("environ") => self.facts.setting_of_environ(setting),
                        _ => self.facts.setting(setting),
                    }
                }
                Role::Route => self.facts.route(Route {
                    method: of(Role::RouteMethod)
                        .map_or("ANY".to_owned(), |node| unquote(text_of(node, text)).to_ascii_uppercase()),
                    path: unquote(text_of(node, text)).to_owned(),
                    handler: of(Role::RouteHandler).map(|node| one_line(text_of(node, text), 100)),
                    line: line_of(node),
                    framework: pattern.framework.unwrap_or("http").to_owned(),
                    on: Router::default(),
                }),
                Role::Command => self.facts.command(Command {
                    name: unquote(text_of(node, text))
                        .split_whitespace()
                        .next()
                        .unwrap_or_default()
                        .to_owned(),
                    help: of(Role::CommandHelp).map(|node| one_line(unquote(text_of(node, text)), 300)),
                    of: of(Role::CommandOf).map(|node| unquote(text_of(node, text)).to_owned()),
                    line: line_of(node),
                    framework: pattern.framework.unwrap_or("cli").to_owned(),
                }),
                role => {
                    if of(Role::Call).is_none() || role != Role::Arguments {
                        self.take_single(role, node, text);
                    }
                }
            }
        }
    }

    /// Takes a capture that needs no other; false when it does.
    fn take_single(&mut self, role: Role, node: Node<'_>, text: &str) -> bool {
        match role {
            Role::Wrapper { exported } => self.wrappers.push((node.byte_range(), exported)),
            Role::Attribute => self.attributes.push(node.byte_range()),
            Role::Comment => self.comments.push(node.byte_range()),
            Role::Doc => self.docs.push(node.byte_range()),
            Role::Section(section) => self.sections.mark(node, section),
            Role::HiddenName => {
                let name = unquote(text_of(node, text));
                self.sections.hide(node.start_byte(), name.strip_prefix(':').unwrap_or(name));
            }
            Role::ExportName => {
                self.export_names.insert(unquote(text_of(node, text)).to_owned());
            }
            Role::ExportWhole => self.facts.whole(node, text),
            Role::TypesRegion => self.imports.types_region(node.byte_range()),
            Role::Inherit => self.used(node, EdgeKind::Inherit, text),
            Role::Reference => self.used(node, EdgeKind::Reference, text),
            Role::Entry => self.entries.push(node.byte_range()),
            Role::EntryFile => {
                let at = node.start_byte();
                self.file_entry = Some(self.file_entry.map_or(at, |first| first.min(at)));
            }
            _ => return false,
        }
        true
    }

    fn definition<'t>(
        &mut self,
        node: Node<'t>,
        kind: Option<SymbolKind>,
        pattern: usize,
        of: &dyn Fn(Role) -> Option<Node<'t>>,
        text: &str,
    ) {
        let Some(name_node) = of(Role::Name) else { return };
        if self.definitions.len() >= MAX_FACTS {
            return;
        }
        let written = text_of(name_node, text);
        let operator;
        let name = match kind {
            Some(_) if written.starts_with("operator") => {
                operator = operator_name(written);
                &operator
            }
            Some(SymbolKind::Class | SymbolKind::Struct) | None => simple_type(written),
            Some(_) => unquote(written),
        };
        // `class A::B` stands in `A`.
        let (name, around) = match name.rsplit_once("::") {
            Some((around, name)) => (name, Some(around)),
            None => (name.strip_prefix(':').unwrap_or(name), None),
        };
        if name.is_empty() || name.len() > 300 {
            return;
        }
        self.definitions.push(Definition {
            kind,
            name: name.to_owned(),
            name_at: name_node.start_byte(),
            range: node.byte_range(),
            body_at: of(Role::Body).or_else(|| body_of(node, kind, text)).map(|body| body.start_byte()),
            parent: of(Role::Parent).map(|parent| text_of(parent, text).to_owned()),
            prefix: around.map(|around| around.replace("::", ".")),
            is_exported: of(Role::Exported).is_some(),
            is_hidden: false,
            pattern,
        });
    }

    fn call<'t>(
        &mut self,
        node: Node<'t>,
        of: &dyn Fn(Role) -> Option<Node<'t>>,
        language: Language,
        text: &str,
    ) {
        let (name, mut qualifier) = split_name(text_of(node, text));
        if let Some(written) = of(Role::Qualifier) {
            let written = text_of(written, text);
            qualifier = Some(match qualifier {
                Some(inner) => format!("{}.{inner}", qualifier_text(written)),
                None => qualifier_text(written),
            });
        }
        if let Some(arguments) = of(Role::Arguments).or_else(|| arguments_of_new(node)) {
            let call = Call {
                language,
                name,
                qualifier: qualifier.as_deref(),
                at: node.start_byte(),
                arguments,
                text,
            };
            idioms::recognise(&call, &mut self.facts);
        }
        self.push_use(node.start_byte(), EdgeKind::Call, name, qualifier);
    }

    fn used(&mut self, node: Node<'_>, kind: EdgeKind, text: &str) {
        let (name, qualifier) = split_name(simple_type(text_of(node, text)));
        let qualifier = qualifier.or_else(|| written_before(text, node.start_byte()));
        self.push_use(node.start_byte(), kind, name, qualifier);
    }

    fn push_use(&mut self, at: usize, kind: EdgeKind, name: &str, qualifier: Option<String>) {
        if !name.is_empty() && name.len() <= 200 && self.uses.len() < MAX_FACTS {
            self.uses.push(FoundUse { at, kind, name: name.to_owned(), qualifier });
        }
    }

    /// Nests the definitions, finds the scope of every use and sorts everything by line.
    pub(super) fn into_extract(mut self, spec: &Spec, path: &str, text: &str, newlines: Vec<u32>) -> Extract {
        if matches!(spec.export, Export::Marked) {
            common_js::settle(&mut self, path, text);
        }
        let outline = Outline::build(&mut self, spec, text, newlines);
        let mut extract =
            Extract { doc: outline.doc.as_deref().map(|doc| mask(doc).into_owned()), ..Extract::default() };
        extract.uses = scoped(std::mem::take(&mut self.uses), &outline);
        extract.imports = std::mem::take(&mut self.imports).finish(spec, text, &outline);
        let imports_environ = extract.imports.iter().any(|import| {
            let is_environ = |name: &ImportedName| {
                name.name == "environ" && name.alias.as_deref().unwrap_or("environ") == "environ"
            };
            import.module == "os" && import.names.iter().any(is_environ)
        });
        let facts = std::mem::take(&mut self.facts).finish(&outline, imports_environ);
        (extract.settings, extract.routes, extract.mounts, extract.commands) = facts;
        for range in &self.entries {
            let name = outline.decorated(range.start).map(|decorated| decorated.qualified.to_owned());
            let name = name.unwrap_or_else(|| {
                let first = text[range.clone()].lines().next().unwrap_or_default();
                one_line(first.trim_end().trim_end_matches([':', '{']), 80)
            });
            extract.entry_points.push(EntryPoint { name, line: outline.line(range.start) });
        }
        let file = path.rsplit('/').next().unwrap_or(path);
        let is_program = |at: &usize| match spec.entry_files {
            [] => !outline.has_type_before(*at),
            files => files.contains(&file),
        };
        if let Some(at) = self.file_entry.filter(is_program) {
            extract.entry_points.push(EntryPoint { name: file.to_owned(), line: outline.line(at) });
        }
        let hidden;
        (extract.symbols, hidden) = outline.into_symbols(path, text);
        exports::mark(&mut extract.symbols, &hidden, &self.export_names, spec);
        for symbol in &extract.symbols {
            if spec.entry.contains(&symbol.name.as_str()) && exports::may_start_program(symbol, spec) {
                let entry = EntryPoint { name: symbol.qualified_name(), line: symbol.lines.start_line };
                extract.entry_points.push(entry);
            }
        }
        // The function tells more than the type that it stands in.
        let around: HashSet<String> = extract
            .entry_points
            .iter()
            .flat_map(|entry| entry.name.match_indices('.').map(|(end, _)| entry.name[..end].to_owned()))
            .collect();
        extract.entry_points.retain(|entry| !around.contains(&entry.name));
        extract.entry_points.sort_by(|a, b| (a.line, &a.name).cmp(&(b.line, &b.name)));
        extract
    }
}

/// The body by its field; what a tuple struct or a variant holds is part of its signature.
fn body_of<'t>(node: Node<'t>, kind: Option<SymbolKind>, text: &str) -> Option<Node<'t>> {
    if kind == Some(SymbolKind::Constant) {
        return None;
    }
    node.child_by_field_name("body")
        .filter(|body| kind != Some(SymbolKind::Struct) || !text_of(*body, text).starts_with('('))
}

/// The arguments of `new X(…)`, which may be left out.
fn arguments_of_new(constructor: Node<'_>) -> Option<Node<'_>> {
    let around = std::iter::successors(constructor.parent(), |node| node.parent()).take(2);
    around.into_iter().find(|node| node.kind() == "new_expression")?.child_by_field_name("arguments")
}

fn scoped(mut found: Vec<FoundUse>, outline: &Outline) -> Vec<Use> {
    found.sort_by_key(|found| found.at);
    let mut scopes = outline.scopes();
    let mut seen = HashSet::new();
    let mut uses = Vec::new();
    for FoundUse { at, kind, name, qualifier } in found {
        let scope = scopes.at(at);
        if seen.insert((kind, scope, name.clone(), qualifier.clone())) {
            let scope = scope.map(|scope| outline.qualified(scope).to_owned());
            uses.push(Use { name, qualifier, kind, scope, line: outline.line(at) });
        }
    }
    uses
}

pub(super) fn text_of<'a>(node: Node<'_>, text: &'a str) -> &'a str {
    text.get(node.byte_range()).unwrap_or("")
}

pub(super) fn line_of(node: Node<'_>) -> u32 {
    node.line()
}

/// The content of a string literal; other text as it is.
pub(super) fn unquote(text: &str) -> &str {
    let text = text.trim();
    for quote in ["\"\"\"", "'''", "\"", "'", "`"] {
        if let Some(inner) = text.strip_prefix(quote) {
            return inner.strip_suffix(quote).unwrap_or(inner);
        }
    }
    let prefixed = text.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '@' || c == '#');
    if prefixed.len() < text.len() && text.len() - prefixed.len() <= 3 && prefixed.starts_with(['"', '\'']) {
        return unquote(prefixed.trim_end_matches('#'));
    }
    text
}

/// White space runs become one space; cut at `max` bytes with an ellipsis.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let kept = cut(text, max * 2);
    let mut out = String::with_capacity(kept.len());
    for word in kept.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    if out.len() > max || kept.len() < text.len() {
        out.truncate(cut(&out, max).len());
        out.push('…');
    }
    out
}

/// A type without what it is applied to: `a::B<C>` is `a::B`, `&'a mut T` is `T`.
fn simple_type(text: &str) -> &str {
    let text = text.trim_start_matches(['&', '*', '?', '(', '[', ' ', ':', '\\']);
    let text = text.strip_prefix("mut ").or_else(|| text.strip_prefix("dyn ")).unwrap_or(text);
    let end = text.find(['<', '(', '[', '{', ' ', '\n', '?']).unwrap_or(text.len());
    text[..end].trim()
}

/// `operator  =` is `operator=`, `operator bool() const` is `operator bool`.
fn operator_name(written: &str) -> String {
    let rest = written.trim_start_matches("operator").trim();
    if rest.starts_with(|c: char| c.is_alphabetic() || c == '_') {
        let end = rest.find('(').unwrap_or(rest.len());
        return format!("operator {}", rest[..end].trim());
    }
    format!("operator{}", rest.split_whitespace().collect::<String>())
}

/// `a.b.c` is `c` with the qualifier `a.b`; `.`, `::`, `->` and `\` separate.
fn split_name(text: &str) -> (&str, Option<String>) {
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '?' | '!' | '@' | '#' | '-' | '/');
    if text.chars().all(is_name) {
        return (text, None);
    }
    match text.rfind(['.', ':', '>', '\\']) {
        Some(at) => {
            let qualifier = text[..at].trim_end_matches([':', '-', '?', '.']);
            (text[at + 1..].trim(), (!qualifier.is_empty()).then(|| qualifier_text(qualifier)))
        }
        None => (text, None),
    }
}

/// A qualifier as written, on one line; a long one is `…`.
/// `testing` where `T` of `testing.T` was captured alone.
fn written_before(text: &str, at: usize) -> Option<String> {
    let before = text.get(..at)?;
    let before = before.strip_suffix("::").or_else(|| before.strip_suffix('.'))?;
    // `..` and `...` stand before types, but are no part of their names.
    if before.ends_with('.') {
        return None;
    }
    let is_part = |c: &char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.' | ':');
    let length: usize =
        before.chars().rev().take(MAX_QUALIFIER).take_while(is_part).map(char::len_utf8).sum();
    let qualifier = before[before.len() - length..].trim_matches([':', '.']);
    Some(if qualifier.is_empty() { "…".to_owned() } else { qualifier.to_owned() })
}

fn qualifier_text(text: &str) -> String {
    if text.len() > MAX_QUALIFIER || text.contains('\n') { "…".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_split_at_their_last_separator() {
        assert_eq!(split_name("a.b.c"), ("c", Some("a.b".to_owned())));
        assert_eq!(split_name("a::b"), ("b", Some("a".to_owned())));
        assert_eq!(split_name("p->next"), ("next", Some("p".to_owned())));
        assert_eq!(split_name("save!"), ("save!", None));
        assert_eq!(split_name("run"), ("run", None));
    }

    #[test]
    fn quotes_are_removed_once() {
        assert_eq!(unquote("\"a\""), "a");
        assert_eq!(unquote("r#\"a\"#"), "a");
        assert_eq!(unquote("f'a'"), "a");
        assert_eq!(unquote("plain"), "plain");
    }
}
