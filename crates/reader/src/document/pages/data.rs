//! The data model: types with their fields, and how they relate.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagram::{ClassBox, ClassDiagram};
use super::super::markdown::code;
use super::super::survey::SymbolAt;
use super::super::text::Key;
use super::book::{Book, DATA};
use super::module::{is_inheritance, is_of_source};
use crate::domain::{EdgeKind, Language, Page, Symbol, SymbolKind};

/// In a file of more types, only those that resolve are looked for in fields.
const MOST_TYPES_HELD_AGAINST_EACH_OTHER: usize = 500;
const MOST_TYPES: usize = 200;
const MOST_PER_MODULE: usize = 20;
const MOST_IN_DIAGRAM: usize = 24;
const MOST_FIELDS: usize = 12;
const MOST_MEMBERS_IN_BOX: usize = 8;

/// A type that holds data.
struct Type<'s> {
    at: SymbolAt,
    symbol: &'s Symbol,
    fields: Vec<&'s Symbol>,
    bases: Vec<SymbolAt>,
}

pub(super) fn page(book: &Book<'_>) -> Option<Page> {
    let types = types(book);
    if types.is_empty() {
        return None;
    }
    let modules: BTreeSet<usize> =
        types.iter().filter_map(|found| book.survey.module_of(found.at.file)).collect();
    let title = book.word(Key::TitleData);
    let all = book.count(types.len(), Key::NounType);
    let mut writer = book.begin(&title, Some(&all));
    writer.paragraph(&book.say(Key::DataIntro, &[&all, &book.count(modules.len(), Key::NounModule)]));
    let diagram = diagram(book, &types);
    if let Some(source) = diagram {
        writer.fenced("mermaid", &source);
        writer.paragraph(&book.word(Key::DataDiagram));
    }
    let mut left = MOST_TYPES;
    for module in modules {
        let own: Vec<&Type<'_>> =
            types.iter().filter(|found| book.survey.module_of(found.at.file) == Some(module)).collect();
        let mut rows: Vec<Vec<String>> =
            own.iter().take(left.min(MOST_PER_MODULE)).map(|found| row(book, found)).collect();
        left -= rows.len();
        if rows.is_empty() {
            continue;
        }
        if own.len() > rows.len() {
            rows.push(vec![book.say(Key::More, &[&(own.len() - rows.len()).to_string()])]);
        }
        writer.heading(2, &book.say(Key::HeadTypes, &[&book.module(module)]));
        writer.table(
            &[
                &book.word(Key::ColName),
                &book.word(Key::ColKind),
                &book.word(Key::ColFields),
                &book.word(Key::ColWhat),
            ],
            &rows,
        );
    }

    Some(book.page(DATA, &title, None, 4, writer))
}

/// Types with fields, and enumerations and tables, of the source.
fn types<'s>(book: &Book<'s>) -> Vec<Type<'s>> {
    let survey = book.survey;
    let mut found = Vec::new();
    for (file, facts) in survey.files.iter().enumerate() {
        // A schema is data wherever it is kept among the source.
        if !survey.is_source(file) {
            continue;
        }
        let mut members: BTreeMap<&str, Vec<&Symbol>> = BTreeMap::new();
        for symbol in &facts.symbols {
            if let Some(parent) = symbol.parent.as_deref() {
                members.entry(parent).or_default().push(symbol);
            }
        }
        for (number, symbol) in facts.symbols.iter().enumerate() {
            let at = SymbolAt { file, symbol: number };
            if !is_of_source(survey, at) {
                continue;
            }
            let name = symbol.qualified_name();
            // Two types of one name (one of them for type checking) keep their own members.
            let within = |member: &&&Symbol| {
                symbol.lines.start_line <= member.lines.start_line
                    && member.lines.end_line <= symbol.lines.end_line
            };
            let own: Vec<&Symbol> =
                members.get(name.as_str()).into_iter().flatten().filter(within).copied().collect();
            let fields: Vec<&Symbol> = own.iter().copied().filter(|member| is_field(member)).collect();
            let behaviour = own.iter().filter(|member| is_behaviour(member, &symbol.name)).count();
            if !is_data(symbol, &fields, behaviour, facts.file.language) {
                continue;
            }

            let mut bases: Vec<SymbolAt> =
                survey.used_by(at).filter(is_inheritance).map(|used| used.to).collect();
            bases.dedup();
            found.push(Type { at, symbol, fields, bases });
        }
    }
    // What is private is data of one file only; it is shown when there is nothing else.
    if found.iter().any(|found| found.symbol.exported) {
        found.retain(|found| found.symbol.exported);
    }
    let rank = |found: &Type<'_>| survey.files.get(found.at.file).map_or(0.0, |facts| facts.file.rank);
    found.sort_by(|a, b| rank(b).total_cmp(&rank(a)).then(a.at.cmp(&b.at)));
    found
}

