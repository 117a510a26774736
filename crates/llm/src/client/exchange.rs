//! One attempt: permit, request, answer, and what a failure means.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use jiff::Timestamp;
use reqwest::{Method, Response, StatusCode};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use super::body::MarkedBody;
use super::dialect::Accent;
use super::retry_after::retry_after;
use super::wire::{self, ChatAnswer, EmbeddingAnswer, ModelList};
use super::{ChatStream, Inner};
use crate::{
    ChatRequest, ChatResponse, LlmError, Permit, ResponseFormat, Usage, count_tokens, estimate_tokens,
};

/// Tokens that roles and separators cost for each message.
const TOKENS_PER_MESSAGE: u64 = 4;
/// Answers of more vectors than texts, or of error pages of megabytes, are not read to the end.
const MAX_ERROR_BYTES: usize = 64 << 10;

impl Inner {
    pub(super) async fn chat(&self, request: &ChatRequest) -> Result<ChatResponse, LlmError> {
        self.with_retries(&request.purpose, || async {
            self.in_its_words(request, false, |accent| self.chat_once(request, accent)).await
        })
        .await
    }

    pub(super) async fn chat_stream(&self, request: &ChatRequest) -> Result<ChatStream, LlmError> {
        self.with_retries(&request.purpose, || async {
            self.in_its_words(request, true, |accent| self.open_stream(request, accent)).await
        })
        .await
    }

    pub(super) async fn embed(&self, model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        if texts.is_empty() {
            return Ok(Vec::new());
        }
        self.with_retries("embedding", || self.embed_once(model, texts)).await
    }

    pub(super) async fn models(&self) -> Result<Vec<String>, LlmError> {
        self.with_retries("models", || self.models_once()).await
    }

    /// The list of models; it costs no tokens and is not counted.
    pub(super) async fn models_once(&self) -> Result<Vec<String>, LlmError> {
        let url = self.url("models");
        let request = self.authorized(self.http.request(Method::GET, url.clone()));
        let (_, body) = self
            .timed(async {
                let response = self
                    .checked(&url, Method::GET, request.send().await)
                    .await
                    .map_err(|failed| failed.error)?;
                let status = response.status();
                Ok((status, self.read_body(response, self.settings.max_body_bytes).await?))
            })
            .await?;
        let list: ModelList = parse(&body)?;
        let mut names: Vec<String> = list.data.into_iter().map(|model| model.id).collect();
        names.sort();
        names.dedup();
        Ok(names)
    }

