//! Who uses whom.

use axum::Json;
use axum::extract::State;
use reader::{EdgeKind, Graph};
use serde::Deserialize;

use crate::extract::{Path, Query};
use crate::problem::Problem;
use crate::state::AppState;

/// Which part of the graph.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GraphQuery {
    /// `file` (default) or `symbol`: what the nodes are.
    level: Option<Level>,
    /// Only edges of this kind.
    kind: Option<EdgeKind>,
}

/// What the nodes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Files and their imports.
    File,
    /// Files and symbols, with calls, inheritance and references.
    Symbol,
}

/// The graph of files, or of files and symbols.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/graph", tag = "reading",
    params(("id" = String, Path, description = "id or name"), GraphQuery),
    responses((status = 200, description = "nodes and edges", body = Graph), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn graph(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<GraphQuery>,
) -> Result<Json<Graph>, Problem> {
    let graph = state
        .with_knowledge(&id, move |knowledge| {
            let mut graph = match query.level {
                Some(Level::Symbol) => knowledge.graph()?.as_ref().clone(),
                Some(Level::File) | None => knowledge.graph_of_files()?,
            };
            if let Some(kind) = query.kind {
                graph.edges.retain(|edge| edge.kind == kind);
            }
            Ok(graph)
        })
        .await?;
    Ok(Json(graph))
}
