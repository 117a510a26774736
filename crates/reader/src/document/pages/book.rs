//! What all pages share: texts in the language of the book, places as links, which pages exist.

use std::collections::HashMap;

use super::super::markdown::{Writer, cite, code, escape, page_link, prose};
use super::super::options::PageLanguage;
use super::super::sentence::first_sentence;
use super::super::survey::{ImportLink, Survey, SymbolAt, is_door, lines_of};
use super::super::text::{self, Key};
use crate::domain::{LineRange, Origin, Page, Symbol};
use crate::facts::{FileFacts, ImportTime};
use crate::secrets::mask;

/// Slugs of the pages that stand alone.
pub(super) const OVERVIEW: &str = "overview";
pub(super) const START: &str = "how-to-start";
pub(super) const ARCHITECTURE: &str = "architecture";
pub(super) const MODULES: &str = "modules";
pub(super) const DATA: &str = "data-model";
pub(super) const INTERFACES: &str = "interfaces";
pub(super) const CONFIGURATION: &str = "configuration";

/// `v2`, as in `example.org/team/name/v2`.
fn is_major_version(part: &str) -> bool {
    part.strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

pub(super) struct Book<'s> {
    pub(super) survey: &'s Survey<'s>,
    pub(super) language: PageLanguage,
    /// The folder that all source files share; left out where a place is shown.
    common: String,
}

impl<'s> Book<'s> {
    pub(super) fn new(survey: &'s Survey<'s>, language: PageLanguage) -> Self {
        let mut common: Option<Vec<&str>> = None;
        for module in &survey.modules {
            for at in &module.files {
                let mut folders: Vec<&str> = survey.path(*at).split('/').collect();
                folders.pop();
                common = Some(match common {
                    None => folders,
                    Some(known) => {
                        known.iter().zip(&folders).take_while(|(a, b)| a == b).map(|(a, _)| *a).collect()
                    }
                });
            }
        }
        Self { survey, language, common: common.unwrap_or_default().join("/") }
    }

    pub(super) fn say(&self, key: Key, values: &[&str]) -> String {
        text::say(self.language, key, values)
    }

    pub(super) fn word(&self, key: Key) -> String {
        text::say(self.language, key, &[])
    }

    pub(super) fn count(&self, number: usize, noun: Key) -> String {
        text::count(self.language, number as u64, noun)
    }

    pub(super) fn and(&self, items: &[String]) -> String {
        text::and(self.language, items)
    }

