//! Targets of a Makefile or recipes of a justfile.

use super::text::{lines, numbered};
use super::{CommandFor, Ecosystem, Manifest};

pub(super) fn make(file: &str, text: &str) -> Option<Manifest> {
    let program = if file.eq_ignore_ascii_case("justfile") { "just" } else { "make" };
    let mut manifest = Manifest::new(Ecosystem::Make);
    let mut open: Option<usize> = None;
    for (number, raw) in numbered(text) {
        let is_recipe = raw.starts_with('\t') || (program == "just" && raw.starts_with(' '));
        if is_recipe {
            if let Some(command) = open.and_then(|at| manifest.commands.get_mut(at)) {
                command.lines.end_line = number;
                let body = raw.trim().trim_start_matches(['@', '-', '+']).trim();
                if command.note.is_none()
                    && !body.is_empty()
                    && !["echo ", "printf ", "$(info ", "$(warning ", "$(MAKE)"]
                        .iter()
                        .any(|start| body.starts_with(start))
                    && !body.starts_with('#')
                {
                    command.note = Some(body.to_owned());
                }
            }
            continue;
        }
        if raw.trim().is_empty() {
            continue;
        }
        open = None;
        let Some((targets, rest)) = raw.split_once(':') else { continue };
        if rest.starts_with('=') || rest.starts_with(":=") || raw.starts_with(['.', '#', ' ', '$']) {
            continue;
        }
        let target = targets.split_whitespace().next().unwrap_or("");
        let plain = !matches!(target, "" | "default")
            && target.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
            && !targets.contains('=');
        if plain && !manifest.commands.iter().any(|command| command.line == format!("{program} {target}")) {
            manifest.command(
                CommandFor::of_name(target),
                &format!("{program} {target}"),
                lines(number, number),
            );
            open = Some(manifest.commands.len() - 1);
        }
    }
    Some(manifest)
}
