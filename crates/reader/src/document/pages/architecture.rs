//! Architecture: which module imports which, layers, circles, what most depends on.

use std::collections::{BTreeMap, BTreeSet};

use super::super::diagram::Flowchart;
use super::super::markdown::{Writer, code, page_link};
use super::super::survey::order::{Arrows, circles, layers, reduced, way_round};
use super::super::survey::{ImportLink, Survey};
use super::super::text::Key;
use super::book::{ARCHITECTURE, Book, MODULES};
use super::doors::importers;
use crate::domain::Page;
use crate::facts::ImportTime;

const MOST_IN_DIAGRAM: usize = 28;
/// Up to this many modules are drawn in one picture.
const FEW_MODULES: usize = 20;
const MOST_ARROWS: usize = 40;
const MOST_FILES: usize = 12;
const MOST_CIRCLES: usize = 10;
const MOST_PAIRS: usize = 12;

/// Imports between modules.
pub(super) struct ModuleArrows {
    /// When files are loaded.
    pub(super) load: Arrows,
    /// For type checking only, or inside functions.
    pub(super) later: Arrows,
    /// The imports of each arrow, by file and line.
    pub(super) links: BTreeMap<(usize, usize), Vec<ImportLink>>,
}

impl ModuleArrows {
    /// How many imports and uses an arrow stands for.
    fn weight(&self, from: usize, to: usize) -> usize {
        self.links.get(&(from, to)).map_or(0, Vec::len)
    }
}

/// All imports between different modules of the source.
pub(super) fn module_arrows(survey: &Survey<'_>) -> ModuleArrows {
    let mut links: BTreeMap<(usize, usize), Vec<ImportLink>> = BTreeMap::new();
    for link in &survey.imports {
        if let (Some(from), Some(to)) = (survey.module_of(link.from), survey.module_of(link.to))
            && from != to
            && !link.declares
        {
            links.entry((from, to)).or_default().push(*link);
        }
    }
    // Where names need no import of their file, their uses bind modules too.
    for used in survey.all_uses().iter().filter(|used| survey.binds_by_name(used.from_file)) {
        if let (Some(from), Some(to)) = (survey.module_of(used.from_file), survey.module_of(used.to.file))
            && from != to
            && !survey.symbol(used.to).is_none_or(Survey::is_test_symbol)
        {
            let link = ImportLink {
                from: used.from_file,
                to: used.to.file,
                line: used.line,
                time: ImportTime::Load,
                declares: false,
            };
            links.entry((from, to)).or_default().push(link);
        }
    }
    for links in links.values_mut() {
        links.sort_by_key(|link| (link.from, link.line, link.to));
    }
    let mut arrows = ModuleArrows { load: Arrows::new(), later: Arrows::new(), links };
    for ((from, to), links) in &arrows.links {
        let load = links.iter().any(|link| link.time == ImportTime::Load);
        let set = if load { &mut arrows.load } else { &mut arrows.later };
        set.entry(*from).or_default().insert(*to);
    }
    arrows
}

pub(super) fn page(book: &Book<'_>) -> Option<Page> {
    let survey = book.survey;
    if survey.modules.len() < 2 {
        return None;
    }
    let arrows = module_arrows(survey);
    let title = book.word(Key::TitleArchitecture);
    let size = super::size::source(book);
    let facts = book.say(
        Key::ArchIntro,
        &[
            &super::super::text::count(book.language, size.lines, Key::NounLine),
            &book.count(survey.modules.len(), Key::NounModule),
            &book.count(arrows.load.values().map(BTreeSet::len).sum(), Key::NounArrow),
        ],
    );
    let mut writer = book.begin(&title, Some(&facts));
    diagrams(book, &mut writer, &arrows);
    layer_table(book, &mut writer, &arrows);
    circle_list(book, &mut writer, &arrows);
    most_used(book, &mut writer);
    let modules = page_link(&book.word(Key::TitleModules), MODULES);
    writer.paragraph(&book.say(Key::SeeAlso, &[&modules]));
    Some(book.page(ARCHITECTURE, &title, None, 2, writer))
}