/// State of a value, rather than a constant of its type or an implementation detail of the language.
fn is_field(member: &Symbol) -> bool {
    let kind = matches!(member.kind, SymbolKind::Field | SymbolKind::Constant | SymbolKind::Variable);
    kind && !member.name.starts_with("__") && !member.signature.contains("ClassVar")
}

/// A method that does more than make, read, write, compare or show the value.
fn is_behaviour(member: &Symbol, owner: &str) -> bool {
    let name = member.name.as_str();
    let accessor = ["get", "set", "is", "has", "with", "to"].iter().any(|start| {
        name.strip_prefix(start).is_some_and(|rest| rest.starts_with(|c: char| c.is_uppercase() || c == '_'))
    });
    let common = matches!(
        name,
        "equals"
            | "hashCode"
            | "toString"
            | "constructor"
            | "new"
            | "default"
            | "initialize"
            | "init"
            | "clone"
    );
    matches!(member.kind, SymbolKind::Method | SymbolKind::Function)
        && !accessor
        && !common
        && name != owner
        && !name.starts_with("__")
}

/// Whether a type is there to hold data.
fn is_data(symbol: &Symbol, fields: &[&Symbol], behaviour: usize, language: Option<Language>) -> bool {
    let error = ["Error", "Exception", "Warning"].iter().any(|end| symbol.name.ends_with(end));
    match symbol.kind {
        SymbolKind::Struct | SymbolKind::Enum | SymbolKind::Table => !fields.is_empty(),
        SymbolKind::Interface => !fields.is_empty() && fields.len() >= behaviour,
        SymbolKind::Class if language == Some(Language::Python) => {
            let declared =
                ["TypedDict", "NamedTuple", "BaseModel", "Enum", "Flag", "Model", "@dataclass", "@attr"]
                    .iter()
                    .any(|word| symbol.signature.contains(word));
            let typed = fields.iter().filter(|field| field.signature.contains(':')).count();
            !error && ((declared && !fields.is_empty()) || (typed >= 2 && typed > behaviour * 2))
        }
        SymbolKind::Class => !error && fields.len() >= 2 && fields.len() >= behaviour,
        _ => false,
    }
}

fn row(book: &Book<'_>, found: &Type<'_>) -> Vec<String> {
    let mut fields: Vec<String> =
        found.fields.iter().take(MOST_FIELDS).map(|field| code(&field_text(field))).collect();
    if found.fields.len() > MOST_FIELDS {
        fields.push(book.say(Key::More, &[&(found.fields.len() - MOST_FIELDS).to_string()]));
    }
    let mut kind = kind_word(found.symbol.kind).to_owned();
    let bases: Vec<String> = found.bases.iter().take(3).map(|base| book.symbol(*base)).collect();
    if !bases.is_empty() {
        kind = format!("{kind}, {} {}", book.word(Key::ColExtends), bases.join(", "));
    }
    vec![book.symbol_and_place(found.at), kind, fields.join(", "), book.doc(found.symbol)]
}

/// `name: Type`, as far as it fits.
fn field_text(field: &Symbol) -> String {
    let text = super::super::markdown::one_line(&field.signature);
    let text = text.split(" = ").next().unwrap_or(&text).trim_end_matches([',', ';']).trim().to_owned();
    let text = if text.is_empty() { field.name.clone() } else { text };
    let text = [
        "pub ",
        "private ",
        "public ",
        "protected ",
        "final ",
        "readonly ",
        "static ",
        "const ",
        "val ",
        "var ",
        "let ",
    ]
    .iter()
    .fold(text, |text, word| text.strip_prefix(word).map(str::to_owned).unwrap_or(text));
    if text.chars().count() > 60 { format!("{}…", text.chars().take(58).collect::<String>()) } else { text }
}

