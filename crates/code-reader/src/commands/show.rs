//! `show`.

use std::fmt::Write as _;

use analysis::{Analyses, Analysis, FileDetail, Lines, List};
use reader::PageHead;

use crate::cli::ShowArgs;
use crate::error::CliError;
use crate::progress::counted;
use crate::terminal;

/// Shows a page, the tree of pages, or a file.
pub async fn run(analyses: &Analyses, args: &ShowArgs) -> Result<u8, CliError> {
    let analysis = super::readable(analyses, &args.analysis).await?;
    if let Some(path) = &args.file {
        return file(analyses, &analysis, path, args.json).await;
    }
    let pages = analyses.page_heads(analysis.id.as_str()).await?;
    if args.pages {
        if args.json {
            terminal::print_json(&List::whole(pages))?;
        } else {
            terminal::print(&tree(&pages))?;
        }
        return Ok(0);
    }
    let Some(first) = pages.first() else { return Err(no_pages(&analysis)) };
    let slug = args.page.as_ref().unwrap_or(&first.slug);
    let page = analyses.page(&analysis.id, slug).await?.ok_or_else(|| {
        CliError::failed(format!("{} has no page `{slug}`", analysis.name))
            .hint(format!("`code-reader show {} --pages` lists them", terminal::word(&analysis.name)))
    })?;
    if args.json {
        terminal::print_json(&page)?;
    } else {
        let mut text = terminal::plain(&terminal::markdown(&page.markdown));
        if args.page.is_none() && pages.len() > 1 {
            let _ = write!(text, "\n{}\n{}", terminal::bold("Pages"), tree(&pages));
        }
        terminal::print(&text)?;
    }
    Ok(0)
}

async fn file(analyses: &Analyses, analysis: &Analysis, path: &str, json: bool) -> Result<u8, CliError> {
    let knowledge = analyses.knowledge(&analysis.id).await?;
    let reading = analyses.reading(analysis.id.as_str(), path).await?;
    let wanted = path.to_owned();
    let found =
        tokio::task::spawn_blocking(move || FileDetail::of(&knowledge, &wanted, Lines::default(), reading))
            .await
            .map_err(|error| CliError::failed(format!("the look-up broke off: {error}")))?
            .map_err(|error| CliError::failed(error.to_string()))?;
    let Some(detail) = found else {
        return Err(CliError::failed(format!("{} has no file `{path}`", analysis.name))
            .hint("paths are relative to the repository, with / between folders"));
    };
    if json {
        return terminal::print_json(&detail).map(|()| 0);
    }
    let FileDetail { file, symbols, reading, .. } = detail;
    let mut out = format!("{}\n", terminal::bold(&terminal::name(&file.path)));
    if let Some(reason) = file.skipped {
        // In the API's words.
        let reason = serde_json::to_value(reason)?.as_str().unwrap_or_default().replace('_', " ");
        let _ = writeln!(out, "Not read: {reason}, {}.", counted(file.bytes, "byte", "bytes"));
    }
    if let Some(reading) = &reading {
        let _ = writeln!(out, "{}\n", terminal::plain(&reading.summary));
    }
    for symbol in &symbols {
        let indent = symbol.parent.as_ref().map_or(0, |parent| 2 * (1 + parent.matches('.').count()));
        let _ = writeln!(
            out,
            "{:>11}  {:indent$}{}",
            format!("{}-{}", symbol.lines.start_line, symbol.lines.end_line),
            "",
            terminal::name(&symbol.signature)
        );
    }
    terminal::print(&out)?;
    Ok(0)
}

fn tree(pages: &[PageHead]) -> String {
    let mut out = String::new();
    for page in pages {
        let indent = if page.parent.is_some() { 4 } else { 2 };
        let _ =
            writeln!(out, "{:indent$}{:<40} {}", "", terminal::name(&page.slug), terminal::name(&page.title));
    }
    out
}

fn no_pages(analysis: &Analysis) -> CliError {
    let state = super::state(analysis);
    let error = CliError::failed(format!("{} has no pages: it {state}", terminal::name(&analysis.name)));
    if analysis.status.is_final() {
        error.hint(format!("`code-reader resume {}` goes on with it", analysis.id))
    } else {
        error.hint("they come when it is completed")
    }
}
