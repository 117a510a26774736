//! Where the time of reading a folder goes, on one thread, in seconds of CPU for each language:
//! `cargo run --release -p reader --example stages DIR`.
//!
//! `parse` is tree-sitter's bare parse with the tree freed again, `extract` is what the scan does with a file
//! once it is read: the parse, the walk for what the query names, and the facts made of it.
#![allow(clippy::print_stdout)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use reader::{
    Language,
    languages::{Engine, detect, spec_of},
};
use tree_sitter::Parser;

#[derive(Default)]
struct Row {
    files: Vec<(String, String)>,
    compile: f64,
    parse: f64,
    extract: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let root = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: stages DIR")?;
    let mut rows: BTreeMap<Language, Row> = BTreeMap::new();
    let begun = cpu()?;
    collect(&root, &mut rows)?;
    println!("reading the files: {:.2} s", cpu()? - begun);
    println!(
        "{:12} {:>6} {:>8} {:>6} {:>8} {:>7} {:>8}",
        "language", "files", "lines", "MB", "compile", "parse", "extract"
    );
    let mut sum = Row::default();
    for (language, mut row) in rows {
        let Some(spec) = spec_of(language) else { continue };
        let begun = cpu()?;
        let mut engine = Engine::new(spec)?;
        row.compile = cpu()? - begun;
        let mut parser = Parser::new();
        parser.set_language(&(spec.grammar)())?;
        let begun = cpu()?;
        for (_, text) in &row.files {
            let prepared = spec.prepare.and_then(|prepare| prepare(text));
            parser.parse(prepared.as_deref().unwrap_or(text), None);
        }
        row.parse = cpu()? - begun;
        let begun = cpu()?;
        for (path, text) in &row.files {
            engine.extract(path, text, Duration::from_secs(20));
        }
        row.extract = cpu()? - begun;
        show(&format!("{language:?}"), &row);
        sum.compile += row.compile;
        sum.parse += row.parse;
        sum.extract += row.extract;
        sum.files.append(&mut row.files);
    }
    show("all", &sum);
    Ok(())
}

fn show(name: &str, row: &Row) {
    let bytes: usize = row.files.iter().map(|(_, text)| text.len()).sum();
    let lines: usize = row.files.iter().map(|(_, text)| text.lines().count()).sum();
    println!(
        "{name:12} {:>6} {lines:>8} {:>6.1} {:>8.3} {:>7.2} {:>8.2}",
        row.files.len(),
        bytes as f64 / 1e6,
        row.compile,
        row.parse,
        row.extract
    );
}

fn collect(folder: &Path, rows: &mut BTreeMap<Language, Row>) -> std::io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::path);
    for entry in entries {
        let kind = entry.file_type()?;
        if kind.is_dir() {
            collect(&entry.path(), rows)?;
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            let path = entry.path().to_string_lossy().into_owned();
            if let Some(language) = detect(&path, &text) {
                rows.entry(language).or_default().files.push((path, text));
            }
        }
    }
    Ok(())
}

/// Seconds that this thread was on a processor; unlike a clock, this does not count what others do meanwhile.
fn cpu() -> Result<f64, Box<dyn std::error::Error>> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds: f64 = text.split_whitespace().next().ok_or("an empty schedstat")?.parse()?;
    Ok(nanoseconds / 1e9)
}
