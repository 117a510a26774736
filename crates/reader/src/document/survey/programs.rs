//! Packages and programs: which package holds a file, the commands that packages declare, and those that follow from
//! where files lie.

use std::cmp::Reverse;

use super::Survey;
use crate::document::manifest::{Ecosystem, Entry, EntryKind, Manifest};

impl Survey<'_> {
    /// Commands that the repository installs: those that the README calls first, the most often called before
    /// others, then in the order of the manifests.
    pub(crate) fn commands(&self) -> Vec<(&Entry, &Manifest)> {
        let mut found: Vec<(&Entry, &Manifest)> = self.entries_of_kind(EntryKind::Command).collect();
        found.sort_by_key(|(entry, _)| Reverse(self.called_in_readme(&entry.name)));
        found
    }

    /// The nearest package that has a name and holds a file.
    pub(crate) fn package_of(&self, path: &str) -> Option<&Manifest> {
        let packages =
            self.manifests.iter().filter(|manifest| manifest.is_package() && manifest.name.is_some());
        let holding = packages.filter(|manifest| {
            let folder = manifest.folder();
            folder.is_empty() || path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'))
        });
        holding.max_by_key(|manifest| manifest.folder().len())
    }

    /// How many shell lines of the README call a program.
    fn called_in_readme(&self, name: &str) -> usize {
        let lines = self.readme.iter().flat_map(|readme| &readme.sections).flat_map(|s| &s.commands);
        lines.filter(|line| line.value.split_whitespace().any(|word| word == name)).count()
    }

    /// Enters the programs of a manifest that says only in which folder they lie.
    pub(super) fn programs_in_folder(&self, manifest: &mut Manifest) {
        let Some(programs) = manifest.programs_in.clone() else { return };
        let folder = match manifest.folder() {
            "" => format!("{}/", programs.value),
            outer => format!("{outer}/{}/", programs.value),
        };
        for (path, _) in
            self.position.range(folder.clone()..).take_while(|(path, _)| path.starts_with(&folder))
        {
            let name = path.get(folder.len()..).unwrap_or_default();
            if !name.contains('/') && !name.starts_with('.') {
                let target = format!("{}/{name}", programs.value);
                manifest.enter_default(EntryKind::Command, name, &target, programs.lines);
            }
        }
    }

    /// Enters the programs that Cargo finds by their place: `src/main.rs`, `src/bin/x.rs` and `src/bin/x/main.rs`.
    pub(super) fn programs_by_place(&self, manifest: &mut Manifest) {
        if manifest.ecosystem != Ecosystem::Cargo {
            return;
        }
        let Some(package) = manifest.name.clone() else { return };
        let folder = match manifest.folder() {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let mut placed: Vec<(String, String)> = Vec::new();
        if self.at(&format!("{folder}src/main.rs")).is_some() {
            placed.push((package.value.clone(), "src/main.rs".to_owned()));
        }
        let bin = format!("{folder}src/bin/");
        for (path, _) in self.position.range(bin.clone()..).take_while(|(path, _)| path.starts_with(&bin)) {
            let rest = path.get(bin.len()..).unwrap_or_default();
            let name = rest.strip_suffix("/main.rs").or_else(|| rest.strip_suffix(".rs"));
            if let Some(name) = name.filter(|name| !name.contains('/')) {
                placed.push((name.to_owned(), format!("src/bin/{rest}")));
            }
        }
        let declared: Vec<(String, Option<usize>)> = manifest
            .entries
            .iter()
            .filter(|entry| entry.kind == EntryKind::Command)
            .map(|entry| (entry.name.clone(), self.target_file(entry, manifest)))
            .collect();
        for (name, target) in placed {
            let at = self.at(&format!("{folder}{target}"));
            if !declared.iter().any(|(known, file)| *known == name || (file.is_some() && *file == at)) {
                manifest.enter_default(EntryKind::Command, &name, &target, package.lines);
            }
        }
    }
}
