//! package.json.

use super::tree::{self, Node};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn package(text: &str) -> Option<Manifest> {
    let root = tree::json(text)?;
    let mut manifest = Manifest::new(Ecosystem::Node);
    manifest.name = root.fact(&["name"]);
    manifest.version = root.fact(&["version"]);
    manifest.description = root.fact(&["description"]);
    manifest.license = root.fact(&["license"]);
    manifest.requires = root.fact(&["engines", "node"]).map(|fact| Fact {
        value: format!("Node.js {}", fact.value.replace(">=", "≥ ").replace("  ", " ").trim()),
        lines: fact.lines,
    });
    manifest.typed = root
        .at(&["types"])
        .or_else(|| root.at(&["typings"]))
        .map(|node| Fact { value: (), lines: node.lines });
    for (key, need) in [
        ("dependencies", Need::Runtime),
        ("peerDependencies", Need::Runtime),
        ("optionalDependencies", Need::Optional),
        ("devDependencies", Need::Dev),
    ] {
        let Some(table) = root.at(&[key]) else { continue };
        if key == "dependencies" {
            manifest.dependency_lines = Some(table.lines);
        }
        for (name, node) in table.entries() {
            manifest.depend(name, node.text(), need, node.lines);
        }
    }
    if manifest.dependency_lines.is_none()
        && root.at(&["name"]).is_some()
        && root.at(&["peerDependencies"]).is_none()
    {
        manifest.dependency_lines = Some(root.lines);
    }
    entries(&mut manifest, &root);
    for (name, node) in root.at(&["scripts"]).map(Node::entries).unwrap_or_default() {
        let purpose = CommandFor::of_name(name);
        // `pretest`, `postinstall` and the like run by themselves.
        if name.starts_with("pre") || name.starts_with("post") {
            continue;
        }
        let line = match name.as_str() {
            "test" | "start" => format!("npm {name}"),
            _ => format!("npm run {name}"),
        };
        manifest.command(purpose, &line, node.lines);
        if let (Some(command), Some(body)) = (manifest.commands.last_mut(), node.text()) {
            command.note = Some(body.to_owned());
        }
    }
    let members = root.at(&["workspaces"]).map(|node| node.at(&["packages"]).unwrap_or(node));
    for node in members.map(Node::list).unwrap_or_default() {
        if let Some(text) = node.text() {
            manifest.members.push(Fact { value: text.to_owned(), lines: node.lines });
        }
    }
    Some(manifest)
}

fn entries(manifest: &mut Manifest, root: &Node) {
    let package = manifest.name.as_ref().map_or_else(String::new, |fact| fact.value.clone());
    if let Some(bin) = root.at(&["bin"]) {
        if let Some(target) = bin.text() {
            let name = package.rsplit('/').next().unwrap_or(&package);
            manifest.enter(EntryKind::Command, name, Some(target), bin.lines);
        }
        for (name, node) in bin.entries() {
            manifest.enter(EntryKind::Command, name, node.text(), node.lines);
        }
    }
    if let Some(exports) = root.at(&["exports"]) {
        export(manifest, &package, ".", exports, 0);
    }
    let plain = ["main", "exports", "bin"].iter().all(|key| root.at(&[key]).is_none());
    if let Some(name) = manifest.name.clone().filter(|_| plain) {
        // Without a line that says otherwise Node.js loads `index.js`, when there is one.
        manifest.enter(EntryKind::Library, &package, Some("./index.js"), name.lines);
        if let Some(entry) = manifest.entries.last_mut() {
            entry.is_default = true;
        }
    }
    for key in ["main", "module", "browser"] {
        if let Some(node) = root.at(&[key])
            && let Some(target) = node.text()
            && !manifest.entries.iter().any(|entry| entry.target.as_deref() == Some(target))
        {
            manifest.enter(EntryKind::Library, &package, Some(target), node.lines);
        }
    }
}

/// Conditional exports: the first file that `import`, `require`, `node` or `default` names.
fn export(manifest: &mut Manifest, package: &str, at: &str, node: &Node, depth: usize) {
    let name = match at.strip_prefix('.') {
        Some(rest) => format!("{package}{rest}"),
        None => package.to_owned(),
    };
    if let Some(target) = node.text() {
        manifest.enter(EntryKind::Library, &name, Some(target), node.lines);
        return;
    }
    if depth > 6 {
        return;
    }
    let is_map_of_paths = node.entries().iter().any(|(key, _)| key.starts_with('.'));
    if is_map_of_paths {
        for (key, node) in node.entries().iter().filter(|(key, _)| key.starts_with('.')) {
            export(manifest, package, key, node, depth + 1);
        }
        return;
    }
    for condition in ["import", "require", "node", "default"] {
        if let Some(node) = node.at(&[condition]) {
            export(manifest, package, at, node, depth + 1);
            return;
        }
    }
}
