//! `cancel` and `rm`.

use analysis::{Analyses, Analysis, List};

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
            terminal::name(&analysis.name),
            analysis.id
        ))?;
    }
    Ok(0)
}

/// Removes analyses; all names are looked up before the first is removed.
pub async fn remove(analyses: &Analyses, args: &RemoveArgs) -> Result<u8, CliError> {
    let mut found: Vec<Analysis> = Vec::new();
    for name in &args.analyses {
        let analysis = analyses.get(name).await?;
        if !found.iter().any(|other| other.id == analysis.id) {
            found.push(analysis);
        }
    }
    let mut removed = Vec::new();
    let mut outcome = Ok(0);
    for analysis in found {
        if let Err(error) = analyses.remove(&analysis.id).await {
            outcome = Err(error.into());
            break;
        }
        if !args.json {
            terminal::print(&format!("Removed {} ({}).\n", terminal::name(&analysis.name), analysis.id))?;
        }
        removed.push(analysis);
    }
    if args.json {
        terminal::print_json(&List::whole(removed))?;
    }
    outcome
}