    /// Asks in the accent that is known to work; on a refusal of the form, in simpler ones.
    async fn in_its_words<T, F>(
        &self,
        request: &ChatRequest,
        streams: bool,
        ask: impl Fn(Accent) -> F,
    ) -> Result<T, LlmError>
    where
        F: Future<Output = Result<T, LlmError>>,
    {
        let wants_json = request.response != ResponseFormat::Text;
        let mut accent = self.dialect.accent();
        let mut first_refusal = None;
        loop {
            let error = match ask(accent).await {
                Ok(answer) => {
                    self.dialect.learn(accent);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            let LlmError::Rejected { status: 400 | 422, message } = &error else { return Err(error) };
            let Some(simpler) = accent.simpler(message, wants_json, streams) else {
                return Err(first_refusal.unwrap_or(error));
            };
            tracing::info!(target: "llm", "the provider refused the form of a request ({message}); asking in a simpler one");
            accent = simpler;
            first_refusal.get_or_insert(error);
        }
    }

    async fn chat_once(&self, request: &ChatRequest, accent: Accent) -> Result<ChatResponse, LlmError> {
        let body = wire::chat_body(request, &self.settings.model, accent, false);
        let (permit, body) = self.exchange("chat/completions", self.estimate(request), body).await?;
        let answer: ChatAnswer = parse(&body)?;
        let usage = answer.usage.map_or_else(|| counted(request, &answer), Usage::from);
        permit.settle(usage);
        self.response(answer, usage)
    }

    async fn open_stream(&self, request: &ChatRequest, accent: Accent) -> Result<ChatStream, LlmError> {
        let permit = self.governor.acquire(self.estimate(request)).await?;
        let body = wire::chat_body(request, &self.settings.model, accent, true);
        let url = self.url("chat/completions");
        let sending = self.post(&url, &body, &permit);
        let sent = self.timed(async { Ok(sending.await) }).await?;
        let response = match self.checked(&url, Method::POST, sent).await {
            Ok(response) => response,
            Err(failed) => return Err(failed.tell(permit)),
        };
        let prompt = request.messages.iter().map(|message| count_tokens(&message.content) as u64).sum();
        Ok(ChatStream::new(response, permit, &self.settings, prompt))
    }

    async fn embed_once(&self, model: &str, texts: &[String]) -> Result<Vec<Vec<f32>>, LlmError> {
        let estimate = texts.iter().map(|text| estimate_tokens(text) as u64).sum();
        let body = serde_json::json!({"model": model, "input": texts, "encoding_format": "float"});
        let (permit, body) = self.exchange("embeddings", estimate, body).await?;
        let answer: EmbeddingAnswer = parse(&body)?;
        if let Some(usage) = answer.usage {
            permit.settle(usage.into());
        }
        let mut vectors = vec![Vec::new(); texts.len()];
        for one in answer.data {
            let place = vectors.get_mut(one.index);
            *place.ok_or_else(|| bad(format!("a vector for text {} of {}", one.index, texts.len())))? =
                one.embedding;
        }
        match vectors.iter().position(Vec::is_empty) {
            Some(missing) => Err(bad(format!("no vector for text {missing} of {}", texts.len()))),
            None => Ok(vectors),
        }
    }

    /// Takes a permit, posts, and reads the whole answer.
    async fn exchange(&self, path: &str, estimate: u64, body: Value) -> Result<(Permit, Bytes), LlmError> {
        let permit = self.governor.acquire(estimate).await?;
        let url = self.url(path);
        let outcome = self
            .timed(async {
                let sent = self.post(&url, &body, &permit).await;
                match self.checked(&url, Method::POST, sent).await {
                    Ok(response) => Ok(Ok(self.read_body(response, self.settings.max_body_bytes).await?)),
                    Err(failed) => Ok(Err(failed)),
                }
            })
            .await?;
        match outcome {
            Ok(bytes) => Ok((permit, bytes)),
            Err(failed) => Err(failed.tell(permit)),
        }
    }

    async fn post(&self, url: &Url, body: &Value, permit: &Permit) -> Result<Response, reqwest::Error> {
        let body = MarkedBody::new(Bytes::from(body.to_string()), permit.sent());
        self.authorized(self.http.request(Method::POST, url.clone()))
            .header("content-type", "application/json")
            .body(reqwest::Body::wrap(body))
            .send()
            .await
    }

    fn authorized(&self, request: reqwest::RequestBuilder) -> reqwest::RequestBuilder {
        let key = &self.settings.api_key;
        if key.is_empty() { request } else { request.bearer_auth(key.reveal()) }
    }

    async fn timed<T>(&self, work: impl Future<Output = Result<T, LlmError>>) -> Result<T, LlmError> {
        match tokio::time::timeout(self.settings.timeout, work).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LlmError::Timeout { after: self.settings.timeout, attempts: 1 }),
        }
    }

    /// Logs the call and turns every status but 2xx into the error that it means.
    async fn checked(
        &self,
        url: &Url,
        method: Method,
        sent: Result<Response, reqwest::Error>,
    ) -> Result<Response, Failed> {
        let shown = Self::shown(url);
        let response =
            sent.map_err(|error| Failed { error: self.unreachable(&shown, error), pause: None })?;
        let status = response.status();
        let reason = status.canonical_reason().unwrap_or("");
        tracing::info!(target: "llm", "HTTP Request: {method} {shown} \"{:?} {} {reason}\"", response.version(), status.as_u16());
        if status.is_success() {
            return Ok(response);
        }
        let wait = retry_after(response.headers(), Timestamp::now(), self.settings.retries.longest_pause);
        let body = self.read_body(response, MAX_ERROR_BYTES).await.unwrap_or_default();
        let (message, code) = wire::error_of(&body);
        let message = self.settings.api_key.mask_in(&message);
        let error = self.refusal(&shown, status, message, &code, wait);
        let pause = match &error {
            LlmError::RateLimited { .. } => Some(wait.unwrap_or(self.settings.retries.base)),
            LlmError::Server { .. } => wait,
            _ => None,
        };
        Err(Failed { error, pause })
    }

    fn refusal(
        &self,
        url: &str,
        status: StatusCode,
        message: String,
        code: &str,
        retry_after: Option<Duration>,
    ) -> LlmError {
        let (url, model) = (url.to_owned(), self.settings.model.clone());
        let says = |words: &[&str]| {
            words.iter().any(|word| code.contains(word) || message.to_ascii_lowercase().contains(word))
        };
        match status.as_u16() {
            _ if says(&["context_length_exceeded", "maximum context length", "context window"]) => {
                LlmError::TooLong { model, message }
            }
            413 => LlmError::TooLong { model, message },
            400 | 403 if says(&["content_filter", "content_policy", "content filter", "high risk"]) => {
                LlmError::Filtered { message }
            }
            status @ (401 | 403) => LlmError::Unauthorized { url, status, message },
            402 => LlmError::Quota { message },
            429 if says(&["insufficient_quota", "exceeded_current_quota", "billing"]) => {
                LlmError::Quota { message }
            }
            429 => LlmError::RateLimited { attempts: 1, retry_after, message },
            404 => LlmError::NotFound { url, model, message },
            400 | 422 if code == "model_not_found" => LlmError::NotFound { url, model, message },
            408 => LlmError::Timeout { after: self.settings.timeout, attempts: 1 },
            status @ 500.. => LlmError::Server { status, attempts: 1, message },
            status => LlmError::Rejected { status, message },
        }
    }

