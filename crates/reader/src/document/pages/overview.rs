//! The overview: what it is for, where to start, how a call runs, what it is made of.

use super::super::manifest::{CommandFor, Manifest};
use super::super::markdown::{Writer, cite, code, escape, page_link, prose};
use super::super::sentence::opening;
use super::super::survey::{SymbolAt, Trace};
use super::super::text::Key;
use super::architecture::{circles_sentence, module_arrows, overview_diagram};
use super::book::{Book, CONFIGURATION, MODULES, OVERVIEW, START};
use super::dependencies::outside;
use super::doors::where_to_start;
use super::{configuration, size, start};
use crate::domain::Page;

const MOST_MODULES: usize = 12;
const MOST_SETTINGS: usize = 8;

pub(super) fn page(book: &Book<'_>) -> Page {
    let name = book.project_name();
    let title = book.say(Key::TitleOverview, &[&escape(name)]);
    let mut writer = book.begin(&title, None);
    purpose(book, &mut writer);
    writer.paragraph(&[size::kind(book), size::numbers(book)].join(book.between_sentences()));
    packages(book, &mut writer);
    let trace = book.survey.trace();
    where_to_start(book, &mut writer, trace.as_ref());
    if let Some(trace) = &trace {
        call(book, &mut writer, trace);
    }
    modules(book, &mut writer);
    outside(book, &mut writer);
    settings(book, &mut writer);
    commands(book, &mut writer);
    let plain = book.say(Key::TitleOverview, &[name]);
    book.page(OVERVIEW, &plain, None, 0, writer)
}

/// The README's first words, else the manifest's description.
fn purpose(book: &Book<'_>, writer: &mut Writer) {
    let readme = book.survey.readme.as_ref();
    let told = readme.and_then(|readme| Some((readme.path.as_str(), readme.purpose.as_ref()?)));
    let described = size::main_manifest(book.survey)
        .and_then(|manifest| Some((manifest.path.as_str(), manifest.description.as_ref()?)));
    // Words that do not name the project may be of anything; its manifest's are of it.
    let told = told.filter(|(_, fact)| described.is_none() || names_the_project(book, &fact.value));
    if let Some((path, fact)) = told.or(described) {
        let words = prose(&opening(&fact.value, 420));
        writer.paragraph(&format!(
            "**{}** ({})",
            book.say(Key::Quoted, &[&words]),
            book.place(path, fact.lines)
        ));
    }
    if let Some(readme) = readme.filter(|readme| !readme.features.is_empty()) {
        writer.paragraph(&book.word(Key::Lists));
        let items: Vec<String> = readme
            .features
            .iter()
            .take(6)
            .map(|fact| {
                format!("{} ({})", prose(&opening(&fact.value, 160)), book.place(&readme.path, fact.lines))
            })
            .collect();
        writer.list(&items);
    }
}

/// Whether a word, or up to three in a row, are the name: `serde json`, but no part of another word.
fn names_the_project(book: &Book<'_>, text: &str) -> bool {
    let plain = |text: &str| {
        text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect::<String>()
    };
    let package = size::main_manifest(book.survey).and_then(|manifest| manifest.name.as_ref());
    let names = [package.map(|name| name.value.as_str()), Some(book.survey.kb.meta().name.as_str())];
    let names: Vec<String> = names
        .into_iter()
        .flatten()
        .map(|name| plain(name.rsplit(['/', ':']).next().unwrap_or(name)))
        .collect();
    // Chinese stands beside a name without a space.
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let words: Vec<String> = words.map(plain).collect();
    let whole = plain(text);
    names.iter().any(|name| !name.is_ascii() && whole.contains(name.as_str()))
        || (1..=3).any(|count| words.windows(count).any(|words| names.contains(&words.concat())))
}

