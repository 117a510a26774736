//! The pages, embedded in the binary.

use axum::body::Body;
use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

use crate::problem::Problem;
use crate::router::method_not_allowed;

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Pages;

/// Resources outside of `/api`; with a slash behind them they are no pages.
const MACHINES: [&str; 5] = ["docs", "healthz", "metrics", "openapi.json", "readyz"];

/// A file of the pages, or the page itself for every other path, whose routes the browser knows.
pub async fn serve(method: Method, uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    let of_machines = path.strip_suffix('/').is_some_and(|path| MACHINES.contains(&path));
    if path == "api" || path.starts_with("api/") || of_machines {
        return Problem::not_found("resource", uri.path()).into_response();
    }
    if !matches!(method, Method::GET | Method::HEAD) {
        let refused = method_not_allowed().await;
        return ([(header::ALLOW, HeaderValue::from_static("GET,HEAD"))], refused).into_response();
    }
    if let Some(file) = Pages::get(path) {
        // Names below assets/ hold a hash of the content.
        let cache =
            if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
        return answer(file, cache);
    }
    match Pages::get("index.html") {
        Some(_) if path.starts_with("assets/") => Problem::not_found("file", path).into_response(),
        Some(index) => answer(index, "no-cache"),
        None => Problem::new(StatusCode::NOT_FOUND, "no_pages", "this binary was built without the pages")
            .hint("build with ./start, or run `npm ci && npm run build` in web/ before cargo; the API is at /api/v1 and described at /docs")
            .into_response(),
    }
}

fn answer(file: rust_embed::EmbeddedFile, cache: &'static str) -> Response {
    let mime = HeaderValue::from_str(file.metadata.mimetype())
        .unwrap_or(HeaderValue::from_static("application/octet-stream"));
    let headers = [(header::CONTENT_TYPE, mime), (header::CACHE_CONTROL, HeaderValue::from_static(cache))];
    (headers, Body::from(file.data.into_owned())).into_response()
}
