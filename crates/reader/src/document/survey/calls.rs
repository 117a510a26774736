//! How a call runs: resolved calls from where a program or its use starts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Survey, SymbolAt};
use crate::domain::{EdgeKind, LineRange, SymbolKind};

/// The name that a manifest gives a start, the manifest's path, and the lines there.
pub(crate) type Declared = (String, String, LineRange);

/// The way of a call through the source.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) root: SymbolAt,
    /// Why it starts there: the manifest's lines, or `None` for a library's widest function.
    pub(crate) declared: Option<Declared>,
    pub(crate) steps: Vec<Step>,
}

/// One function that is called on the way.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) caller: SymbolAt,
    pub(crate) callee: SymbolAt,
    /// Where the call is written, in the caller's file.
    pub(crate) line: u32,
    /// Methods that may run in its place.
    pub(crate) overridden: Vec<SymbolAt>,
    /// What it calls in turn.
    pub(crate) inner: Vec<SymbolAt>,
}

const MOST_STEPS: usize = 10;
const MOST_INNER: usize = 4;
/// Functions counted when judging how far a call reaches.
const REACH_LIMIT: usize = 300;
/// Public functions among which the start of a library's call is looked for.
const MOST_CANDIDATES: usize = 20_000;
/// What libraries call the function that does the whole work.
const STARTS: &[&str] = &[
    "main", "run", "execute", "serve", "handle", "dispatch", "process", "request", "parse", "render", "call",
    "start", "invoke", "listen", "open", "load", "send", "read", "compile", "build",
];

/// Resolved calls of source functions as lists of numbers, made once.
struct CallTable {
    /// The number of the first symbol of each file.
    first: Vec<usize>,
    calls: Vec<Vec<(u32, u32)>>,
}

impl CallTable {
    fn new(survey: &Survey<'_>) -> Self {
        let mut first = Vec::with_capacity(survey.files.len());
        let mut count = 0;
        for facts in &survey.files {
            first.push(count);
            count += facts.symbols.len();
        }
        let mut table = Self { first, calls: vec![Vec::new(); count] };
        for used in survey.all_uses().iter().filter(|used| used.kind == EdgeKind::Call) {
            let Some(from) = used.from.filter(|from| *from != used.to) else { continue };
            let runs = survey.symbol(used.to).is_some_and(|symbol| {
                !matches!(
                    symbol.kind,
                    SymbolKind::Variable | SymbolKind::Constant | SymbolKind::Field | SymbolKind::Module
                )
            });
            let to_source = runs
                && survey.is_source(used.to.file)
                && !survey.symbol(used.to).is_none_or(Survey::is_test_symbol);
            let (Some(from), Some(to)) = (table.number(from), table.number(used.to)) else { continue };
            if to_source && !table.calls[from].iter().any(|(known, _)| *known as usize == to) {
                table.calls[from].push((u32::try_from(to).unwrap_or(u32::MAX), used.line));
            }
        }
        table
    }

    fn number(&self, at: SymbolAt) -> Option<usize> {
        self.first.get(at.file).map(|first| first + at.symbol).filter(|number| *number < self.calls.len())
    }

    fn symbol(&self, number: usize) -> SymbolAt {
        let file = self.first.partition_point(|first| *first <= number).saturating_sub(1);
        SymbolAt { file, symbol: number - self.first.get(file).copied().unwrap_or(0) }
    }

    /// Resolved calls of a function, once each, by line.
    fn of(&self, caller: SymbolAt) -> Vec<(SymbolAt, u32)> {
        let calls = self.number(caller).and_then(|number| self.calls.get(number));
        calls.into_iter().flatten().map(|(callee, line)| (self.symbol(*callee as usize), *line)).collect()
    }
}