fn kind_word(kind: SymbolKind) -> &'static str {
    match kind {
        SymbolKind::Struct => "struct",
        SymbolKind::Enum => "enum",
        SymbolKind::Interface => "interface",
        SymbolKind::Trait => "trait",
        SymbolKind::Table => "table",
        SymbolKind::Type => "type",
        _ => "class",
    }
}

/// The types with the most relations; nothing when there are none.
fn diagram(book: &Book<'_>, types: &[Type<'_>]) -> Option<String> {
    let survey = book.survey;
    let index: BTreeMap<SymbolAt, usize> =
        types.iter().enumerate().map(|(number, found)| (found.at, number)).collect();
    let mut of_file: BTreeMap<usize, Vec<SymbolAt>> = BTreeMap::new();
    for found in types {
        of_file.entry(found.at.file).or_default().push(found.at);
    }
    // A file of thousands of types was generated, and would be held against itself for minutes.
    of_file.retain(|_, inside| inside.len() <= MOST_TYPES_HELD_AGAINST_EACH_OTHER);
    let mut relations: Vec<(usize, usize, bool)> = Vec::new();
    for (number, found) in types.iter().enumerate() {
        for base in &found.bases {
            if let Some(base) = index.get(base) {
                relations.push((number, *base, true));
            }
        }
        // A field's type resolves when the type itself, or the file, refers to exactly that symbol.
        let referred: BTreeSet<SymbolAt> = survey
            .used_by(found.at)
            .filter(|used| used.kind == EdgeKind::Reference)
            .map(|used| used.to)
            .chain(of_file.get(&found.at.file).into_iter().flatten().copied())
            .collect();
        for part in referred {
            let Some(part_number) = index.get(&part).copied().filter(|part| *part != number) else {
                continue;
            };
            let Some(part) = types.get(part_number) else { continue };
            if found.fields.iter().any(|field| has_word(&field_text(field), &part.symbol.name)) {
                relations.push((number, part_number, false));
            }
        }
    }
    let mut degree: BTreeMap<usize, usize> = BTreeMap::new();
    for (a, b, _) in &relations {
        *degree.entry(*a).or_default() += 1;
        *degree.entry(*b).or_default() += 1;
    }
    let mut order: Vec<(usize, usize)> =
        degree.into_iter().map(|(number, degree)| (degree, number)).collect();
    order.sort_by_key(|(degree, number)| (std::cmp::Reverse(*degree), *number));
    let shown: BTreeSet<usize> = order.into_iter().take(MOST_IN_DIAGRAM).map(|(_, number)| number).collect();
    let mut drawing = ClassDiagram::default();
    for number in &shown {
        let Some(found) = types.get(*number) else { continue };
        let mut members: Vec<String> =
            found.fields.iter().take(MOST_MEMBERS_IN_BOX).map(|field| field_text(field)).collect();
        if found.fields.len() > MOST_MEMBERS_IN_BOX {
            members.push(format!("… {}", found.fields.len() - MOST_MEMBERS_IN_BOX));
        }
        let annotation = match found.symbol.kind {
            SymbolKind::Enum | SymbolKind::Interface | SymbolKind::Table => {
                Some(kind_word(found.symbol.kind).to_owned())
            }
            _ => None,
        };
        drawing.class(ClassBox {
            key: number.to_string(),
            name: found.symbol.name.clone(),
            annotation,
            members,
        });
    }
    for (from, to, inherits) in
        relations.iter().filter(|(from, to, _)| shown.contains(from) && shown.contains(to))
    {
        if *inherits {
            drawing.inherits(&from.to_string(), &to.to_string());
        } else {
            drawing.has(&from.to_string(), &to.to_string());
        }
    }
    (drawing.len() >= 2).then(|| drawing.source())
}

/// Whether `name` stands as a word of its own after the field's own name.
fn has_word(text: &str, name: &str) -> bool {
    let tail = text.split_once([':', ' ']).map_or("", |(_, tail)| tail);
    let head = text.split_once(' ').map_or("", |(head, _)| head);
    [tail, head]
        .iter()
        .any(|part| part.split(|c: char| !(c.is_alphanumeric() || c == '_')).any(|word| word == name))
}
