//! The modules of a repository and how they depend on each other.
//!
//! A module is a folder of code. Where one folder holds most of the code its files are modules of their own; where those
//! are very many they are joined by what their names begin with. Where there are very many folders, the heaviest are
//! modules, each with the lighter ones below it. Tests, examples and documentation are no modules.

use std::collections::BTreeMap;

use super::folders::by_folder;
use super::units::{by_names, units};
use super::{KnowledgeBase, KnowledgeError, module_names::Names};
use crate::{
    domain::{EdgeKind, File, Language},
    facts::ImportTime,
    scan::{FileRole, role_of},
};

/// Folders are joined until there are no more modules than this.
const MAX_MODULES: usize = 60;
/// A folder is taken apart only when it holds no more files than this.
const MAX_FILES_APART: usize = 60;
/// A folder of more files is split by their names only when it holds more lines than one page can tell of.
const MANY_LINES: usize = 30_000;
/// Places kept per dependency.
const MAX_PLACES: usize = 50;

/// A part of the repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Module {
    /// As its language names it: `click.parser`, `reader::index`, `org.example.web`, or the path.
    pub name: String,
    /// The folder, or the file when it is a module of its own; empty for the top folder.
    pub path: String,
    /// Its files, the most important first.
    pub files: Vec<String>,
    /// What its own files say it is for.
    pub doc: Option<String>,
    /// The file whose documentation `doc` is.
    pub doc_path: Option<String>,
    /// Lines of all its files.
    pub lines: u32,
    /// The ranks of its files, added up.
    pub rank: f64,
}

/// One module uses another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleEdge {
    /// The place of the module that uses.
    pub from: usize,
    /// The place of the module that is used.
    pub to: usize,
    /// Files pairs that are bound when the program is loaded.
    pub at_load: u32,
    /// File pairs that are bound for types only or inside functions.
    pub later: u32,
    /// File pairs with uses but no import: files of one package, for instance.
    pub without_import: u32,
    /// Where: path and line of the first use of each pair of files, by path; those at load first.
    pub places: Vec<(String, u32)>,
}

/// How strong a use is (less is stronger), the file, the line.
type Place = (u8, String, u32);

/// All modules, by path, and all edges between them, sorted.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Structure {
    /// Sorted by path.
    pub modules: Vec<Module>,
    /// Sorted by both ends.
    pub edges: Vec<ModuleEdge>,
    of_file: BTreeMap<String, usize>,
}

impl KnowledgeBase {
    /// The modules and their dependencies.
    pub fn structure(&self) -> Result<Structure, KnowledgeError> {
        let files: Vec<File> = self.files()?.into_iter().filter(is_code).collect();
        let docs = self.file_docs()?;
        let groups = group(&files);
        let names = Names::of(&self.meta().name, &files);
        let mut structure = Structure::default();
        for (path, mut members) in groups {
            members.sort_by(|a, b| b.rank.total_cmp(&a.rank).then_with(|| a.path.cmp(&b.path)));
            let at = structure.modules.len();
            for file in &members {
                structure.of_file.insert(file.path.clone(), at);
            }
            let speaker = speaker(&members, &docs);
            structure.modules.push(Module {
                name: names.name(&path, &members),
                doc: speaker.and_then(|path| docs.get(path).cloned()),
                doc_path: speaker.map(str::to_owned),
                files: members.iter().map(|file| file.path.clone()).collect(),
                lines: members.iter().map(|file| file.lines).fold(0, u32::saturating_add),
                rank: members.iter().map(|file| file.rank).sum(),
                path,
            });
        }
        structure.edges = self.module_edges(&structure)?;
        Ok(structure)
    }

    /// The modules, by path.
    pub fn modules(&self) -> Result<Vec<Module>, KnowledgeError> {
        Ok(self.structure()?.modules)
    }

