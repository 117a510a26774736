//! build.sbt, read line by line.

use super::text::{assigned, line, numbered, quoted};
use super::{CommandFor, Ecosystem, Fact, Manifest, Need};

pub(super) fn sbt(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Sbt);
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim().trim_start_matches("ThisBuild /").trim();
        if trimmed.starts_with("//") {
            continue;
        }
        let fact = |value: &str| Fact { value: value.to_owned(), lines: line(number) };
        if let Some(value) = assigned(trimmed, "name") {
            manifest.name.get_or_insert(fact(value));
        } else if let Some(value) = assigned(trimmed, "version") {
            manifest.version.get_or_insert(fact(value));
        } else if let Some(value) = assigned(trimmed, "description") {
            manifest.description.get_or_insert(fact(value));
        } else if let Some(value) = assigned(trimmed, "scalaVersion") {
            manifest.requires.get_or_insert(fact(&format!("Scala {value}")));
        }
        if let ([group, name, version, ..], true) = (quoted(trimmed).as_slice(), trimmed.contains('%')) {
            let need = if trimmed.contains("% Test") || trimmed.contains("\"test\"") {
                Need::Dev
            } else {
                Need::Runtime
            };
            manifest.dependency_lines.get_or_insert(line(number));
            // `% versionProps("x.version")` names where the version stands.
            let version = Some(*version).filter(|version| version.contains(|c: char| c.is_ascii_digit()));
            manifest.depend(&format!("{group}:{name}"), version, need, line(number));
        }
    }
    let place = manifest.name.as_ref().or(manifest.requires.as_ref()).map_or(line(1), |fact| fact.lines);
    manifest.command(CommandFor::Build, "sbt compile", place);
    manifest.command(CommandFor::Test, "sbt test", place);
    Some(manifest)
}
