//! Routes, layers, and the loop that serves them.

use std::sync::Arc;
use std::time::Duration;

use analysis::Analyses;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderName, HeaderValue, header};
use axum::{Json, Router, middleware};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::guard::Guard;
use crate::metrics::Metrics;
use crate::problem::Problem;
use crate::state::{AppState, ServerSettings};
use crate::{assets, docs, guard, linger, metrics, refusals, routes as r};

/// Bodies of JSON beyond this are refused; uploads have a limit of their own.
pub(crate) const MAX_JSON_BYTES: usize = 1 << 20;

/// A client that sends nothing more of its body for so long is given up.
const BODY_PATIENCE: Duration = Duration::from_secs(30);

/// Scripts and connections of our own only; diagrams and highlighting set styles inline.
const CONTENT_SECURITY_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
     img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

#[derive(OpenApi)]
#[openapi(
    info(title = "Code Reader", description = "Reads a whole source repository in the background and serves its documentation."),
    // Their paths hold slashes, so they are routed below by hand.
    paths(r::files::show, r::pages::show),
    tags(
        (name = "analyses", description = "Submit and follow"),
        (name = "reading", description = "What was read; a name means the newest analysis of it that is completed"),
        (name = "machines", description = "For machines")
    )
)]
struct Api;

/// The OpenAPI document.
pub fn openapi() -> utoipa::openapi::OpenApi {
    described(resources()).1
}

/// The routes, and what is told of them.
fn described(resources: OpenApiRouter<AppState>) -> (Router<AppState>, utoipa::openapi::OpenApi) {
    let (routes, mut api) = resources.split_for_parts();
    refusals::declare(&mut api);
    (routes, api)
}