/// All modules in one picture, or the parts with a picture inside each.
fn diagrams(book: &Book<'_>, writer: &mut Writer, arrows: &ModuleArrows) {
    let survey = book.survey;
    let all: Vec<usize> = (0..survey.modules.len()).collect();
    writer.heading(2, &book.word(Key::HeadDependencies));
    let Some(parts) = parts(book) else {
        picture(book, writer, arrows, &all, MOST_IN_DIAGRAM);
        return;
    };
    parts_picture(book, writer, arrows, &parts);
    for (name, members) in &parts {
        let mut inside = Writer::default();
        if members.len() > 2 {
            picture(book, &mut inside, arrows, members, MOST_IN_DIAGRAM);
        }
        if !inside.is_empty() {
            writer.heading(3, &book.say(Key::HeadPart, &[&code(name)]));
            writer.append(inside);
        }
    }
}

/// The picture of the whole for the overview: of the modules when they are few, else of the parts.
pub(super) fn overview_diagram(book: &Book<'_>, writer: &mut Writer, arrows: &ModuleArrows, most: usize) {
    match parts(book) {
        Some(parts) => parts_picture(book, writer, arrows, &parts),
        None => {
            let all: Vec<usize> = (0..book.survey.modules.len()).collect();
            picture(book, writer, arrows, &all, most);
        }
    }
}

/// Many modules by package, else by the first folder that tells them apart; `None` for few modules.
fn parts(book: &Book<'_>) -> Option<Vec<(String, Vec<usize>)>> {
    let survey = book.survey;
    if survey.modules.len() <= FEW_MODULES {
        return None;
    }
    let first = |module: usize| {
        survey.modules.get(module).and_then(|module| module.files.first()).map_or("", |at| survey.path(*at))
    };
    let by = |key: &dyn Fn(usize) -> String| {
        let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for module in 0..survey.modules.len() {
            groups.entry(key(module)).or_default().push(module);
        }
        let groups: Vec<(String, Vec<usize>)> = groups.into_iter().collect();
        ((3..=MOST_IN_DIAGRAM).contains(&groups.len())).then_some(groups)
    };
    let package = |module: usize| {
        let package = survey.package_of(first(module)).and_then(|manifest| manifest.name.as_ref());
        package.map_or_else(|| root_name(book), |name| name.value.clone())
    };
    by(&package).or_else(|| {
        (1..=3).find_map(|depth| {
            by(&|module: usize| {
                let rest = book.short(first(module));
                let folders: Vec<&str> = rest.split('/').collect();
                folders
                    .iter()
                    .take(depth.min(folders.len().saturating_sub(1)))
                    .copied()
                    .collect::<Vec<_>>()
                    .join("/")
            })
        })
    })
}

/// What stands beside all folders and packages, by the name of the repository.
fn root_name(book: &Book<'_>) -> String {
    format!("{}/", book.survey.kb.meta().name)
}

