//! pyproject.toml (PEP 621, Poetry, flit), setup.cfg, setup.py, requirements, tox and nox.

use std::collections::BTreeMap;

use super::text::{assigned, first_quoted, line, lines, numbered, quoted};
use super::tree::{self, Node};
use super::{CommandFor, Ecosystem, EntryKind, Fact, Manifest, Need};
use crate::domain::LineRange;

pub(super) fn pyproject(text: &str) -> Option<Manifest> {
    let root = tree::toml(text)?;
    let mut manifest = Manifest::new(Ecosystem::Python);
    if let Some(project) = root.at(&["project"]) {
        standard(&mut manifest, project);
    }
    if let Some(poetry) = root.at(&["tool", "poetry"]) {
        self::poetry(&mut manifest, poetry);
    }
    manifest.builder = root.fact(&["build-system", "build-backend"]);
    for node in root.at(&["build-system", "requires"]).map(Node::list).unwrap_or_default() {
        requirement(&mut manifest, node, Need::Build);
    }
    for (_, group) in root.at(&["dependency-groups"]).map(Node::entries).unwrap_or_default() {
        for node in group.list() {
            requirement(&mut manifest, node, Need::Dev);
        }
    }
    if let Some(pytest) = root.at(&["tool", "pytest"]) {
        manifest.command(CommandFor::Test, "pytest", pytest.lines);
    }
    if let Some(tox) = root.at(&["tool", "tox"]) {
        let environments = tox.at(&["env_list"]).or_else(|| tox.at(&["envlist"])).unwrap_or(tox);
        manifest.command(CommandFor::Test, "tox", environments.lines);
        if let Some(command) = manifest.commands.last_mut() {
            command.note = tox_environments(environments);
        }
    }
    for (tool, purpose, command) in [
        ("mypy", CommandFor::Check, "mypy"),
        ("ruff", CommandFor::Check, "ruff check"),
        ("pyright", CommandFor::Check, "pyright"),
    ] {
        if let Some(node) = root.at(&["tool", tool]) {
            manifest.command(purpose, command, node.lines);
        }
    }
    Some(manifest)
}