/// The whole application.
pub fn router(analyses: Analyses, settings: ServerSettings) -> Router {
    let guard = Guard { bound: settings.bound, tokens: settings.tokens.clone() };
    let metrics = Metrics::default();
    let state = AppState { analyses, settings: Arc::new(settings), metrics: metrics.clone() };
    let (resources, api) = described(resources());
    let api = Arc::new(serde_json::to_value(api).unwrap_or_default());
    let page = docs::page(&api);
    resources
        .route("/openapi.json", axum::routing::get(move || async move { Json(api.as_ref().clone()) }))
        .route("/docs", axum::routing::get(move || async move { page }))
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(assets::serve)
        .with_state(state)
        .layer(middleware::from_fn_with_state(guard, guard::check))
        .layer(middleware::from_fn_with_state(metrics, metrics::count))
        .layer(middleware::from_fn(linger::read_to_the_end))
        .layer(RequestBodyTimeoutLayer::new(BODY_PATIENCE))
        .layer(CompressionLayer::new())
        .layer(CatchPanicLayer::custom(panicked))
        .layer(header_layer(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY))
        .layer(header_layer(header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(header_layer(header::REFERRER_POLICY, "no-referrer"))
}

fn resources() -> OpenApiRouter<AppState> {
    let uploads = OpenApiRouter::new().routes(routes!(r::uploads::upload)).layer(DefaultBodyLimit::disable());
    OpenApiRouter::with_openapi(Api::openapi())
        .routes(routes!(r::analyses::submit, r::analyses::list))
        .routes(routes!(r::analyses::show, r::analyses::remove))
        .routes(routes!(r::analyses::cancel))
        .routes(routes!(r::analyses::resume))
        .routes(routes!(r::events::events))
        .routes(routes!(r::files::list))
        .routes(routes!(r::items::list))
        .routes(routes!(r::symbols::list))
        .routes(routes!(r::graph::graph))
        .routes(routes!(r::pages::list))
        .routes(routes!(r::search::search))
        .routes(routes!(r::export::export))
        .routes(routes!(r::tasks::show))
        .routes(routes!(r::health::info))
        .routes(routes!(r::health::healthz))
        .routes(routes!(r::health::readyz))
        .routes(routes!(r::health::metrics))
        .layer(DefaultBodyLimit::max(MAX_JSON_BYTES))
        .merge(uploads)
        // Paths and slugs hold slashes; OpenAPI has no word for that, axum has `{*name}`.
        .route("/api/v1/analyses/{id}/files/{*path}", axum::routing::get(r::files::show))
        .route("/api/v1/analyses/{id}/pages/{*slug}", axum::routing::get(r::pages::show))
}

fn header_layer(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

pub(crate) async fn method_not_allowed() -> Problem {
    Problem::new(
        axum::http::StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "this resource does not take that method",
    )
    .hint("see /docs for what it takes")
}

fn panicked(_: Box<dyn std::any::Any + Send + 'static>) -> axum::response::Response {
    use axum::response::IntoResponse;
    tracing::error!("a handler panicked");
    Problem::new(axum::http::StatusCode::INTERNAL_SERVER_ERROR, "internal", "the server made a mistake")
        .hint("the server's log tells more; please report it")
        .into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn document() -> Value {
        serde_json::to_value(openapi()).unwrap()
    }

    /// Every operation, with its method and path.
    fn operations<'a>(api: &'a Value) -> Vec<(String, &'a Value)> {
        let of_path = |(path, item): (&String, &'a Value)| {
            let named = |(method, operation): (&String, &'a Value)| (format!("{method} {path}"), operation);
            item.as_object().unwrap().iter().map(named).collect::<Vec<_>>()
        };
        api["paths"].as_object().unwrap().iter().flat_map(of_path).collect()
    }

    #[test]
    fn a_parameter_is_in_the_path_exactly_when_the_path_names_it() {
        let api = document();
        let mut queried = Vec::new();
        for (name, operation) in operations(&api) {
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let called = parameter["name"].as_str().unwrap();
                let in_path = name.contains(&format!("{{{called}}}"));
                assert_eq!(parameter["in"] == "path", in_path, "{name}: {parameter}");
                if parameter["in"] == "query" {
                    let required = parameter["required"] == true;
                    assert_eq!(required, called == "q", "{name}: {parameter}");
                    queried.push(called.to_owned());
                }
            }
        }
        for known in ["limit", "cursor", "q", "kind", "format", "level", "start_line", "skipped"] {
            assert!(queried.iter().any(|name| name == known), "{known} is missing");
        }
    }

    #[test]
    fn every_route_is_described_with_its_refusals_as_problem_documents() {
        let api = document();
        for path in ["files/{path}", "pages/{slug}"] {
            assert!(api["paths"][format!("/api/v1/analyses/{{id}}/{path}")]["get"].is_object(), "{path}");
        }
        let submission = &api["paths"]["/api/v1/analyses"]["post"]["responses"];
        for status in ["400", "403", "413", "415", "422"] {
            assert!(submission[status].is_object(), "{status}: {submission}");
        }
        for (name, operation) in operations(&api) {
            for (status, response) in operation["responses"].as_object().unwrap() {
                let Some(content) = response["content"].as_object() else { continue };
                let is_problem = content.contains_key("application/problem+json");
                assert_eq!(is_problem, status.as_str() >= "400", "{name} {status}: {response}");
                assert!(!is_problem || content.len() == 1, "{name} {status}: {response}");
            }
        }
    }

    #[test]
    fn words_and_bodies_are_described_as_they_are_sent() {
        let api = document();
        let schemas = &api["components"]["schemas"];
        let words = |name: &str| schemas[name]["enum"].clone();
        assert_eq!(
            words("Status"),
            serde_json::json!(["queued", "running", "completed", "failed", "cancelled"])
        );
        assert_eq!(words("Step"), serde_json::json!(["scan", "index", "analyze", "document"]));
        assert_eq!(words("DocumentLanguage"), serde_json::json!(["en", "zh"]));
        let archive =
            &api["paths"]["/api/v1/uploads"]["post"]["requestBody"]["content"]["application/octet-stream"];
        assert_eq!(archive["schema"], serde_json::json!({"type": "string", "format": "binary"}));
    }
}