fn parts_picture(
    book: &Book<'_>,
    writer: &mut Writer,
    arrows: &ModuleArrows,
    parts: &[(String, Vec<usize>)],
) {
    let part_of: BTreeMap<usize, usize> = parts
        .iter()
        .enumerate()
        .flat_map(|(part, (_, members))| members.iter().map(move |module| (*module, part)))
        .collect();
    let mut between = Arrows::new();
    let mut uses: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (from, nexts) in &arrows.load {
        for to in nexts {
            if let (Some(part), Some(other)) = (part_of.get(from), part_of.get(to))
                && part != other
            {
                between.entry(*part).or_default().insert(*other);
                *uses.entry((*part, *other)).or_default() += arrows.weight(*from, *to);
            }
        }
    }
    let mut chart = Flowchart::default();
    for (part, (name, members)) in parts.iter().enumerate() {
        let root = root_name(book);
        let shown = if name.is_empty() { root.as_str() } else { name };
        let text = if members.len() > 1 {
            format!("{shown} ({})", book.count(members.len(), Key::NounModule))
        } else {
            shown.to_owned()
        };
        chart.node(&part.to_string(), &text, None);
    }
    let reduced = reduced(parts.len(), &between);
    let strength = |from: usize, to: usize| uses.get(&(from, to)).copied().unwrap_or(0);
    let (shown, all) = strongest(&reduced, strength);
    for (from, to) in &shown {
        chart.edge(&from.to_string(), &to.to_string(), false);
    }
    if !chart.has_edges() {
        return;
    }
    writer.fenced("mermaid", &chart.source());
    let modules = page_link(&book.word(Key::TitleModules), MODULES);
    let mut note = format!("{} {}", book.say(Key::PartsNote, &[&modules]), book.word(Key::DiagramNote));
    note.push_str(&arrows_cut(book, shown.len(), all));
    writer.paragraph(&note);
}

/// The arrows that a picture shows, and how many there are: more than so many are a tangle that nobody reads.
fn strongest(arrows: &Arrows, strength: impl Fn(usize, usize) -> usize) -> (Vec<(usize, usize)>, usize) {
    let mut all: Vec<(usize, usize)> =
        arrows.iter().flat_map(|(from, nexts)| nexts.iter().map(|to| (*from, *to))).collect();
    let number = all.len();
    all.sort_by_key(|(from, to)| (std::cmp::Reverse(strength(*from, *to)), *from, *to));
    all.truncate(MOST_ARROWS);
    all.sort_unstable();
    (all, number)
}

fn arrows_cut(book: &Book<'_>, shown: usize, all: usize) -> String {
    match all > shown {
        true => format!(" {}", book.say(Key::ArrowsCut, &[&shown.to_string(), &all.to_string()])),
        false => String::new(),
    }
}

/// The heaviest of some modules with their arrows; nothing when none imports another.
fn picture(book: &Book<'_>, writer: &mut Writer, arrows: &ModuleArrows, members: &[usize], most: usize) {
    let survey = book.survey;
    let among: BTreeSet<usize> = members.iter().copied().collect();
    let within = |arrows: &Arrows, shown: &BTreeSet<usize>| -> Arrows {
        arrows
            .iter()
            .filter(|(from, _)| shown.contains(from))
            .map(|(from, to)| (*from, to.iter().copied().filter(|to| shown.contains(to)).collect()))
            .collect()
    };
    let (all_load, all_later) = (within(&arrows.load, &among), within(&arrows.later, &among));
    let touches = |arrows: &Arrows, module: usize| {
        arrows.iter().any(|(from, to)| (*from == module && !to.is_empty()) || to.contains(&module))
    };
    let connected: Vec<usize> = members
        .iter()
        .copied()
        .filter(|module| touches(&all_load, *module) || touches(&all_later, *module))
        .collect();
    let shown: BTreeSet<usize> = connected.iter().copied().take(most).collect();
    let load = within(&arrows.load, &shown);
    let later = within(&arrows.later, &shown);
    let mut chart = Flowchart::default();
    for number in &shown {
        if let Some(module) = survey.modules.get(*number) {
            chart.node(&number.to_string(), &module.name, None);
        }
    }
    let (arrows_shown, all_arrows) =
        strongest(&reduced(survey.modules.len(), &load), |from, to| arrows.weight(from, to));
    for (from, to) in &arrows_shown {
        chart.edge(&from.to_string(), &to.to_string(), false);
    }
    // Later imports matter in a picture only where nothing else joins the two modules.
    let few = later.values().map(BTreeSet::len).sum::<usize>() <= 12;
    let joined = |a: usize, b: usize| load.get(&a).is_some_and(|set| set.contains(&b));
    let mut dotted = false;
    for (from, nexts) in later.iter().filter(|_| few) {
        for to in nexts.iter().filter(|to| !joined(*from, **to) && !joined(**to, *from)) {
            chart.edge(&from.to_string(), &to.to_string(), true);
            dotted = true;
        }
    }
    if chart.len() < 2 || !chart.has_edges() {
        return;
    }
    writer.fenced("mermaid", &chart.source());
    let mut note = book.word(Key::DiagramNote);
    if dotted {
        note.push(' ');
        note.push_str(&book.word(Key::Dotted));
    }
    note.push_str(&arrows_cut(book, arrows_shown.len(), all_arrows));
    if connected.len() > shown.len() {
        note.push(' ');
        note.push_str(&book.say(Key::DiagramCut, &[&shown.len().to_string(), &connected.len().to_string()]));
    }
    writer.paragraph(&note);
}