fn tox_environments(node: &Node) -> Option<String> {
    let names: Vec<&str> = node.list().iter().filter_map(Node::text).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

fn standard(manifest: &mut Manifest, project: &Node) {
    manifest.name = project.fact(&["name"]);
    manifest.version = project.fact(&["version"]);
    manifest.description = project.fact(&["description"]);
    manifest.license = project.fact(&["license"]).or_else(|| project.fact(&["license", "text"]));
    manifest.requires = project.fact(&["requires-python"]).map(python_version);
    if let Some(node) = project.at(&["classifiers"]) {
        manifest.typed = node
            .list()
            .iter()
            .find(|node| node.text() == Some("Typing :: Typed"))
            .map(|node| Fact { value: (), lines: node.lines });
    }
    match project.at(&["dependencies"]) {
        Some(node) => {
            manifest.dependency_lines = Some(node.lines);
            for node in node.list() {
                requirement(manifest, node, Need::Runtime);
            }
        }
        // PEP 621: without the key, and not declared dynamic, there are none.
        None if !is_dynamic(project, "dependencies") => {
            manifest.dependency_lines = Some(project_lines(project))
        }
        None => {}
    }
    for (_, extra) in project.at(&["optional-dependencies"]).map(Node::entries).unwrap_or_default() {
        for node in extra.list() {
            requirement(manifest, node, Need::Optional);
        }
    }
    for table in ["scripts", "gui-scripts"] {
        for (name, node) in project.at(&[table]).map(Node::entries).unwrap_or_default() {
            manifest.enter(EntryKind::Command, name, node.text(), node.lines);
        }
    }
    for (group, table) in project.at(&["entry-points"]).map(Node::entries).unwrap_or_default() {
        for (name, node) in table.entries() {
            manifest.enter(EntryKind::Plugin, &format!("{group}: {name}"), node.text(), node.lines);
        }
    }
}

fn is_dynamic(project: &Node, key: &str) -> bool {
    project.at(&["dynamic"]).is_some_and(|node| node.list().iter().any(|node| node.text() == Some(key)))
}

/// The lines of the keys that stand directly in `[project]`.
fn project_lines(project: &Node) -> LineRange {
    let start = project.lines.start_line;
    let tables = ["optional-dependencies", "scripts", "gui-scripts", "entry-points", "urls"];
    let end = project
        .entries()
        .iter()
        .filter(|(key, _)| !tables.contains(&key.as_str()))
        .map(|(_, node)| node.lines.end_line)
        .max();
    lines(start, end.unwrap_or(start))
}

fn python_version(fact: Fact) -> Fact {
    let version = fact.value.replace(">=", "≥ ").replace("<=", "≤ ").replace("  ", " ");
    Fact { value: format!("Python {}", version.trim()), lines: fact.lines }
}

fn requirement(manifest: &mut Manifest, node: &Node, need: Need) {
    if let Some(text) = node.text() {
        requirement_text(manifest, text, need, node.lines);
    }
}

fn requirement_text(manifest: &mut Manifest, text: &str, need: Need, lines: LineRange) {
    let text = text.split(" #").next().unwrap_or(text).trim();
    let (spec, marker) = text.split_once(';').map_or((text, None), |(spec, marker)| (spec, Some(marker)));
    let end =
        spec.find(|c: char| !(c.is_alphanumeric() || matches!(c, '.' | '_' | '-'))).unwrap_or(spec.len());
    let (name, rest) = spec.split_at(end);
    let need = if marker.is_some() && need == Need::Runtime { Need::Optional } else { need };
    let requirement = match marker {
        Some(marker) => format!("{}; {}", rest.trim(), marker.trim()),
        None => rest.trim().to_owned(),
    };
    manifest.depend(name, Some(requirement.trim_start_matches(';').trim()), need, lines);
}

fn poetry(manifest: &mut Manifest, poetry: &Node) {
    manifest.name = manifest.name.take().or_else(|| poetry.fact(&["name"]));
    manifest.version = manifest.version.take().or_else(|| poetry.fact(&["version"]));
    manifest.description = manifest.description.take().or_else(|| poetry.fact(&["description"]));
    manifest.license = manifest.license.take().or_else(|| poetry.fact(&["license"]));
    if let Some(table) = poetry.at(&["dependencies"]) {
        manifest.dependency_lines.get_or_insert(table.lines);
        poetry_table(manifest, table, Need::Runtime);
    }
    if let Some(table) = poetry.at(&["dev-dependencies"]) {
        poetry_table(manifest, table, Need::Dev);
    }
    for (_, group) in poetry.at(&["group"]).map(Node::entries).unwrap_or_default() {
        if let Some(table) = group.at(&["dependencies"]) {
            poetry_table(manifest, table, Need::Dev);
        }
    }
    for (name, node) in poetry.at(&["scripts"]).map(Node::entries).unwrap_or_default() {
        manifest.enter(EntryKind::Command, name, node.text(), node.lines);
    }
}

fn poetry_table(manifest: &mut Manifest, table: &Node, need: Need) {
    for (name, node) in table.entries() {
        let version = node.text().or_else(|| node.at(&["version"]).and_then(Node::text));
        if name == "python" {
            if let Some(version) = version {
                let fact = Fact { value: version.to_owned(), lines: node.lines };
                manifest.requires.get_or_insert(python_version(fact));
            }
            continue;
        }
        let optional = node.at(&["optional"]).is_some_and(Node::is_true);
        manifest.depend(name, version, if optional { Need::Optional } else { need }, node.lines);
    }
}

/// The lines of an INI file as (section, key, value, lines); continued lines are joined by `\n`.
fn ini(text: &str) -> Vec<(String, String, String, LineRange)> {
    let mut found: Vec<(String, String, String, LineRange)> = Vec::new();
    let mut section = String::new();
    let mut open = false;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with(['#', ';']) {
            continue;
        }
        if raw.starts_with('[') {
            section = trimmed.trim_matches(['[', ']']).to_owned();
            open = false;
        } else if raw.starts_with([' ', '\t']) {
            if let (true, Some((_, _, value, place))) = (open, found.last_mut()) {
                value.push('\n');
                value.push_str(trimmed);
                place.end_line = number;
            }
        } else if let Some((key, value)) = trimmed.split_once(['=', ':']) {
            found.push((section.clone(), key.trim().to_lowercase(), value.trim().to_owned(), line(number)));
            open = true;
        }
    }
    found
}

pub(super) fn setup_cfg(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Python);
    for (section, key, value, place) in ini(text) {
        let fact = || {
            Some(Fact { value: value.clone(), lines: place }).filter(|fact| !fact.value.starts_with("attr:"))
        };
        match (section.as_str(), key.as_str()) {
            ("metadata", "name") => manifest.name = fact(),
            ("metadata", "version") => manifest.version = fact(),
            ("metadata", "description") => manifest.description = fact(),
            ("metadata", "license") => manifest.license = fact(),
            ("options", "python_requires") => manifest.requires = fact().map(python_version),
            ("options", "install_requires") => {
                manifest.dependency_lines = Some(place);
                requirement_list(&mut manifest, &value, Need::Runtime, place);
            }
            ("options.extras_require", _) => requirement_list(&mut manifest, &value, Need::Optional, place),
            ("options.entry_points", "console_scripts") => {
                for (script, number) in
                    value.lines().filter(|line| !line.is_empty()).zip(place.start_line + 1..)
                {
                    if let Some((name, target)) = script.split_once('=') {
                        manifest.enter(
                            EntryKind::Command,
                            name,
                            Some(target),
                            line(number.min(place.end_line)),
                        );
                    }
                }
            }
            ("tool:pytest", "testpaths" | "addopts") => manifest.command(CommandFor::Test, "pytest", place),
            _ => {}
        }
    }
    manifest.commands.dedup_by(|a, b| a.line == b.line);
    Some(manifest)
}

