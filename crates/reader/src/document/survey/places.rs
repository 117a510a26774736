//! Where things stand: what manifests point at, documentation within a file, tests of a module.

use std::collections::BTreeSet;

use super::{Survey, SymbolAt, is_door};
use crate::document::manifest::{Ecosystem, Entry, EntryKind, Manifest};
use crate::domain::LineRange;

impl Survey<'_> {
    /// Entries of one kind that packages of the repository declare.
    pub(crate) fn entries_of_kind(&self, kind: EntryKind) -> impl Iterator<Item = (&Entry, &Manifest)> {
        self.manifests.iter().flat_map(move |manifest| {
            manifest
                .entries
                .iter()
                .filter(move |entry| entry.kind == kind)
                .map(move |entry| (entry, manifest))
        })
    }

    /// The file that an entry stands for.
    pub(crate) fn target_file(&self, entry: &Entry, manifest: &Manifest) -> Option<usize> {
        self.named_file(entry, manifest).map(|at| self.source_of(at)).filter(|at| self.is_code(*at))
    }

    fn named_file(&self, entry: &Entry, manifest: &Manifest) -> Option<usize> {
        let target = entry.target.as_deref();
        let join = |path: &str| {
            let path = path.trim_start_matches("./");
            if manifest.folder().is_empty() {
                path.to_owned()
            } else {
                format!("{}/{path}", manifest.folder())
            }
        };
        match manifest.ecosystem {
            Ecosystem::Python => {
                let module = target?.split(':').next()?.trim().replace('.', "/");
                ["", "src/", "lib/"].iter().find_map(|root| {
                    [
                        format!("{root}{module}.py"),
                        format!("{root}{module}/__init__.py"),
                        format!("{root}{module}/__main__.py"),
                    ]
                    .iter()
                    .find_map(|path| self.at(&join(path)))
                })
            }
            Ecosystem::Cargo => match target {
                Some(path) => self.at(&join(path)),
                None => [
                    format!("src/bin/{}.rs", entry.name),
                    format!("src/bin/{}/main.rs", entry.name),
                    "src/main.rs".to_owned(),
                ]
                .iter()
                .find_map(|path| self.at(&join(path))),
            },
            Ecosystem::Swift => {
                [format!("Sources/{0}/main.swift", entry.name), format!("Sources/{0}/{0}.swift", entry.name)]
                    .iter()
                    .find_map(|path| self.at(&join(path)))
            }
            Ecosystem::Node => {
                let path = join(target?);
                ["", ".js", ".ts", ".mjs", ".cjs", "/index.js", "/index.ts"]
                    .iter()
                    .find_map(|end| self.at(&format!("{path}{end}")))
            }
            _ => target.and_then(|path| self.at(&join(path))),
        }
    }

    /// The function that an entry stands for.
    pub(crate) fn target_symbol(&self, entry: &Entry, manifest: &Manifest) -> Option<SymbolAt> {
        let file = self.target_file(entry, manifest)?;
        let facts = self.files.get(file)?;
        let named =
            entry.target.as_deref().and_then(|target| target.split_once(':')).map(|(_, name)| name.trim());
        let wanted = |name: &str| facts.symbols.iter().position(|symbol| symbol.qualified_name() == name);
        let symbol = named
            .and_then(wanted)
            .or_else(|| wanted("main"))
            .or_else(|| facts.entry_points.iter().find_map(|entry| wanted(&entry.name)))?;
        Some(SymbolAt { file, symbol })
    }

    /// The lines of a file on which its own documentation starts, as far as `words` go.
    pub(crate) fn doc_lines(&self, at: usize, words: &str) -> LineRange {
        let whole = LineRange { start_line: 1, end_line: 1 };
        let Some(text) = self.kb.source(self.path(at)).ok().flatten() else { return whole };
        find_words(&text, words).unwrap_or(whole)
    }

    /// Test files that import files of a module or are named after it, the closest first.
    pub(crate) fn tests_of(&self, module: usize) -> Vec<(usize, Option<u32>)> {
        let Some(module) = self.modules.get(module) else { return Vec::new() };
        let mut found: Vec<(usize, Option<u32>)> = Vec::new();
        let mut seen = BTreeSet::new();
        let stems: BTreeSet<String> =
            module.files.iter().map(|at| stem(self.path(*at))).filter(|stem| stem.len() > 2).collect();
        let named: Vec<usize> = (0..self.files.len())
            .filter(|at| self.is_test(*at))
            .filter(|at| test_subject(self.path(*at)).is_some_and(|subject| stems.contains(&subject)))
            .collect();
        let alone = module.files.len() == 1 || named.len() <= 3;
        if alone {
            for at in named {
                seen.insert(at);
                found.push((at, None));
            }
        }
        let mut importing: Vec<(usize, u32)> = Vec::new();
        for &file in &module.files {
            // A package's door is imported by every test and says nothing of the module.
            if is_door(self.path(file)) && module.files.len() == 1 {
                continue;
            }
            importing.extend(
                self.imported_by(file)
                    .filter(|link| self.is_test(link.from))
                    .map(|link| (link.from, link.line)),
            );
        }
        importing.sort_unstable();
        for (at, line) in importing {
            if seen.insert(at) {
                found.push((at, Some(line)));
            }
        }
        found
    }
}

