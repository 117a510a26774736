//! Calls that read an environment variable or a settings key.

use super::{Arguments, Call, Facts, arguments, line_of, one_line, text_of};
use crate::{domain::Language, facts::Setting};

/// What Python imports from `os`, and what WSGI calls the variables of a request.
pub(super) const ENVIRON: &str = "environ";

pub(super) fn read(
    name: usize,
    default: Option<usize>,
    constants: bool,
    arguments: &Arguments<'_, '_>,
    call: &Call<'_, '_>,
    facts: &mut Facts,
) -> bool {
    let Some(shown) = arguments.at(name).and_then(|node| arguments::shown(node, call.text)) else {
        return false;
    };
    if constants && !is_constant(&shown) {
        return false;
    }
    // What Cargo sets while it compiles is nobody's setting.
    if call.language == Language::Rust && (shown.starts_with("CARGO_") || shown == "OUT_DIR") {
        return true;
    }
    let written = default.and_then(|at| arguments.at(at).or_else(|| arguments.named("default")));
    let written = written.map(|node| one_line(text_of(node, call.text), 200));
    let (name, default) = match placeholder(&shown) {
        Some((name, default)) => (name.to_owned(), default.map(str::to_owned)),
        None => (shown, written.and_then(|written| unwrapped(written, call.language))),
    };
    let setting = Setting { name, default, line: line_of(call.arguments) };
    match call.qualifier {
        Some(ENVIRON) => facts.setting_of_environ(setting),
        _ => facts.setting(setting),
    }
    true
}

/// Rust's `Some("x")` is `"x"`, and `None` is no default.
fn unwrapped(written: String, language: Language) -> Option<String> {
    if language != Language::Rust {
        return Some(written);
    }
    let inner = written.strip_prefix("Some(").and_then(|rest| rest.strip_suffix(')'));
    (written != "None").then(|| inner.map_or(written.clone(), str::to_owned))
}

fn is_constant(name: &str) -> bool {
    name.len() > 1 && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// Spring's `${name:default}`.
fn placeholder(shown: &str) -> Option<(&str, Option<&str>)> {
    let inner = shown.strip_prefix("${")?.strip_suffix('}')?;
    Some(match inner.split_once(':') {
        Some((name, default)) => (name, Some(default)),
        None => (inner, None),
    })
}