    fn unreachable(&self, url: &str, error: reqwest::Error) -> LlmError {
        if error.is_timeout() && !error.is_connect() {
            return LlmError::Timeout { after: self.settings.timeout, attempts: 1 };
        }
        LlmError::Unreachable { url: url.to_owned(), attempts: 1, reason: reason(error) }
    }

    /// Reads up to `limit` bytes; more is a bad answer, less than was announced a cut one.
    async fn read_body(&self, mut response: Response, limit: usize) -> Result<Bytes, LlmError> {
        let mut body = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) if body.len() + chunk.len() <= limit => body.extend_from_slice(&chunk),
                Ok(Some(_)) => return Err(bad(format!("it is longer than {limit} bytes"))),
                Ok(None) => return Ok(body.freeze()),
                Err(error) => return Err(LlmError::Truncated { attempts: 1, reason: reason(error) }),
            }
        }
    }

    /// What a call may use: the prompt from above, and the longest answer.
    fn estimate(&self, request: &ChatRequest) -> u64 {
        let prompt: u64 = request
            .messages
            .iter()
            .map(|message| estimate_tokens(&message.content) as u64 + TOKENS_PER_MESSAGE)
            .sum();
        let schema = match &request.response {
            ResponseFormat::Json { schema, .. } => estimate_tokens(&schema.to_string()) as u64,
            ResponseFormat::Text => 0,
        };
        prompt + schema + u64::from(request.max_tokens.unwrap_or(self.settings.default_max_tokens))
    }

    fn response(&self, answer: ChatAnswer, usage: Usage) -> Result<ChatResponse, LlmError> {
        if let Some(error) = answer.error {
            return Err(bad(wire::shorten(&format!("it is an error with status 200: {error}"))));
        }
        let choice = answer.choices.into_iter().next().ok_or_else(|| bad("it has no choices".into()))?;
        if choice.finish_reason.as_deref() == Some("content_filter") {
            return Err(LlmError::Filtered { message: "finish_reason is content_filter".into() });
        }
        let content = choice.message.ok_or_else(|| bad("its choice has no message".into()))?;
        if let Some(refusal) = content.refusal.filter(|refusal| !refusal.is_empty()) {
            return Err(LlmError::Filtered { message: wire::shorten(&refusal) });
        }
        Ok(ChatResponse {
            text: content.content.unwrap_or_default(),
            usage,
            model: answer.model.unwrap_or_else(|| self.settings.model.clone()),
            finish_reason: wire::finish_reason(choice.finish_reason.as_deref()),
        })
    }
}

/// A failed attempt, and the wait that it asks of everyone.
struct Failed {
    error: LlmError,
    pause: Option<Duration>,
}

impl Failed {
    /// Ends the permit as the failure demands.
    fn tell(self, permit: Permit) -> LlmError {
        match self.pause {
            Some(wait) => {
                tracing::warn!(target: "llm", "the provider asks to wait: all calls pause for {:.1} s", wait.as_secs_f64());
                permit.throttled(wait);
            }
            None => drop(permit),
        }
        self.error
    }
}

/// Tokens by our own count, where the provider tells none.
fn counted(request: &ChatRequest, answer: &ChatAnswer) -> Usage {
    let count = |text: &str| count_tokens(text) as u64;
    let written = answer.choices.iter().filter_map(|choice| choice.message.as_ref()?.content.as_deref());
    Usage {
        prompt_tokens: request
            .messages
            .iter()
            .map(|message| count(&message.content) + TOKENS_PER_MESSAGE)
            .sum(),
        completion_tokens: written.map(count).sum(),
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, LlmError> {
    serde_json::from_slice(body).map_err(|error| {
        let text = String::from_utf8_lossy(body);
        bad(format!("{error}, in `{}`", wire::shorten(text.get(..80).unwrap_or(&text))))
    })
}

pub(super) fn bad(reason: String) -> LlmError {
    LlmError::BadAnswer { reason }
}

/// The whole chain of causes, without the address, which may hold a key.
pub(super) fn reason(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(&error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    wire::shorten(&text)
}
