//! `cancel` and `rm`.

use analysis::Analyses;

use crate::cli::{NamedArgs, RemoveArgs};
use crate::error::CliError;
use crate::terminal;

/// Stops an analysis.
pub async fn cancel(analyses: &Analyses, args: &NamedArgs) -> Result<u8, CliError> {
    let analysis = analyses.get(&args.analysis).await?;
    let analysis = analyses.cancel(&analysis.id).await?;
    if args.json {
        terminal::print_json(&analysis)?;
    } else {
        terminal::print(&format!(
            "Cancelled {}. `code-reader resume {}` goes on from here.\n",
            terminal::plain(&analysis.name),
            analysis.id
        ))?;
    }
    Ok(0)
}

/// Removes analyses; all names are looked up before the first is removed.
pub async fn remove(analyses: &Analyses, args: &RemoveArgs) -> Result<u8, CliError> {
    let mut found = Vec::new();
    for name in &args.analyses {
        found.push(analyses.get(name).await?);
    }
    for analysis in found {
        analyses.remove(&analysis.id).await?;
        terminal::print(&format!("Removed {} ({}).\n", terminal::plain(&analysis.name), analysis.id))?;
    }
    Ok(0)
}
