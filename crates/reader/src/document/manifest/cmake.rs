//! CMakeLists.txt, read call by call.

use super::text::{line, lines, numbered, unquote};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};
use crate::domain::LineRange;

pub(super) fn cmake(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::CMake);
    for (name, arguments, place) in calls(text) {
        let words: Vec<&str> = arguments.split_whitespace().collect();
        let Some(first) = words.first().map(|word| unquote(word)) else { continue };
        match name.as_str() {
            "project" if manifest.name.is_none() => {
                manifest.name = Some(Fact { value: first.to_owned(), lines: place });
                let after = |key: &str| {
                    let at = words.iter().position(|word| word.eq_ignore_ascii_case(key))?;
                    words.get(at + 1)
                };
                manifest.version =
                    after("VERSION").map(|version| Fact { value: (*version).to_owned(), lines: place });
                manifest.description = arguments
                    .split_once("DESCRIPTION")
                    .and_then(|(_, rest)| super::text::first_quoted(rest))
                    .map(|text| Fact { value: text.to_owned(), lines: place });
            }
            "add_executable" if !first.contains("${") => {
                manifest.enter(EntryKind::Command, first, None, place)
            }
            "add_library" if !first.contains("${") && !words.contains(&"ALIAS") => {
                manifest.enter(EntryKind::Library, first, None, place);
            }
            "find_package" => {
                let version = words.get(1).filter(|text| text.starts_with(|c: char| c.is_ascii_digit()));
                let need = if words.contains(&"REQUIRED") { Need::Runtime } else { Need::Optional };
                manifest.dependency_lines.get_or_insert(place);
                manifest.depend(first, version.copied(), need, place);
            }
            "enable_testing" | "add_test" if !has_test(&manifest) => {
                manifest.command(CommandFor::Test, "ctest --test-dir build", place);
            }
            "add_subdirectory" if !first.contains("${") => {
                manifest.members.push(Fact { value: first.to_owned(), lines: place });
            }
            _ => {}
        }
    }
    if let Some(place) = manifest.name.as_ref().map(|fact| fact.lines) {
        manifest.command(CommandFor::Build, "cmake -B build && cmake --build build", place);
    }
    Some(manifest)
}

fn has_test(manifest: &Manifest) -> bool {
    manifest.commands.iter().any(|command| command.purpose == CommandFor::Test)
}

/// Whether a bracket closes the call; what is quoted may hold any.
fn is_closed(arguments: &str) -> bool {
    let code = || arguments.split('"').step_by(2);
    let count = |mark: char| code().map(|code| code.matches(mark).count()).sum::<usize>();
    count(')') > count('(')
}

/// All `name(arguments)` calls that start a line, also over several lines.
fn calls(text: &str) -> Vec<(String, String, LineRange)> {
    let mut found = Vec::new();
    let mut open: Option<(String, String, u32)> = None;
    for (number, raw) in numbered(text) {
        let code = raw.split('#').next().unwrap_or("").trim();
        if let Some((_, arguments, _)) = &mut open {
            arguments.push(' ');
            arguments.push_str(code);
        } else if let Some((name, rest)) = code.split_once('(') {
            open = Some((name.trim().to_ascii_lowercase(), rest.to_owned(), number));
        } else {
            // `enable_testing` and the like always carry parentheses; anything else is no call.
            continue;
        }
        if let Some((name, arguments, start)) = open.take() {
            if is_closed(&arguments) {
                let end = arguments.rfind(')').unwrap_or(arguments.len());
                let body = if arguments[..end].trim().is_empty() { "-" } else { &arguments[..end] };
                let place = if start == number { line(number) } else { lines(start, number) };
                found.push((name, body.to_owned(), place));
            } else if number - start < 400 {
                open = Some((name, arguments, start));
            }
        }
    }
    found
}
