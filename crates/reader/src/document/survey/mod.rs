//! Everything that the pages need to know, gathered once from the knowledge base.

mod calls;
mod composer;
mod constants;
mod counted;
mod graph;
mod hidden;
pub(crate) mod order;
mod own;
mod places;
mod private;
mod programs;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::manifest::{Manifest, is_manifest, read_manifest};
use super::readme::{Readme, read_readme, readme_order};
use super::sentence::first_sentence;
use super::{DocumentError, slug::slug_of};
use crate::domain::{FileReading, Language, LineRange, Origin, SkipReason, Symbol, SymbolKind};
use crate::facts::{FileFacts, Import, ImportTime};
use crate::knowledge::{KnowledgeBase, Outside};
use crate::{FileRole, role_of};

pub(crate) use calls::Trace;
pub(crate) use graph::SymbolUse;
pub(crate) use hidden::owner_of;

/// Manifests deeper in the tree than this, or more of them, are not read.
const MOST_MANIFESTS: usize = 400;

/// The repository as the pages see it.
pub(crate) struct Survey<'a> {
    pub(crate) kb: &'a KnowledgeBase,
    /// All files, by path.
    pub(crate) files: Vec<FileFacts>,
    roles: Vec<FileRole>,
    position: BTreeMap<String, usize>,
    /// What files import, by importer and line.
    pub(crate) imports: Vec<ImportLink>,
    imported_by: Vec<Vec<usize>>,
    imports_of: Vec<Vec<usize>>,
    /// Uses of symbols across files, resolved.
    uses: graph::Uses,
    pub(crate) modules: Vec<Module>,
    module_of: Vec<Option<usize>>,
    apart: own::Apart,
    is_apart: BTreeSet<usize>,
    pub(crate) manifests: Vec<Manifest>,
    pub(crate) readme: Option<Readme>,
    pub(crate) outside: Vec<Outside>,
    summaries: BTreeMap<String, String>,
    /// Members that C++ types hide: the type's name, the member's.
    hidden: BTreeSet<(String, String)>,
    private: private::Private,
    /// How many tests each file holds, where that can be told.
    tests: Vec<Option<usize>>,
}

/// One import of a file of the repository by another.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ImportLink {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) line: u32,
    pub(crate) time: ImportTime,
    /// It only says that the file is a part or hands on its names (Rust's `mod` and `pub use`): no dependency.
    pub(crate) declares: bool,
}

/// A part of the source with a page of its own.
#[derive(Debug)]
pub(crate) struct Module {
    /// Shown.
    pub(crate) name: String,
    /// The folder or file.
    pub(crate) path: String,
    pub(crate) slug: String,
    /// Its files, the most important first.
    pub(crate) files: Vec<usize>,
    pub(crate) lines: u64,
    pub(crate) rank: f64,
    /// The file whose words stand for it.
    pub(crate) speaker: Option<usize>,
}

/// A definition by the position of its file and its position there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SymbolAt {
    pub(crate) file: usize,
    pub(crate) symbol: usize,
}

/// The files that the imports of one file take their names from.
#[derive(Default)]
pub(crate) struct Targets<'s> {
    of_line: HashMap<u32, Vec<usize>>,
    of_name: HashMap<&'s str, Vec<usize>>,
}

impl Targets<'_> {
    /// Those of an import. Of a file that is imported twice only the first line is known; then it is told by the name of
    /// the module, as after Rust's `mod a; pub use a::f;`.
    pub(crate) fn of(&self, import: &Import) -> &[usize] {
        let named = || self.of_name.get(import.module.rsplit("::").next().unwrap_or_default());
        self.of_line.get(&import.line).or_else(named).map(Vec::as_slice).unwrap_or_default()
    }
}

/// What a manifest among tests, examples and the like needs, the project does not.
fn is_aside(role: FileRole) -> bool {
    matches!(role, FileRole::Test | FileRole::Example | FileRole::Benchmark | FileRole::Docs)
}

