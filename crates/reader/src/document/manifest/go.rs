//! go.mod.

use super::text::{line, numbered};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn go_mod(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Go);
    let mut in_require = false;
    let mut first = 1;
    for (number, raw) in numbered(text) {
        let (code, comment) = raw.split_once("//").unwrap_or((raw, ""));
        let words: Vec<&str> = code.split_whitespace().collect();
        match words.as_slice() {
            ["module", name] => {
                first = number;
                manifest.name = Some(Fact { value: (*name).to_owned(), lines: line(number) });
                manifest.enter(EntryKind::Library, name, None, line(number));
            }
            ["go", version] => {
                manifest.requires = Some(Fact { value: format!("Go ≥ {version}"), lines: line(number) });
            }
            ["require", "("] => in_require = true,
            [")"] => in_require = false,
            ["require", name, version] => require(&mut manifest, name, version, comment, number),
            [name, version] if in_require => require(&mut manifest, name, version, comment, number),
            _ => {}
        }
    }
    let place = manifest.name.as_ref()?.lines;
    manifest.dependency_lines = Some(place);
    manifest.command(CommandFor::Build, "go build ./...", line(first));
    manifest.command(CommandFor::Test, "go test ./...", line(first));
    Some(manifest)
}

fn require(manifest: &mut Manifest, name: &str, version: &str, comment: &str, number: u32) {
    // Indirect ones are the dependencies of dependencies.
    if comment.trim() != "indirect" {
        manifest.depend(name, Some(version), Need::Runtime, line(number));
    }
}