/// What each package of a workspace says of itself.
fn packages(book: &Book<'_>, writer: &mut Writer) {
    let mut named: Vec<_> = book
        .survey
        .manifests
        .iter()
        .filter(|manifest| manifest.is_package() && manifest.name.is_some())
        .filter(|manifest| {
            crate::role_of(&manifest.path) == crate::FileRole::Build
                || crate::role_of(&manifest.path) == crate::FileRole::Source
        })
        .collect();
    if named.len() < 2 {
        return;
    }
    // Programs first, as one looks for what runs.
    let commands = book.survey.commands();
    let program =
        |path: &str| commands.iter().position(|(_, owner)| owner.path == path).unwrap_or(usize::MAX);
    named.sort_by_key(|manifest| program(&manifest.path));
    let rows: Vec<Vec<String>> = named
        .iter()
        .take(40)
        .filter_map(|manifest| {
            let name = manifest.name.as_ref()?;
            let does = manifest
                .description
                .as_ref()
                .map(|fact| prose(&opening(&fact.value, 200)))
                .or_else(|| own_summary(book, manifest))
                .unwrap_or_default();
            Some(vec![code(&name.value), does, book.place(&manifest.path, name.lines)])
        })
        .collect();
    writer.heading(2, &book.word(Key::HeadPackages));
    writer.table(&[&book.word(Key::ColPackage), &book.word(Key::ColDoes), &book.word(Key::ColWhere)], &rows);
}

/// What the file in which a package starts says of itself.
fn own_summary(book: &Book<'_>, manifest: &Manifest) -> Option<String> {
    let folder = if manifest.folder().is_empty() { String::new() } else { format!("{}/", manifest.folder()) };
    let starts = ["lib.rs", "main.rs", "index.ts", "index.tsx", "index.js", "main.ts", "main.tsx"];
    let file = starts.iter().find_map(|start| book.survey.at(&format!("{folder}src/{start}")))?;
    book.survey.summary(file).map(|words| prose(&words))
}

fn call(book: &Book<'_>, writer: &mut Writer, trace: &Trace) {
    writer.heading(2, &book.word(Key::HeadCall));
    let root = code(&book.told_apart(trace.root));
    writer.paragraph(&book.say(Key::CallIntro, &[&root]));
    let mut items = vec![describe(book, trace)];
    for step in &trace.steps {
        let from = book.line(step.caller.file, step.line);
        let name = named_place(book, step.callee);
        let caller = code(&book.told_apart(step.caller));
        let mut text = book.say(Key::CallStep, &[&format!("{caller} ({from})"), &name]);
        if let Some(doc) =
            book.survey.symbol(step.callee).map(|symbol| book.doc(symbol)).filter(|doc| !doc.is_empty())
        {
            text.push_str(&book.word(Key::Colon));
            text.push_str(&book.say(Key::Quoted, &[&doc]));
        }
        let overriding: Vec<String> = step.overridden.iter().map(|at| book.symbol(*at)).collect();
        if !overriding.is_empty() {
            text.push_str(&book.word(Key::Semicolon));
            text.push_str(&book.say(Key::Overridden, &[&book.and(&overriding)]));
        }
        let inner: Vec<String> = step.inner.iter().map(|at| named_link(book, *at)).collect();
        if !inner.is_empty() {
            text.push_str(&book.word(Key::Semicolon));
            text.push_str(&book.say(Key::CallInner, &[&book.and(&inner)]));
        }
        items.push(text);
    }
    writer.steps(&items);
}

/// A symbol that is told from others of its name, with its place.
fn named_place(book: &Book<'_>, at: SymbolAt) -> String {
    let lines = book.survey.symbol(at).map(|symbol| symbol.lines);
    let place = lines.map_or_else(String::new, |lines| book.place(book.survey.path(at.file), lines));
    format!("{} {place}", code(&book.told_apart(at)))
}

/// The same as one link.
fn named_link(book: &Book<'_>, at: SymbolAt) -> String {
    let lines = book.survey.symbol(at).map(|symbol| symbol.lines);
    lines
        .map_or_else(String::new, |lines| cite(&code(&book.told_apart(at)), book.survey.path(at.file), lines))
}

fn describe(book: &Book<'_>, trace: &Trace) -> String {
    let start = named_place(book, trace.root);
    let mut text = match &trace.declared {
        Some((name, path, lines)) => {
            format!("{} ({})", book.say(Key::CallDeclared, &[&code(name), &start]), book.place(path, *lines))
        }
        None => start,
    };
    if let Some(doc) =
        book.survey.symbol(trace.root).map(|symbol| book.doc(symbol)).filter(|doc| !doc.is_empty())
    {
        text.push_str(&book.word(Key::Colon));
        text.push_str(&book.say(Key::Quoted, &[&doc]));
    }
    text
}