impl<'a> Survey<'a> {
    /// Gathers it.
    pub(crate) fn load(kb: &'a KnowledgeBase, readings: &[FileReading]) -> Result<Self, DocumentError> {
        let files = kb.all_facts()?;
        let roles: Vec<FileRole> = files.iter().map(|facts| role_of(&facts.file.path)).collect();
        let position: BTreeMap<String, usize> =
            files.iter().enumerate().map(|(at, facts)| (facts.file.path.clone(), at)).collect();
        let apart = own::Apart::new(&files, &position);
        let mut survey = Self {
            kb,
            is_apart: apart.files(),
            apart,
            imports_of: vec![Vec::new(); files.len()],
            imported_by: vec![Vec::new(); files.len()],
            module_of: vec![None; files.len()],
            files,
            roles,
            position,
            imports: Vec::new(),
            uses: graph::Uses::default(),
            modules: Vec::new(),
            manifests: Vec::new(),
            readme: None,
            outside: kb.outside()?,
            summaries: BTreeMap::new(),
            hidden: BTreeSet::new(),
            private: private::Private::default(),
            tests: Vec::new(),
        };
        // A reading made without an LLM says no more than the documentation itself.
        let written =
            |reading: &&FileReading| reading.origin == Origin::Llm && !reading.summary.trim().is_empty();
        for reading in readings.iter().filter(written) {
            survey.summaries.insert(reading.path.clone(), reading.summary.clone());
        }
        survey.load_imports()?;
        survey.uses = graph::Uses::load(&survey)?;
        survey.load_manifests()?;
        survey.load_packages();
        survey.load_route_paths()?;
        survey.load_modules()?;
        survey.load_tests()?;
        survey.load_hidden();
        survey.load_private();
        Ok(survey)
    }

    fn load_imports(&mut self) -> Result<(), DocumentError> {
        for from in 0..self.files.len() {
            if self.files[from].imports.is_empty() {
                continue;
            }
            for link in self.kb.imports_of(&self.files[from].file.path)? {
                let Some(&to) = self.position.get(&link.path) else { continue };
                let at = self.imports.len();
                let declares = self.declares(from, link.line);
                self.imports.push(ImportLink { from, to, line: link.line, time: link.time, declares });
                self.imports_of[from].push(at);
                self.imported_by[to].push(at);
            }
        }
        Ok(())
    }

