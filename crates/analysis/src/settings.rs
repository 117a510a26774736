//! What can be set.

use std::path::PathBuf;
use std::time::Duration;

use store::DocumentLanguage;

/// Everything that [`crate::Analyses`] needs to know; made by whoever reads the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The folder of all that we write: database, queue, knowledge bases, uploads, temporary files.
    pub data_dir: PathBuf,
    /// `sqlite:///absolute/path.db`; `None` is `analyses.db` in the data folder.
    pub database_url: Option<String>,
    /// Where tasks wait; `None` is `queue.db` in the data folder.
    pub broker_url: Option<String>,
    /// Where results of tasks are kept; `None` is the broker's database.
    pub result_backend_url: Option<String>,
    /// `file:///absolute/path`; `None` is `objects` in the data folder.
    pub object_store_url: Option<String>,
    /// The LLM; `None` is static analysis.
    pub llm: Option<LlmSettings>,
    /// The language of pages when a submission names none.
    pub language: DocumentLanguage,
    /// Which folders and archives of this machine may be read.
    pub local_paths: LocalPaths,
    /// What git may do.
    pub git: GitRules,
    /// Bounds of archives.
    pub archives: ArchiveLimits,
    /// Threads that read and parse files; `None` is one per core.
    pub read_threads: Option<usize>,
    /// The number of files that are read at most; the rest is skipped with that reason.
    pub max_files: usize,
    /// Files over this size are skipped with that reason.
    pub max_file_bytes: u64,
}

impl Settings {
    /// The defaults, over this data folder.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database_url: None,
            broker_url: None,
            result_backend_url: None,
            object_store_url: None,
            llm: None,
            language: DocumentLanguage::En,
            local_paths: LocalPaths::Anywhere,
            git: GitRules::default(),
            archives: ArchiveLimits::default(),
            read_threads: None,
            max_files: 100_000,
            max_file_bytes: 2 << 20,
        }
    }
}

/// Which folders and archives of this machine may be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum LocalPaths {
    /// All that the user may read.
    #[default]
    Anywhere,
    /// Only below these folders.
    Under(Vec<PathBuf>),
    /// None.
    Nowhere,
}

/// What git may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitRules {
    /// Hosts with private, loopback or link-local addresses may be asked.
    pub allow_private_hosts: bool,
    /// `file://` URLs may be cloned.
    pub allow_file: bool,
    /// A clone that takes longer is ended.
    pub timeout: Duration,
    /// A clone that needs more disk is ended.
    pub max_bytes: u64,
}

impl Default for GitRules {
    fn default() -> Self {
        Self {
            allow_private_hosts: false,
            allow_file: false,
            timeout: Duration::from_secs(600),
            max_bytes: 4 << 30,
        }
    }
}

/// Bounds of archives; one over them is refused as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveLimits {
    /// Size of the archive itself.
    pub max_archive_bytes: u64,
    /// Size of all that is unpacked.
    pub max_total_bytes: u64,
    /// Size of one unpacked file.
    pub max_file_bytes: u64,
    /// Entries.
    pub max_entries: u64,
    /// Folders within folders.
    pub max_depth: usize,
    /// Bytes of an entry's whole name.
    pub max_name_bytes: usize,
    /// Unpacked size over packed size, looked at once 16 MiB are unpacked.
    pub max_ratio: u64,
}

impl Default for ArchiveLimits {
    fn default() -> Self {
        Self {
            max_archive_bytes: 1 << 30,
            max_total_bytes: 4 << 30,
            max_file_bytes: 1 << 30,
            max_entries: 200_000,
            max_depth: 64,
            max_name_bytes: 1024,
            max_ratio: 200,
        }
    }
}

/// An OpenAI-compatible provider.
#[derive(Clone)]
pub struct LlmSettings {
    /// `https://api.example.com/v1`.
    pub base_url: String,
    /// The key; never shown.
    pub api_key: String,
    /// The model's name.
    pub model: String,
    /// A call that takes longer is given up.
    pub timeout: Duration,
    /// Calls in flight at most.
    pub max_concurrent: usize,
    /// Requests in any 60 seconds at most.
    pub requests_per_minute: u64,
    /// Tokens in any 60 seconds at most.
    pub tokens_per_minute: u64,
    /// Price of a million prompt tokens.
    pub prompt_price: f64,
    /// Price of a million completion tokens.
    pub completion_price: f64,
}

impl LlmSettings {
    /// The default limits for this provider.
    pub fn new(base_url: impl Into<String>, api_key: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            base_url: base_url.into(),
            api_key: api_key.into(),
            model: model.into(),
            timeout: Duration::from_secs(120),
            max_concurrent: 100,
            requests_per_minute: 500,
            tokens_per_minute: 3_000_000,
            prompt_price: 0.0,
            completion_price: 0.0,
        }
    }
}

impl LlmSettings {
    /// The client's settings for one of the provider's models.
    pub(crate) fn for_model(&self, model: &str) -> llm::Settings {
        let mut settings = llm::Settings::new(&self.base_url, self.api_key.as_str(), model);
        settings.timeout = self.timeout;
        settings.limits =
            llm::Limits::new(self.max_concurrent, self.requests_per_minute, self.tokens_per_minute);
        settings.price = llm::Price {
            prompt_per_million: self.prompt_price,
            completion_per_million: self.completion_price,
        };
        settings
    }
}

impl std::fmt::Debug for LlmSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LlmSettings")
            .field("base_url", &self.base_url)
            .field("model", &self.model)
            .field("max_concurrent", &self.max_concurrent)
            .field("requests_per_minute", &self.requests_per_minute)
            .field("tokens_per_minute", &self.tokens_per_minute)
            .finish_non_exhaustive()
    }
}
