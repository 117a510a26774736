//! `export`.

use std::io::{IsTerminal, Write};

use analysis::{Analyses, ExportFormat as Format};

use crate::cli::{ExportArgs, ExportFormat};
use crate::error::CliError;
use crate::terminal;

/// Writes an analysis to files, or as JSON to stdout.
pub async fn run(analyses: &Analyses, args: &ExportArgs) -> Result<u8, CliError> {
    let analysis = super::readable(analyses, &args.analysis).await?;
    match (args.format, &args.out) {
        (ExportFormat::Md, None) => {
            Err(CliError::usage("`--format md` writes a folder of pages: name it with --out DIR"))
        }
        (ExportFormat::Md, Some(out)) => {
            analyses.export_folder(&analysis.id, out).await?;
            terminal::note(&format!("Wrote {}", out.join("index.md").display()));
            Ok(0)
        }
        (ExportFormat::Json, out) => {
            let mut file = analyses.export_file(&analysis.id, Format::Json).await?;
            match out {
                Some(path) => write_whole(path, &mut file)?,
                None => {
                    let mut stdout = std::io::stdout().lock();
                    let copied = std::io::copy(&mut file, &mut stdout).and_then(|_| {
                        let end = if stdout.is_terminal() { "\n" } else { "" };
                        stdout.write_all(end.as_bytes()).and_then(|()| stdout.flush())
                    });
                    terminal::printed(copied)?;
                }
            }
            Ok(0)
        }
    }
}

/// The file is there whole or not at all.
fn write_whole(path: &std::path::Path, from: &mut std::fs::File) -> Result<(), CliError> {
    let explain = |error: std::io::Error| {
        CliError::failed(format!("cannot write {}: {error}", path.display()))
            .hint("name a file in a folder that is there and may be written")
    };
    let part = path.with_extension("part");
    let written = std::fs::File::create(&part)
        .and_then(|mut to| std::io::copy(from, &mut to).and_then(|_| to.sync_all()))
        .and_then(|()| std::fs::rename(&part, path));
    if written.is_err() {
        drop(std::fs::remove_file(&part));
    }
    written.map_err(explain)
}
