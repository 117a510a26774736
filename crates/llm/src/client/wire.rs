//! The JSON of the OpenAI API, as much of it as we speak.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::dialect::{Accent, JsonMode};
use crate::{ChatRequest, FinishReason, Message, ResponseFormat, Usage};

/// The body of a chat request.
pub(super) fn chat_body(request: &ChatRequest, model: &str, accent: Accent, stream: bool) -> Value {
    let mut messages = request.messages.clone();
    let mut body = Map::new();
    body.insert("model".into(), model.into());
    if let ResponseFormat::Json { name, schema } = &request.response {
        if accent.json != JsonMode::Schema {
            messages.push(Message::system(schema_in_words(schema)));
        }
        match accent.json {
            JsonMode::Schema => {
                let format = json!({"name": name, "schema": schema, "strict": true});
                body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": format}));
            }
            JsonMode::Object => {
                body.insert("response_format".into(), json!({"type": "json_object"}));
            }
            JsonMode::Words => {}
        }
    }
    body.insert("messages".into(), json!(messages));
    if let Some(max) = request.max_tokens {
        let name = if accent.completion_tokens { "max_completion_tokens" } else { "max_tokens" };
        body.insert(name.into(), max.into());
    }
    if let Some(temperature) = request.temperature.filter(|_| !accent.no_temperature) {
        body.insert("temperature".into(), json!(temperature));
    }
    if stream {
        body.insert("stream".into(), true.into());
        if !accent.no_stream_usage {
            body.insert("stream_options".into(), json!({"include_usage": true}));
        }
    }
    Value::Object(body)
}

fn schema_in_words(schema: &Value) -> String {
    format!(
        "Answer with one JSON object and nothing else: no prose, no code fence. It must follow this JSON schema:\n{schema}"
    )
}

/// A chat answer, whole or a piece of a stream.
#[derive(Debug, Deserialize)]
pub(super) struct ChatAnswer {
    #[serde(default)]
    pub model: Option<String>,
    #[serde(default)]
    pub choices: Vec<Choice>,
    #[serde(default)]
    pub usage: Option<WireUsage>,
    #[serde(default)]
    pub error: Option<Value>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Choice {
    #[serde(default, alias = "delta")]
    pub message: Option<Content>,
    #[serde(default)]
    pub finish_reason: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Content {
    #[serde(default)]
    pub content: Option<String>,
    #[serde(default)]
    pub refusal: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

impl From<WireUsage> for Usage {
    fn from(usage: WireUsage) -> Self {
        Self { prompt_tokens: usage.prompt_tokens, completion_tokens: usage.completion_tokens }
    }
}

pub(super) fn finish_reason(word: Option<&str>) -> FinishReason {
    match word {
        Some("stop") | None => FinishReason::Stop,
        Some("length") => FinishReason::Length,
        Some(other) => FinishReason::Other(other.to_owned()),
    }
}

/// Vectors.
#[derive(Debug, Deserialize)]
pub(super) struct EmbeddingAnswer {
    pub data: Vec<Embedding>,
    #[serde(default)]
    pub usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Embedding {
    #[serde(default)]
    pub index: usize,
    pub embedding: Vec<f32>,
}

/// Models.
#[derive(Debug, Deserialize)]
pub(super) struct ModelList {
    #[serde(default)]
    pub data: Vec<ModelName>,
}

#[derive(Debug, Deserialize)]
pub(super) struct ModelName {
    pub id: String,
}

/// What an error body says: its message and its code, whichever of the common shapes it has.
pub(super) fn error_of(body: &[u8]) -> (String, String) {
    let text = String::from_utf8_lossy(body);
    let value: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    let error = value.get("error").unwrap_or(&value);
    let field = |name: &str| error.get(name).and_then(Value::as_str).map(str::to_owned);
    let message = field("message")
        .or_else(|| field("detail"))
        .or_else(|| error.as_str().map(str::to_owned))
        .unwrap_or_else(|| if text.trim().is_empty() { "no message".into() } else { text.trim().to_owned() });
    let code = field("code").or_else(|| field("type")).unwrap_or_default();
    (shorten(&message), code)
}

/// One line of at most 300 characters, since messages of others end up in our logs and pages.
pub(super) fn shorten(text: &str) -> String {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(301).collect();
    if line.chars().count() > 300 { line.chars().take(299).chain(['…']).collect() } else { line }
}
