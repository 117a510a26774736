//! The configuration: flags > environment > `.env` > `code-reader.toml` > defaults.
//!
//! [`settings`] names every setting once, with its default; [`layers`] finds the value that counts
//! and where it came from; here the texts become one typed struct.

mod layers;
mod settings;

use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use analysis::{DocumentLanguage, LlmSettings};

pub use layers::{Layers, Origin};
pub use settings::SETTINGS;
use settings::Setting;

/// The effective configuration.
#[derive(Clone)]
pub struct Config {
    /// Where the API listens.
    pub host: IpAddr,
    /// Where the API listens; 0 takes a free port.
    pub port: u16,
    /// Everything that we keep lies below this folder.
    pub data_dir: PathBuf,
    /// URL of the broker.
    pub broker_url: String,
    /// URL of the result backend.
    pub result_backend: String,
    /// How the worker runs.
    pub worker: WorkerConfig,
    /// Threads that read and parse files; `None` is one per core.
    pub read_threads: Option<usize>,
    /// Files of a repository that are read at most.
    pub read_max_files: usize,
    /// The provider; `None` reads without an LLM.
    pub llm: Option<LlmSettings>,
    /// Why there is none though one of its settings is there. Such a setting may be meant for other programs, so it
    /// concerns only who would ask an LLM.
    pub llm_incomplete: Option<&'static str>,
    /// The settings file that names the provider, where the key comes from elsewhere.
    pub provider_file: Option<PathBuf>,
    /// `en` or `zh`.
    pub language: String,
    /// What a client must present when the API is not bound to loopback: one of them.
    pub auth_tokens: Arc<[String]>,
    /// Folders under which the API may read local paths when it is not bound to loopback.
    pub local_roots: Vec<PathBuf>,
    /// Git hosts at private addresses are allowed.
    pub allow_private_git: bool,
    /// Largest upload, in bytes.
    pub max_upload_bytes: u64,
    /// What `beat` sends: the table `schedule` of `code-reader.toml`.
    pub schedule: toml::Table,
    /// Lines of JSON instead of text.
    pub log_json: bool,
}

/// How a worker runs; the names and meanings are Celery's.
#[derive(Debug, Clone)]
pub struct WorkerConfig {
    /// Tasks at once.
    pub concurrency: usize,
    /// Messages held for each slot.
    pub prefetch_multiplier: usize,
    /// A process of the prefork pool is replaced after so many tasks.
    pub max_tasks_per_child: Option<u64>,
    /// Before a cold shutdown tasks may go on for so long.
    pub soft_shutdown_timeout: Duration,
    /// The worker waits so long even when no task runs.
    pub soft_shutdown_on_idle: bool,
    /// A task is ended after this time.
    pub time_limit: Duration,
    /// A task is asked to end after this time.
    pub soft_time_limit: Duration,
}

/// A setting whose value cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The value is not of the setting's kind.
    #[error("{name} from {origin} is `{value}`: {expected}")]
    Invalid {
        /// The setting.
        name: &'static str,
        /// Where the value came from.
        origin: String,
        /// The value, masked for secrets.
        value: String,
        /// What would be right.
        expected: String,
    },
    /// A file cannot be read or is not of its format.
    #[error("cannot read {path}: {reason}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Two settings do not go together.
    #[error("{0}")]
    Conflict(String),
}

impl Config {
    /// Types the values of `layers`.
    pub fn from_layers(layers: &Layers) -> Result<Config, ConfigError> {
        let data_dir = layers.optional("DATA_DIR").ok_or_else(|| {
            ConfigError::Conflict(
                "there is no folder to keep data in, since HOME is no absolute path: set HOME, or choose a folder with --data-dir or DATA_DIR"
                    .to_owned(),
            )
        })?;
        let data_dir = absolute(Path::new(data_dir));
        let queue = format!("sqlite://{}", data_dir.join("queue.db").display());
        let broker_url = layers.optional("CELERY_BROKER_URL").unwrap_or(&queue).to_owned();
        let result_backend = layers.optional("CELERY_RESULT_BACKEND").unwrap_or(&broker_url).to_owned();
        let worker = WorkerConfig {
            concurrency: layers.number("CELERY_WORKER_CONCURRENCY", 1..=10_000)? as usize,
            prefetch_multiplier: layers.number("CELERY_WORKER_PREFETCH_MULTIPLIER", 0..=10_000)? as usize,
            max_tasks_per_child: Some(layers.number("CELERY_WORKER_MAX_TASKS_PER_CHILD", 0..=u64::MAX)?)
                .filter(|n| *n > 0),
            soft_shutdown_timeout: layers.pause("CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT")?,
            soft_shutdown_on_idle: layers.boolean("CELERY_WORKER_ENABLE_SOFT_SHUTDOWN_ON_IDLE")?,
            time_limit: layers.seconds("CELERY_TASK_TIME_LIMIT")?,
            soft_time_limit: layers.seconds("CELERY_TASK_SOFT_TIME_LIMIT")?,
        };
        if worker.soft_time_limit > worker.time_limit {
            return Err(ConfigError::Conflict(
                "CELERY_TASK_SOFT_TIME_LIMIT is longer than CELERY_TASK_TIME_LIMIT: make the soft limit the shorter one"
                    .to_owned(),
            ));
        }
        let (llm, llm_incomplete) = match llm_settings(layers)? {
            Provider::Complete(llm) => (Some(llm), None),
            Provider::Incomplete(why) => (None, Some(why)),
            Provider::None => (None, None),
        };
        let config = Config {
            host: layers.parse("APP_HOST", "write an IP address such as 127.0.0.1 or ::1")?,
            port: layers.number("APP_PORT", 0..=65_535)? as u16,
            broker_url,
            result_backend,
            worker,
            read_threads: match layers.optional("READ_THREADS") {
                Some(_) => Some(layers.number("READ_THREADS", 1..=64)? as usize),
                None => None,
            },
            read_max_files: layers.number("READ_MAX_FILES", 1..=100_000_000)? as usize,
            llm,
            llm_incomplete,
            provider_file: layers.file_that_gets_the_key(),
            language: layers.one_of("LANGUAGE", &["en", "zh"])?.to_owned(),
            auth_tokens: ["AUTH_TOKEN", "PASSWORD"]
                .into_iter()
                .filter_map(|name| layers.optional(name).map(str::to_owned))
                .collect(),
            local_roots: layers
                .optional("LOCAL_ROOTS")
                .map(|roots| std::env::split_paths(roots).map(|root| absolute(&root)).collect())
                .unwrap_or_default(),
            allow_private_git: layers.boolean("ALLOW_PRIVATE_GIT")?,
            max_upload_bytes: layers.number("MAX_UPLOAD_BYTES", 1..=u64::MAX)?,
            schedule: layers.schedule().clone(),
            log_json: layers.one_of("LOG_FORMAT", &["text", "json"])? == "json",
            data_dir,
        };
        config.refuse_open_door()?;
        Ok(config)
    }

