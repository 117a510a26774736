//! Every setting, once.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// The environment variable; in `code-reader.toml` the same in lower case.
    pub name: &'static str,
    /// What counts when nobody sets it; `None` leaves it unset.
    pub default: Option<&'static str>,
    /// Never shown.
    pub secret: bool,
    /// What it does.
    pub help: &'static str,
}

const fn setting(name: &'static str, default: Option<&'static str>, help: &'static str) -> Setting {
    Setting { name, default, secret: false, help }
}

const fn secret(name: &'static str, help: &'static str) -> Setting {
    Setting { name, default: None, secret: true, help }
}

/// All settings, in the order in which `code-reader config` shows them.
pub const SETTINGS: &[Setting] = &[
    setting("APP_HOST", Some("127.0.0.1"), "address of the API and the pages"),
    setting("APP_PORT", Some("8000"), "port of the API and the pages; 0 takes a free one"),
    setting("DATA_DIR", None, "folder of everything that is kept (default: $XDG_DATA_HOME/code-reader)"),
    setting("CELERY_BROKER_URL", None, "the queue (default: sqlite://DATA_DIR/queue.db)"),
    setting("CELERY_RESULT_BACKEND", None, "the results (default: as the broker)"),
    setting("CELERY_WORKER_CONCURRENCY", None, "tasks at once (default: 2 per core; 32 with an LLM)"),
    setting("CELERY_WORKER_PREFETCH_MULTIPLIER", Some("1"), "messages held for each slot"),
    setting(
        "CELERY_WORKER_MAX_TASKS_PER_CHILD",
        Some("100"),
        "tasks of a process of the prefork pool; 0 is no limit",
    ),
    setting(
        "CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT",
        Some("0"),
        "seconds for which tasks may go on before a cold shutdown gives them back",
    ),
    setting(
        "CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE",
        Some("false"),
        "wait for the whole soft shutdown timeout even when no task runs",
    ),
    setting("CELERY_TASK_TIME_LIMIT", Some("3600"), "seconds after which a task is ended"),
    setting("CELERY_TASK_SOFT_TIME_LIMIT", Some("3300"), "seconds after which a task is asked to end"),
    setting(
        "READ_THREADS",
        None,
        "threads that read and parse files (default: one per core, one less under serve)",
    ),
    setting(
        "READ_MAX_FILES",
        Some("100000"),
        "files of a repository that are read at most; the others are only counted",
    ),
    setting("OPENAI_BASE_URL", None, "the provider, e.g. https://host/v1; unset reads without an LLM"),
    secret("OPENAI_API_KEY", "the provider's key"),
    setting("OPENAI_MODEL", None, "the model"),
    setting("LLM_MAX_CONCURRENT", Some("100"), "requests to the provider in flight"),
    setting("LLM_RPM", Some("500"), "requests to the provider in any 60 s"),
    setting("LLM_TPM", Some("3000000"), "tokens to and from the provider in any 60 s"),
    setting("LLM_REQUEST_TIMEOUT", Some("120"), "seconds that one request may take"),
    setting("LLM_PRICE_PROMPT", None, "price of a million prompt tokens, to show the cost"),
    setting("LLM_PRICE_COMPLETION", None, "price of a million completion tokens"),
    secret("AUTH_TOKEN", "what clients present as bearer token; needed beyond loopback"),
    secret("PASSWORD", "the same as a password for the browser"),
    setting("LOCAL_ROOTS", None, "folders that clients beyond loopback may have read, joined by `:`"),
    setting("ALLOW_PRIVATE_GIT", Some("false"), "git URLs may point at private addresses"),
    setting("MAX_UPLOAD_BYTES", Some("536870912"), "largest upload"),
    setting("LANGUAGE", Some("en"), "language of the pages: en or zh"),
    setting("LOG_FORMAT", Some("text"), "text or json"),
];
