//! composer.json.

use super::tree::{self, Node};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};

pub(super) fn composer(text: &str) -> Option<Manifest> {
    let root = tree::json(text)?;
    let mut manifest = Manifest::new(Ecosystem::Composer);
    manifest.name = root.fact(&["name"]);
    manifest.version = root.fact(&["version"]);
    manifest.description = root.fact(&["description"]);
    manifest.license = root.fact(&["license"]);
    for (key, need) in [("require", Need::Runtime), ("require-dev", Need::Dev)] {
        let Some(table) = root.at(&[key]) else { continue };
        if need == Need::Runtime {
            manifest.dependency_lines = Some(table.lines);
        }
        for (name, node) in table.entries() {
            match (name.as_str(), node.text()) {
                ("php", Some(version)) => {
                    let value = format!("PHP {}", version.replace(">=", "≥ "));
                    manifest.requires = Some(Fact { value, lines: node.lines });
                }
                _ => manifest.depend(name, node.text(), need, node.lines),
            }
        }
    }
    for node in root.at(&["bin"]).map(Node::list).unwrap_or_default() {
        if let Some(target) = node.text() {
            let name = target.rsplit('/').next().unwrap_or(target);
            manifest.enter(EntryKind::Command, name, Some(target), node.lines);
        }
    }
    manifest.command(
        CommandFor::Install,
        "composer install",
        manifest.dependency_lines.unwrap_or(root.lines),
    );
    for (name, node) in root.at(&["scripts"]).map(Node::entries).unwrap_or_default() {
        if name.starts_with("pre-") || name.starts_with("post-") {
            continue;
        }
        manifest.command(CommandFor::of_name(name), &format!("composer {name}"), node.lines);
        // Of several lines the first that is no call of a PHP class.
        let lines = node.text().into_iter().chain(node.list().iter().filter_map(Node::text));
        if let (Some(command), Some(body)) =
            (manifest.commands.last_mut(), lines.into_iter().find(|line| !line.contains("::")))
        {
            command.note = Some(body.to_owned());
        }
    }
    test_program(&mut manifest);
    Some(manifest)
}

/// Where no script runs the tests, the program that the package needs to run them does.
fn test_program(manifest: &mut Manifest) {
    if manifest.commands.iter().any(|command| command.purpose == CommandFor::Test) {
        return;
    }
    for (package, program) in [
        ("pestphp/pest", "vendor/bin/pest"),
        ("phpunit/phpunit", "vendor/bin/phpunit"),
        ("symfony/phpunit-bridge", "vendor/bin/simple-phpunit"),
    ] {
        let needed = manifest.dependencies.iter().find(|dependency| dependency.name == package);
        if let Some(lines) = needed.map(|dependency| dependency.lines) {
            manifest.command(CommandFor::Test, program, lines);
            return;
        }
    }
}
