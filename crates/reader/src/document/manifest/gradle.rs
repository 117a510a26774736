//! build.gradle and build.gradle.kts, read line by line: they are programs and are not run.

use super::text::{assigned, first_quoted, line, numbered};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn gradle(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Gradle);
    let mut is_build = None;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        let fact = |value: &str| Some(Fact { value: value.to_owned(), lines: line(number) });
        if trimmed.starts_with("plugins") || trimmed.starts_with("apply plugin") {
            is_build.get_or_insert(number);
        } else if let Some(value) = assigned(trimmed, "version") {
            manifest.version = manifest.version.take().or_else(|| fact(value));
        } else if let Some(value) = assigned(trimmed, "description") {
            manifest.description = manifest.description.take().or_else(|| fact(value));
        } else if let Some(value) = assigned(trimmed, "mainClassName")
            .or_else(|| trimmed.starts_with("mainClass").then(|| first_quoted(trimmed)).flatten())
        {
            manifest.enter(EntryKind::Command, value, Some(value), line(number));
            manifest.command(CommandFor::Run, "gradle run", line(number));
        } else if let Some(version) = trimmed
            .split_once("JavaLanguageVersion.of(")
            .and_then(|(_, rest)| rest.split(')').next())
            .or_else(|| {
                trimmed
                    .strip_prefix("sourceCompatibility")
                    .map(|rest| rest.trim_matches(['=', ' ', '\'', '"']))
            })
        {
            let version = version.trim().trim_start_matches("JavaVersion.VERSION_").replace('_', ".");
            if manifest.requires.is_none() && version.starts_with(|c: char| c.is_ascii_digit()) {
                manifest.requires = fact(&format!("Java ≥ {version}"));
            }
        } else if let Some(need) = configuration(trimmed)
            && let Some(coordinates) = first_quoted(trimmed)
            && coordinates.contains(':')
            && !coordinates.starts_with(':')
        {
            manifest.dependency_lines.get_or_insert(line(number));
            let mut parts = coordinates.splitn(3, ':');
            let name = format!("{}:{}", parts.next().unwrap_or(""), parts.next().unwrap_or(""));
            manifest.depend(&name, parts.next(), need, line(number));
        }
    }
    if let Some(number) = is_build {
        manifest.command(CommandFor::Build, "gradle build", line(number));
        manifest.command(CommandFor::Test, "gradle test", line(number));
    }
    Some(manifest)
}

fn configuration(text: &str) -> Option<Need> {
    let word = text.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or("");
    match word {
        "implementation" | "api" | "runtimeOnly" | "compile" => Some(Need::Runtime),
        "compileOnly" | "annotationProcessor" | "kapt" | "ksp" => Some(Need::Build),
        "testImplementation"
        | "testRuntimeOnly"
        | "testCompile"
        | "testCompileOnly"
        | "androidTestImplementation" => Some(Need::Dev),
        _ => None,
    }
}
