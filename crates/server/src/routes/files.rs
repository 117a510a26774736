//! Files of an analysis, and the text of one.

use analysis::{FileDetail, Lines, List};
use axum::Json;
use axum::extract::State;
use reader::File;
use serde::{Deserialize, Serialize};

use crate::extract::{Path, Query, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// Which files.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilesQuery {
    /// At most so many (1 to 10,000; 1,000 when left out).
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// `true`: only skipped ones; `false`: only those that were read.
    skipped: Option<bool>,
}

/// A part of the files.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct FileList {
    /// The files.
    #[serde(flatten)]
    pub files: List<File>,
    /// How many more there are that stand in no part, since the repository has more files than are read
    /// (READ_MAX_FILES). They count as skipped.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_out: Option<u64>,
}

/// The files, by path.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/files", tag = "reading",
    params(("id" = String, Path, description = "id or name"), FilesQuery),
    responses((status = 200, description = "the files", body = FileList), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<FilesQuery>,
) -> Result<Json<FileList>, Problem> {
    let limit = limit(query.limit, 1_000, 10_000)?;
    let mut part = state
        .with_knowledge(&id, move |knowledge| {
            // One more tells whether there is a next part.
            let files = knowledge.files_after(query.cursor.as_deref(), query.skipped, limit + 1)?;
            Ok(FileList {
                files: List::part(files, limit, |file| &file.path),
                left_out: Some(knowledge.counts().left_out).filter(|files| *files > 0),
            })
        })
        .await?;
    state.analyses.summarize(&id, &mut part.files.items).await?;
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
