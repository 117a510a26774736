//! `search`.

use std::fmt::Write as _;

use analysis::{Analyses, List};
use reader::Language;
use reader::knowledge::{Hit, SearchQuery};

use crate::cli::SearchArgs;
use crate::error::CliError;
use crate::terminal;

/// Prints the best matches; exit code 1 when there is none, as grep's.
pub async fn run(analyses: &Analyses, args: &SearchArgs) -> Result<u8, CliError> {
    let language: Option<Language> = args
        .language
        .as_ref()
        .map(|name| serde_json::from_value(name.to_lowercase().into()))
        .transpose()
        .map_err(|_| {
            CliError::usage("--language takes a name such as python, typescript, go, rust or csharp")
        })?;
    if args.query.iter().all(|words| words.trim().is_empty()) {
        return Err(CliError::usage("there is nothing to search for").hint("give words, or a part of a name"));
    }
    let analysis = super::readable(analyses, &args.analysis).await?;
    let knowledge = analyses.knowledge(&analysis.id).await?;
    let query = SearchQuery {
        text: args.query.join(" "),
        limit: args.limit.into(),
        kind: None,
        language,
        path_prefix: args.path.clone(),
    };
    let hits = tokio::task::spawn_blocking(move || knowledge.search(&query))
        .await
        .map_err(|error| CliError::failed(format!("the search broke off: {error}")))?
        .map_err(|error| CliError::failed(error.to_string()))?;
    let is_empty = hits.is_empty();
    if args.json {
        terminal::print_json(&List::whole(hits))?;
    } else if is_empty {
        terminal::note("Nothing found: try fewer words, or a part of a name.");
    } else {
        terminal::print(&hits.iter().map(render).collect::<String>())?;
    }
    Ok(u8::from(is_empty))
}

fn render(hit: &Hit) -> String {
    let mut out =
        terminal::bold(&format!("{}:{}-{}", terminal::name(&hit.path), hit.start_line, hit.end_line));
    if let Some(symbol) = &hit.symbol {
        let _ = write!(out, "  {}", terminal::name(symbol));
    }
    out.push('\n');
    for line in hit.snippet.lines().take(6) {
        let _ = writeln!(out, "    {}", terminal::plain(line));
    }
    out.push('\n');
    out
}
