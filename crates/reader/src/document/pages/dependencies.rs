//! Packages of others: which are needed, for what, and where they are used.

use std::collections::{BTreeMap, BTreeSet};

use super::super::manifest::{Dependency, Ecosystem, Manifest, Need};
use super::super::markdown::{Writer, code};
use super::super::text::Key;
use super::book::Book;
use super::size;
use crate::domain::{Language, LineRange};

const MOST_DEPENDENCIES: usize = 20;

/// A dependency as a row: how needed and how much used, its name, its cells.
type DependencyRow = ((Need, std::cmp::Reverse<usize>), String, Vec<String>);

/// What of others the manifests name, the most used first, with where it is used.
pub(super) fn outside(book: &Book<'_>, writer: &mut Writer) {
    let survey = book.survey;
    let packages: Vec<&Manifest> = survey
        .manifests
        .iter()
        .filter(|manifest| manifest.is_package() || manifest.ecosystem == Ecosystem::Requirements)
        .collect();
    let own: BTreeSet<String> =
        survey.manifests.iter().filter_map(|manifest| Some(normal(&manifest.name.as_ref()?.value))).collect();
    let versions: BTreeMap<String, &str> = packages
        .iter()
        .flat_map(|manifest| &manifest.catalogue)
        .filter_map(|dependency| Some((normal(&dependency.name), dependency.requirement.as_deref()?)))
        .collect();
    // Of several declarations the one that is needed most counts: runtime before development.
    let mut declared: Vec<(&Manifest, &Dependency)> = packages
        .iter()
        .flat_map(|manifest| manifest.dependencies.iter().map(move |dependency| (*manifest, dependency)))
        .collect();
    declared.sort_by_key(|(_, dependency)| dependency.need);
    let mut names: BTreeSet<String> = BTreeSet::new();
    let mut rows: Vec<DependencyRow> = Vec::new();
    // Those to develop, by manifest, with the lines from the first to the last.
    let mut dev: Vec<(&str, Vec<&str>, LineRange)> = Vec::new();
    for (manifest, dependency) in declared {
        let key = normal(&dependency.name);
        if own.contains(&key) || !names.insert(key.clone()) {
            continue;
        }
        if dependency.need == Need::Dev {
            match dev.iter_mut().find(|(path, ..)| *path == manifest.path) {
                Some((_, names, lines)) => {
                    names.push(&dependency.name);
                    lines.start_line = lines.start_line.min(dependency.lines.start_line);
                    lines.end_line = lines.end_line.max(dependency.lines.end_line);
                }
                None => dev.push((&manifest.path, vec![&dependency.name], dependency.lines)),
            }
            continue;
        }
        let version = dependency.requirement.as_deref().or_else(|| versions.get(&key).copied());
        let (used, places, tests) = used_in(book, manifest.ecosystem, &dependency.name);
        let need = match dependency.need {
            // Go's manifest does not tell what only tests need.
            Need::Runtime if manifest.ecosystem == Ecosystem::Go && used == 0 && tests > 0 => Key::NeedDev,
            Need::Runtime => Key::NeedRuntime,
            Need::Optional => Key::NeedOptional,
            Need::Build => Key::NeedBuild,
            Need::Dev => Key::NeedDev,
        };
        let name = format!("{} ({})", code(&dependency.name), book.place(&manifest.path, dependency.lines));
        let cells = vec![name, version.map_or_else(String::new, code), book.word(need), places];
        rows.push(((dependency.need, std::cmp::Reverse(used)), key, cells));
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let none = size::main_manifest(survey)
        .filter(|_| !rows.iter().any(|((need, _), ..)| *need == Need::Runtime))
        .and_then(|manifest| Some((manifest, manifest.dependency_lines?)));
    if rows.is_empty() && dev.is_empty() && none.is_none() {
        return;
    }
    writer.heading(2, &book.word(Key::HeadOutside));
    if let Some((manifest, lines)) = none {
        let key = if rows.is_empty() { Key::NoneAtAll } else { Key::NoDependencies };
        writer.paragraph(&book.say(key, &[&book.place(&manifest.path, lines)]));
    }
    let more = rows.len().saturating_sub(MOST_DEPENDENCIES);
    let mut table: Vec<Vec<String>> =
        rows.into_iter().take(MOST_DEPENDENCIES).map(|(_, _, cells)| cells).collect();
    if more > 0 {
        table.push(vec![book.say(Key::More, &[&more.to_string()])]);
    }
    let header = [Key::ColPackage, Key::ColVersion, Key::ColNeed, Key::ColUsedIn].map(|key| book.word(key));
    writer.table(&header.each_ref().map(String::as_str), &table);
    let shown: Vec<String> = dev
        .iter()
        .take(4)
        .map(|(path, names, lines)| {
            let mut shown: Vec<String> = names.iter().take(10).map(|name| code(name)).collect();
            if names.len() > 10 {
                shown.push(book.say(Key::More, &[&(names.len() - 10).to_string()]));
            }
            format!("{} ({})", shown.join(", "), book.place(path, *lines))
        })
        .collect();
    if !shown.is_empty() {
        writer.paragraph(&book.say(Key::OutsideDev, &[&shown.join("; ")]));
    }
}

fn normal(name: &str) -> String {
    name.to_lowercase().replace(['_', '.'], "-")
}

/// Whether a manifest names a package of others.
pub(super) fn is_named(book: &Book<'_>, package: &str) -> bool {
    let key = normal(package);
    book.survey
        .manifests
        .iter()
        .flat_map(|manifest| &manifest.dependencies)
        .any(|dependency| normal(&dependency.name) == key)
}

/// In how many source files a package is imported, the first places there, and in how many tests.
fn used_in(book: &Book<'_>, ecosystem: Ecosystem, name: &str) -> (usize, String, usize) {
    let survey = book.survey;
    let key = normal(name);
    let mut places: Vec<(usize, u32)> = survey
        .outside
        .iter()
        .flat_map(|outside| {
            let same = normal(&outside.package) == key;
            outside.imports.iter().filter(move |import| same || is_part(ecosystem, &import.module, name))
        })
        .filter_map(|import| Some((survey.at(&import.path)?, import.line)))
        .filter(|(at, _)| survey.files[*at].file.language.is_none_or(|language| takes(language, ecosystem)))
        .collect();
    let tests: BTreeSet<usize> = places.iter().map(|(at, _)| *at).filter(|at| survey.is_test(*at)).collect();
    places.retain(|(at, _)| survey.is_source(*at));
    places.sort_unstable();
    places.dedup_by_key(|(at, _)| *at);
    let mut shown: Vec<String> = places.iter().take(2).map(|(at, line)| book.line(*at, *line)).collect();
    if places.len() > 2 {
        shown.push(book.say(Key::More, &[&(places.len() - 2).to_string()]));
    }
    (places.len(), shown.join(", "), tests.len())
}

/// Whether a language imports packages of an ecosystem: `#include <react/renderer.h>` is no package of npm.
pub(super) fn takes(language: Language, ecosystem: Ecosystem) -> bool {
    use Language::{Go, Java, JavaScript, Kotlin, Php, Python, Ruby, Rust, Scala, Tsx, TypeScript};
    match ecosystem {
        Ecosystem::Python | Ecosystem::Requirements => language == Python,
        Ecosystem::Node => matches!(language, JavaScript | TypeScript | Tsx),
        Ecosystem::Cargo => language == Rust,
        Ecosystem::Go => language == Go,
        Ecosystem::Maven | Ecosystem::Gradle | Ecosystem::Sbt => matches!(language, Java | Kotlin | Scala),
        Ecosystem::Composer => language == Php,
        Ecosystem::Ruby => language == Ruby,
        _ => true,
    }
}

/// Whether an imported module belongs to a package of a longer or differently written name.
fn is_part(ecosystem: Ecosystem, module: &str, package: &str) -> bool {
    let starts = |module: &str, package: &str| {
        module.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    match ecosystem {
        Ecosystem::Go => starts(module, package),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_are_imported_by_the_languages_of_their_ecosystem() {
        assert!(takes(Language::Tsx, Ecosystem::Node) && takes(Language::Kotlin, Ecosystem::Maven));
        assert!(!takes(Language::Cpp, Ecosystem::Node) && !takes(Language::Python, Ecosystem::Cargo));
    }

    #[test]
    fn modules_are_matched_with_the_packages_that_hold_them() {
        let go = Ecosystem::Go;
        assert!(is_part(go, "google.golang.org/protobuf/proto", "google.golang.org/protobuf"));
        assert!(is_part(go, "github.com/a/validator/v10", "github.com/a/validator/v10"));
        assert!(!is_part(go, "github.com/a/bc", "github.com/a/b"));
        assert!(!is_part(Ecosystem::Node, "a/b", "a"));
    }
}
