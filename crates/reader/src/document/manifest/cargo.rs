//! Cargo.toml of packages and workspaces.

use super::tree::{self, Node};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn cargo(text: &str) -> Option<Manifest> {
    let root = tree::toml(text)?;
    let mut manifest = Manifest::new(Ecosystem::Cargo);
    manifest.name = root.fact(&["package", "name"]);
    manifest.version =
        root.fact(&["package", "version"]).or_else(|| root.fact(&["workspace", "package", "version"]));
    manifest.description = root.fact(&["package", "description"]);
    manifest.license =
        root.fact(&["package", "license"]).or_else(|| root.fact(&["workspace", "package", "license"]));
    manifest.requires = root
        .fact(&["package", "rust-version"])
        .or_else(|| root.fact(&["workspace", "package", "rust-version"]))
        .map(|fact| Fact { value: format!("Rust ≥ {}", fact.value), lines: fact.lines });
    for (table, need) in [
        ("dependencies", Need::Runtime),
        ("build-dependencies", Need::Build),
        ("dev-dependencies", Need::Dev),
    ] {
        if let Some(node) = root.at(&[table]) {
            if need == Need::Runtime {
                manifest.dependency_lines = Some(node.lines);
            }
            dependencies(&mut manifest, node, need);
        }
        for (_, target) in root.at(&["target"]).map(Node::entries).unwrap_or_default() {
            if let Some(node) = target.at(&[table]) {
                dependencies(&mut manifest, node, if need == Need::Runtime { Need::Optional } else { need });
            }
        }
    }
    if manifest.dependency_lines.is_none()
        && let Some(package) = root.at(&["package"])
    {
        manifest.dependency_lines = Some(package.lines);
    }
    if let Some(node) = root.at(&["workspace", "dependencies"]) {
        let mut own = Manifest::new(Ecosystem::Cargo);
        dependencies(&mut own, node, Need::Runtime);
        manifest.catalogue = own.dependencies;
    }
    for node in root.at(&["bin"]).map(Node::list).unwrap_or_default() {
        if let Some(name) = node.at(&["name"]).and_then(Node::text) {
            manifest.enter(EntryKind::Command, name, node.at(&["path"]).and_then(Node::text), node.lines);
        }
    }
    if let Some(lib) = root.at(&["lib"]) {
        let name = lib.at(&["name"]).and_then(Node::text).map(str::to_owned);
        let name = name.or_else(|| manifest.name.as_ref().map(|fact| fact.value.replace('-', "_")));
        let path = lib.at(&["path"]).and_then(Node::text).unwrap_or("src/lib.rs");
        manifest.enter(EntryKind::Library, &name.unwrap_or_default(), Some(path), lib.lines);
    }
    for node in root.at(&["workspace", "members"]).map(Node::list).unwrap_or_default() {
        if let Some(text) = node.text() {
            manifest.members.push(Fact { value: text.to_owned(), lines: node.lines });
        }
    }
    let place = root.at(&["package"]).or_else(|| root.at(&["workspace"]))?.lines;
    manifest.command(CommandFor::Build, "cargo build", place);
    manifest.command(CommandFor::Test, "cargo test", place);
    Some(manifest)
}

fn dependencies(manifest: &mut Manifest, table: &Node, need: Need) {
    for (name, node) in table.entries() {
        // A path is a member of the same repository.
        if node.at(&["path"]).is_some() {
            continue;
        }
        let package = node.at(&["package"]).and_then(Node::text).unwrap_or(name);
        let version = node.text().or_else(|| node.at(&["version"]).and_then(Node::text));
        let optional = node.at(&["optional"]).is_some_and(Node::is_true);
        let need = if optional && need == Need::Runtime { Need::Optional } else { need };
        manifest.depend(package, version, need, node.lines);
    }
}
