//! Files of an analysis, and the text of one.

use axum::Json;
use axum::extract::State;
use reader::{File, FileReading, Symbol};
use serde::{Deserialize, Serialize};

use super::List;
use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::AppState;

/// Which files.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilesQuery {
    /// At most so many (1 to 10,000; 1,000 when left out).
    limit: Option<usize>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// `true`: only skipped ones; `false`: only those that were read.
    skipped: Option<bool>,
}

/// The files, by path.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/files", tag = "reading",
    params(("id" = String, Path, description = "id or name"), FilesQuery),
    responses((status = 200, description = "the files", body = List<File>))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<FilesQuery>,
) -> Result<Json<List<File>>, Problem> {
    let part = state
        .with_knowledge(&id, move |knowledge| {
            let limit = query.limit.unwrap_or(1_000).clamp(1, 10_000);
            // One more tells whether there is a next part.
            let files = knowledge.files_after(query.cursor.as_deref(), query.skipped, limit + 1)?;
            Ok(List::part(files, limit, |file| &file.path))
        })
        .await?;
    Ok(Json(part))
}

/// Which lines of the text.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LinesQuery {
    /// First line, from 1.
    start_line: Option<u32>,
    /// Last line, included.
    end_line: Option<u32>,
}

/// A file with its text and what is known of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileDetail {
    /// The row.
    #[serde(flatten)]
    pub file: File,
    /// The text asked for; null for a file that was not read.
    pub source: Option<SourceText>,
    /// Its symbols, by line.
    pub symbols: Vec<Symbol>,
    /// What is said about it and its parts.
    pub reading: Option<FileReading>,
    /// Files that import it.
    pub imported_by: Vec<String>,
}

/// Lines of text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct SourceText {
    /// The number of the first line given.
    pub start_line: u32,
    /// The number of the last line given.
    pub end_line: u32,
    /// All lines of the file.
    pub total_lines: u32,
    /// The text, lines joined by `\n`.
    pub text: String,
}

/// One file: its text, symbols, items and importers.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/files/{path}", tag = "reading",
    params(("id" = String, Path, description = "id or name"), ("path" = String, Path, description = "the path, slashes as they are"), LinesQuery),
    responses((status = 200, description = "the file", body = FileDetail), (status = 404, description = "no such file", body = Problem, content_type = "application/problem+json"))
)]
pub async fn show(
    State(state): State<AppState>,
    Path((id, path)): Path<(String, String)>,
    Query(lines): Query<LinesQuery>,
) -> Result<Json<FileDetail>, Problem> {
    let analysis = state.analyses.get(&id).await?;
    let reading = state.analyses.reading(&analysis.id, &path).await?;
    let detail = state
        .with_knowledge(&id, move |knowledge| {
            let file = knowledge.file(&path)?.ok_or_else(|| Problem::not_found("file", &path))?;
            let source = knowledge.source(&path)?.map(|text| cut(&text, &lines));
            let facts = knowledge.facts(&path)?;
            let symbols = facts.map(|facts| facts.symbols).unwrap_or_default();
            let imported_by = knowledge.imported_by(&path)?.into_iter().map(|link| link.path).collect();
            Ok(FileDetail { file, source, symbols, reading, imported_by })
        })
        .await?;
    Ok(Json(detail))
}

fn cut(text: &str, lines: &LinesQuery) -> SourceText {
    let all: Vec<&str> = text.lines().collect();
    let total = all.len();
    let start = lines.start_line.map_or(1, |line| line as usize).max(1);
    let end = lines.end_line.map_or(total, |line| line as usize).min(total);
    let chosen = if start <= end { all.get(start - 1..end).unwrap_or_default() } else { &[] };
    SourceText {
        start_line: number(start),
        end_line: number(end),
        total_lines: number(total),
        text: chosen.join("\n"),
    }
}

fn number(lines: usize) -> u32 {
    u32::try_from(lines).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_cut_within_the_text() {
        let cut = |start_line, end_line| cut("a\nb\nc\n", &LinesQuery { start_line, end_line });
        assert_eq!(cut(None, None).text, "a\nb\nc");
        assert_eq!(cut(Some(2), Some(2)).text, "b");
        assert_eq!(cut(Some(2), Some(99)).text, "b\nc");
        assert_eq!(cut(Some(9), Some(3)).text, "");
        assert_eq!(cut(Some(0), Some(1)).text, "a");
        assert_eq!(cut(None, None).total_lines, 3);
    }
}
