//! One provider over HTTP.
//!
//! [`Client`] is the surface; `dialect` remembers which parts of the API the provider understands;
//! `exchange` makes one attempt under a permit; `retry` repeats it; `wire` holds the JSON shapes;
//! `body` notices when a request has left; `stream` reads server-sent events.

mod body;
mod dialect;
mod exchange;
mod retry;
mod retry_after;
mod stream;
mod wire;

use std::sync::{Arc, Once};

use async_trait::async_trait;
use url::Url;

pub use stream::ChatStream;

use crate::{ChatModel, ChatRequest, ChatResponse, Governor, LlmError, Settings, Usage};
use dialect::Dialect;

/// One provider and model. Clones share connections, limits and what was learnt of the provider.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    settings: Settings,
    base: Url,
    http: reqwest::Client,
    governor: Governor,
    dialect: Dialect,
}

/// What [`Client::check`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The models that the provider lists; empty where it keeps no list.
    pub models: Vec<String>,
    /// Whether ours is among them; `None` where there is no list.
    pub knows_model: Option<bool>,
}

impl Client {
    /// A client with its own governor.
    pub fn new(settings: Settings) -> Result<Self, LlmError> {
        let governor = Governor::new(&settings.limits);
        Self::with_governor(settings, governor)
    }

    /// A client under a governor that others share.
    pub fn with_governor(settings: Settings, governor: Governor) -> Result<Self, LlmError> {
        let base = parse_base(&settings)?;
        let http = build_http(&settings, &base)?;
        Ok(Self(Arc::new(Inner { settings, base, http, governor, dialect: Dialect::default() })))
    }

    /// How it was set up.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// The governor that its calls go through.
    pub fn governor(&self) -> &Governor {
        &self.0.governor
    }

    /// What this usage costs at the configured price.
    pub fn cost(&self, usage: Usage) -> f64 {
        self.0.settings.price.cost(usage)
    }

    /// Answers in one piece.
    pub async fn chat(&self, request: ChatRequest) -> Result<ChatResponse, LlmError> {
        self.0.chat(&request).await
    }

    /// Answers as it is written. Attempts are repeated until the first piece has come, not after.
    pub async fn chat_stream(&self, request: ChatRequest) -> Result<ChatStream, LlmError> {
        self.0.chat_stream(&request).await
    }

    /// A vector for each text, in order.
    pub async fn embed(&self, model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        self.0.embed(model, texts).await
    }

    /// The names of the provider's models, sorted.
    pub async fn models(&self) -> Result<Vec<String>, LlmError> {
        self.0.models().await
    }

    /// Asks for the list of models once, without retries, to see that address, key and model are right.
    pub async fn check(&self) -> Result<Check, LlmError> {
        match self.0.models_once().await {
            Ok(models) => {
                let knows_model = Some(models.contains(&self.0.settings.model));
                Ok(Check { models, knows_model })
            }
            // Some compatible providers keep no list; that they answered is what can be known.
            Err(LlmError::NotFound { .. }) => Ok(Check { models: Vec::new(), knows_model: None }),
            Err(error) => Err(error),
        }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("settings", &self.0.settings).finish_non_exhaustive()
    }
}

#[async_trait]
impl ChatModel for Client {
    async fn chat(&self, request: ChatRequest) -> Result<ChatResponse, LlmError> {
        self.0.chat(&request).await
    }

    fn model(&self) -> &str {
        &self.0.settings.model
    }
}

impl Inner {
    /// The address of an endpoint.
    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}/{path}", self.base.path().trim_end_matches('/')));
        url
    }

    /// An address as it may be shown: no key, no password.
    fn shown(url: &Url) -> String {
        let mut shown = url.clone();
        shown.set_query(None);
        let _ = shown.set_username("");
        let _ = shown.set_password(None);
        shown.to_string()
    }
}

fn parse_base(settings: &Settings) -> Result<Url, LlmError> {
    let given = settings.base_url.trim();
    let wrong = |reason: &str| LlmError::Settings { reason: format!("the base URL `{given}` {reason}") };
    let url = Url::parse(given).map_err(|error| wrong(&format!("is no URL ({error})")))?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(wrong("does not begin with http:// or https:// and a host"));
    }
    if settings.model.trim().is_empty() {
        return Err(LlmError::Settings { reason: "no model is named: set OPENAI_MODEL".into() });
    }
    Ok(url)
}

fn build_http(settings: &Settings, base: &Url) -> Result<reqwest::Client, LlmError> {
    install_crypto();
    let mut builder = reqwest::Client::builder()
        // A redirect would carry the key and the source to a host that nobody named.
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(std::time::Duration::from_secs(10).min(settings.timeout))
        .pool_max_idle_per_host(settings.limits.max_concurrent.min(1024))
        .user_agent(concat!("code-reader/", env!("CARGO_PKG_VERSION")));
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| LlmError::Settings { reason: format!("no HTTP client: {error}") })
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Gives rustls its cryptography, once, unless the program has chosen one before.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_stand_below_the_base_and_secrets_are_not_shown() {
        let settings = Settings::new("https://me:pw@example.com/v1/?key=sk-1", "", "m");
        let client = Client::new(settings).unwrap();
        let url = client.0.url("chat/completions");
        assert_eq!(url.as_str(), "https://me:pw@example.com/v1/chat/completions?key=sk-1");
        assert_eq!(Inner::shown(&url), "https://example.com/v1/chat/completions");
    }

    #[test]
    fn a_base_that_is_no_address_is_refused_with_its_value() {
        for wrong in ["", "api.example.com", "ftp://example.com"] {
            let error = Client::new(Settings::new(wrong, "k", "m")).unwrap_err();
            assert!(error.to_string().contains(&format!("`{wrong}`")), "{error}");
        }
        assert!(Client::new(Settings::new("http://localhost/v1", "k", " ")).is_err());
    }
}
