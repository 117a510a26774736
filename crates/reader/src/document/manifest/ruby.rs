//! Gemfile and *.gemspec, read line by line.

use super::text::{first_quoted, line, numbered, quoted};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn gemspec(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Ruby);
    let mut folder = "bin".to_owned();
    for (number, raw) in numbered(text) {
        let Some((_, rest)) =
            raw.trim().split_once('.').filter(|(object, _)| object.len() <= 12 && !object.contains(' '))
        else {
            continue;
        };
        let word_end = rest.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(rest.len());
        let (word, value) = rest.split_at(word_end);
        let fact = || first_quoted(value).map(|text| Fact { value: text.to_owned(), lines: line(number) });
        match word {
            "name" => manifest.name = manifest.name.take().or_else(fact),
            "version" => manifest.version = manifest.version.take().or_else(fact),
            "summary" => manifest.description = fact().or_else(|| manifest.description.take()),
            "description" => manifest.description = manifest.description.take().or_else(fact),
            "license" => manifest.license = fact(),
            "required_ruby_version" => {
                manifest.requires = fact().map(|fact| Fact {
                    value: format!("Ruby {}", fact.value.replace(">=", "≥")),
                    lines: fact.lines,
                });
            }
            "bindir" => folder = first_quoted(value).unwrap_or("bin").to_owned(),
            "executables" | "executable" => {
                let names = words(value);
                // `spec.files.grep(%r{^exe/})`: whatever lies there.
                if names.is_empty() && value.contains(['(', '/', '{']) {
                    manifest.programs_in = Some(Fact { value: String::new(), lines: line(number) });
                }
                for name in names {
                    manifest.enter(EntryKind::Command, name, None, line(number));
                }
            }
            "add_dependency" | "add_runtime_dependency" => {
                depend(&mut manifest, value, Need::Runtime, number)
            }
            "add_development_dependency" => depend(&mut manifest, value, Need::Dev, number),
            _ => {}
        }
    }
    if let Some(lines) = manifest.name.as_ref().map(|fact| fact.lines) {
        manifest.dependency_lines = Some(lines);
    }
    for entry in &mut manifest.entries {
        entry.target = Some(format!("{folder}/{}", entry.name));
    }
    if let Some(programs) = &mut manifest.programs_in {
        programs.value = folder;
    }
    Some(manifest)
}

/// The names of `["a", "b"]`, `"a"` or `%w[a b]`.
fn words(value: &str) -> Vec<&str> {
    let is_name = |name: &&str| !name.is_empty() && !name.contains(['*', '/', '^', '\\', '{']);
    match value.split_once("%w").and_then(|(_, rest)| rest.get(1..)?.split([']', ')', '}']).next()) {
        Some(list) => list.split_whitespace().filter(is_name).collect(),
        None if value.contains(".grep") || value.contains(".map") || value.contains("`") => Vec::new(),
        None => quoted(value).into_iter().filter(is_name).collect(),
    }
}

/// Tasks by their names; `desc` above one says what it does.
pub(super) fn rakefile(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Make);
    let mut says: Option<&str> = None;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if let Some(rest) = trimmed.strip_prefix("desc ") {
            says = first_quoted(rest);
            continue;
        }
        // A task in a namespace has a longer name.
        let is_outer = !raw.starts_with([' ', '\t']);
        let made = ["TestTask.new", "RakeTask.new", "task "]
            .iter()
            .find_map(|word| Some((*word, trimmed.split_once(word)?.1)));
        if let Some((word, rest)) = made.filter(|_| is_outer && !trimmed.starts_with('#')) {
            let name = rest.trim_start_matches(['(', ' ', ':', '"', '\'']);
            let end =
                name.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '-'))).unwrap_or(name.len());
            let name = match (&name[..end], word) {
                ("" | "do", "TestTask.new") => "test",
                ("" | "do", "RakeTask.new") => "spec",
                (name, _) => name,
            };
            if !matches!(name, "" | "default" | "environment") {
                manifest.command(
                    CommandFor::of_name(name),
                    &format!("bundle exec rake {name}"),
                    line(number),
                );
                if let (Some(command), Some(says)) = (manifest.commands.last_mut(), says) {
                    command.note = Some(says.to_owned());
                }
            }
        }
        says = None;
    }
    Some(manifest)
}

fn depend(manifest: &mut Manifest, value: &str, need: Need, number: u32) {
    let words = quoted(value);
    if let Some((name, versions)) = words.split_first() {
        manifest.depend(name, Some(&versions.join(", ")), need, line(number));
    }
}

pub(super) fn gemfile(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Ruby);
    let mut group = false;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if trimmed.starts_with("group") {
            group = true;
        } else if trimmed == "end" {
            group = false;
        } else if let Some(value) = trimmed.strip_prefix("gem ").or_else(|| trimmed.strip_prefix("gem(")) {
            let development = group || value.contains("group:") || value.contains(":group");
            let need = if development { Need::Dev } else { Need::Runtime };
            // `gem "x", (RUBY_VERSION < "2.6" ? …)`: what is computed is no version.
            let written = value.split(" (").next().unwrap_or(value);
            let words = quoted(written);
            if let Some((name, rest)) = words.split_first() {
                let version = rest
                    .first()
                    .filter(|text| text.starts_with(|c: char| c.is_ascii_digit() || "~<>=".contains(c)));
                manifest.depend(name, version.copied(), need, line(number));
            }
        } else if let Some(version) = trimmed.strip_prefix("ruby ").and_then(first_quoted) {
            manifest.requires = Some(Fact { value: format!("Ruby {version}"), lines: line(number) });
        }
    }
    if !manifest.dependencies.is_empty() {
        manifest.command(CommandFor::Install, "bundle install", line(1));
    }
    Some(manifest)
}

/// `bin/rails` of an application; that of an engine serves nothing.
pub(super) fn rails(text: &str) -> Option<Manifest> {
    let (number, _) = numbered(text).find(|(_, raw)| raw.trim_start().starts_with("APP_PATH"))?;
    if text.contains("ENGINE_PATH") || text.contains("ENGINE_ROOT") {
        return None;
    }
    let mut manifest = Manifest::new(Ecosystem::Make);
    manifest.command(CommandFor::Run, "bin/rails server", line(number));
    manifest.command(CommandFor::Test, "bin/rails test", line(number));
    Some(manifest)
}