    /// Refuses to go on where an LLM would be asked and its settings are incomplete.
    pub fn require_llm(&self) -> Result<(), ConfigError> {
        self.llm_incomplete.map_or(Ok(()), |why| Err(ConfigError::Conflict(why.to_owned())))
    }

    /// Leaves a core to the API beside which this worker runs, unless somebody said how many threads there shall be: an
    /// answer that wakes three threads must not wait three times for a parser's turn to end.
    pub fn leave_a_core(&mut self) {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        self.read_threads.get_or_insert(cores.saturating_sub(1).max(1));
    }

    /// What the room `analysis` needs of it.
    pub fn analysis_settings(&self) -> analysis::Settings {
        let mut settings = analysis::Settings::new(&self.data_dir);
        settings.broker_url = Some(self.broker_url.clone());
        settings.result_backend_url = Some(self.result_backend.clone());
        settings.llm = self.llm.clone();
        settings.read_threads = self.read_threads;
        settings.max_files = self.read_max_files;
        settings.language = if self.language == "zh" { DocumentLanguage::Zh } else { DocumentLanguage::En };
        settings.git.allow_private_hosts = self.allow_private_git;
        settings.archives.max_archive_bytes = settings.archives.max_archive_bytes.max(self.max_upload_bytes);
        settings
    }

    /// Nobody uninvited: another address than loopback needs a token.
    fn refuse_open_door(&self) -> Result<(), ConfigError> {
        if self.host.is_loopback() || !self.auth_tokens.is_empty() {
            return Ok(());
        }
        Err(ConfigError::Conflict(format!(
            "APP_HOST is {}, which others can reach, and neither AUTH_TOKEN nor PASSWORD is set: set one of them, or use 127.0.0.1",
            self.host
        )))
    }
}

/// What the settings say of a provider.
enum Provider {
    Complete(LlmSettings),
    Incomplete(&'static str),
    None,
}

fn llm_settings(layers: &Layers) -> Result<Provider, ConfigError> {
    let (url, key) = (layers.optional("OPENAI_BASE_URL"), layers.optional("OPENAI_API_KEY"));
    // Read before anything else, so that a wrong value is told today and not on the day on which there is a provider.
    let limits = LlmSettings {
        timeout: layers.seconds("LLM_REQUEST_TIMEOUT")?,
        max_concurrent: layers.number("LLM_MAX_CONCURRENT", 1..=100_000)? as usize,
        requests_per_minute: layers.number("LLM_RPM", 1..=u32::MAX.into())?,
        tokens_per_minute: layers.number("LLM_TPM", 1..=u64::from(u32::MAX))?,
        prompt_price: layers.decimal("LLM_PRICE_PROMPT")?.unwrap_or(0.0),
        completion_price: layers.decimal("LLM_PRICE_COMPLETION")?.unwrap_or(0.0),
        ..LlmSettings::new("", "", "")
    };
    let Some(url) = url else {
        if key.is_some() {
            return Ok(Provider::Incomplete(
                "OPENAI_API_KEY is set but OPENAI_BASE_URL is not: set it to your provider's address (it ends in /v1), or unset the key to read without an LLM",
            ));
        }
        return Ok(Provider::None);
    };
    let Some(model) = layers.optional("OPENAI_MODEL") else {
        return Ok(Provider::Incomplete(
            "OPENAI_BASE_URL is set but OPENAI_MODEL is not: name the model to use",
        ));
    };
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        return Err(layers.invalid("OPENAI_BASE_URL", "write an address such as https://host/v1"));
    }
    Ok(Provider::Complete(LlmSettings {
        base_url: url.to_owned(),
        api_key: key.unwrap_or_default().to_owned(),
        model: model.to_owned(),
        ..limits
    }))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
