//! The names of a module: what it is for others, and what stands inside.

use std::collections::{BTreeMap, BTreeSet};

use super::super::markdown::{Writer, cite, code};
use super::super::survey::{SymbolAt, is_door, lines_of, owner_of};
use super::super::text::Key;
use super::book::Book;
use crate::domain::{Language, Symbol, SymbolKind};
use crate::knowledge::units::sources_of;

/// Rows of the tables; the rest is counted.
const MOST_NAMES: usize = 60;
const MOST_INNER_NAMES: usize = 25;
const MOST_HANDED_ON: usize = 90;
/// Members of one class in the table.
const MOST_MEMBERS: usize = 24;

/// Two tables of names: what is exported or used by other files, and what else stands at the top.
pub(super) fn names(book: &Book<'_>, number: usize, writer: &mut Writer) {
    let survey = book.survey;
    let module = &survey.modules[number];
    let twins = Twins::of(book, &module.files);
    let top: Vec<SymbolAt> = module
        .files
        .iter()
        .flat_map(|file| book.top_level(*file))
        .filter(|at| !twins.is_shown_elsewhere(book, *at))
        .collect();
    let is_public = |at: &SymbolAt| {
        survey.symbol(*at).is_some_and(|symbol| symbol.exported && !survey.is_hidden_member(symbol))
            || survey.users(*at) > 0
    };
    let (public, inner): (Vec<SymbolAt>, Vec<SymbolAt>) = top.into_iter().partition(is_public);
    let mut budget = MOST_NAMES * 3;
    let mut intro: Vec<String> = Vec::new();
    for &file in module.files.iter().filter(|file| is_door(survey.path(**file))) {
        let handed = super::doors::handed_on(book, file);
        if handed.len() < 2 {
            continue;
        }
        let mut shown: Vec<String> = handed
            .iter()
            .take(MOST_HANDED_ON)
            .map(|(name, at)| match at.and_then(|at| survey.symbol(at)) {
                Some(symbol) => cite(&code(name), &symbol.path, symbol.lines),
                None => code(name),
            })
            .collect();
        if handed.len() > MOST_HANDED_ON {
            shown.push(book.say(Key::More, &[&(handed.len() - MOST_HANDED_ON).to_string()]));
        }
        let number = book.count(handed.len(), Key::NounName);
        intro.push(book.say(Key::HandsOn, &[&number, &shown.join(", ")]));
    }
    if !intro.is_empty() {
        writer.heading(2, &book.word(Key::HeadApi));
        for text in &intro {
            writer.paragraph(text);
        }
    }
    let heading = if intro.is_empty() { Key::HeadApi } else { Key::HeadOwn };
    name_table(book, number, writer, (heading, MOST_NAMES), public, &mut budget);
    name_table(book, number, writer, (Key::HeadInside, MOST_INNER_NAMES), inner, &mut budget);
}

/// Headers and stubs with the source that they declare: each name is shown once, where it is documented.
struct Twins {
    /// Both ways.
    of: BTreeMap<usize, usize>,
    declaring: BTreeSet<usize>,
}

impl Twins {
    fn of(book: &Book<'_>, files: &[usize]) -> Self {
        let mut twins = Self { of: BTreeMap::new(), declaring: BTreeSet::new() };
        for &file in files {
            let source = sources_of(book.survey.path(file)).find_map(|path| book.survey.at(&path));
            if let Some(source) = source.filter(|source| files.contains(source)) {
                twins.of.insert(file, source);
                twins.of.insert(source, file);
                twins.declaring.insert(file);
            }
        }
        twins
    }

    fn is_shown_elsewhere(&self, book: &Book<'_>, at: SymbolAt) -> bool {
        let Some(symbol) = book.survey.symbol(at) else { return false };
        let Some(facts) = self.of.get(&at.file).and_then(|twin| book.survey.files.get(*twin)) else {
            return false;
        };
        let same = facts.symbols.iter().filter(|other| {
            other.name == symbol.name
                && owner_of(other) == owner_of(symbol)
                && is_callable(other.kind) == is_callable(symbol.kind)
        });
        // A declaration gives way to the definition, unless it alone is documented.
        let mut same = same.peekable();
        if same.peek().is_none() {
            return false;
        }
        let is_documented = same.any(|other| other.doc.is_some());
        match self.declaring.contains(&at.file) {
            true => is_documented || symbol.doc.is_none(),
            // A member is shown with its type.
            false => symbol.parent.is_some() || (is_documented && symbol.doc.is_none()),
        }
    }
}

fn is_callable(kind: SymbolKind) -> bool {
    matches!(kind, SymbolKind::Function | SymbolKind::Method)
}