fn requirement_list(manifest: &mut Manifest, value: &str, need: Need, place: LineRange) {
    for item in value.lines().filter(|item| !item.is_empty()) {
        requirement_text(manifest, item, need, place);
    }
}

pub(super) fn setup_py(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Python);
    let mut list: Option<(Need, u32)> = None;
    let mut scripts = false;
    let mut variables: BTreeMap<&str, &str> = BTreeMap::new();
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if let Some((name, value)) = raw.split_once('=').filter(|(name, _)| is_identifier(name.trim()))
            && let Some(text) = whole_text(value)
        {
            variables.insert(name.trim(), text);
        }
        let trimmed = trimmed.strip_prefix("setup(").unwrap_or(trimmed);
        if trimmed.starts_with('#') {
            continue;
        }
        let fact = |key: &str| {
            let variable = || {
                let value = trimmed.strip_prefix(key)?.trim_start().strip_prefix('=')?;
                variables.get(value.split([',', ')']).next()?.trim()).copied()
            };
            let value = assigned(trimmed, key).or_else(variable)?;
            Some(Fact { value: value.to_owned(), lines: line(number) })
        };
        if let Some(fact) = fact("name") {
            manifest.name.get_or_insert(fact);
        }
        if let Some(fact) = fact("version") {
            manifest.version.get_or_insert(fact);
        }
        if let Some(fact) = fact("description") {
            manifest.description.get_or_insert(fact);
        }
        if let Some(fact) = fact("license") {
            manifest.license.get_or_insert(fact);
        }
        if let Some(fact) = fact("python_requires") {
            manifest.requires.get_or_insert(python_version(fact));
        }
        let starts = |key: &str| {
            trimmed.strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with(['=', ':']))
        };
        if starts("install_requires") {
            list = Some((Need::Runtime, number));
            manifest.dependency_lines = Some(line(number));
        } else if starts("tests_require") || starts("setup_requires") {
            list = Some((Need::Dev, number));
        } else if trimmed.contains("console_scripts") {
            scripts = true;
        }
        if let Some((need, start)) = list {
            let body = if number == start {
                trimmed.split_once(['=', ':']).map_or("", |(_, body)| body)
            } else {
                trimmed
            };
            for item in quoted(body) {
                requirement_text(&mut manifest, item, need, line(number));
            }
            if trimmed.contains(']') {
                list = None;
            }
        } else if scripts {
            for item in quoted(trimmed) {
                if let Some((name, target)) = item.split_once('=') {
                    manifest.enter(EntryKind::Command, name, Some(target), line(number));
                }
            }
            if trimmed.contains(']') {
                scripts = false;
            }
        }
    }
    Some(manifest)
}

fn is_identifier(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// `x` of a value that is the text `"x"` and nothing else.
fn whole_text(value: &str) -> Option<&str> {
    let value = value.split(" #").next().unwrap_or(value).trim();
    let text = first_quoted(value)?;
    (text.len() + 2 == value.len()).then_some(text)
}

pub(super) fn requirements(file: &str, text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Requirements);
    let need = if file == "requirements.txt" { Need::Runtime } else { Need::Dev };
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if trimmed.starts_with(|c: char| c.is_alphanumeric()) && !trimmed.contains("://") {
            requirement_text(&mut manifest, trimmed, need, line(number));
        }
    }
    Some(manifest)
}

pub(super) fn tox(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Tox);
    for (section, key, value, place) in ini(text) {
        if section == "tox" && matches!(key.as_str(), "envlist" | "env_list") {
            manifest.command(CommandFor::Test, "tox", place);
            if let Some(command) = manifest.commands.last_mut() {
                command.note = Some(value.split_whitespace().collect::<Vec<_>>().join(" "));
            }
        } else if key == "commands" && section.starts_with("testenv") {
            let Some(first) = value.lines().find(|line| !line.is_empty()) else { continue };
            let name = section.strip_prefix("testenv:");
            let purpose = name.map_or(CommandFor::Test, CommandFor::of_name);
            let line = name.map_or_else(|| "tox".to_owned(), |name| format!("tox -e {name}"));
            manifest.command(purpose, &line, place);
            if let Some(command) = manifest.commands.last_mut() {
                command.note = Some(first.to_owned());
            }
        }
    }
    Some(manifest)
}

pub(super) fn nox(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Tox);
    let mut decorated: Option<(u32, Option<String>)> = None;
    for (number, raw) in numbered(text) {
        if raw.starts_with("@nox.session") {
            let name = raw.split("name=").nth(1).and_then(first_quoted).map(str::to_owned);
            decorated = Some((number, name));
        } else if let (Some(rest), true) = (raw.strip_prefix("def "), decorated.is_some()) {
            let (start, given) = decorated.take().unwrap_or((number, None));
            let name = given.unwrap_or_else(|| rest.split('(').next().unwrap_or("").replace('_', "-"));
            manifest.command(CommandFor::of_name(&name), &format!("nox -s {name}"), lines(start, number));
        }
    }
    Some(manifest)
}
