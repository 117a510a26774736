//! Modules: the parts of the source that get a page each.
//!
//! The source is a tree of folders. Starting with the whole, the part with the most lines is opened
//! into its folders and files again and again, as long as no more than [`MOST_MODULES`] parts result:
//! a small package ends as one module per file, a large one as one per folder.

use std::collections::{BTreeMap, BTreeSet};

/// More modules than this are not told apart.
pub(crate) const MOST_MODULES: usize = 36;
/// A part with fewer lines is not opened.
const SMALL: u64 = 250;

/// A source file, as far as cutting into modules needs it.
pub(crate) struct Unit<'a> {
    pub(crate) path: &'a str,
    pub(crate) lines: u64,
}

/// A part of the source and the positions of its files in the input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    /// The folder, or the file's path when it is one file.
    pub(crate) path: String,
    /// Its files.
    pub(crate) files: Vec<usize>,
}

/// Cuts `units` into parts, sorted by path.
pub(crate) fn cut(units: &[Unit<'_>]) -> Vec<Part> {
    let mut parts = vec![Part { path: String::new(), files: (0..units.len()).collect() }];
    let mut closed: BTreeSet<String> = BTreeSet::new();
    loop {
        let lines = |part: &Part| {
            part.files.iter().filter_map(|at| units.get(*at)).map(|unit| unit.lines).sum::<u64>()
        };
        let widest = parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.files.len() > 1 && !closed.contains(&part.path))
            .filter(|(_, part)| part.path.is_empty() || lines(part) >= SMALL)
            .max_by(|(_, a), (_, b)| lines(a).cmp(&lines(b)).then_with(|| b.path.cmp(&a.path)))
            .map(|(at, _)| at);
        let Some(at) = widest else { break };
        let Some(part) = parts.get(at).cloned() else { break };
        let opened = open(&part, units);
        if opened.len() <= 1 {
            // One folder within: go down into it, or stop at a folder of one kind.
            match opened.into_iter().next() {
                Some(inner) if inner.path != part.path => parts[at] = inner,
                _ => drop(closed.insert(part.path)),
            }
        } else if parts.len() - 1 + opened.len() <= MOST_MODULES {
            parts.swap_remove(at);
            parts.extend(opened);
        } else {
            closed.insert(part.path);
        }
    }
    parts.retain(|part| !part.files.is_empty());
    parts.sort_by(|a, b| a.path.cmp(&b.path));
    parts
}

