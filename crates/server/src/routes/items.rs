//! What is said about parts of files.

use analysis::List;
use axum::Json;
use axum::extract::State;
use reader::{Item, ItemKind};
use serde::Deserialize;

use crate::extract::{Path, Query, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// Which items.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ItemsQuery {
    /// At most so many (1 to 5,000; 500 when left out).
    #[param(minimum = 1, maximum = 5_000)]
    limit: Option<usize>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Only those of this file.
    path: Option<String>,
    /// Only those of this kind: file, class, function, data_model.
    kind: Option<ItemKind>,
}

/// The items, by path and line.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/items", tag = "reading",
    params(("id" = String, Path, description = "id or name"), ItemsQuery),
    responses((status = 200, description = "the items", body = List<Item>))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<ItemsQuery>,
) -> Result<Json<List<Item>>, Problem> {
    let analysis = state.analyses.readable(&id).await?;
    let limit = limit(query.limit, 500, 5_000)?;
    let (items, next) = state
        .analyses
        .items(&analysis.id, query.path.as_deref(), query.kind, query.cursor.as_deref(), limit)
        .await?;
    Ok(Json(List { items, next }))
}
