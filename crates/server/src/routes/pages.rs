//! The documentation.

use analysis::List;
use axum::Json;
use axum::extract::State;
use reader::{Page, PageHead};

use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

/// The tree of pages, in reading order.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/pages", tag = "reading", params(("id" = String, Path, description = "id or name")),
    responses((status = 200, description = "the pages without their texts", body = List<PageHead>))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<List<PageHead>>, Problem> {
    Ok(Json(List::whole(state.analyses.page_heads(&id).await?)))
}

/// One page.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/pages/{slug}", tag = "reading",
    params(("id" = String, Path, description = "id or name"), ("slug" = String, Path, description = "its address, slashes as they are")),
    responses((status = 200, description = "the page", body = Page), (status = 404, description = "no such page", body = Problem, content_type = "application/problem+json"))
)]
pub async fn show(
    State(state): State<AppState>,
    Path((id, slug)): Path<(String, String)>,
) -> Result<Json<Page>, Problem> {
    let page = state.analyses.page_by_name(&id, &slug).await?;
    page.map(Json).ok_or_else(|| Problem::not_found("page", &slug))
}