    fn module_edges(&self, structure: &Structure) -> Result<Vec<ModuleEdge>, KnowledgeError> {
        // The strongest use of each pair of files, then the first line.
        let mut pairs: BTreeMap<(String, String), (u8, u32)> = BTreeMap::new();
        for link in self.links_between_files()? {
            let strength = match (link.kind, link.time) {
                (EdgeKind::Import, None | Some(ImportTime::Load)) => 0,
                (EdgeKind::Import, Some(_)) => 1,
                _ => 2,
            };
            let here = (strength, link.line);
            pairs.entry((link.from, link.to)).and_modify(|known| *known = (*known).min(here)).or_insert(here);
        }
        let mut edges: BTreeMap<(usize, usize), (ModuleEdge, Vec<Place>)> = BTreeMap::new();
        for ((from_path, to_path), (strength, line)) in pairs {
            let (Some(&from), Some(&to)) =
                (structure.of_file.get(&from_path), structure.of_file.get(&to_path))
            else {
                continue;
            };
            if from == to {
                continue;
            }
            let empty = ModuleEdge { from, to, at_load: 0, later: 0, without_import: 0, places: Vec::new() };
            let (edge, places) = edges.entry((from, to)).or_insert_with(|| (empty, Vec::new()));
            match strength {
                0 => edge.at_load += 1,
                1 => edge.later += 1,
                _ => edge.without_import += 1,
            }
            places.push((strength, from_path, line));
        }
        let edges = edges.into_values().map(|(mut edge, mut places)| {
            places.sort();
            edge.places = places.into_iter().take(MAX_PLACES).map(|(_, path, line)| (path, line)).collect();
            edge
        });
        Ok(edges.collect())
    }
}

impl Structure {
    /// The module that a file is part of; `None` for tests, documentation and the like.
    pub fn module_of(&self, path: &str) -> Option<usize> {
        self.of_file.get(path).copied()
    }

    /// The edges to the modules that a module uses.
    pub fn uses(&self, module: usize) -> impl Iterator<Item = &ModuleEdge> {
        self.edges.iter().filter(move |edge| edge.from == module)
    }

    /// The edges from the modules that use a module.
    pub fn used_by(&self, module: usize) -> impl Iterator<Item = &ModuleEdge> {
        self.edges.iter().filter(move |edge| edge.to == module)
    }

    /// Modules that need each other to be loaded: each circle's modules in ascending order, two or more.
    pub fn cycles_at_load(&self) -> Vec<Vec<usize>> {
        self.circles(|edge| edge.at_load > 0)
    }

    /// Modules that depend on each other in any way.
    pub fn cycles(&self) -> Vec<Vec<usize>> {
        self.circles(|_| true)
    }

    /// Pairs that depend on each other, but in one direction only by imports for types or inside functions.
    pub fn loose_pairs(&self) -> Vec<(usize, usize)> {
        let find = |from, to| self.edges.iter().find(|edge| edge.from == from && edge.to == to);
        let mut pairs = Vec::new();
        for edge in self.edges.iter().filter(|edge| edge.from < edge.to) {
            if let Some(back) = find(edge.to, edge.from)
                && (edge.at_load == 0 || back.at_load == 0)
            {
                pairs.push((edge.from, edge.to));
            }
        }
        pairs
    }

    /// The layer of each module: 0 uses no other at load, others stand one above the highest that they use.
    /// Modules of one circle share a layer.
    pub fn layers(&self) -> Vec<usize> {
        let edges: Vec<(usize, usize)> =
            self.edges.iter().filter(|edge| edge.at_load > 0).map(|edge| (edge.from, edge.to)).collect();
        // Components come out with the used ones first.
        let components = components(self.modules.len(), &edges);
        let mut component_of = vec![0; self.modules.len()];
        for (at, component) in components.iter().enumerate() {
            for &module in component {
                component_of[module] = at;
            }
        }
        let mut used: Vec<Vec<usize>> = vec![Vec::new(); components.len()];
        for (from, to) in edges {
            if component_of[from] != component_of[to] {
                used[component_of[from]].push(component_of[to]);
            }
        }
        let mut heights = vec![0_usize; components.len()];
        for at in 0..components.len() {
            heights[at] = used[at].iter().map(|&below| heights[below] + 1).max().unwrap_or(0);
        }
        component_of.into_iter().map(|component| heights[component]).collect()
    }

