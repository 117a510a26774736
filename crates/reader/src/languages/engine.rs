//! Parses one file and turns the matches of its language's query into facts.
//!
//! Trees are never walked by recursion; the parser does so almost nowhere, and for the rest see
//! [`STACK`](super::STACK) and `MAX_NESTING`. Parsing and matching are cut off at the time limit.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tree_sitter::{ParseOptions, Parser, Tree};

use super::{
    captures::{self, Role},
    comments::cut,
    deadline::Deadline,
    found::{Found, Pattern},
    query::Query,
    syntax::{Grammar, Syntax},
    table::Spec,
};
use crate::{
    domain::{Language, Symbol},
    facts::{Command, EntryPoint, Import, Mount, Route, Setting, Use},
};

/// When parsing is cut off, this much from the start of the file is tried once more.
const SECOND_TRY: usize = 128 * 1024;
/// Brackets in brackets that are read; the parser's own functions use the stack for some ambiguous sources.
const MAX_NESTING: usize = 25_000;

/// What one file says.
#[derive(Debug, Clone, Default, PartialEq, serde::Serialize)]
pub struct Extract {
    /// The file's own documentation.
    pub doc: Option<String>,
    /// Definitions by line.
    pub symbols: Vec<Symbol>,
    /// Imports by line.
    pub imports: Vec<Import>,
    /// Uses by line; the same use in the same scope is kept once, at its first line.
    pub uses: Vec<Use>,
    /// Settings by line.
    pub settings: Vec<Setting>,
    /// Routes by line, with the part of their paths that is told in the file around them.
    pub routes: Vec<Route>,
    /// Mounted routers by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub mounts: Vec<Mount>,
    /// Commands and options by line.
    pub commands: Vec<Command>,
    /// Starts of programs by line.
    pub entry_points: Vec<EntryPoint>,
    /// The time limit came first: the facts are those of the part that was read.
    pub is_cut: bool,
}

/// A parser with the query of one language.
pub struct Engine {
    spec: &'static Spec,
    parser: Parser,
    compiled: Arc<Compiled>,
}

struct Compiled {
    grammar: Grammar,
    query: Query,
    roles: Vec<Role>,
    /// What `(#set! framework "…")` says, by pattern.
    frameworks: Vec<Option<String>>,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("language", &self.spec.language).finish_non_exhaustive()
    }
}

impl Engine {
    /// A new engine; queries are compiled once per process. The error names what is wrong with the query.
    pub fn new(spec: &'static Spec) -> Result<Engine, String> {
        let compiled = compiled(spec)?;
        let mut parser = Parser::new();
        parser.set_language(&(spec.grammar)()).map_err(|error| error.to_string())?;
        Ok(Engine { spec, parser, compiled })
    }

    /// The facts of one file. Never works much longer than `limit`; never fails, whatever the text is.
    pub fn extract(&mut self, path: &str, text: &str, limit: Duration) -> Extract {
        let deadline = Deadline::after(limit);
        let shallow = shallow_part(text);
        let is_deep = shallow.len() < text.len();
        let text = shallow;
        let prepared = self.spec.prepare.and_then(|prepare| prepare(text));
        let parsed = prepared.as_deref().unwrap_or(text);
        let (tree, text, is_cut) = match parse(&mut self.parser, parsed, deadline) {
            Some(tree) => (tree, text, is_deep),
            None => {
                let start = first_lines(parsed, SECOND_TRY);
                let deadline = Deadline::after(limit / 4);
                match parse(&mut self.parser, start, deadline) {
                    Some(tree) => (tree, &text[..start.len()], true),
                    None => return Extract { is_cut: true, ..Extract::default() },
                }
            }
        };
        let (mut extract, was_cut) =
            self.facts(tree, path, text, deadline.or_later(Deadline::after(limit / 4)));
        extract.is_cut = is_cut || was_cut;
        extract
    }

    /// What the query finds in the tree, and whether the deadline came first.
    fn facts(&self, tree: Tree, path: &str, text: &str, deadline: Deadline) -> (Extract, bool) {
        let Compiled { grammar, query, roles, frameworks } = &*self.compiled;
        let (syntax, is_short) = Syntax::of(&tree, grammar, text, deadline);
        drop(tree);
        let matches = query.matches(&syntax, text, deadline);
        let is_cut = is_short || matches.is_cut;
        let mut found = Found::default();
        for (index, captures) in matches.iter() {
            let framework = frameworks[index].as_deref();
            found.take(captures, roles, Pattern { index, framework, language: self.spec.language }, text);
        }
        drop(matches);
        (found.into_extract(self.spec, path, text, syntax.into_newlines()), is_cut)
    }
}