    /// What stands between two sentences; Chinese needs nothing.
    pub(super) fn between_sentences(&self) -> &'static str {
        match self.language {
            PageLanguage::En => " ",
            PageLanguage::Zh => "",
        }
    }

    /// The folder that all source files share.
    pub(super) fn source_folder(&self) -> &str {
        &self.common
    }

    /// A page that starts with the note on how it was made.
    pub(super) fn begin(&self, title: &str, facts: Option<&str>) -> Writer {
        let mut writer = Writer::default();
        writer.heading(1, title);
        writer.note(&match facts {
            None => self.say(Key::Note, &[&self.subject()]),
            Some(facts) => self.say(Key::NotePart, &[facts]),
        });
        writer
    }

    /// What the project calls itself, unless somebody gave it another name: the folder may be called anything.
    pub(super) fn project_name(&self) -> &str {
        let meta = self.survey.kb.meta();
        let named = || {
            let manifest =
                super::size::main_manifest(self.survey).filter(|manifest| manifest.folder().is_empty())?;
            let name = manifest.name.as_ref()?.value.trim();
            // A module of Go is named by its address, and `@team/name` is a name of npm's.
            let mut parts = name.rsplit('/').filter(|part| !is_major_version(part));
            let name = if name.starts_with('@') { name } else { parts.next()? };
            Some(name).filter(|name| !name.is_empty() && !name.contains(['$', '{']))
        };
        if meta.is_name_given { &meta.name } else { named().unwrap_or(&meta.name) }
    }

    /// The project's name with its version or revision.
    pub(super) fn subject(&self) -> String {
        let meta = self.survey.kb.meta();
        let main = self
            .survey
            .manifests
            .iter()
            .find(|manifest| manifest.is_package() && manifest.folder().is_empty());
        let version = main.and_then(|manifest| manifest.version.as_ref()).map(|fact| fact.value.clone());
        let revision = meta.revision.as_ref().map(|revision| revision.chars().take(12).collect::<String>());
        let name = self.project_name();
        let mut subject = escape(name);
        for part in [version, revision].into_iter().flatten() {
            if !name.contains(&part) {
                subject.push(' ');
                subject.push_str(&escape(&part));
            }
        }
        subject
    }

    pub(super) fn page(
        &self,
        slug: &str,
        title: &str,
        parent: Option<&str>,
        order: usize,
        writer: Writer,
    ) -> Page {
        Page {
            slug: slug.to_owned(),
            title: title.to_owned(),
            parent: parent.map(str::to_owned),
            order: u32::try_from(order).unwrap_or(u32::MAX),
            origin: Origin::Static,
            // Signatures, commands and quotations come from files as they are.
            markdown: mask(&writer.finish()).into_owned(),
            citations: Vec::new(),
            diagrams: Vec::new(),
            links: Vec::new(),
        }
    }

    /// A path as it is shown: without the folder that all source shares.
    pub(super) fn short<'p>(&self, path: &'p str) -> &'p str {
        if self.common.is_empty() {
            return path;
        }
        path.strip_prefix(self.common.as_str()).and_then(|rest| rest.strip_prefix('/')).unwrap_or(path)
    }

    /// A place, shown as `core.py:3-9`.
    pub(super) fn place(&self, path: &str, lines: LineRange) -> String {
        let shown = self.short(path);
        let lines_shown = if lines.end_line > lines.start_line {
            format!("{}-{}", lines.start_line, lines.end_line)
        } else {
            lines.start_line.to_string()
        };
        cite(&escape(&format!("{shown}:{lines_shown}")), path, lines)
    }

    /// One line of a file, shown as `core.py:3`.
    pub(super) fn line(&self, at: usize, line: u32) -> String {
        self.place(self.survey.path(at), LineRange { start_line: line, end_line: line })
    }

    /// One line of a file, shown as its number.
    pub(super) fn line_number(&self, at: usize, line: u32) -> String {
        cite(&line.to_string(), self.survey.path(at), LineRange { start_line: line, end_line: line })
    }

    /// A whole file, shown by its path.
    pub(super) fn file(&self, at: usize) -> String {
        let path = self.survey.path(at);
        let lines = self.survey.files.get(at).map_or(1, |facts| facts.file.lines.max(1));
        cite(&code(self.short(path)), path, LineRange { start_line: 1, end_line: lines })
    }

    /// A symbol, shown by its qualified name.
    pub(super) fn symbol(&self, at: SymbolAt) -> String {
        match self.survey.symbol(at) {
            Some(symbol) => cite(&code(&symbol.qualified_name()), &symbol.path, symbol.lines),
            None => String::new(),
        }
    }

    /// A symbol by its name and its place: `Command.main` core.py:3-9.
    pub(super) fn symbol_and_place(&self, at: SymbolAt) -> String {
        match self.survey.symbol(at) {
            Some(symbol) => {
                format!("{} {}", code(&symbol.qualified_name()), self.place(&symbol.path, symbol.lines))
            }
            None => String::new(),
        }
    }

    /// A name that other files of the source have too, with the file or folder that tells it apart: `read.run`.
    pub(super) fn told_apart(&self, at: SymbolAt) -> String {
        let Some(symbol) = self.survey.symbol(at) else { return String::new() };
        let name = symbol.qualified_name();
        let has = |facts: &FileFacts| {
            facts.symbols.iter().any(|s| s.name == symbol.name && s.parent == symbol.parent)
        };
        // A header only declares what stands elsewhere.
        let is_header =
            |path: &str| [".h", ".hh", ".hpp", ".pyi", ".d.ts"].iter().any(|end| path.ends_with(end));
        let mut others = (0..self.survey.files.len())
            .filter(|file| *file != at.file && self.survey.is_source(*file))
            .filter(|file| !is_header(self.survey.path(*file)));
        let is_alone = !others.any(|file| self.survey.files.get(file).is_some_and(has));
        if is_alone || symbol.parent.is_some() {
            return name;
        }
        let path = self.survey.path(at.file);
        let stem_of = |path: &str| {
            let file = path.rsplit('/').next().unwrap_or(path);
            file.split('.').next().unwrap_or(file).to_owned()
        };
        let folder = path.rsplit_once('/').map(|(folder, _)| folder);
        let folder =
            folder.map(|folder| folder.strip_suffix("/src").unwrap_or(folder)).filter(|f| *f != "src");
        let stem = match folder {
            Some(folder) if is_door(path) => stem_of(folder),
            _ => stem_of(path),
        };
        let between = if path.ends_with(".rs") { "::" } else { "." };
        format!("{stem}{between}{name}")
    }

    /// The first sentence of a symbol's documentation, as Markdown.
    pub(super) fn doc(&self, symbol: &Symbol) -> String {
        symbol.doc.as_deref().and_then(first_sentence).map_or_else(String::new, |sentence| prose(&sentence))
    }

    /// A link to a module's page.
    pub(super) fn module(&self, number: usize) -> String {
        match self.survey.modules.get(number) {
            Some(module) => page_link(&code(&module.name), &module.slug),
            None => String::new(),
        }
    }

    /// Places of imports: one file after the other, with the time where it is not when loaded.
    pub(super) fn import_places(&self, links: &[ImportLink], most: usize) -> String {
        let mut shown: Vec<String> = Vec::new();
        let mut last = usize::MAX;
        for link in links.iter().take(most) {
            let place = if link.from == last {
                self.line_number(link.from, link.line)
            } else {
                self.line(link.from, link.line)
            };
            last = link.from;
            let when = match link.time {
                ImportTime::Load => String::new(),
                ImportTime::Types => format!(" ({})", self.word(Key::ForTypes)),
                ImportTime::Call => format!(" ({})", self.word(Key::InFunctions)),
            };
            shown.push(format!("{place}{when}"));
        }
        if links.len() > most {
            shown.push(self.say(Key::More, &[&(links.len() - most).to_string()]));
        }
        shown.join(", ")
    }

    /// What a module says of itself, or else the names that it holds.
    pub(super) fn purpose(&self, number: usize) -> String {
        let Some(module) = self.survey.modules.get(number) else { return String::new() };
        match self.own_words(number) {
            Some((at, words)) => {
                let lines = self.survey.doc_lines(at, &words);
                format!("{} ({})", prose(&words), self.place(self.survey.path(at), lines))
            }
            None => self.main_names(&module.files, 4),
        }
    }

    /// The documentation of a module: of its door, or of its only file.
    pub(super) fn own_words(&self, number: usize) -> Option<(usize, String)> {
        let module = self.survey.modules.get(number)?;
        let only = (module.files.len() == 1).then(|| module.files.first().copied()).flatten();
        // Of many files only the door of their common folder speaks for all.
        let depth = |at: usize| self.survey.path(at).matches('/').count();
        let top = module.files.iter().map(|at| depth(*at)).min();
        let door = module.speaker.filter(|at| is_door(self.survey.path(*at)) && Some(depth(*at)) == top);
        let at = door.or(only)?;
        Some((at, self.survey.summary(at)?))
    }

    /// The names that others use most, with how many more there are.
    pub(super) fn main_names(&self, files: &[usize], most: usize) -> String {
        let mut names: Vec<(usize, SymbolAt)> = Vec::new();
        for &file in files {
            for at in self.top_level(file) {
                names.push((self.survey.users(at), at));
            }
        }
        // A file of nothing but values is told by them.
        if names.is_empty() {
            names.extend(
                files.iter().flat_map(|file| self.values(*file)).map(|at| (self.survey.users(at), at)),
            );
        }
        let exported = |at: &SymbolAt| self.survey.symbol(*at).is_some_and(|symbol| symbol.exported);
        if names.iter().any(|(_, at)| exported(at)) {
            names.retain(|(_, at)| exported(at));
        }
        let size = |at: &SymbolAt| self.survey.symbol(*at).map_or(0, |symbol| lines_of(symbol.lines));
        names.sort_by_key(|(users, at)| (std::cmp::Reverse(*users), std::cmp::Reverse(size(at)), *at));
        let mut seen = std::collections::BTreeSet::new();
        names.retain(|(_, at)| {
            self.survey.symbol(*at).is_some_and(|symbol| seen.insert(symbol.qualified_name()))
        });
        let mut shown: Vec<String> = names.iter().take(most).map(|(_, at)| self.symbol(*at)).collect();
        if names.len() > most {
            shown.push(self.say(Key::More, &[&(names.len() - most).to_string()]));
        }
        shown.join(", ")
    }

    /// Variables at the top of a file.
    fn values(&self, file: usize) -> Vec<SymbolAt> {
        let symbols = self.survey.files.get(file).map(|facts| facts.symbols.as_slice()).unwrap_or_default();
        let values = symbols.iter().enumerate().filter(|(_, symbol)| {
            symbol.kind == crate::domain::SymbolKind::Variable && symbol.parent.is_none()
        });
        values.map(|(symbol, _)| SymbolAt { file, symbol }).collect()
    }

    /// Top-level symbols of a file that are worth naming.
    pub(super) fn top_level(&self, file: usize) -> Vec<SymbolAt> {
        use crate::domain::SymbolKind as Kind;
        let Some(facts) = self.survey.files.get(file) else { return Vec::new() };
        let mut owners: HashMap<String, Kind> = HashMap::new();
        for symbol in &facts.symbols {
            owners.entry(symbol.qualified_name()).or_insert(symbol.kind);
        }
        let symbols = facts.symbols.iter().enumerate().filter(|(_, symbol)| {
            // Namespaces, objects that functions are hung on, and parents declared elsewhere are no owners.
            let at_top = symbol
                .parent
                .as_ref()
                .and_then(|parent| owners.get(parent))
                .is_none_or(|owner| matches!(owner, Kind::Module | Kind::Variable | Kind::Constant));
            at_top
                && !matches!(symbol.kind, Kind::Module | Kind::Variable | Kind::Field)
                && !Survey::is_test_symbol(symbol)
        });
        symbols.map(|(symbol, _)| SymbolAt { file, symbol }).collect()
    }
}