    fn circles(&self, counts: impl Fn(&ModuleEdge) -> bool) -> Vec<Vec<usize>> {
        let edges: Vec<(usize, usize)> =
            self.edges.iter().filter(|edge| counts(edge)).map(|edge| (edge.from, edge.to)).collect();
        let mut circles = components(self.modules.len(), &edges);
        circles.retain(|circle| circle.len() > 1);
        circles.sort();
        circles
    }
}

/// Strongly connected components of a graph over `0..count`, each in ascending order; what a component points
/// to comes before it (Tarjan's algorithm, without recursion).
pub fn components(count: usize, edges: &[(usize, usize)]) -> Vec<Vec<usize>> {
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); count];
    for &(from, to) in edges {
        if from < count && to < count {
            next[from].push(to);
        }
    }
    next.iter_mut().for_each(|targets| {
        targets.sort_unstable();
        targets.dedup();
    });
    const NEW: usize = usize::MAX;
    let (mut order, mut low, mut on_stack) = (vec![NEW; count], vec![0; count], vec![false; count]);
    let (mut stack, mut found, mut clock) = (Vec::new(), Vec::new(), 0);
    for root in 0..count {
        if order[root] != NEW {
            continue;
        }
        let mut calls: Vec<(usize, usize)> = vec![(root, 0)];
        while let Some((node, at)) = calls.pop() {
            if at == 0 {
                (order[node], low[node], on_stack[node]) = (clock, clock, true);
                clock += 1;
                stack.push(node);
            }
            let mut pending = None;
            for (offset, &target) in next[node].iter().enumerate().skip(at) {
                if order[target] == NEW {
                    pending = Some((offset, target));
                    break;
                }
                if on_stack[target] {
                    low[node] = low[node].min(order[target]);
                }
            }
            if let Some((offset, target)) = pending {
                calls.push((node, offset + 1));
                calls.push((target, 0));
                continue;
            }
            if low[node] == order[node] {
                let mut component = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member] = false;
                    component.push(member);
                    if member == node {
                        break;
                    }
                }
                component.sort_unstable();
                found.push(component);
            }
            if let Some(&(caller, _)) = calls.last() {
                low[caller] = low[caller].min(low[node]);
            }
        }
    }
    found
}

/// Code that the project is made of.
fn is_code(file: &File) -> bool {
    file.skipped.is_none()
        && file.language.is_some_and(has_symbols)
        && matches!(role_of(&file.path), FileRole::Source)
}

fn has_symbols(language: Language) -> bool {
    !matches!(
        language,
        Language::Css
            | Language::Dockerfile
            | Language::Html
            | Language::Ini
            | Language::Json
            | Language::Makefile
            | Language::Markdown
            | Language::Toml
            | Language::Xml
            | Language::Yaml
            | Language::Rst
    )
}

/// The files by the path of their module.
fn group(files: &[File]) -> BTreeMap<String, Vec<&File>> {
    let groups = by_folder(files, MAX_MODULES);
    let total: usize = files.iter().map(|file| file.lines as usize).sum();
    let is_main = |members: &[&File]| {
        let lines: usize = members.iter().map(|file| file.lines as usize).sum();
        (3..=MAX_FILES_APART).contains(&members.len()) && lines * 10 > total * 4
    };
    // Beside code of others, what matters may be less than most of all.
    let is_flat = |members: &[&File]| {
        let lines: usize = members.iter().map(|file| file.lines as usize).sum();
        members.len() > MAX_FILES_APART && lines >= MANY_LINES && lines * 10 > total * 2
    };
    let few = groups.len() <= 12;
    let mut apart: BTreeMap<String, Vec<&File>> = BTreeMap::new();
    for (path, members) in groups {
        if few && is_main(&members) {
            for unit in units(members) {
                apart.insert(unit.path().to_owned(), unit.files);
            }
            continue;
        }
        let is_below = |file: &&File| {
            file.path.get(path.len()..).is_some_and(|rest| rest.trim_start_matches('/').contains('/'))
        };
        let (below, own): (Vec<&File>, Vec<&File>) = members.into_iter().partition(is_below);
        match is_flat(&own) {
            true => apart.extend(by_names(&path, own)),
            false => apart.entry(path.clone()).or_default().extend(own),
        }
        if !below.is_empty() {
            apart.entry(path).or_default().extend(below);
        }
    }
    apart
}

