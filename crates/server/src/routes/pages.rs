//! The documentation.

use axum::Json;
use axum::extract::State;
use reader::{Origin, Page};
use serde::Serialize;

use super::List;
use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

/// A page in the tree, without its text.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct PageHead {
    /// Its address.
    pub slug: String,
    /// Its heading.
    pub title: String,
    /// The page above.
    pub parent: Option<String>,
    /// Its place among its siblings.
    pub order: u32,
    /// Who wrote it.
    pub origin: Origin,
}

/// The tree of pages, in reading order.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/pages", tag = "reading", params(("id" = String, Path, description = "id or name")),
    responses((status = 200, description = "the pages without their texts", body = List<PageHead>))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<List<PageHead>>, Problem> {
    let analysis = state.analyses.get(&id).await?;
    let items = state
        .analyses
        .pages(&analysis.id)
        .await?
        .into_iter()
        .map(|page| PageHead {
            slug: page.slug,
            title: page.title,
            parent: page.parent,
            order: page.order,
            origin: page.origin,
        })
        .collect();
    Ok(Json(List { items, next: None }))
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
