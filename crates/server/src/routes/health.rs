//! For machines: is it alive, is it ready, how does it do; and what the pages need to know.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, StatusCode, header};
use serde::Serialize;

use crate::metrics::gauges;
use crate::problem::Problem;
use crate::state::AppState;

/// What this server can do.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Info {
    /// Its version.
    pub version: &'static str,
    /// The provider.
    pub llm: LlmInfo,
    /// The languages of pages.
    pub languages: [&'static str; 2],
    /// Whether this client may name folders of the server's machine.
    pub local_paths: bool,
    /// What it takes at most.
    pub limits: InfoLimits,
}

/// The provider.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct LlmInfo {
    /// Whether there is one.
    pub configured: bool,
    /// Its model.
    pub model: Option<String>,
}

/// What it takes at most.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct InfoLimits {
    /// Largest upload.
    pub upload_bytes: u64,
}

/// What this server can do.
#[utoipa::path(get, path = "/api/v1/info", tag = "machines", responses((status = 200, description = "what it can do", body = Info)))]
pub async fn info(
    State(state): State<AppState>,
    axum::extract::ConnectInfo(peer): axum::extract::ConnectInfo<std::net::SocketAddr>,
) -> Json<Info> {
    let settings = &state.settings;
    Json(Info {
        version: env!("CARGO_PKG_VERSION"),
        llm: LlmInfo { configured: settings.model.is_some(), model: settings.model.clone() },
        languages: ["en", "zh"],
        local_paths: peer.ip().to_canonical().is_loopback() || !settings.local_roots.is_empty(),
        limits: InfoLimits { upload_bytes: settings.max_upload_bytes },
    })
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "machines", responses((status = 200, description = "alive", body = String)))]
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// Database and queue answer too.
#[utoipa::path(
    get, path = "/readyz", tag = "machines",
    responses((status = 200, description = "ready", body = String), (status = 503, description = "not yet, or no more", body = Problem, content_type = "application/problem+json"))
)]
pub async fn readyz(State(state): State<AppState>) -> Result<&'static str, Problem> {
    state.analyses.list(None, 1).await?;
    queue_lengths(&state).await?;
    Ok("ready\n")
}

/// Counters and gauges for Prometheus.
#[utoipa::path(get, path = "/metrics", tag = "machines", responses((status = 200, description = "text format 0.0.4", body = String)))]
pub async fn metrics(
    State(state): State<AppState>,
) -> Result<([(HeaderName, &'static str); 1], String), Problem> {
    let mut out = String::new();
    state.metrics.render(&mut out);
    let counts = state.analyses.status_counts().await?;
    gauges(
        &mut out,
        "code_reader_analyses",
        "Analyses by status.",
        counts.into_iter().map(|(status, count)| (format!("status=\"{status}\""), count as f64)),
    );
    gauges(
        &mut out,
        "code_reader_queue_messages",
        "Messages that wait, by queue.",
        queue_lengths(&state)
            .await?
            .into_iter()
            .map(|(queue, length)| (format!("queue=\"{queue}\""), length as f64)),
    );
    let usage = state.analyses.llm_usage().await?;
    gauges(
        &mut out,
        "code_reader_llm_calls",
        "Calls to the provider so far.",
        [(String::new(), usage.calls as f64)],
    );
    gauges(
        &mut out,
        "code_reader_llm_tokens",
        "Tokens so far.",
        [
            ("kind=\"prompt\"".to_owned(), usage.prompt_tokens as f64),
            ("kind=\"completion\"".to_owned(), usage.completion_tokens as f64),
        ],
    );
    gauges(
        &mut out,
        "code_reader_llm_cost",
        "Cost so far, in the unit of the prices.",
        [(String::new(), usage.cost)],
    );
    Ok(([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], out))
}

async fn queue_lengths(state: &AppState) -> Result<Vec<(String, u64)>, Problem> {
    let queues = state
        .analyses
        .app()
        .broker()
        .queues()
        .await
        .map_err(|error| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "broker", error.to_string()))?;
    Ok(queues.into_iter().map(|queue| (queue.name.to_string(), queue.ready)).collect())
}
