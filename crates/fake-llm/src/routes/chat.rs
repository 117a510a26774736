//! Chats: limits, latency and faults around an answer.

use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::body::Body;
use axum::extract::State as FromState;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{limited, problem};
use crate::answer::{Form, Prompt, answer, faulty};
use crate::limiter::Refusal;
use crate::state::{InFlight, State};
use crate::{Fault, LogEntry, Structured, count_tokens};

#[derive(Deserialize)]
pub(super) struct Request {
    model: String,
    messages: Vec<Message>,
    #[serde(default)]
    stream: bool,
    #[serde(default)]
    stream_options: Option<StreamOptions>,
    #[serde(default)]
    max_tokens: Option<u64>,
    #[serde(default)]
    max_completion_tokens: Option<u64>,
    #[serde(default)]
    response_format: Option<Value>,
}

#[derive(Deserialize)]
struct StreamOptions {
    #[serde(default)]
    include_usage: bool,
}

#[derive(Deserialize, Hash)]
struct Message {
    role: String,
    content: String,
}

/// An answer ready to be sent.
struct Reply {
    model: String,
    text: String,
    finish_reason: &'static str,
    prompt_tokens: u64,
    completion_tokens: u64,
}

pub(super) async fn completions(
    FromState(state): FromState<Arc<State>>,
    Json(request): Json<Request>,
) -> Response {
    let prompt =
        request.messages.iter().map(|message| message.content.as_str()).collect::<Vec<_>>().join("\n");
    let mut entry = entry(&request, &prompt);
    let form = match form(&request, &state, entry.prompt_tokens) {
        Ok(form) => form,
        Err(refusal) => {
            entry.status = refusal.status().as_u16();
            state.record(entry);
            return *refusal;
        }
    };
    let fault = state.fault(&prompt);
    entry.fault = fault.map(|fault| format!("{fault:?}"));
    let reply = reply(&request, &prompt, &form, fault, entry.prompt_tokens);
    entry.completion_tokens = reply.completion_tokens;
    let guard = match state.enter(reply.prompt_tokens + reply.completion_tokens) {
        Ok(guard) => guard,
        Err(refusal) => {
            entry.status = 429;
            state.record(entry);
            return limited(&refusal);
        }
    };
    let latency = state.latency();
    match fault {
        Some(Fault::Timeout) => {
            // Recorded at once: the client may hang up, and then this function goes no further.
            entry.status = 0;
            state.record(entry);
            let mut stopping = state.stopping.subscribe();
            let _ = stopping.wait_for(|stopping| *stopping).await;
            problem(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the server stops")
        }
        Some(Fault::Status(status)) => {
            tokio::time::sleep(latency).await;
            entry.status = status;
            state.record(entry);
            injected(status)
        }
        _ if request.stream => {
            state.record(entry);
            let usage = request.stream_options.is_some_and(|options| options.include_usage);
            streamed(reply, latency, usage, fault == Some(Fault::Cut), guard)
        }
        _ => {
            tokio::time::sleep(latency).await;
            state.record(entry);
            drop(guard);
            whole(&reply, fault)
        }
    }
}

fn entry(request: &Request, prompt: &str) -> LogEntry {
    let mut hasher = DefaultHasher::new();
    request.messages.hash(&mut hasher);
    let shown = Prompt::read(prompt);
    let name =
        request.response_format.as_ref().and_then(|format| format.pointer("/json_schema/name")?.as_str());
    LogEntry {
        number: 0,
        time: jiff::Timestamp::now().to_string(),
        endpoint: "chat".into(),
        purpose: name.unwrap_or("text").to_owned(),
        prompt_hash: format!("{:016x}", hasher.finish()),
        // A page shows lines of many files and is about none of them.
        path: shown.files.first().filter(|_| shown.slug.is_none()).map(|file| file.path.clone()),
        page: shown.slug,
        status: 200,
        fault: None,
        prompt_tokens: count_tokens(prompt),
        completion_tokens: 0,
    }
}

/// The form that the answer must have, or the refusal of the request.
fn form(request: &Request, state: &State, prompt_tokens: u64) -> Result<Form, Box<Response>> {
    let bad = |code: &str, message: &str| Err(Box::new(problem(StatusCode::BAD_REQUEST, code, message)));
    if !state.config.models.contains(&request.model) {
        let message = format!("The model `{}` does not exist.", request.model);
        return Err(Box::new(problem(StatusCode::NOT_FOUND, "model_not_found", &message)));
    }
    if request.messages.is_empty() || request.messages.iter().any(|message| message.role.is_empty()) {
        return bad("invalid_request_error", "messages must not be empty");
    }
    if prompt_tokens > state.config.context_tokens {
        let message =
            format!("This model's maximum context length is {} tokens.", state.config.context_tokens);
        return bad("context_length_exceeded", &message);
    }
    let Some(format) = &request.response_format else { return Ok(Form::Text) };
    match format.get("type").and_then(Value::as_str) {
        Some("text") => Ok(Form::Text),
        Some("json_object") if state.config.structured >= Structured::Object => Ok(Form::Object),
        Some("json_schema") if state.config.structured >= Structured::Schema => {
            match format.pointer("/json_schema/schema") {
                Some(schema) => Ok(Form::Schema(schema.clone())),
                None => bad("invalid_request_error", "response_format.json_schema.schema is missing"),
            }
        }
        _ => bad("invalid_request_error", "This response_format is not supported."),
    }
}

fn reply(request: &Request, prompt: &str, form: &Form, fault: Option<Fault>, prompt_tokens: u64) -> Reply {
    let mut text =
        fault.and_then(|fault| faulty(fault, prompt, form)).unwrap_or_else(|| answer(prompt, form));
    let mut finish_reason = if fault == Some(Fault::Filter) { "content_filter" } else { "stop" };
    let limit = request.max_completion_tokens.or(request.max_tokens);
    let limit = if fault == Some(Fault::Length) { Some(count_tokens(&text) / 2) } else { limit };
    if let Some(limit) = limit.filter(|limit| count_tokens(&text) > *limit) {
        text = first_tokens(&text, limit);
        finish_reason = "length";
    }
    let completion_tokens = count_tokens(&text);
    Reply { model: request.model.clone(), text, finish_reason, prompt_tokens, completion_tokens }
}

/// The longest beginning that has no more than so many tokens.
fn first_tokens(text: &str, limit: u64) -> String {
    let mut cut = String::new();
    let mut left = limit;
    for word in text.split_inclusive(char::is_whitespace) {
        let tokens = count_tokens(word);
        if tokens > left {
            break;
        }
        left -= tokens;
        cut.push_str(word);
    }
    cut
}

/// A status on purpose; 429 names a wait as the limits would.
fn injected(status: u16) -> Response {
    if status == 429 {
        return limited(&Refusal { limit: "injected", retry_after: Duration::from_secs(1) });
    }
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    problem(status, "injected_fault", "a fault on purpose")
}

impl Reply {
    fn usage(&self) -> Value {
        json!({
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "total_tokens": self.prompt_tokens + self.completion_tokens,
        })
    }

    fn chunk(&self, delta: &Value, finish_reason: Option<&str>) -> Value {
        let choice = json!({"index": 0, "delta": delta, "finish_reason": finish_reason});
        json!({"id": "chatcmpl-fake", "object": "chat.completion.chunk", "created": 0, "model": self.model, "choices": [choice]})
    }
}

fn whole(reply: &Reply, fault: Option<Fault>) -> Response {
    let message = json!({"role": "assistant", "content": reply.text});
    let choice = json!({"index": 0, "message": message, "finish_reason": reply.finish_reason});
    let body = json!({
        "id": "chatcmpl-fake", "object": "chat.completion", "created": 0,
        "model": reply.model, "choices": [choice], "usage": reply.usage(),
    });
    match fault {
        Some(Fault::Cut) => cut(body.to_string()),
        Some(Fault::BadBody) => {
            ([(header::CONTENT_TYPE, "application/json")], "<html>Bad gateway</html>").into_response()
        }
        _ => Json(body).into_response(),
    }
}

/// Half of the body under the length of the whole.
fn cut(body: String) -> Response {
    let length = body.len();
    let half = Bytes::from(body).slice(..length / 2);
    let parts = stream::iter([Ok(half), Err(std::io::Error::other("cut on purpose"))]);
    ([(header::CONTENT_LENGTH, length.to_string())], Body::from_stream(parts)).into_response()
}

fn streamed(reply: Reply, latency: Duration, with_usage: bool, is_cut: bool, guard: InFlight) -> Response {
    let mut events = vec![reply.chunk(&json!({"role": "assistant"}), None).to_string()];
    let words: Vec<&str> = reply.text.split_inclusive(char::is_whitespace).collect();
    events.extend(
        words.chunks(8).map(|words| reply.chunk(&json!({"content": words.concat()}), None).to_string()),
    );
    if is_cut {
        events.truncate(events.len() / 2 + 1);
    } else {
        events.push(reply.chunk(&json!({}), Some(reply.finish_reason)).to_string());
        if with_usage {
            let mut usage = reply.chunk(&json!({}), None);
            usage["choices"] = json!([]);
            usage["usage"] = reply.usage();
            events.push(usage.to_string());
        }
        events.push("[DONE]".into());
    }
    let pause = latency / u32::try_from(events.len()).unwrap_or(u32::MAX);
    let body = stream::iter(events).then(move |event| {
        // The stream owns the guard, so that the request is in flight until its last event.
        let _in_flight = &guard;
        async move {
            tokio::time::sleep(pause).await;
            Ok::<_, Infallible>(format!("data: {event}\n\n"))
        }
    });
    ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(body)).into_response()
}
