//! Scans a folder and builds its knowledge base, no more: `cargo run --release -p reader --example knowledge DIR FILE`.
#![allow(clippy::print_stdout)]

use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use reader::scan::ScanOptions;
use reader::{KnowledgeBaseWriter, RepositoryMeta};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(root), Some(file)) = (arguments.next(), arguments.next()) else {
        return Err("usage: knowledge DIR FILE".into());
    };
    let begun = Instant::now();
    let mut writer = KnowledgeBaseWriter::create(&file, RepositoryMeta::default())?;
    let summary =
        reader::scan(&root, &ScanOptions::default(), &mut writer, &|_| {}, &AtomicBool::new(false))?;
    println!(
        "scan   {} files, {} lines, {:.2} s",
        summary.files,
        summary.lines,
        begun.elapsed().as_secs_f64()
    );
    let counts = writer.finish(&|_| {})?;
    println!(
        "index  {} symbols, {} links, {:.2} s",
        counts.symbols,
        counts.links,
        begun.elapsed().as_secs_f64()
    );
    Ok(())
}