impl Survey<'_> {
    /// The main way through the source; `None` when no call of two steps resolves.
    pub(crate) fn trace(&self) -> Option<Trace> {
        let table = CallTable::new(self);
        let (root, declared) = self.start(&table)?;
        let mut steps = Vec::new();
        let mut seen = BTreeSet::from([root]);
        self.follow(&table, root, 0, &mut seen, &mut steps);
        (steps.len() >= 2).then_some(Trace { root, declared, steps })
    }

    /// What is declared as the start, or the public function that reaches most of the source.
    fn start(&self, table: &CallTable) -> Option<(SymbolAt, Option<Declared>)> {
        for (entry, manifest) in self.commands() {
            if let Some(root) = self.target_symbol(entry, manifest)
                && self.reach(table, root) >= 2
            {
                return Some((root, Some((entry.name.clone(), manifest.path.clone(), entry.lines))));
            }
        }
        let widest = |roots: Vec<(usize, SymbolAt)>, least: usize| {
            let found = roots.into_iter().filter(|(reach, _)| *reach >= least);
            found.max_by_key(|(reach, root)| (*reach, std::cmp::Reverse(*root))).map(|(_, root)| (root, None))
        };
        let mains = || self.entry_points().into_iter().map(|root| (self.reach(table, root), root));
        // The program that is named like the project, before its tools.
        let named = mains().filter(|(_, root)| self.is_named_like_the_project(root.file)).collect();
        widest(named, 4).or_else(|| widest(mains().collect(), 4)).or_else(|| {
            let public = (0..self.files.len()).filter(|file| self.is_source(*file)).flat_map(|file| {
                self.files[file]
                    .symbols
                    .iter()
                    .enumerate()
                    .filter(|(_, symbol)| {
                        is_callable(symbol.kind) && symbol.exported && !Self::is_test_symbol(symbol)
                    })
                    .filter(|(_, symbol)| !symbol.name.starts_with('_'))
                    .map(move |(symbol, _)| SymbolAt { file, symbol })
            });
            // Of a module, once: it looks at all its files.
            let needed: Vec<bool> =
                (0..self.modules.len()).map(|module| !self.users_of_module(module).is_empty()).collect();
            let score = |root: SymbolAt| {
                let name = self.symbol(root).map_or("", |symbol| symbol.name.as_str());
                let named = if is_start(name) { 3 } else { 1 };
                // What wraps the whole for convenience reaches all of it, but nothing of the project needs it.
                let needed =
                    self.module_of(root.file).is_some_and(|module| needed.get(module) == Some(&true));
                let weight = if needed { named * 2 } else { named };
                (self.reach(table, root) * weight, root)
            };
            let (named, unnamed): (Vec<SymbolAt>, Vec<SymbolAt>) =
                public.take(MOST_CANDIDATES).partition(|root| !self.is_private(*root));
            let widest_of = |roots: Vec<SymbolAt>| widest(roots.into_iter().map(score).collect(), 6);
            widest_of(named).or_else(|| widest_of(unnamed))
        })
    }

    /// Whether a file or its folder has the name of the repository: `cmd/prometheus/main.go`.
    pub(crate) fn is_named_like_the_project(&self, file: usize) -> bool {
        let name = self.kb.meta().name.to_lowercase();
        let path = self.path(file).to_lowercase();
        let mut parts = path.rsplit('/');
        let stem = parts.next().and_then(|file| file.split('.').next());
        !name.is_empty() && (stem == Some(name.as_str()) || parts.next() == Some(name.as_str()))
    }

    /// Functions in which programs of the source start.
    pub(crate) fn entry_points(&self) -> Vec<SymbolAt> {
        let mut found = Vec::new();
        for (file, facts) in self.files.iter().enumerate().filter(|(file, _)| self.is_source(*file)) {
            for entry in &facts.entry_points {
                let symbol = facts.symbols.iter().position(|symbol| symbol.qualified_name() == entry.name);
                found.extend(symbol.map(|symbol| SymbolAt { file, symbol }));
            }
        }
        found
    }

    /// Source files that are programs as a whole.
    pub(crate) fn program_files(&self) -> Vec<usize> {
        let is_whole = |at: &usize| {
            let path = self.path(*at);
            let name = path.rsplit('/').next().unwrap_or(path);
            self.files.get(*at).is_some_and(|facts| facts.entry_points.iter().any(|entry| entry.name == name))
        };
        (0..self.files.len()).filter(|at| self.is_source(*at)).filter(is_whole).collect()
    }

    fn follow(
        &self,
        table: &CallTable,
        caller: SymbolAt,
        depth: usize,
        seen: &mut BTreeSet<SymbolAt>,
        steps: &mut Vec<Step>,
    ) {
        let mut calls = table.of(caller);
        calls.retain(|(callee, _)| !seen.contains(callee));
        // The ones that reach far have steps of their own, in the order in which they are called.
        let most = [MOST_STEPS - 3, 3, 2].get(depth).copied().unwrap_or(0);
        let reaches: BTreeMap<SymbolAt, usize> =
            calls.iter().map(|(callee, _)| (*callee, self.reach(table, *callee))).collect();
        let reach_of = |callee: &SymbolAt| reaches.get(callee).copied().unwrap_or(0);
        let mut wide = calls.clone();
        wide.sort_by_key(|(callee, line)| (std::cmp::Reverse(reach_of(callee)), *line));
        wide.truncate(most);
        for (callee, line) in calls {
            if steps.len() >= MOST_STEPS {
                return;
            }
            let enough =
                if depth == 0 { reach_of(&callee) >= 1 || wide.len() <= 4 } else { reach_of(&callee) >= 2 };
            if !enough || !wide.contains(&(callee, line)) || !seen.insert(callee) {
                continue;
            }
            let overridden: Vec<SymbolAt> =
                self.overriding(callee).iter().copied().take(MOST_INNER).collect();
            // A method without calls of its own stands for those that override it.
            let own = table.of(callee);
            let runs = if own.is_empty() {
                overridden.iter().copied().max_by_key(|at| (self.reach(table, *at), std::cmp::Reverse(*at)))
            } else {
                Some(callee)
            };
            let inner = own.into_iter().map(|(inner, _)| inner).filter(|inner| *inner != callee);
            let inner = inner.take(MOST_INNER).collect();
            steps.push(Step { caller, callee, line, overridden, inner });
            if let Some(runs) = runs.filter(|_| depth < 2) {
                seen.insert(runs);
                self.follow(table, runs, depth + 1, seen, steps);
            }
        }
    }

    /// How many different functions a call can reach within six steps, overriding methods included.
    fn reach(&self, table: &CallTable, root: SymbolAt) -> usize {
        let mut seen = BTreeSet::from([root]);
        let mut level = vec![root];
        for _ in 0..6 {
            let mut next = Vec::new();
            for caller in level {
                let calls = self.number_calls(table, caller);
                let overriding = self.overriding(caller).iter().copied();
                for callee in calls.chain(overriding) {
                    if seen.len() > REACH_LIMIT {
                        return seen.len() - 1;
                    }
                    if seen.insert(callee) {
                        next.push(callee);
                    }
                }
            }
            level = next;
        }
        seen.len() - 1
    }

    fn number_calls<'t>(
        &self,
        table: &'t CallTable,
        caller: SymbolAt,
    ) -> impl Iterator<Item = SymbolAt> + use<'t> {
        let calls = table.number(caller).and_then(|number| table.calls.get(number));
        calls.into_iter().flatten().map(|(callee, _)| table.symbol(*callee as usize))
    }
}

/// Whether a name is one of [`STARTS`], or begins with one that tells of requests: `serveHttp`, `ServeHTTP`.
fn is_start(name: &str) -> bool {
    const FIRST: &[&str] = &["serve", "handle", "dispatch"];
    let mut before = '_';
    let end = name.char_indices().position(|(at, c)| {
        let ends = at > 0 && (c == '_' || (before.is_lowercase() && c.is_uppercase()));
        before = c;
        ends
    });
    let first: String = name.chars().take(end.unwrap_or(usize::MAX)).collect();
    STARTS.contains(&name.to_ascii_lowercase().as_str())
        || FIRST.contains(&first.to_ascii_lowercase().as_str())
}

pub(crate) fn is_callable(kind: SymbolKind) -> bool {
    matches!(kind, SymbolKind::Function | SymbolKind::Method)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_told_by_their_first_word() {
        for name in ["main", "run", "serveHttp", "ServeHTTP", "handle_request", "Open"] {
            assert!(is_start(name), "{name}");
        }
        for name in ["runner", "mainly", "sendFile", "_run", "", "é"] {
            assert!(!is_start(name), "{name}");
        }
    }
}