/// The name without folders and extensions; the folder's for a door.
fn stem(path: &str) -> String {
    let path = if is_door(path) { path.rsplit_once('/').map_or(path, |(folder, _)| folder) } else { path };
    let name = path.rsplit('/').next().unwrap_or(path);
    name.split('.').next().unwrap_or(name).trim_matches('_').to_lowercase()
}

/// What a test file is named after: `parser` for `test_parser.py`, `parser_test.go`, `parser.spec.ts`, `ParserTest.java`.
fn test_subject(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    let lower = stem.to_lowercase();
    let subject = lower
        .strip_prefix("test_")
        .or_else(|| lower.strip_suffix("_test"))
        .or_else(|| lower.strip_suffix("_spec"))
        .or_else(|| lower.strip_suffix("tests"))
        .or_else(|| lower.strip_suffix("test"))
        .unwrap_or(&lower);
    (!subject.is_empty()).then(|| subject.trim_matches('_').to_owned())
}

/// The lines of `text` that hold the first words of a passage, to about where it ends.
fn find_words(text: &str, words: &str) -> Option<LineRange> {
    let wanted: Vec<&str> = words.split_whitespace().collect();
    let first: String = wanted.iter().take(4).copied().collect::<Vec<_>>().join(" ");
    let (at, line) = text.lines().enumerate().take(2_000).find(|(_, line)| {
        let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
        line.contains(&first)
            || (line.len() > 8
                && first.starts_with(line.trim_start_matches(['/', '*', '#', '!', ' ', '"']))
                && line.contains(wanted.first().copied().unwrap_or("\0")))
    })?;
    let mut left = words.len().saturating_sub(line.trim().len());
    let mut end = at;
    for line in text.lines().skip(at + 1).take(12) {
        if left < 3 || line.trim().is_empty() {
            break;
        }
        left = left.saturating_sub(line.trim().len());
        end += 1;
    }
    let number = |at: usize| u32::try_from(at + 1).unwrap_or(u32::MAX);
    Some(LineRange { start_line: number(at), end_line: number(end) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_of_documentation_are_found() {
        let text = "# licence\n\"\"\"Reads a file\nand tells its\nwords.\n\nMore.\n\"\"\"\n";
        let lines = find_words(text, "Reads a file and tells its words.");
        assert_eq!(lines, Some(LineRange { start_line: 2, end_line: 4 }));
        assert_eq!(find_words(text, "Nothing of this"), None);
    }

    #[test]
    fn tests_are_named_after_what_they_test() {
        for path in [
            "tests/test_parser.py",
            "a/parser_test.go",
            "src/parser.spec.ts",
            "x/ParserTest.java",
            "spec/parser_spec.rb",
            "test/parser.js",
        ] {
            assert_eq!(test_subject(path).as_deref(), Some("parser"), "{path}");
        }
        assert_eq!(stem("src/parser/__init__.py"), "parser");
    }
}
