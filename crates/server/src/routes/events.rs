//! Progress as server-sent events: the row first, then every change.

use std::convert::Infallible;
use std::time::Duration;

use analysis::EventId;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;

use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

/// Each event is named `analysis`; its data is the analysis, its id what `Last-Event-ID` goes on from.
/// The stream ends with the analysis; who comes back after that gets 204, which tells a browser to stop.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}/events", tag = "analyses", params(("id" = String, Path, description = "id or name")),
    responses((status = 200, description = "text/event-stream", content_type = "text/event-stream", body = String),
              (status = 204, description = "nothing more will happen"))
)]
pub async fn events(
    State(state): State<AppState>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let analysis = state.analyses.get(&id).await?;
    let after: Option<EventId> =
        headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|id| id.parse().ok());
    if after.is_some()
        && analysis.status.is_final()
        && state.analyses.last_event(&analysis.id).await? <= after
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let stream = state.analyses.watch(&analysis.id, after).await?.map(|event| {
        let sent = match event {
            Ok(event) => Event::default()
                .event("analysis")
                .id(event.id.to_string())
                .json_data(&event.analysis)
                .unwrap_or_else(|error| Event::default().event("error").data(error.to_string())),
            Err(error) => Event::default().event("error").data(error.to_string()),
        };
        Ok::<_, Infallible>(sent)
    });
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response())
}
