//! Which source files are the project's own, and which were copied in or built.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::Language;
use crate::facts::FileFacts;

/// Folders that hold code of others wherever they stand, and those that do at the top.
const FOREIGN: &[&str] = &["third_party", "third-party", "thirdparty", "3rdparty", "3rd_party", "vendored"];
const FOREIGN_AT_TOP: &[&str] = &["deps", "vendor", "extern"];
/// Folders into which TypeScript is built.
const BUILT: &[&str] = &["dist", "lib", "build", "esm", "cjs", "out", "umd"];

/// Files that are not what a reader of the project should look at.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Code of others, by the folder that holds it.
    pub(super) foreign: BTreeMap<String, Vec<usize>>,
    /// Built files with the source that they were built from.
    pub(super) built: BTreeMap<usize, usize>,
}

impl Apart {
    pub(super) fn new(files: &[FileFacts], position: &BTreeMap<String, usize>) -> Self {
        let mut apart = Self::default();
        let mut own = 0;
        for (at, facts) in files.iter().enumerate() {
            let code = facts.file.skipped.is_none() && facts.file.language.is_some_and(Language::is_code);
            if !code {
                continue;
            }
            if let Some(folder) = foreign_folder(&facts.file.path) {
                apart.foreign.entry(folder).or_default().push(at);
            } else if let Some(source) = built_from(&facts.file.path, facts.file.language, position) {
                apart.built.insert(at, source);
            } else {
                own += 1;
            }
        }
        // A repository that is nothing but such a folder is read as it is.
        if own == 0 {
            apart.foreign.clear();
        }
        apart
    }

    /// The files, to ask whether one of them is meant.
    pub(super) fn files(&self) -> BTreeSet<usize> {
        self.foreign.values().flatten().copied().chain(self.built.keys().copied()).collect()
    }
}

fn foreign_folder(path: &str) -> Option<String> {
    let folders: Vec<&str> = path.split('/').collect();
    let (_, folders) = folders.split_last()?;
    let found = folders.iter().enumerate().find(|(depth, folder)| {
        let lower = folder.to_ascii_lowercase();
        FOREIGN.contains(&lower.as_str()) || (*depth == 0 && FOREIGN_AT_TOP.contains(&lower.as_str()))
    })?;
    folders.get(..=found.0).map(|folders| folders.join("/"))
}

/// The TypeScript source of a JavaScript or declaration file: `src/x/y.ts` of `x/y.cjs` or `dist/x/y.d.ts`.
fn built_from(path: &str, language: Option<Language>, position: &BTreeMap<String, usize>) -> Option<usize> {
    let declares = [".d.ts", ".d.cts", ".d.mts"].iter().find_map(|end| path.strip_suffix(end));
    let stem = match declares {
        Some(stem) => stem,
        None if language == Some(Language::JavaScript) => path.rsplit_once('.')?.0,
        None => return None,
    };
    let (first, rest) = stem.split_once('/').unwrap_or(("", stem));
    let inner = if BUILT.contains(&first) { rest } else { stem };
    [".ts", ".tsx", ".mts"].iter().find_map(|end| position.get(&format!("src/{inner}{end}")).copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copied_and_built_files_are_told_from_own_ones() {
        assert_eq!(foreign_folder("deps/lua/src/x.c").as_deref(), Some("deps"));
        assert_eq!(foreign_folder("src/third_party/x/y.c").as_deref(), Some("src/third_party"));
        assert_eq!(foreign_folder("src/deps/x.c"), None);
        assert_eq!(foreign_folder("vendor"), None);
        let position = BTreeMap::from([("src/v4/core.ts".to_owned(), 7)]);
        let js = Some(Language::JavaScript);
        assert_eq!(built_from("v4/core.cjs", js, &position), Some(7));
        assert_eq!(built_from("dist/v4/core.d.ts", Some(Language::TypeScript), &position), Some(7));
        assert_eq!(built_from("v4/other.js", js, &position), None);
        assert_eq!(built_from("src/v4/core.ts", Some(Language::TypeScript), &position), None);
    }
}
