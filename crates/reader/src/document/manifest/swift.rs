//! Package.swift, read line by line.

use super::text::{first_quoted, line, numbered, quoted};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn package(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Swift);
    let mut pending: Option<EntryKind> = None;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if let Some(version) = trimmed.strip_prefix("// swift-tools-version:") {
            manifest.requires =
                Some(Fact { value: format!("Swift ≥ {}", version.trim()), lines: line(number) });
            continue;
        }
        if trimmed.starts_with("//") {
            continue;
        }
        if trimmed.contains(".library(") {
            pending = Some(EntryKind::Library);
        } else if trimmed.contains(".executable(") || trimmed.contains(".executableTarget(") {
            pending = Some(EntryKind::Command);
        }
        let name = trimmed.split_once("name:").and_then(|(_, rest)| first_quoted(rest));
        match (name, pending) {
            (Some(name), Some(kind)) => {
                if !manifest.entries.iter().any(|entry| entry.kind == kind && entry.name == name) {
                    manifest.enter(kind, name, None, line(number));
                    if kind == EntryKind::Command {
                        manifest.command(CommandFor::Run, &format!("swift run {name}"), line(number));
                    }
                }
                pending = None;
            }
            (Some(name), None) if manifest.name.is_none() => {
                manifest.name = Some(Fact { value: name.to_owned(), lines: line(number) });
            }
            _ => {}
        }
        if trimmed.contains(".package(")
            && let Some(address) = trimmed.split_once("url:").and_then(|(_, rest)| first_quoted(rest))
        {
            let name = address.trim_end_matches(".git").rsplit('/').next().unwrap_or(address);
            let version = quoted(trimmed).get(1).map(|text| (*text).to_owned());
            manifest.depend(name, version.as_deref(), Need::Runtime, line(number));
        }
    }
    let place = manifest.name.as_ref()?.lines;
    manifest.dependency_lines = Some(place);
    manifest.command(CommandFor::Build, "swift build", place);
    manifest.command(CommandFor::Test, "swift test", place);
    Some(manifest)
}
