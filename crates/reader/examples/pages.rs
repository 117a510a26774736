//! Reads a folder without an LLM and writes its pages: `cargo run -p reader --example pages DIR OUT [en|zh]`.
#![allow(clippy::print_stdout)]

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use reader::document::{DocumentOptions, PageLanguage, static_pages};
use reader::export::{Export, FolderOptions, json, markdown_folder};
use reader::scan::ScanOptions;
use reader::{KnowledgeBase, KnowledgeBaseWriter, RepositoryMeta};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(root), Some(out)) = (arguments.next().map(PathBuf::from), arguments.next().map(PathBuf::from))
    else {
        return Err("usage: pages DIR OUT [en|zh]".into());
    };
    let language = arguments
        .next()
        .and_then(|code| PageLanguage::from_code(&code.to_string_lossy()))
        .unwrap_or_default();
    let name =
        root.canonicalize()?.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    std::fs::create_dir_all(&out)?;
    let file = out.join("knowledge.db");

    let start = Instant::now();
    let mut writer =
        KnowledgeBaseWriter::create(&file, RepositoryMeta { name, ..RepositoryMeta::default() })?;
    let never = AtomicBool::new(false);
    let summary = reader::scan(&root, &ScanOptions::default(), &mut writer, &|_| {}, &never)?;
    println!("scan      {} files, {} lines in {:?}", summary.files, summary.lines, start.elapsed());
    let start = Instant::now();
    let counts = writer.finish(&|_| {})?;
    println!("index     {} symbols, {} links in {:?}", counts.symbols, counts.links, start.elapsed());

    let start = Instant::now();
    let kb = KnowledgeBase::open(&file)?;
    let pages = static_pages(&kb, &[], &DocumentOptions { language })?;
    let citations: usize = pages.iter().map(|page| page.citations.len()).sum();
    println!("document  {} pages, {citations} citations in {:?}", pages.len(), start.elapsed());
    markdown_folder(&pages, &out, &FolderOptions { repository: Some(&root), sources: None })?;
    let analysis = serde_json::Value::Null;
    std::fs::write(
        out.join("analysis.json"),
        json(&Export {
            analysis: &analysis,
            kb: &kb,
            summaries: &BTreeMap::new(),
            items: &[],
            pages: &pages,
        })?,
    )?;
    Ok(())
}
