//! Symbols of an analysis.

use analysis::{Cursor, List};
use axum::Json;
use axum::extract::State;
use reader::knowledge::SymbolQuery;
use reader::{Symbol, SymbolKind};
use serde::Deserialize;

use crate::extract::{Path, Query, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// Which symbols.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SymbolsQuery {
    /// At most so many (1 to 10,000; 1,000 when left out).
    #[param(minimum = 1, maximum = 10_000)]
    limit: Option<usize>,
    /// `next` of the part before.
    cursor: Option<String>,
    /// Only those of this file.
    path: Option<String>,
    /// Only those whose name begins so, case and `_` aside.
    name: Option<String>,
    /// Only those of this kind: class, function, method, …
    kind: Option<SymbolKind>,
    /// Only those that others can use.
    exported: Option<bool>,
}

/// The symbols, by path and line.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/symbols", tag = "reading",
    params(("id" = String, Path, description = "id or name"), SymbolsQuery),
    responses((status = 200, description = "the symbols", body = List<Symbol>), (status = 409, description = "not indexed yet", body = Problem, content_type = "application/problem+json"))
)]
pub async fn list(
    State(state): State<AppState>,
    Path(id): Path<String>,
    Query(query): Query<SymbolsQuery>,
) -> Result<Json<List<Symbol>>, Problem> {
    let limit = limit(query.limit, 1_000, 10_000)?;
    let from: Option<Cursor> = query.cursor.as_deref().map(str::parse).transpose()?;
    let part = state
        .with_knowledge(&id, move |knowledge| {
            // One more tells whether there is a next part.
            let mut items = knowledge.symbols(&SymbolQuery {
                from: from.as_ref().map(|from| (from.path.clone(), from.index)),
                path: query.path,
                kind: query.kind,
                name: query.name,
                exported: query.exported,
                limit: limit + 1,
            })?;
            let next = items.split_off(items.len().min(limit)).pop().map(|next| {
                let given = items.iter().rev().take_while(|symbol| symbol.path == next.path).count();
                let before = from.filter(|from| from.path == next.path).map_or(0, |from| from.index);
                Cursor { index: before + given, path: next.path }.to_string()
            });
            Ok(List { items, next })
        })
        .await?;
    Ok(Json(part))
}
