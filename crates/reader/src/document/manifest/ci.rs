//! Shell lines that continuous integration runs: what the maintainers themselves type.

use super::text::{indent, line, numbered, unquote};
use super::{CommandFor, Ecosystem, Manifest};

pub(super) fn is_workflow(path: &str) -> bool {
    if matches!(path, ".gitlab-ci.yml" | ".travis.yml") {
        return true;
    }
    let yaml = path.ends_with(".yml") || path.ends_with(".yaml");
    yaml && (path.starts_with(".github/workflows/")
        || path.starts_with(".gitea/workflows/")
        || path == ".circleci/config.yml")
}

/// Lines under `run:`, `script:` and `command:`, kept when we know what their program does.
pub(super) fn ci(text: &str) -> Option<Manifest> {
    let mut manifest = Manifest::new(Ecosystem::Ci);
    let mut block: Option<usize> = None;
    for (number, raw) in numbered(text) {
        let trimmed = raw.trim();
        if trimmed.is_empty() || trimmed.starts_with('#') {
            continue;
        }
        let depth = indent(raw);
        if let Some(outer) = block {
            if depth > outer || (depth == outer && trimmed.starts_with("- ")) {
                keep(&mut manifest, trimmed.trim_start_matches("- "), number);
                continue;
            }
            block = None;
        }
        let key_depth = depth + if trimmed.starts_with("- ") { 2 } else { 0 };
        let body = trimmed.trim_start_matches("- ");
        for key in ["run:", "script:", "command:", "before_script:", "install:"] {
            if let Some(rest) = body.strip_prefix(key) {
                match rest.trim() {
                    "" | "|" | ">" | "|-" | ">-" => block = Some(key_depth),
                    one => keep(&mut manifest, one, number),
                }
            }
        }
    }
    Some(manifest)
}

fn keep(manifest: &mut Manifest, text: &str, number: u32) {
    let text = unquote(text).trim_end_matches("&&").trim_end();
    let text = text.strip_suffix("|| true").unwrap_or(text).trim_end();
    // Expressions and variables of the CI system mean nothing in another shell.
    let has_variable = text.split('$').skip(1).any(|rest| {
        let name = rest.trim_start_matches('{');
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && !name.starts_with("PWD")
            && !name.starts_with("HOME")
    });
    if has_variable || text.contains("${{") || text.len() > 160 || text.ends_with('\\') {
        return;
    }
    let Some(purpose) = CommandFor::of_line(text) else { return };
    if !manifest.commands.iter().any(|command| command.line == text) {
        manifest.command(purpose, text, line(number));
    }
}
