//! Errors as problem documents (RFC 9457); the one place where an error becomes a status.

use analysis::{AnalysisError, ErrorKind};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use reader::document::grouped;
use serde::Serialize;
use tower_http::timeout::TimeoutError;

use crate::router::MAX_JSON_BYTES;

/// A problem document: `application/problem+json`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct Problem {
    /// `about:blank`, or `urn:code-reader:CODE` when the code says more than the status.
    #[serde(rename = "type")]
    pub kind: String,
    /// The status in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What happened, with which value.
    pub detail: String,
    /// A stable word for programs.
    pub code: &'static str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Problem {
    /// A problem with a stable `code`.
    pub fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Problem {
        Problem {
            kind: format!("urn:code-reader:{code}"),
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
            code,
            hint: None,
        }
    }

    /// Adds what to do.
    pub fn hint(mut self, hint: impl Into<String>) -> Problem {
        self.hint = Some(hint.into());
        self
    }

    /// Nothing of that name.
    pub fn not_found(what: &str, name: &str) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, "not_found", format!("there is no {what} `{name}`"))
    }

    /// A request that cannot be understood.
    pub fn bad_request(detail: impl Into<String>) -> Problem {
        Problem::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self)).into_response();
        response
            .headers_mut()
            .insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/problem+json"));
        response
    }
}

impl From<AnalysisError> for Problem {
    fn from(error: AnalysisError) -> Problem {
        let status = match error.kind {
            ErrorKind::Invalid => StatusCode::BAD_REQUEST,
            ErrorKind::Forbidden => StatusCode::FORBIDDEN,
            ErrorKind::NotFound => StatusCode::NOT_FOUND,
            ErrorKind::Conflict => StatusCode::CONFLICT,
            ErrorKind::TooSlow => StatusCode::REQUEST_TIMEOUT,
            ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            ErrorKind::Upstream => StatusCode::BAD_GATEWAY,
            ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Problem::new(status, error.code, error.message).hint(error.hint)
    }
}

impl From<reader::KnowledgeError> for Problem {
    fn from(error: reader::KnowledgeError) -> Problem {
        tracing::error!("a knowledge base could not be read: {error}");
        AnalysisError::from(error).into()
    }
}

impl From<JsonRejection> for Problem {
    fn from(rejection: JsonRejection) -> Problem {
        // The library's own words begin with its types.
        let why = |error: &dyn std::error::Error| {
            let mut root = error;
            while let Some(source) = root.source() {
                root = source;
            }
            root.to_string()
        };
        let (code, detail) = match &rejection {
            JsonRejection::JsonDataError(error) => {
                ("bad_json", format!("the request is not as it should be: {}", why(error)))
            }
            JsonRejection::JsonSyntaxError(error) => {
                ("bad_json", format!("the request is no JSON: {}", why(error)))
            }
            JsonRejection::MissingJsonContentType(_) => {
                ("not_json", "the request is not said to be JSON".to_owned())
            }
            other if is_too_slow(other) => return AnalysisError::too_slow("the request").into(),
            other if other.status() == StatusCode::PAYLOAD_TOO_LARGE => {
                let detail = format!("the request has more than {} bytes", grouped(MAX_JSON_BYTES as u64));
                return Problem::new(other.status(), "body_too_large", detail)
                    .hint("an archive goes to /api/v1/uploads, and its id into the request");
            }
            other => ("bad_json", other.body_text()),
        };
        Problem::new(rejection.status(), code, detail)
            .hint("send JSON with `Content-Type: application/json`; /docs describes its shape")
    }
}

/// Whether a body broke off because nothing came for too long.
pub fn is_too_slow(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<TimeoutError>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    use axum::Router;
    use axum::routing::post;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::{TcpListener, TcpStream};
    use tower_http::timeout::RequestBodyTimeoutLayer;

    #[tokio::test]
    async fn a_body_that_does_not_come_is_a_timeout() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let take = post(|body: Result<Json<u8>, JsonRejection>| async {
            Err::<(), Problem>(body.unwrap_err().into())
        });
        let router =
            Router::new().route("/", take).layer(RequestBodyTimeoutLayer::new(Duration::from_millis(50)));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let mut client = TcpStream::connect(at).await.unwrap();
        let head = "POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{";
        client.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        serving.abort();
        assert!(answer.starts_with("HTTP/1.1 408") && answer.contains("\"too_slow\""), "{answer}");
    }
}
