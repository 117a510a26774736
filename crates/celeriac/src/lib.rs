//! A task queue that speaks Celery's wire protocol, on SQLite with no server at all
