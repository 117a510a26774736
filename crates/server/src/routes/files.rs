//! Files of an analysis, and the text of one.

use analysis::{FileDetail, Lines, List};
use axum::Json;
use axum::extract::State;
use reader::File;
use serde::Deserialize;

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
    responses((status = 200, description = "the files", body = List<File>), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<FilesQuery>,
) -> Result<Json<List<File>>, Problem> {
    let mut part = state
        .with_knowledge(&id, move |knowledge| {
            let limit = query.limit.unwrap_or(1_000).clamp(1, 10_000);
            // One more tells whether there is a next part.
            let files = knowledge.files_after(query.cursor.as_deref(), query.skipped, limit + 1)?;
            Ok(List::part(files, limit, |file| &file.path))
        })
        .await?;
    state.analyses.summarize(&id, &mut part.items).await?;
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

/// One file: its text, symbols, items and importers.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/files/{path}", tag = "reading",
    params(("id" = String, Path, description = "id or name"), ("path" = String, Path, description = "the path, slashes as they are"), LinesQuery),
    responses((status = 200, description = "the file", body = FileDetail), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"), (status = 404, description = "no such file", body = Problem, content_type = "application/problem+json"))
)]
pub async fn show(
    State(state): State<AppState>,
    Path((id, path)): Path<(String, String)>,
    Query(lines): Query<LinesQuery>,
) -> Result<Json<FileDetail>, Problem> {
    let reading = state.analyses.reading(&id, &path).await?;
    let detail = state
        .with_knowledge(&id, move |knowledge| {
            let lines = Lines { start: lines.start_line, end: lines.end_line };
            let found = FileDetail::of(knowledge, &path, lines, reading)?;
            found.ok_or_else(|| Problem::not_found("file", &path))
        })
        .await?;
    Ok(Json(detail))
}