    /// Where the imports of a file lead to.
    pub(crate) fn targets(&self, file: usize) -> Targets<'_> {
        let mut targets = Targets::default();
        for link in self.imports_of(file) {
            targets.of_line.entry(link.line).or_default().push(link.to);
            if let Some(path) = self.path(link.to).strip_suffix(".rs") {
                let path = path.strip_suffix("/mod").unwrap_or(path);
                let name = path.rsplit('/').next().unwrap_or(path);
                targets.of_name.entry(name).or_default().push(link.to);
            }
        }
        targets
    }

    /// Whether the import at a line declares a part of the crate or hands on its names.
    fn declares(&self, from: usize, line: u32) -> bool {
        let Some(facts) = self.files.get(from) else { return false };
        facts.file.language == Some(Language::Rust)
            && facts
                .imports
                .iter()
                .filter(|import| import.line == line)
                .any(|import| import.reexport || (import.relative && import.names.is_empty()))
    }

    fn load_manifests(&mut self) -> Result<(), DocumentError> {
        let read = |facts: &&FileFacts| facts.file.skipped.is_none();
        let mut paths: Vec<&str> = self
            .files
            .iter()
            .filter(read)
            .map(|facts| facts.file.path.as_str())
            .filter(|path| is_manifest(path) && !is_aside(role_of(path)))
            .collect();
        // The root's own manifests come first.
        paths.sort_by_key(|path| (path.matches('/').count(), *path));
        paths.truncate(MOST_MANIFESTS);
        let mut read_manifests = Vec::new();
        for path in paths {
            let read = self.kb.source(path)?.and_then(|text| read_manifest(path, &text));
            if let Some(mut manifest) = read {
                self.programs_by_place(&mut manifest);
                self.programs_in_folder(&mut manifest);
                read_manifests.push(manifest);
            }
        }
        self.manifests = read_manifests;
        let readme = self
            .files
            .iter()
            .filter(read)
            .filter_map(|facts| Some((readme_order(&facts.file.path)?, facts.file.path.as_str())))
            .min();
        if let Some((_, path)) = readme {
            self.readme = self.kb.source(path)?.map(|text| read_readme(path, &text));
        }
        Ok(())
    }

    /// Names what comes from outside as the manifests do.
    fn load_packages(&mut self) {
        let outside = std::mem::take(&mut self.outside);
        let is_php = |path: &str| {
            let facts = self.at(path).and_then(|at| self.files.get(at));
            facts.is_some_and(|facts| facts.file.language == Some(Language::Php))
        };
        self.outside = composer::named_by_package(outside, &self.manifests, is_php);
    }

    /// The modules of the knowledge base, the most imported first.
    fn load_modules(&mut self) -> Result<(), DocumentError> {
        let structure = self.kb.structure()?;
        let mut found: Vec<Module> = Vec::new();
        for module in &structure.modules {
            let files: Vec<usize> = module
                .files
                .iter()
                .filter_map(|path| self.at(path))
                .filter(|at| self.is_source(*at))
                .collect();
            if files.is_empty() {
                continue;
            }
            let module = Module {
                name: module.name.clone(),
                path: module.path.clone(),
                slug: String::new(),
                lines: files
                    .iter()
                    .filter_map(|at| self.files.get(*at))
                    .map(|facts| u64::from(facts.file.lines))
                    .sum(),
                rank: module.rank,
                speaker: module.doc_path.as_deref().and_then(|path| self.at(path)),
                files,
            };
            found.push(module);
        }
        self.assign_modules(&found);
        let users: Vec<usize> =
            found.iter().enumerate().map(|(number, module)| self.users_among(module, number).len()).collect();
        let mut counted: Vec<(usize, Module)> = users.into_iter().zip(found).collect();
        counted.sort_by(|(users_a, a), (users_b, b)| {
            users_b.cmp(users_a).then_with(|| b.rank.total_cmp(&a.rank)).then_with(|| a.name.cmp(&b.name))
        });
        let mut modules: Vec<Module> = counted.into_iter().map(|(_, module)| module).collect();
        // Of `x` and `_x` the public one gets the plain address.
        let mut order: Vec<usize> = (0..modules.len()).collect();
        order.sort_by_key(|at| {
            modules.get(*at).map(|module| (module.name.matches('_').count(), module.name.clone()))
        });
        let mut slugs = BTreeSet::new();
        for at in order {
            if let Some(module) = modules.get_mut(at) {
                module.slug = slug_of(&format!("modules/{}", module.name), &mut slugs);
            }
        }
        self.assign_modules(&modules);
        self.modules = modules;
        Ok(())
    }

    fn assign_modules(&mut self, modules: &[Module]) {
        for (number, module) in modules.iter().enumerate() {
            for at in &module.files {
                if let Some(of) = self.module_of.get_mut(*at) {
                    *of = Some(number);
                }
            }
        }
    }

    /// The other modules that use a module when they are loaded: by imports, or by names that need none.
    pub(crate) fn users_of_module(&self, number: usize) -> BTreeSet<usize> {
        self.modules.get(number).map(|module| self.users_among(module, number)).unwrap_or_default()
    }

    fn users_among(&self, module: &Module, number: usize) -> BTreeSet<usize> {
        let importing = module
            .files
            .iter()
            .flat_map(|at| self.imported_by(*at))
            .filter(|link| link.time == ImportTime::Load && !link.declares)
            .map(|link| link.from);
        let naming = module.files.iter().flat_map(|at| self.users_of_file(*at)).copied();
        importing
            .chain(naming)
            .filter_map(|from| self.module_of(from))
            .filter(|user| *user != number)
            .collect()
    }

    /// The position of a file.
    pub(crate) fn at(&self, path: &str) -> Option<usize> {
        self.position.get(path).copied()
    }

    pub(crate) fn path(&self, at: usize) -> &str {
        self.files.get(at).map_or("", |facts| facts.file.path.as_str())
    }

    pub(crate) fn role(&self, at: usize) -> FileRole {
        self.roles.get(at).copied().unwrap_or(FileRole::Source)
    }

    /// Code of others that the repository holds, by folder: files and lines.
    pub(crate) fn foreign(&self) -> Vec<(&str, usize, u64)> {
        let lines = |at: &usize| self.files.get(*at).map_or(0, |facts| u64::from(facts.file.lines));
        let folders = self.apart.foreign.iter();
        folders.map(|(folder, files)| (folder.as_str(), files.len(), files.iter().map(lines).sum())).collect()
    }

    /// Whether the project's language has imports that take effect later, and some are used.
    pub(crate) fn has_late_imports(&self) -> bool {
        let language = |at: usize| self.files.get(at).and_then(|facts| facts.file.language);
        self.imports.iter().any(|link| {
            let script = matches!(
                language(link.from),
                Some(Language::Python | Language::JavaScript | Language::TypeScript | Language::Tsx)
            );
            script && link.time != ImportTime::Load && self.module_of(link.from).is_some()
        })
    }

    /// The source of a built file; any other file is its own.
    pub(crate) fn source_of(&self, at: usize) -> usize {
        self.apart.built.get(&at).copied().unwrap_or(at)
    }

    /// Whether a file is an example of the project's own.
    pub(crate) fn is_example(&self, at: usize) -> bool {
        self.is_code(at) && self.role(at) == FileRole::Example && !self.is_apart.contains(&at)
    }

    /// Whether a file is code that the project is made of.
    pub(crate) fn is_source(&self, at: usize) -> bool {
        self.is_code(at) && self.role(at) == FileRole::Source && !self.is_apart.contains(&at)
    }

    pub(crate) fn is_test(&self, at: usize) -> bool {
        self.is_code(at) && self.role(at) == FileRole::Test && !self.is_apart.contains(&at)
    }

    fn is_code(&self, at: usize) -> bool {
        self.files.get(at).is_some_and(|facts| {
            facts.file.skipped.is_none()
                && facts.file.lines > 0
                && facts.file.language.is_some_and(Language::is_code)
        })
    }

    pub(crate) fn module_of(&self, at: usize) -> Option<usize> {
        self.module_of.get(at).copied().flatten()
    }

    pub(crate) fn symbol(&self, at: SymbolAt) -> Option<&Symbol> {
        self.files.get(at.file)?.symbols.get(at.symbol)
    }

    /// Whether the repository has a folder of this path.
    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        self.position.range(inside.clone()..).next().is_some_and(|(path, _)| path.starts_with(&inside))
    }

    /// Imports of a file, by line.
    pub(crate) fn imports_of(&self, at: usize) -> impl Iterator<Item = ImportLink> + '_ {
        self.imports_of.get(at).into_iter().flatten().filter_map(|link| self.imports.get(*link).copied())
    }

    /// Imports of a file by others.
    pub(crate) fn imported_by(&self, at: usize) -> impl Iterator<Item = ImportLink> + '_ {
        self.imported_by.get(at).into_iter().flatten().filter_map(|link| self.imports.get(*link).copied())
    }

    /// What a file says it is for, in one sentence.
    pub(crate) fn summary(&self, at: usize) -> Option<String> {
        let facts = self.files.get(at)?;
        match self.summaries.get(&facts.file.path) {
            Some(summary) => Some(summary.clone()),
            None => facts.doc.as_deref().and_then(first_sentence),
        }
    }

    /// Whether a symbol belongs to tests that stand among the source (Rust's `mod tests`).
    pub(crate) fn is_test_symbol(symbol: &Symbol) -> bool {
        let inside = symbol
            .parent
            .as_deref()
            .is_some_and(|parent| parent.split('.').any(|part| part == "tests" || part == "test"));
        inside || (symbol.kind == SymbolKind::Module && matches!(symbol.name.as_str(), "tests" | "test"))
    }

    /// Lines of tests that stand among the source of a file.
    pub(crate) fn inner_test_lines(facts: &FileFacts) -> u32 {
        facts
            .symbols
            .iter()
            .filter(|symbol| {
                symbol.kind == SymbolKind::Module && matches!(symbol.name.as_str(), "tests" | "test")
            })
            .map(|symbol| lines_of(symbol.lines))
            .sum()
    }

    /// How many files were not read, by reason.
    pub(crate) fn skipped(&self) -> BTreeMap<SkipReason, u64> {
        let mut counts = BTreeMap::new();
        for reason in self.files.iter().filter_map(|facts| facts.file.skipped) {
            *counts.entry(reason).or_default() += 1;
        }
        let left_out = self.kb.counts().left_out;
        if left_out > 0 {
            *counts.entry(SkipReason::TooMany).or_default() += left_out;
        }
        counts
    }
}

/// How many lines a range has.
pub(crate) fn lines_of(range: LineRange) -> u32 {
    range.end_line.saturating_sub(range.start_line) + 1
}

/// Files that are the door of their folder.
pub(crate) fn is_door(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    matches!(stem, "__init__" | "index" | "mod" | "lib" | "main" | "package-info" | "__main__")
        || name == "doc.go"
}