/// The file whose documentation stands for the module: the start file of its own folder, else the most important file
/// that has any. Start files of folders below speak for their parts only.
fn speaker<'f>(members: &[&'f File], docs: &BTreeMap<String, String>) -> Option<&'f str> {
    let is_start = |path: &str| {
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.split('.').next().unwrap_or(name);
        matches!(stem, "__init__" | "mod" | "lib" | "index" | "doc" | "package-info" | "main")
    };
    let spoken =
        || members.iter().filter(|file| docs.contains_key(&file.path)).map(|file| file.path.as_str());
    let depth = |path: &str| path.matches('/').count();
    let top = members.iter().map(|file| depth(&file.path)).min().unwrap_or(0);
    let own = spoken().filter(|path| depth(path) == top).find(|path| is_start(path));
    own.or_else(|| spoken().find(|path| !is_start(path))).or_else(|| spoken().next())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::knowledge::tests::base_of;

    #[test]
    fn folders_are_modules_and_a_main_folder_gives_its_files() {
        let body = "def f():\n    return 1\n".repeat(30);
        let core = format!("\"\"\"The core.\"\"\"\nfrom .parser import f\nimport app.util\n{body}");
        let parser =
            format!("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .core import f\n{body}");
        let (_folder, base) = base_of(&[
            ("src/app/__init__.py", "\"\"\"The app.\"\"\"\nfrom .core import f\n"),
            ("src/app/core.py", &core),
            ("src/app/parser.py", &parser),
            ("src/app/util/__init__.py", "\"\"\"Odds.\"\"\"\n"),
            ("tests/test_app.py", "from app.core import f\nf()\n"),
        ]);
        let structure = base.structure().expect("structure");
        let names: Vec<&str> = structure.modules.iter().map(|module| module.name.as_str()).collect();
        assert_eq!(names, ["app", "app.core", "app.parser", "app.util"]);
        assert_eq!(structure.modules[1].doc.as_deref(), Some("The core."));
        let edges: Vec<(usize, usize, u32, u32)> =
            structure.edges.iter().map(|edge| (edge.from, edge.to, edge.at_load, edge.later)).collect();
        assert_eq!(edges, [(0, 1, 1, 0), (1, 2, 1, 0), (1, 3, 1, 0), (2, 1, 0, 1)]);
        assert_eq!(structure.layers(), [2, 1, 0, 0]);
        assert!(structure.cycles_at_load().is_empty());
        assert_eq!(structure.cycles(), [vec![1, 2]]);
        assert_eq!(structure.loose_pairs(), [(1, 2)]);
        assert_eq!(structure.module_of("tests/test_app.py"), None);
        assert_eq!(structure.edges[1].places, [("src/app/core.py".to_owned(), 2)]);
    }

    proptest! {
        #[test]
        fn components_are_a_partition_and_used_ones_come_first(
            edges in proptest::collection::vec((0_usize..12, 0_usize..12), 0..40)
        ) {
            let found = components(12, &edges);
            let mut all: Vec<usize> = found.iter().flatten().copied().collect();
            all.sort_unstable();
            prop_assert_eq!(all, (0..12).collect::<Vec<_>>());
            let reaches = |from: usize| {
                let mut seen = [false; 12];
                let mut open = vec![from];
                while let Some(node) = open.pop() {
                    for &(_, to) in edges.iter().filter(|edge| edge.0 == node) {
                        if !std::mem::replace(&mut seen[to], true) {
                            open.push(to);
                        }
                    }
                }
                seen
            };
            let place = |node: usize| found.iter().position(|component| component.contains(&node));
            for a in 0..12 {
                for b in 0..12 {
                    if a != b {
                        let together = reaches(a)[b] && reaches(b)[a];
                        prop_assert_eq!(together, place(a) == place(b));
                    }
                    if reaches(a)[b] {
                        prop_assert!(place(b) <= place(a));
                    }
                }
            }
        }
    }
}
