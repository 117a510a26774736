//! `list`.

use analysis::{Analyses, Analysis, List};
use reader::document::grouped;

use crate::cli::ListArgs;
use crate::error::CliError;
use crate::terminal;

/// Prints what was read, the newest first.
pub async fn run(analyses: &Analyses, args: &ListArgs) -> Result<u8, CliError> {
    let (items, next) = analyses.list(args.cursor.as_deref(), args.limit.into()).await?;
    let rows = List { items, next };
    if args.json {
        return terminal::print_json(&rows).map(|()| 0);
    }
    if rows.items.is_empty() && args.cursor.is_none() {
        terminal::note("Nothing was read yet: `code-reader read PATH` reads a folder.");
    } else {
        let cells: Vec<Vec<String>> = rows.items.iter().map(cells).collect();
        terminal::print(&terminal::table(
            &["name", "status", "files", "pages", "model", "created", "id"],
            &cells,
        ))?;
    }
    if let Some(next) = &rows.next {
        terminal::note(&format!("There are more: `code-reader list --cursor {next}` goes on."));
    }
    Ok(0)
}

fn cells(analysis: &Analysis) -> Vec<String> {
    let status = match analysis.step {
        Some(step) if !analysis.status.is_final() => format!("{} ({step})", analysis.status),
        _ => analysis.status.to_string(),
    };
    vec![
        analysis.name.clone(),
        status,
        grouped(analysis.counts.files),
        grouped(analysis.counts.pages),
        analysis.model.clone().unwrap_or_else(|| "-".to_owned()),
        analysis.created_at.strftime("%Y-%m-%d %H:%M").to_string(),
        analysis.id.to_string(),
    ]
}
