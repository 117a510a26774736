//! How a call runs: resolved calls from where a program or its use starts.

use std::collections::{BTreeMap, BTreeSet};

use super::{Survey, SymbolAt};
use crate::document::manifest::EntryKind;
use crate::domain::{EdgeKind, LineRange, SymbolKind};

/// The way of a call through the source.
#[derive(Debug)]
pub(crate) struct Trace {
    pub(crate) root: SymbolAt,
    /// Why it starts there: the manifest's lines, or `None` for a library's widest function.
    pub(crate) declared: Option<(String, String, LineRange)>,
    pub(crate) steps: Vec<Step>,
}

/// One function that is called on the way.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) caller: SymbolAt,
    pub(crate) callee: SymbolAt,
    /// Where the call is written, in the caller's file.
    pub(crate) line: u32,
    /// What it calls in turn that has no step of its own.
    pub(crate) inner: Vec<SymbolAt>,
}

const MOST_STEPS: usize = 9;
const MOST_INNER: usize = 4;
/// Functions counted when judging how far a call reaches.
const REACH_LIMIT: usize = 400;

impl Survey<'_> {
    /// The main way through the source; `None` when no call of two steps resolves.
    pub(crate) fn trace(&self) -> Option<Trace> {
        let (root, declared) = self.start()?;
        let mut steps = Vec::new();
        let mut seen = BTreeSet::from([root]);
        self.follow(root, 0, &mut seen, &mut steps);
        (steps.len() >= 2).then_some(Trace { root, declared, steps })
    }

    /// What is declared as the start, or the public function that reaches most of the source.
    fn start(&self) -> Option<(SymbolAt, Option<(String, String, LineRange)>)> {
        for (entry, manifest) in self.entries_of_kind(EntryKind::Command) {
            if let Some(root) = self.target_symbol(entry, manifest)
                && self.reach(root) >= 2
            {
                return Some((root, Some((entry.name.clone(), manifest.path.clone(), entry.lines))));
            }
        }
        let mains = self.entry_points();
        let widest_main = mains
            .into_iter()
            .map(|root| (self.reach(root), root))
            .max_by_key(|(reach, root)| (*reach, std::cmp::Reverse(*root)));
        if let Some((reach, root)) = widest_main
            && reach >= 4
        {
            return Some((root, None));
        }
        let public = (0..self.files.len()).filter(|file| self.is_source(*file)).flat_map(|file| {
            let symbols = self.files[file].symbols.iter().enumerate();
            symbols
                .filter(|(_, symbol)| {
                    is_callable(symbol.kind)
                        && symbol.exported
                        && !Self::is_test_symbol(symbol)
                        && !symbol.name.starts_with('_')
                })
                .map(move |(symbol, _)| SymbolAt { file, symbol })
        });
        public
            .map(|root| (self.reach(root), root))
            .filter(|(reach, _)| *reach >= 5)
            .max_by_key(|(reach, root)| (*reach, std::cmp::Reverse(*root)))
            .map(|(_, root)| (root, None))
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

    fn follow(&self, caller: SymbolAt, depth: usize, seen: &mut BTreeSet<SymbolAt>, steps: &mut Vec<Step>) {
        let mut calls = self.calls(caller);
        calls.retain(|(callee, _)| !seen.contains(callee));
        // The ones that reach far have steps of their own, in the order in which they are called.
        let most = if depth == 0 { MOST_STEPS } else { 2 };
        let reaches: BTreeMap<SymbolAt, usize> =
            calls.iter().map(|(callee, _)| (*callee, self.reach(*callee))).collect();
        let mut wide: Vec<(SymbolAt, u32)> = calls.clone();
        wide.sort_by_key(|(callee, line)| {
            (std::cmp::Reverse(reaches.get(callee).copied().unwrap_or(0)), *line)
        });
        wide.truncate(most);
        for (callee, line) in calls {
            if steps.len() >= MOST_STEPS {
                return;
            }
            let reach = reaches.get(&callee).copied().unwrap_or(0);
            let enough = if depth == 0 { reach >= 1 || wide.len() <= 4 } else { reach >= 2 };
            if !enough || !wide.contains(&(callee, line)) || !seen.insert(callee) {
                continue;
            }
            let inner: Vec<SymbolAt> = self
                .calls(callee)
                .into_iter()
                .map(|(inner, _)| inner)
                .filter(|inner| *inner != callee)
                .take(MOST_INNER)
                .collect();
            steps.push(Step { caller, callee, line, inner });
            if depth < 2 {
                self.follow(callee, depth + 1, seen, steps);
            }
        }
    }

    /// Resolved calls of source functions, once each, by line. A class that is called stands for its constructor.
    fn calls(&self, caller: SymbolAt) -> Vec<(SymbolAt, u32)> {
        let mut seen = BTreeSet::new();
        self.used_by(caller)
            .filter(|used| used.kind == EdgeKind::Call && used.to != caller && self.is_source(used.to.file))
            .filter(|used| self.symbol(used.to).is_some_and(|symbol| !Self::is_test_symbol(symbol)))
            .filter(|used| seen.insert(used.to))
            .map(|used| (used.to, used.line))
            .collect()
    }

    /// How many different functions a call can reach within five steps.
    fn reach(&self, root: SymbolAt) -> usize {
        let mut seen = BTreeSet::from([root]);
        let mut level = vec![root];
        for _ in 0..5 {
            let mut next = Vec::new();
            for caller in level {
                for (callee, _) in self.calls(caller) {
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
}

pub(crate) fn is_callable(kind: SymbolKind) -> bool {
    matches!(kind, SymbolKind::Function | SymbolKind::Method)
}