fn layer_table(book: &Book<'_>, writer: &mut Writer, arrows: &ModuleArrows) {
    let count = book.survey.modules.len();
    let layer_of = layers(count, &arrows.load);
    let highest = layer_of.iter().copied().max().unwrap_or(0);
    if highest < 1 {
        return;
    }
    let in_circle: BTreeSet<usize> = circles(count, &arrows.load).into_iter().flatten().collect();
    writer.heading(2, &book.word(Key::HeadLayers));
    writer.paragraph(&book.word(Key::LayersIntro));
    let rows: Vec<Vec<String>> = (0..=highest)
        .rev()
        .map(|layer| {
            let members: Vec<String> = (0..count)
                .filter(|module| layer_of.get(*module) == Some(&layer))
                .map(|module| {
                    let mark = if in_circle.contains(&module) { " ↻" } else { "" };
                    format!("{}{mark}", book.module(module))
                })
                .collect();
            vec![layer.to_string(), members.join(", ")]
        })
        .collect();
    writer.table(&[&book.word(Key::ColLayer), &book.word(Key::TitleModules)], &rows);
}

/// The circles in one sentence, for the overview.
pub(super) fn circles_sentence(book: &Book<'_>, arrows: &ModuleArrows) -> String {
    let found = circles(book.survey.modules.len(), &arrows.load);
    match found.as_slice() {
        [] if arrows.load.is_empty() => String::new(),
        [] => book.word(Key::CircleNone),
        [only] => {
            format!("{}{}{}", book.word(Key::CircleOne), circle(book, only, arrows), book.word(Key::Stop))
        }
        many => {
            let number = book.count(many.len(), Key::NounCircle);
            let link = page_link(&book.word(Key::TitleArchitecture), ARCHITECTURE);
            format!("{} {link}", book.say(Key::CircleMany, &[&number]))
        }
    }
}

fn circle_list(book: &Book<'_>, writer: &mut Writer, arrows: &ModuleArrows) {
    let found = circles(book.survey.modules.len(), &arrows.load);
    let pairs = lazy_pairs(book, arrows);
    if arrows.load.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadCircles));
    match found.as_slice() {
        [] => writer.paragraph(&book.word(Key::CircleNone)),
        [only] => writer.paragraph(&format!(
            "{}{}{}",
            book.word(Key::CircleOne),
            circle(book, only, arrows),
            book.word(Key::Stop)
        )),
        many => {
            writer.paragraph(&book.say(Key::CircleMany, &[&book.count(many.len(), Key::NounCircle)]));
            let items: Vec<String> =
                many.iter().take(MOST_CIRCLES).map(|set| circle(book, set, arrows)).collect();
            writer.list(&items);
        }
    }
    if !pairs.is_empty() {
        writer.paragraph(&book.say(Key::CircleLazy, &[&pairs.join(", ")]));
    }
}

