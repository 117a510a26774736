//! Submit, list, look, cancel, resume, remove.

use std::net::SocketAddr;
use std::path::{Path as FsPath, PathBuf};

use analysis::{Analysis, List, Source, Submission};
use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{ConnectInfo, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use crate::extract::{Path, Query, limit};
use crate::problem::Problem;
use crate::state::AppState;

/// The answer to a submission.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Accepted {
    /// The analysis.
    pub id: String,
    /// The Celery task that runs it.
    pub task_id: String,
    /// Where to look.
    pub links: Links,
}

/// Where to look.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Links {
    /// The analysis itself.
    #[serde(rename = "self")]
    pub this: String,
    /// Its progress as server-sent events.
    pub events: String,
    /// Its pages, once there are some.
    pub pages: String,
    /// The state of its task.
    pub task: String,
    /// The page for people.
    pub html: String,
}

/// Read a repository: answers at once, the work runs in the background.
#[utoipa::path(
    post, path = "/api/v1/analyses", tag = "analyses", request_body = Submission,
    responses(
        (status = 202, description = "accepted", body = Accepted),
        (status = 400, description = "the source or an option is wrong", body = Problem, content_type = "application/problem+json"),
        (status = 403, description = "the path is not allowed; a foreign host, or a page of another site", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "no such upload", body = Problem, content_type = "application/problem+json"),
        (status = 413, description = "over the limit", body = Problem, content_type = "application/problem+json"),
        (status = 415, description = "not `Content-Type: application/json`", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "JSON of another shape", body = Problem, content_type = "application/problem+json"),
    )
)]
pub async fn submit(
    State(state): State<AppState>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    submission: Result<Json<Submission>, JsonRejection>,
) -> Result<Response, Problem> {
    let Json(submission) = submission?;
    refuse_foreign_path(&state, peer, &submission.source)?;
    let analysis = state.analyses.submit(submission).await?;
    let base = format!("/api/v1/analyses/{}", analysis.id);
    let accepted = Accepted {
        links: Links {
            events: format!("{base}/events"),
            pages: format!("{base}/pages"),
            task: format!("/api/v1/tasks/{}", analysis.task_id),
            html: format!("/a/{}", analysis.id),
            this: base.clone(),
        },
        id: analysis.id.to_string(),
        task_id: analysis.task_id,
    };
    let mut response = (StatusCode::ACCEPTED, Json(accepted)).into_response();
    if let Ok(location) = HeaderValue::from_str(&base) {
        response.headers_mut().insert(header::LOCATION, location);
    }
    Ok(response)
}

/// Who is not on this machine reads only what the configuration opens.
fn refuse_foreign_path(state: &AppState, peer: SocketAddr, source: &Source) -> Result<(), Problem> {
    let path = match source {
        Source::Path { path } => path,
        Source::Archive { archive } => archive,
        Source::Git { .. } | Source::Upload { .. } => return Ok(()),
    };
    if peer.ip().to_canonical().is_loopback() || under_a_root(FsPath::new(path), &state.settings.local_roots)
    {
        return Ok(());
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "path_not_allowed",
        "paths of the server's machine are read for clients on that machine only",
    )
    .hint("upload an archive or give a git URL; the operator can open folders with LOCAL_ROOTS"))
}

/// Links are resolved first, so that none leads out of a root.
fn under_a_root(path: &FsPath, roots: &[PathBuf]) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    roots.iter().filter_map(|root| root.canonicalize().ok()).any(|root| path.starts_with(root))
}

/// Which part of a list.
#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// At most so many (1 to 200; 50 when left out).
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
    /// `next` of the part before.
    cursor: Option<String>,
}

/// The newest first.
#[utoipa::path(
    get, path = "/api/v1/analyses", tag = "analyses", params(ListQuery),
    responses((status = 200, description = "the analyses", body = List<Analysis>))
)]
pub async fn list(
    State(state): State<AppState>,
    Query(query): Query<ListQuery>,
) -> Result<Json<List<Analysis>>, Problem> {
    let limit = limit(query.limit, 50, 200)?;
    let (items, next) = state.analyses.list(query.cursor.as_deref(), limit).await?;
    Ok(Json(List { items, next }))
}

/// One analysis, by id, begin of id, or name.
#[utoipa::path(
    get, path = "/api/v1/analyses/{id}", tag = "analyses", params(("id" = String, Path, description = "id or name")),
    responses((status = 200, description = "the analysis", body = Analysis), (status = 404, description = "none of that name", body = Problem, content_type = "application/problem+json"))
)]
pub async fn show(State(state): State<AppState>, Path(id): Path<String>) -> Result<Json<Analysis>, Problem> {
    Ok(Json(state.analyses.get(&id).await?))
}

/// Remove it and all that was kept of it.
#[utoipa::path(
    delete, path = "/api/v1/analyses/{id}", tag = "analyses", params(("id" = String, Path, description = "id or name")),
    responses((status = 204, description = "removed"), (status = 404, description = "none of that name", body = Problem, content_type = "application/problem+json"))
)]
pub async fn remove(State(state): State<AppState>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    let analysis = state.analyses.get(&id).await?;
    state.analyses.remove(&analysis.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stop it; its tasks are revoked.
#[utoipa::path(
    post, path = "/api/v1/analyses/{id}/cancel", tag = "analyses", params(("id" = String, Path, description = "id or name")),
    responses((status = 200, description = "cancelled", body = Analysis), (status = 409, description = "it has ended already", body = Problem, content_type = "application/problem+json"))
)]
pub async fn cancel(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<Json<Analysis>, Problem> {
    let analysis = state.analyses.get(&id).await?;
    Ok(Json(state.analyses.cancel(&analysis.id).await?))
}

/// Go on with one that failed or was cancelled; what is done is kept.
#[utoipa::path(
    post, path = "/api/v1/analyses/{id}/resume", tag = "analyses", params(("id" = String, Path, description = "id or name")),
    responses((status = 202, description = "goes on", body = Analysis), (status = 409, description = "it runs, or is complete", body = Problem, content_type = "application/problem+json"))
)]
pub async fn resume(
    State(state): State<AppState>,
    Path(id): Path<String>,
) -> Result<(StatusCode, Json<Analysis>), Problem> {
    let analysis = state.analyses.get(&id).await?;
    Ok((StatusCode::ACCEPTED, Json(state.analyses.resume(&analysis.id).await?)))
}