fn parse(parser: &mut Parser, text: &str, deadline: Deadline) -> Option<Tree> {
    let mut check = |_: &tree_sitter::ParseState| match deadline.is_over() {
        true => ControlFlow::Break(()),
        false => ControlFlow::Continue(()),
    };
    let options = ParseOptions::new().progress_callback(&mut check);
    let bytes = text.as_bytes();
    let tree =
        parser.parse_with_options(&mut |at, _| bytes.get(at..).unwrap_or_default(), None, Some(options));
    if tree.is_none() {
        parser.reset();
    }
    tree
}

/// The text up to where it is nested too deep.
fn shallow_part(text: &str) -> &str {
    let mut depth = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'(' | b'[' | b'{' => {
                depth += 1;
                if depth > MAX_NESTING {
                    return &text[..at];
                }
            }
            b')' | b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    text
}

fn first_lines(text: &str, max: usize) -> &str {
    let start = cut(text, max);
    match start.rfind('\n') {
        Some(end) => &start[..=end],
        None => start,
    }
}

/// The query of a language, compiled once per process; two languages do not wait for each other.
fn compiled(spec: &'static Spec) -> Result<Arc<Compiled>, String> {
    type Slot = Arc<Mutex<Option<Arc<Compiled>>>>;
    static COMPILED: Mutex<BTreeMap<Language, Slot>> = Mutex::new(BTreeMap::new());
    let slot = {
        let mut slots = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
        slots.entry(spec.language).or_default().clone()
    };
    let mut known = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(compiled) = &*known {
        return Ok(compiled.clone());
    }
    let compiled = Arc::new(compile(spec)?);
    *known = Some(compiled.clone());
    Ok(compiled)
}

fn compile(spec: &'static Spec) -> Result<Compiled, String> {
    let language = (spec.grammar)();
    let query = Query::new(&language, &spec.queries.join("\n"))?;
    let roles = captures::roles(&query).map_err(|name| format!("unknown capture @{name}"))?;
    let frameworks = (0..query.pattern_count())
        .map(|pattern| query.setting(pattern, "framework").map(str::to_owned))
        .collect();
    Ok(Compiled { grammar: Grammar::of(&language), query, roles, frameworks })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::Language, languages::spec_of};

    fn extract(language: Language, text: &str) -> Extract {
        let spec = spec_of(language).expect("a language with a row");
        Engine::new(spec).expect("its query compiles").extract("a", text, Duration::from_secs(5))
    }

    fn names(extract: &Extract) -> Vec<String> {
        extract
            .symbols
            .iter()
            .map(|symbol| format!("{:?} {}", symbol.kind, symbol.qualified_name()))
            .collect()
    }

    #[test]
    fn decorated_functions_start_at_their_first_decorator() {
        let found =
            extract(Language::Python, "import a\n\n@a.b\n@c(1)\ndef f(x):\n    \"Says x.\"\n    return x\n");
        assert_eq!(names(&found), ["Function f"]);
        let symbol = &found.symbols[0];
        assert_eq!((symbol.lines.start_line, symbol.lines.end_line), (3, 7));
        assert_eq!(symbol.signature, "def f(x)");
        assert_eq!(symbol.doc.as_deref(), Some("Says x."));
    }

    #[test]
    fn same_named_symbols_are_all_kept() {
        let found = extract(Language::Python, "if a:\n    def f(): pass\nelse:\n    def f(): pass\n");
        assert_eq!(names(&found), ["Function f", "Function f"]);
    }

    #[test]
    fn deep_nesting_overflows_no_stack() {
        let read = || {
            for (language, open, close) in [
                (Language::Python, "(", ")"),
                (Language::JavaScript, "[", "]"),
                (Language::Rust, "{", "}"),
                (Language::TypeScript, "{a:", "}"),
            ] {
                let text = format!("{}1{}", open.repeat(20_000), close.repeat(20_000));
                extract(language, &text);
                extract(language, &open.repeat(20_000));
            }
        };
        let thread = std::thread::Builder::new().stack_size(crate::languages::STACK);
        thread.spawn(read).expect("a thread").join().expect("no panic");
    }

    #[test]
    fn deeper_nesting_is_cut() {
        let text = format!("def f(): pass\nx = {}", "[".repeat(MAX_NESTING * 4));
        let found = extract(Language::Python, &text);
        assert!(found.is_cut);
        assert_eq!(names(&found)[0], "Function f");
    }

    #[test]
    fn a_parse_over_its_limit_is_cut_and_says_so() {
        let text = "def f(): pass\n".repeat(100_000);
        let spec = spec_of(Language::Python).expect("a row");
        let mut engine = Engine::new(spec).expect("a query");
        let found = engine.extract("a.py", &text, Duration::ZERO);
        assert!(found.is_cut);
        assert_eq!(engine.extract("a.py", "def g(): pass\n", Duration::from_secs(5)).symbols.len(), 1);
    }
}