/// A part's folders and files; a file beside a folder of its own name (`x.rs`, `x/`) goes with the folder.
fn open(part: &Part, units: &[Unit<'_>]) -> Vec<Part> {
    let prefix = if part.path.is_empty() { String::new() } else { format!("{}/", part.path) };
    let mut folders: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut files: Vec<usize> = Vec::new();
    for &at in &part.files {
        let Some(unit) = units.get(at) else { continue };
        match unit.path.strip_prefix(&prefix).and_then(|rest| rest.split_once('/')) {
            Some((folder, _)) => folders.entry(folder.to_owned()).or_default().push(at),
            None => files.push(at),
        }
    }
    let mut parts: Vec<Part> = Vec::new();
    for at in files {
        let Some(unit) = units.get(at) else { continue };
        let name = unit.path.rsplit('/').next().unwrap_or(unit.path);
        let stem = name.split('.').next().unwrap_or(name);
        match folders.get_mut(stem) {
            Some(folder) => folder.push(at),
            None => parts.push(Part { path: unit.path.to_owned(), files: vec![at] }),
        }
    }
    for (folder, mut files) in folders {
        files.sort_unstable();
        let path = match files.as_slice() {
            [only] => units.get(*only).map_or_else(String::new, |unit| unit.path.to_owned()),
            _ => format!("{prefix}{folder}"),
        };
        parts.push(Part { path, files });
    }
    parts
}

/// Files that are the door of their folder.
pub(crate) fn is_door(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    matches!(stem, "__init__" | "index" | "mod" | "lib" | "main" | "package-info" | "__main__")
        || name == "doc.go"
}

/// Short, different names for the parts: folders that only hold source are left out, Python names get dots.
pub(crate) fn names(parts: &[Part], repository: &str) -> Vec<String> {
    let prefix = common_folder(parts);
    let mut names: Vec<String> = parts.iter().map(|part| name(&part.path, &prefix, repository)).collect();
    // Two parts of one name are told apart by their paths.
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for name in &names {
        *counts.entry(name.clone()).or_default() += 1;
    }
    for (name, part) in names.iter_mut().zip(parts) {
        if counts.get(name).is_some_and(|count| *count > 1) {
            *name = if part.path.is_empty() { repository.to_owned() } else { part.path.clone() };
        }
    }
    names
}

fn common_folder(parts: &[Part]) -> String {
    let mut common: Option<Vec<&str>> = None;
    for part in parts {
        let mut folders: Vec<&str> = part.path.split('/').collect();
        folders.pop();
        common = Some(match common {
            None => folders,
            Some(known) => known.iter().zip(&folders).take_while(|(a, b)| a == b).map(|(a, _)| *a).collect(),
        });
    }
    common.unwrap_or_default().join("/")
}

fn name(path: &str, prefix: &str, repository: &str) -> String {
    let rest = path.strip_prefix(prefix).unwrap_or(path).trim_start_matches('/');
    let is_python = path.ends_with(".py") || path.ends_with(".pyi");
    let mut words: Vec<&str> = rest
        .split('/')
        .filter(|word| !matches!(*word, "src" | "lib" | "source" | "main" | "java" | "kotlin"))
        .collect();
    let file = words.last().copied().unwrap_or("");
    let stem = match file.rsplit_once('.') {
        Some((stem, extension)) if extension.len() <= 5 && !stem.is_empty() => stem,
        _ => file,
    };
    words.pop();
    if is_door(path) && path.contains('.') && stem != "main" && stem != "__main__" {
        // The door carries the folder's name.
        if words.is_empty() {
            let folder = path.rsplit('/').nth(1).filter(|folder| !matches!(*folder, "src" | "lib"));
            return folder.map_or_else(|| repository.to_owned(), str::to_owned);
        }
    } else if !stem.is_empty() {
        words.push(stem);
    }
    let name = words.join(if is_python { "." } else { "/" });
    if name.is_empty() {
        path.rsplit('/').next().filter(|s| !s.is_empty()).unwrap_or(repository).to_owned()
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(files: &[(&str, u64)]) -> Vec<Part> {
        let units: Vec<Unit<'_>> = files.iter().map(|(path, lines)| Unit { path, lines: *lines }).collect();
        cut(&units)
    }

    #[test]
    fn a_small_package_is_one_module_per_file() {
        let parts = parts(&[
            ("src/click/__init__.py", 100),
            ("src/click/core.py", 3000),
            ("src/click/types.py", 900),
        ]);
        assert_eq!(names(&parts, "x"), ["click", "core", "types"]);
    }

    #[test]
    fn a_large_one_is_one_module_per_folder() {
        let files: Vec<(String, u64)> = (0..6)
            .flat_map(|folder| (0..20).map(move |file| (format!("crates/c{folder}/src/f{file}.rs"), 100)))
            .collect();
        let files: Vec<(&str, u64)> = files.iter().map(|(path, lines)| (path.as_str(), *lines)).collect();
        let parts = parts(&files);
        assert!(parts.len() <= MOST_MODULES);
        assert!(parts.iter().any(|part| part.files.len() == 20));
        let mut names = names(&parts, "x");
        names.dedup();
        assert_eq!(names.len(), parts.len());
    }

    #[test]
    fn a_file_goes_with_the_folder_of_its_name() {
        let parts = parts(&[
            ("src/lib.rs", 10),
            ("src/index.rs", 200),
            ("src/index/a.rs", 20),
            ("src/index/b.rs", 20),
        ]);
        assert_eq!(parts.len(), 2);
        assert_eq!(parts[0].files, [1, 2, 3]);
        assert_eq!(names(&parts, "thing"), ["index", "thing"]);
    }

    #[test]
    fn nothing_is_lost_and_nothing_is_doubled() {
        let files: Vec<(String, u64)> =
            (0..300).map(|at| (format!("a/b{}/c{}/f{at}.go", at % 7, at % 3), 400)).collect();
        let units: Vec<Unit<'_>> = files.iter().map(|(path, lines)| Unit { path, lines: *lines }).collect();
        let mut all: Vec<usize> = cut(&units).into_iter().flat_map(|part| part.files).collect();
        all.sort_unstable();
        assert_eq!(all, (0..300).collect::<Vec<_>>());
    }
}
