//! Any Celery task.

use axum::Json;
use axum::extract::State;
use celeriac::{TaskId, TaskState};
use serde::Serialize;

use crate::extract::Path;
use crate::problem::Problem;
use crate::state::AppState;

/// What is known of a task. As with Celery, a task that nobody knows is PENDING.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TaskView {
    /// Its id.
    pub task_id: String,
    /// PENDING, RECEIVED, STARTED, PROGRESS, SUCCESS, FAILURE, RETRY or REVOKED.
    pub state: String,
    /// What it returned, or how far it is.
    pub result: serde_json::Value,
    /// Where it failed.
    pub traceback: Option<String>,
    /// When it ended.
    pub date_done: Option<String>,
}

/// State, result and traceback of any task.
#[utoipa::path(
    get, path = "/api/v1/tasks/{task_id}", tag = "machines", params(("task_id" = String, Path, description = "the task's id")),
    responses((status = 200, description = "the task", body = TaskView))
)]
pub async fn show(
    State(state): State<AppState>,
    Path(task_id): Path<String>,
) -> Result<Json<TaskView>, Problem> {
    let id: TaskId = task_id.as_str().into();
    let meta = state.analyses.app().backend().get(&id).await.map_err(|error| {
        Problem::new(axum::http::StatusCode::SERVICE_UNAVAILABLE, "result_backend", error.to_string())
    })?;
    Ok(Json(match meta {
        Some(meta) => TaskView {
            task_id,
            state: meta.status.to_string(),
            // Numbers that only Python's JSON has are no JSON for others.
            result: celeriac::json::from_value(&meta.result).unwrap_or_default(),
            traceback: meta.traceback,
            date_done: meta.date_done.map(|date| date.to_string()),
        },
        None => TaskView {
            task_id,
            state: TaskState::Pending.to_string(),
            result: serde_json::Value::Null,
            traceback: None,
            date_done: None,
        },
    }))
}
