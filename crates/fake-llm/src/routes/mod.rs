//! The endpoints.

mod chat;
mod embeddings;
mod problem;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request, State as FromState};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use crate::state::State;
use problem::problem;

pub(crate) fn router(state: Arc<State>) -> Router {
    let api = Router::new()
        .route("/v1/chat/completions", post(chat::completions))
        .route("/v1/embeddings", post(embeddings::embeddings))
        .route("/v1/models", get(models))
        .layer(middleware::from_fn_with_state(state.clone(), key_is_right));
    Router::new()
        .route("/stats", get(async |FromState(state): FromState<Arc<State>>| Json(state.stats())))
        .route("/log", get(async |FromState(state): FromState<Arc<State>>| Json(state.log())))
        .merge(api)
        .fallback(async || problem(StatusCode::NOT_FOUND, "not_found", "no such path"))
        .layer(DefaultBodyLimit::max(64 << 20))
        .with_state(state)
}

async fn key_is_right(FromState(state): FromState<Arc<State>>, request: Request, next: Next) -> Response {
    let Some(key) = &state.config.api_key else { return next.run(request).await };
    let given = request.headers().get("authorization").and_then(|value| value.to_str().ok());
    if given.and_then(|given| given.strip_prefix("Bearer ")) == Some(key.as_str()) {
        next.run(request).await
    } else {
        problem(StatusCode::UNAUTHORIZED, "invalid_api_key", "Incorrect API key provided.").into_response()
    }
}

async fn models(FromState(state): FromState<Arc<State>>) -> Json<Value> {
    let models: Vec<Value> = state
        .config
        .models
        .iter()
        .map(|id| json!({"id": id, "object": "model", "owned_by": "fake-llm"}))
        .collect();
    Json(json!({"object": "list", "data": models}))
}