fn modules(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    if survey.modules.len() < 2 {
        return;
    }
    writer.heading(2, &book.word(Key::HeadModules));
    let lazy = survey.has_late_imports();
    writer.paragraph(&book.word(if lazy { Key::RankNote } else { Key::RankNoteFew }));
    let rows: Vec<Vec<String>> =
        (0..survey.modules.len().min(MOST_MODULES)).map(|number| module_row(book, number)).collect();
    writer.table(
        &[
            &book.word(Key::ColModule),
            &book.word(Key::ColImportedBy),
            &book.word(Key::ColLines),
            &book.word(Key::ColHolds),
        ],
        &rows,
    );
    if survey.modules.len() > MOST_MODULES {
        let rest = (survey.modules.len() - MOST_MODULES).to_string();
        writer.paragraph(
            &book.say(Key::MoreModules, &[&rest, &page_link(&book.word(Key::TitleModules), MODULES)]),
        );
    }
    let arrows = module_arrows(survey);
    overview_diagram(book, writer, &arrows, 20);
    writer.paragraph(&circles_sentence(book, &arrows));
}

/// A module's row: link, importing modules, lines, what it is.
pub(super) fn module_row(book: &Book<'_>, number: usize) -> Vec<String> {
    let survey = book.survey;
    let Some(module) = survey.modules.get(number) else { return Vec::new() };
    vec![
        book.module(number),
        survey.users_of_module(number).len().to_string(),
        super::super::text::grouped(module.lines),
        book.purpose(number),
    ]
}

fn settings(book: &Book<'_>, writer: &mut Writer) {
    let mut settings = configuration::settings(book);
    // A name that is known only at run time is none to look for.
    settings.retain(|setting| !setting.name.starts_with('<'));
    if settings.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadSettings));
    let mut shown: Vec<String> = settings
        .iter()
        .take(MOST_SETTINGS)
        .map(|setting| {
            let place = setting.places.first().map_or_else(String::new, |(at, line)| book.line(*at, *line));
            format!("{} ({place})", code(&setting.name))
        })
        .collect();
    if settings.len() > MOST_SETTINGS {
        let all = book.count(settings.len(), Key::NounSetting);
        let link = page_link(&book.word(Key::TitleConfiguration), CONFIGURATION);
        shown.push(book.say(Key::More, &[&(settings.len() - MOST_SETTINGS).to_string()]));
        writer.paragraph(&format!("{}{}", shown.join(", "), book.word(Key::Stop)));
        writer.paragraph(&book.say(Key::MoreSettings, &[&all, &link]));
    } else {
        writer.paragraph(&format!("{}{}", shown.join(", "), book.word(Key::Stop)));
    }
}

fn commands(book: &Book<'_>, writer: &mut Writer) {
    let known = start::commands(book);
    let mut lines: Vec<String> = Vec::new();
    for (purpose, key) in [
        (CommandFor::Install, Key::HeadInstall),
        (CommandFor::Build, Key::HeadCompile),
        (CommandFor::Run, Key::HeadRun),
        (CommandFor::Test, Key::HeadTest),
        (CommandFor::Check, Key::HeadCheck),
    ] {
        let shown: Vec<String> = known
            .iter()
            .filter(|command| command.purpose == purpose)
            .take(4)
            .map(|command| command.shown(book))
            .collect();
        if !shown.is_empty() {
            lines.push(format!("**{}**{}{}", book.word(key), book.word(Key::Colon), shown.join(" · ")));
        }
    }
    if let Some((manifest, builder)) =
        size::main_manifest(book.survey).and_then(|manifest| Some((manifest, manifest.builder.as_ref()?)))
    {
        let text =
            book.say(Key::BuiltWith, &[&code(builder.value.split('.').next().unwrap_or(&builder.value))]);
        lines.insert(0, format!("{text} ({})", book.place(&manifest.path, builder.lines)));
    }
    if lines.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadBuild));
    writer.list(&lines);
    if start::has_page(book) {
        writer.paragraph(&book.say(Key::SeeAlso, &[&page_link(&book.word(Key::TitleStart), START)]));
    }
}
