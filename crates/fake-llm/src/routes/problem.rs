//! Errors as the OpenAI API words them.

use std::time::Duration;

use axum::Json;
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::limiter::Refusal;

/// An error body.
pub(super) fn problem(status: StatusCode, code: &str, message: &str) -> Response {
    let error = json!({"error": {"message": message, "type": code, "code": code, "param": null}});
    (status, Json(error)).into_response()
}

/// 429, with the wait in whole seconds and in milliseconds.
pub(super) fn limited(refusal: &Refusal) -> Response {
    let message = format!("Rate limit reached: {}.", refusal.limit);
    let body = problem(StatusCode::TOO_MANY_REQUESTS, "rate_limit_exceeded", &message);
    (wait_headers(refusal.retry_after), body).into_response()
}

fn wait_headers(wait: Duration) -> [(HeaderName, String); 2] {
    let milliseconds = wait.as_micros().div_ceil(1000);
    [
        (HeaderName::from_static("retry-after"), milliseconds.div_ceil(1000).to_string()),
        (HeaderName::from_static("retry-after-ms"), milliseconds.to_string()),
    ]
}
