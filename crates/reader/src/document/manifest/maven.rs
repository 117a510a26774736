//! pom.xml.

use super::xml::{self, Element};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};
use crate::domain::LineRange;

pub(super) fn pom(text: &str) -> Option<Manifest> {
    let root = xml::parse(text).filter(|root| root.name == "project")?;
    let mut manifest = Manifest::new(Ecosystem::Maven);
    let properties = root.child("properties");
    let fact = |found: Option<(&str, LineRange)>| {
        let (value, lines) = found?;
        Some(Fact { value: resolve(value, properties), lines })
    };
    manifest.name = fact(root.child_text("artifactId"));
    manifest.version = fact(root.child_text("version"));
    manifest.description = fact(root.child_text("description")).or_else(|| fact(root.child_text("name")));
    manifest.license =
        fact(root.child("licenses").and_then(|node| node.child("license")?.child_text("name")));
    for key in ["maven.compiler.release", "maven.compiler.source", "java.version", "javaVersion"] {
        if let Some((version, lines)) = properties.and_then(|node| node.child_text(key)) {
            let version = resolve(version, properties);
            manifest.requires = Some(Fact { value: format!("Java ≥ {version}"), lines });
            break;
        }
    }
    if let Some(table) = root.child("dependencies") {
        manifest.dependency_lines = Some(table.lines);
        for node in table.all("dependency") {
            let (Some((group, _)), Some((name, _))) =
                (node.child_text("groupId"), node.child_text("artifactId"))
            else {
                continue;
            };
            let need = match node.child_text("scope").map(|(scope, _)| scope) {
                Some("test") => Need::Dev,
                Some("provided") => Need::Build,
                _ if node.child_text("optional").is_some_and(|(text, _)| text == "true") => Need::Optional,
                _ => Need::Runtime,
            };
            let version = node.child_text("version").map(|(version, _)| resolve(version, properties));
            let group = resolve(group, properties);
            manifest.depend(&format!("{group}:{name}"), version.as_deref(), need, node.lines);
        }
    } else {
        manifest.dependency_lines = Some(root.lines);
    }
    for node in root.child("modules").into_iter().flat_map(|node| node.all("module")) {
        manifest.members.push(Fact { value: node.text.trim().to_owned(), lines: node.lines });
    }
    if let Some(name) = &manifest.name {
        let (name, lines) = (name.value.clone(), name.lines);
        manifest.enter(EntryKind::Library, &name, None, lines);
        manifest.command(CommandFor::Build, "mvn package", lines);
        manifest.command(CommandFor::Test, "mvn test", lines);
    }
    Some(manifest)
}

fn resolve(text: &str, properties: Option<&Element>) -> String {
    let name = text.strip_prefix("${").and_then(|rest| rest.strip_suffix('}'));
    name.and_then(|name| properties?.child_text(name))
        .map_or_else(|| text.to_owned(), |(value, _)| value.to_owned())
}
