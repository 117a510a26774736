//! Each language on a small file that holds its idioms.

use std::{path::Path, time::Duration};

use proptest::prelude::*;
use reader::{
    Symbol, SymbolKind,
    languages::{Engine, Extract, detect, spec_for, spec_of, specs},
};

fn read(name: &str) -> Extract {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages").join(name);
    let text = std::fs::read_to_string(&path).expect("the fixture is there");
    let language = detect(name, &text).expect("its language is known");
    let spec = spec_for(language, &text).expect("its language has a grammar");
    Engine::new(spec).expect("its query compiles").extract(name, &text, Duration::from_secs(20))
}

/// Only a snapshot of everything.
macro_rules! snapshot {
    ($name:expr, $found:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false }, {
            insta::assert_json_snapshot!($name, $found);
        });
    };
}

mod compiled;
mod joined_routes;
mod members;
mod scripted;

fn all<'a>(found: &'a Extract, qualified: &str) -> Vec<&'a Symbol> {
    found.symbols.iter().filter(|symbol| symbol.qualified_name() == qualified).collect()
}

#[track_caller]
fn one<'a>(found: &'a Extract, qualified: &str) -> &'a Symbol {
    let symbols = all(found, qualified);
    let names: Vec<String> = found.symbols.iter().map(Symbol::qualified_name).collect();
    assert_eq!(symbols.len(), 1, "{qualified} once among {names:?}");
    symbols[0]
}

#[track_caller]
fn assert_kinds(found: &Extract, wanted: &[(&str, SymbolKind)]) {
    for (name, kind) in wanted {
        let kinds: Vec<SymbolKind> = all(found, name).iter().map(|symbol| symbol.kind).collect();
        let names: Vec<String> = found.symbols.iter().map(Symbol::qualified_name).collect();
        assert!(kinds.contains(kind), "{name} is a {kind:?}, found {kinds:?} among {names:?}");
    }
}

#[track_caller]
fn assert_exported(found: &Extract, exported: &[&str], hidden: &[&str]) {
    for name in exported {
        assert!(all(found, name).iter().any(|symbol| symbol.exported), "{name} is exported");
    }
    for name in hidden {
        let symbols = all(found, name);
        assert!(!symbols.is_empty(), "{name} is there");
        assert!(symbols.iter().all(|symbol| !symbol.exported), "{name} is hidden");
    }
}

fn settings(found: &Extract) -> Vec<&str> {
    found.settings.iter().map(|setting| setting.name.as_str()).collect()
}

fn routes(found: &Extract) -> Vec<String> {
    let show = |route: &reader::facts::Route| {
        format!("{} {} {}", route.method, route.path, route.handler.as_deref().unwrap_or("-"))
    };
    found.routes.iter().map(show).collect()
}

fn commands(found: &Extract) -> Vec<&str> {
    found.commands.iter().map(|command| command.name.as_str()).collect()
}

fn entries(found: &Extract) -> Vec<&str> {
    found.entry_points.iter().map(|entry| entry.name.as_str()).collect()
}

fn modules(found: &Extract) -> Vec<&str> {
    found.imports.iter().map(|import| import.module.as_str()).collect()
}

#[track_caller]
fn assert_uses(found: &Extract, wanted: &[(&str, reader::EdgeKind, &str)]) {
    for (name, kind, scope) in wanted {
        let there = found.uses.iter().any(|used| {
            used.name == *name && used.kind == *kind && used.scope.as_deref().unwrap_or("") == *scope
        });
        let same: Vec<_> = found.uses.iter().filter(|used| used.name == *name).collect();
        assert!(there, "{scope} uses {name} by {kind:?}, found {same:?}");
    }
}

#[test]
fn every_language_has_a_fixture_here() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
    let mut seen: Vec<_> = std::fs::read_dir(folder)
        .expect("the fixtures are there")
        .filter_map(|entry| detect(&entry.ok()?.file_name().to_string_lossy(), ""))
        .collect();
    seen.sort();
    seen.dedup();
    let mut known: Vec<_> = specs().iter().map(|spec| spec.language).collect();
    known.sort();
    assert_eq!(seen, known);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn no_text_makes_an_engine_panic(text in "\\PC{0,400}") {
        for spec in specs() {
            Engine::new(spec).expect("its query compiles").extract("x", &text, Duration::from_secs(20));
        }
    }

    /// Valid sources, cut and mixed at any byte, come closer to a grammar's borders than noise does.
    #[test]
    fn no_broken_source_makes_an_engine_panic(cut in 0.0..1.0f64, other in 0.0..1.0f64, noise in "\\PC{0,8}") {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/languages");
        for entry in std::fs::read_dir(folder).expect("the fixtures are there").flatten() {
            let text = std::fs::read_to_string(entry.path()).expect("text");
            let language = detect(&entry.file_name().to_string_lossy(), &text).expect("known");
            let at = |part: f64| {
                let mut at = (text.len() as f64 * part) as usize;
                while !text.is_char_boundary(at) { at -= 1; }
                at
            };
            let broken = format!("{}{noise}{}", &text[..at(cut)], &text[at(other)..]);
            let spec = spec_for(language, &text).expect("a grammar");
            let found = Engine::new(spec).expect("a query").extract("x", &broken, Duration::from_secs(20));
            let lines = broken.matches('\n').count() as u32 + 1;
            for symbol in &found.symbols {
                prop_assert!(1 <= symbol.lines.start_line && symbol.lines.start_line <= symbol.lines.end_line);
                prop_assert!(symbol.lines.end_line <= lines);
            }
        }
    }
}
