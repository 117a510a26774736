//! Archives, streamed to disk.

use std::io::ErrorKind;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::TryStreamExt;
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, Schema, SchemaFormat, Type};

use crate::problem::{Problem, is_too_slow};
use crate::state::AppState;

/// The answer to an upload.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Uploaded {
    /// What `source.upload` of a submission names.
    pub upload: String,
    /// Bytes received.
    pub bytes: u64,
}

/// Bytes as they are, for which OpenAPI has no Rust type.
#[derive(Debug)]
pub enum Archive {}

impl utoipa::PartialSchema for Archive {
    fn schema() -> RefOr<Schema> {
        let bytes = ObjectBuilder::new().schema_type(Type::String);
        bytes.format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary))).into()
    }
}

impl utoipa::ToSchema for Archive {}

/// Send the archive (zip, tar, tar.gz) as the body; its name may stand in `X-Filename`.
#[utoipa::path(
    post, path = "/api/v1/uploads", tag = "analyses",
    params(("X-Filename" = Option<String>, Header, description = "the archive's name, percent-encoded")),
    request_body(content = inline(Archive), content_type = "application/octet-stream"),
    responses((status = 201, description = "kept", body = Uploaded),
              (status = 400, description = "not an archive, or a hostile one", body = Problem, content_type = "application/problem+json"),
              (status = 413, description = "over the limit", body = Problem, content_type = "application/problem+json"))
)]
pub async fn upload(
    State(state): State<AppState>,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<Uploaded>), Problem> {
    let limit = state.settings.max_upload_bytes;
    let announced: Option<u64> = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok())
        .and_then(|n| n.parse().ok());
    if announced.is_some_and(|bytes| bytes > limit) {
        return Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "upload_too_large",
            format!("the archive has {} bytes, and at most {limit} are taken", announced.unwrap_or_default()),
        )
        .hint("leave out what is not source, or raise MAX_UPLOAD_BYTES"));
    }
    let name = headers
        .get("x-filename")
        .and_then(|name| name.to_str().ok())
        .map(|name| String::from_utf8_lossy(&decode_percent(name)).into_owned());
    let stream = body.into_data_stream().map_err(|error| {
        let kind = if is_too_slow(&error) { ErrorKind::TimedOut } else { ErrorKind::Other };
        std::io::Error::new(kind, error)
    });
    let (upload, bytes) = state.analyses.upload(name, limit, stream).await?;
    Ok((StatusCode::CREATED, Json(Uploaded { upload: upload.to_string(), bytes })))
}

fn decode_percent(text: &str) -> Vec<u8> {
    url::form_urlencoded::parse(format!("n={}", text.replace('+', "%2B")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned().into_bytes())
        .unwrap_or_default()
}
