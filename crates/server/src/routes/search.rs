//! Full-text search over code and symbols.

use analysis::List;
use axum::Json;
use axum::extract::State;
use reader::knowledge::{Hit, SearchQuery};
use serde::Deserialize;

use crate::extract::{Path, Query, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// What to look for.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// Words; parts of identifiers are words too, and the last one may be a beginning.
    q: String,
    /// At most so many (1 to 100; 20 when left out).
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// Only files of this language.
    language: Option<reader::Language>,
    /// Only files below this folder.
    path: Option<String>,
}

/// The best matches first.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/search", tag = "reading",
    params(("id" = String, Path, description = "id or name"), SearchParams),
    responses((status = 200, description = "the matches", body = List<Hit>), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn search(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<SearchParams>,
) -> Result<Json<List<Hit>>, Problem> {
    if query.q.len() > 1_000 {
        return Err(Problem::bad_request("`q` is longer than 1,000 bytes"));
    }
    let limit = limit(query.limit, 20, 100)?;
    let items = state
        .with_knowledge(&id, move |knowledge| {
            Ok(knowledge.search(&SearchQuery {
                text: query.q,
                limit,
                kind: None,
                language: query.language,
                path_prefix: query.path,
            })?)
        })
        .await?;
    Ok(Json(List::whole(items)))
}