/// One circle with its importing lines.
fn circle(book: &Book<'_>, set: &[usize], arrows: &ModuleArrows) -> String {
    let way = way_round(set, &arrows.load);
    let steps: Vec<String> = way
        .iter()
        .zip(way.iter().cycle().skip(1))
        .map(|(from, to)| {
            let place = arrows
                .links
                .get(&(*from, *to))
                .and_then(|links| links.iter().find(|link| link.time == ImportTime::Load));
            let place =
                place.map_or_else(String::new, |link| format!(" ({})", book.line(link.from, link.line)));
            format!("{}{place}", book.say(Key::CircleStep, &[&book.module(*from), &book.module(*to)]))
        })
        .collect();
    let steps = steps.join(", ");
    if set.len() > way.len() {
        format!("{} {steps}", book.say(Key::CircleOf, &[&book.count(set.len(), Key::NounModule)]))
    } else {
        steps
    }
}

/// Modules that depend on each other only when later imports are counted.
fn lazy_pairs(book: &Book<'_>, arrows: &ModuleArrows) -> Vec<String> {
    let mut found = Vec::new();
    let has = |set: &Arrows, from: usize, to: usize| set.get(&from).is_some_and(|nexts| nexts.contains(&to));
    for (from, nexts) in &arrows.later {
        for to in nexts {
            let back_at_load = has(&arrows.load, *to, *from);
            let back_later = has(&arrows.later, *to, *from);
            // A pair of which both sides are late is named once.
            if !(back_at_load || (back_later && from < to)) {
                continue;
            }
            let Some(link) = arrows.links.get(&(*from, *to)).and_then(|links| links.first()) else {
                continue;
            };
            found.push(book.say(
                Key::LazyPair,
                &[&book.module(*from), &book.module(*to), &book.line(link.from, link.line)],
            ));
        }
    }
    let more = found.len().saturating_sub(MOST_PAIRS);
    found.truncate(MOST_PAIRS);
    if more > 0 {
        found.push(book.say(Key::More, &[&more.to_string()]));
    }
    found
}

/// Files that most others import, with the names that these use most.
fn most_used(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let source: Vec<usize> = (0..survey.files.len()).filter(|at| survey.is_source(*at)).collect();
    let mut counted: Vec<(usize, usize)> = source
        .iter()
        .map(|at| (importers(book, *at, ImportTime::Load), *at))
        .filter(|(users, _)| *users >= 2)
        .collect();
    counted.sort_by_key(|(users, at)| (std::cmp::Reverse(*users), *at));
    counted.truncate(MOST_FILES);
    if counted.is_empty() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadMostUsed));
    let rows: Vec<Vec<String>> = counted
        .into_iter()
        .map(|(users, at)| {
            let mut names: Vec<(usize, _)> = book
                .top_level(at)
                .into_iter()
                .map(|symbol| (survey.users(symbol), symbol))
                .filter(|(users, _)| *users > 0)
                .collect();
            names.sort_by_key(|(users, symbol)| (std::cmp::Reverse(*users), *symbol));
            let names: Vec<String> = names
                .iter()
                .take(4)
                .map(|(users, symbol)| format!("{} ({users})", book.symbol(*symbol)))
                .collect();
            let mut why: Vec<String> = Vec::new();
            if let Some(summary) = survey.summary(at) {
                why.push(super::super::markdown::prose(&summary));
            }
            if !names.is_empty() {
                why.push(book.say(Key::NamesUsed, &[&names.join(", ")]));
            }
            vec![book.file(at), users.to_string(), why.join(" ")]
        })
        .collect();
    writer.table(&[&book.word(Key::ColFile), &book.word(Key::ColImportedBy), &book.word(Key::ColWhy)], &rows);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_shows_the_strongest_arrows() {
        let arrows: Arrows = (0..60).map(|from| (from, BTreeSet::from([60]))).collect();
        let (shown, all) = strongest(&arrows, |from, _| from);
        assert_eq!((shown.len(), all), (MOST_ARROWS, 60));
        assert_eq!(shown.first(), Some(&(60 - MOST_ARROWS, 60)), "the weakest are left out");
    }
}
