//! The whole reading in one answer.

use analysis::ExportFormat;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde::Deserialize;
use tokio_util::io::ReaderStream;

use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::AppState;

/// As what.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `json` (default): one document; `md`: a zip of Markdown pages with analysis.json.
    format: Option<Format>,
}

/// As what.
#[derive(Debug, Clone, Copy, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// One document.
    Json,
    /// A zip of Markdown pages.
    Md,
}

/// Everything that was read, as one document or a zip of pages.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/export", tag = "reading",
    params(("id" = String, Path, description = "id or name"), ExportQuery),
    responses((status = 200, description = "the export document, or a zip", content((Object = "application/json"), (inline(super::uploads::Archive) = "application/zip"))), (status = 409, description = "no pages yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn export(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<([(HeaderName, String); 2], Body), Problem> {
    let analysis = state.analyses.readable(&id).await?;
    let (format, mime, ending) = match query.format.unwrap_or(Format::Json) {
        Format::Json => (ExportFormat::Json, "application/json", "json"),
        Format::Md => (ExportFormat::Zip, "application/zip", "zip"),
    };
    let file = state.analyses.export_file(&analysis.id, format).await?;
    let name: String = analysis
        .name
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' })
        .collect();
    let headers = [
        (header::CONTENT_TYPE, mime.to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}.{ending}\"")),
    ];
    Ok((headers, Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file)))))
}
