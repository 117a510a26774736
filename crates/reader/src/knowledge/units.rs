//! Files of one folder that belong together by their names: a source with its header or its stub, and many files whose
//! names begin with the same word.

use std::collections::BTreeMap;

use crate::domain::File;

/// Modules that a folder of very many files gives at most; what is left is one more.
const MAX_GROUPS: usize = 36;

/// A source file with what declares it.
pub(super) struct Unit<'f> {
    /// The source first.
    pub(super) files: Vec<&'f File>,
}

impl<'f> Unit<'f> {
    /// The path of its source.
    pub(super) fn path(&self) -> &'f str {
        self.files.first().map_or("", |file| file.path.as_str())
    }

    fn lines(&self) -> u64 {
        self.files.iter().map(|file| u64::from(file.lines)).sum()
    }
}

/// The endings of the sources that a file may only declare: `.py` for `a.pyi`, `.c` for `a.h`, `.js` for `a.d.ts`.
fn declared_by(path: &str) -> &'static [&'static str] {
    let name = path.rsplit('/').next().unwrap_or(path);
    if name.ends_with(".pyi") {
        &[".py"]
    } else if name.ends_with(".h") {
        &[".c", ".cc", ".cpp", ".cxx", ".m", ".mm"]
    } else if name.ends_with(".hh") || name.ends_with(".hpp") || name.ends_with(".hxx") {
        &[".cc", ".cpp", ".cxx"]
    } else if name.ends_with(".d.ts") {
        &[".js", ".mjs", ".cjs"]
    } else {
        &[]
    }
}

/// The sources that a file may declare, if they are there: `a.py` of `a.pyi`.
pub(crate) fn sources_of(path: &str) -> impl Iterator<Item = String> {
    let base = base(path).to_owned();
    declared_by(path).iter().map(move |ending| format!("{base}{ending}"))
}

/// The path without the ending by which [`declared_by`] knows it.
fn base(path: &str) -> &str {
    path.strip_suffix(".d.ts").unwrap_or_else(|| path.rsplit_once('.').map_or(path, |(base, _)| base))
}

/// Each file on its own, but for headers and stubs that stand beside their source.
pub(super) fn units<'f>(files: Vec<&'f File>) -> Vec<Unit<'f>> {
    let at: BTreeMap<&str, usize> =
        files.iter().enumerate().map(|(at, file)| (file.path.as_str(), at)).collect();
    let source_of = |file: &File| sources_of(&file.path).find_map(|source| at.get(source.as_str()).copied());
    let sources: Vec<Option<usize>> = files.iter().map(|file| source_of(file)).collect();
    let mut declarations: BTreeMap<usize, Vec<&'f File>> = BTreeMap::new();
    for (file, source) in files.iter().zip(&sources) {
        if let Some(source) = source {
            declarations.entry(*source).or_default().push(file);
        }
    }
    let mut units: Vec<Unit<'f>> = Vec::new();
    for (at, file) in files.iter().enumerate() {
        if sources[at].is_none() {
            let of_it = declarations.remove(&at).unwrap_or_default();
            units.push(Unit { files: std::iter::once(*file).chain(of_it).collect() });
        }
    }
    units
}

/// The files of one folder in groups: names that begin with the same word together, then the largest alone, and the rest
/// under the folder's own path.
pub(super) fn by_names<'f>(folder: &str, files: Vec<&'f File>) -> BTreeMap<String, Vec<&'f File>> {
    let mut by_word: BTreeMap<&str, Vec<Unit<'f>>> = BTreeMap::new();
    for unit in units(files) {
        by_word.entry(first_word(unit.path())).or_default().push(unit);
    }
    let mut groups: Vec<(String, u64, Vec<Unit<'f>>)> = Vec::new();
    for (word, units) in by_word {
        let lines = |units: &[Unit<'_>]| units.iter().map(Unit::lines).sum();
        if units.len() > 1 {
            let path = if folder.is_empty() { format!("{word}*") } else { format!("{folder}/{word}*") };
            groups.push((path, lines(&units), units));
        } else if let Some(unit) = units.first() {
            groups.push((unit.path().to_owned(), unit.lines(), units));
        }
    }
    groups.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    let mut apart: BTreeMap<String, Vec<&'f File>> = BTreeMap::new();
    for (number, (path, _, units)) in groups.into_iter().enumerate() {
        let path = if number < MAX_GROUPS { path } else { folder.to_owned() };
        apart.entry(path).or_default().extend(units.into_iter().flat_map(|unit| unit.files));
    }
    apart
}

/// `cluster` of `src/cluster_legacy.c`, `Http` of `HttpParser.java`.
fn first_word(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let mut before = ' ';
    for (at, c) in stem.char_indices() {
        let is_end = matches!(c, '_' | '-') || (before.is_lowercase() && c.is_uppercase());
        if at > 0 && is_end {
            return &stem[..at];
        }
        before = c;
    }
    if stem.is_empty() { name } else { stem }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file of which nothing else is known.
    pub(in crate::knowledge) fn file(path: &str, lines: u32) -> File {
        File {
            path: path.to_owned(),
            language: None,
            lines,
            bytes: 0,
            hash: String::new(),
            skipped: None,
            rank: 0.0,
            summary: None,
            imports: Vec::new(),
        }
    }

    fn paths(files: &[&File]) -> Vec<String> {
        files.iter().map(|file| file.path.clone()).collect()
    }

    #[test]
    fn headers_and_stubs_go_with_their_source() {
        let files = ["a/x.pyi", "a/x.py", "a/y.h", "a/y.cc", "a/z.h", "a/w.d.ts", "a/w.js", "b/x.py"]
            .map(|path| file(path, 1));
        let units = units(files.iter().collect());
        let found: Vec<Vec<String>> = units.iter().map(|unit| paths(&unit.files)).collect();
        assert_eq!(
            found,
            [
                vec!["a/x.py", "a/x.pyi"],
                vec!["a/y.cc", "a/y.h"],
                vec!["a/z.h"],
                vec!["a/w.js", "a/w.d.ts"],
                vec!["b/x.py"]
            ]
        );
    }

    #[test]
    fn files_of_a_flat_folder_are_joined_by_the_first_word_of_their_names() {
        let mut files: Vec<File> =
            ["src/cluster.c", "src/cluster.h", "src/cluster_legacy.c", "src/t_hash.c", "src/t_list.c"]
                .map(|path| file(path, 100))
                .to_vec();
        files.extend((0..60).map(|number| file(&format!("src/part{number}.c"), 10 + number)));
        let groups = by_names("src", files.iter().collect());
        assert_eq!(groups.len(), MAX_GROUPS + 1);
        assert_eq!(
            paths(&groups["src/cluster*"]),
            ["src/cluster.c", "src/cluster.h", "src/cluster_legacy.c"]
        );
        assert_eq!(paths(&groups["src/t*"]), ["src/t_hash.c", "src/t_list.c"]);
        assert_eq!(paths(&groups["src/part59.c"]), ["src/part59.c"]);
        assert!(paths(&groups["src"]).contains(&"src/part0.c".to_owned()));
        assert_eq!(groups.values().map(Vec::len).sum::<usize>(), files.len());
    }

    #[test]
    fn the_first_word_of_a_name_ends_where_the_next_begins() {
        for (path, word) in [("a/t_hash.c", "t"), ("HttpParser.java", "Http"), ("ae.c", "ae"), (".x", ".x")] {
            assert_eq!(first_word(path), word);
        }
    }
}