/// Names by file; of too many those that others use most.
fn name_table(
    book: &Book<'_>,
    number: usize,
    writer: &mut Writer,
    (heading, most): (Key, usize),
    mut wanted: Vec<SymbolAt>,
    budget: &mut usize,
) {
    let survey = book.survey;
    let module = &survey.modules[number];
    if wanted.is_empty() {
        return;
    }
    let all = wanted.len();
    if all > most {
        let size = |at: &SymbolAt| survey.symbol(*at).map_or(0, |symbol| lines_of(symbol.lines));
        wanted.sort_by_key(|at| (std::cmp::Reverse(survey.users(*at)), std::cmp::Reverse(size(at)), *at));
        wanted.truncate(most);
    }
    wanted.sort_by_key(|at| (module.files.iter().position(|file| *file == at.file), at.symbol));
    writer.heading(2, &book.word(heading));
    if all > most {
        writer.paragraph(&book.say(Key::CutTable, &[&most.to_string(), &book.count(all, Key::NounName)]));
    }
    let header = [book.word(Key::ColName), book.word(Key::ColLines), book.word(Key::ColWhat)];
    let header: Vec<&str> = header.iter().map(String::as_str).collect();
    for file in &module.files {
        let rows: Vec<Vec<String>> =
            wanted.iter().filter(|at| at.file == *file).flat_map(|at| rows(book, *at, budget)).collect();
        if !rows.is_empty() {
            if module.files.len() > 1 {
                writer.heading(3, &book.file(*file));
            }
            writer.table(&header, &rows);
        }
    }
}

/// A row for the symbol, and one for each member that matters.
fn rows(book: &Book<'_>, at: SymbolAt, budget: &mut usize) -> Vec<Vec<String>> {
    let survey = book.survey;
    let Some(symbol) = survey.symbol(at) else { return Vec::new() };
    let Some(facts) = survey.files.get(at.file) else { return Vec::new() };
    let owner = symbol.qualified_name();
    let mut rows = vec![row(book, symbol, false)];
    // A method whose type is declared in another file is shown with the type's name.
    if let Some(parent) = &symbol.parent
        && !facts.symbols.iter().any(|other| other.qualified_name() == *parent)
        && let Some(cell) = rows.first_mut().and_then(|row| row.first_mut())
    {
        *cell = format!("{} · {cell}", code(parent));
    }
    let members: Vec<(usize, &Symbol)> = facts
        .symbols
        .iter()
        .enumerate()
        .filter(|(_, member)| member.parent.as_deref() == Some(owner.as_str()))
        .collect();
    let methods: Vec<(usize, &Symbol)> = members
        .iter()
        .copied()
        .filter(|(_, member)| {
            matches!(member.kind, SymbolKind::Method | SymbolKind::Function | SymbolKind::Class)
        })
        .collect();
    let is_hidden = !symbol.exported;
    let public: Vec<(usize, &Symbol)> = methods
        .iter()
        .copied()
        .filter(|(symbol, member)| {
            // Within a type that is hidden by its name only, the names of members tell which are for others.
            let python = facts.file.language == Some(Language::Python);
            member.exported
                || (python && is_hidden && !member.name.starts_with('_'))
                || survey
                    .uses_of(SymbolAt { file: at.file, symbol: *symbol })
                    .any(|used| used.from_file != at.file)
        })
        .filter(|(_, member)| {
            !(member.name.starts_with("__") && member.name != "__init__" && member.name != "__call__")
        })
        // Of Python's overloads the one with the body stands for all.
        .filter(|(symbol, member)| {
            let python = facts.file.language == Some(Language::Python) && member.doc.is_none();
            !(python && methods.iter().any(|(later, other)| later > symbol && other.name == member.name))
        })
        .collect();
    let mut shown = 0;
    for (_, member) in public.iter().take(MOST_MEMBERS) {
        if *budget == 0 {
            break;
        }
        *budget -= 1;
        shown += 1;
        rows.push(row(book, member, true));
    }
    let is_owner = !matches!(symbol.kind, SymbolKind::Function | SymbolKind::Method);
    let hidden = if is_owner { methods.len() - shown } else { 0 };
    if hidden > 0 {
        let rest = book.say(Key::MoreMembers, &[&hidden.to_string()]);
        if let Some(cell) = rows.first_mut().and_then(|row| row.last_mut()) {
            cell.push_str(if cell.is_empty() { "" } else { " " });
            cell.push_str(&rest);
        }
    }
    rows
}

fn row(book: &Book<'_>, symbol: &Symbol, member: bool) -> Vec<String> {
    let shown = signature(symbol);
    let name = if member { format!("· {}", code(&shown)) } else { code(&shown) };
    let lines = if symbol.lines.end_line > symbol.lines.start_line {
        format!("{}-{}", symbol.lines.start_line, symbol.lines.end_line)
    } else {
        symbol.lines.start_line.to_string()
    };
    vec![name, cite(&lines, &symbol.path, symbol.lines), book.doc(symbol)]
}

/// The declaration as far as a table can show it.
fn signature(symbol: &Symbol) -> String {
    let text = super::super::markdown::one_line(&symbol.signature);
    let text = if text.is_empty() { symbol.name.clone() } else { text };
    let text = text.trim_end_matches(['{', ':', ';', ' ']).to_owned();
    // Python's decorators and `self` tell a reader nothing here.
    let text = text.strip_prefix("async def ").map(|rest| format!("async {rest}")).unwrap_or(text);
    let text = text.strip_prefix("def ").map(str::to_owned).unwrap_or(text);
    let text =
        text.split(": #").next().unwrap_or(&text).replace("( ", "(").replace(", )", ")").replace(" )", ")");
    let text =
        text.replace("(self, ", "(").replace("(self)", "()").replace("(cls, ", "(").replace("(cls)", "()");
    if text.chars().count() <= 120 {
        return text;
    }
    let cut: String = text.chars().take(118).collect();
    format!("{cut}…")
}
