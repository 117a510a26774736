//! Vectors: each word adds to the places that its hash names, so that texts with common words lie close.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use axum::Json;
use axum::extract::State as FromState;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::limited;
use crate::state::State;
use crate::{LogEntry, count_tokens};

/// The vectors' length.
const DIMENSIONS: usize = 64;

#[derive(Deserialize)]
pub(super) struct Request {
    model: String,
    input: Input,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
}

pub(super) async fn embeddings(
    FromState(state): FromState<Arc<State>>,
    Json(request): Json<Request>,
) -> Response {
    let texts = match request.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
    };
    let tokens = texts.iter().map(|text| count_tokens(text)).sum();
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    let mut entry = LogEntry {
        number: 0,
        time: jiff::Timestamp::now().to_string(),
        endpoint: "embeddings".into(),
        purpose: "embedding".into(),
        prompt_hash: format!("{:016x}", hasher.finish()),
        path: None,
        page: None,
        status: 200,
        fault: None,
        prompt_tokens: tokens,
        completion_tokens: 0,
    };
    let guard = match state.enter(tokens) {
        Ok(guard) => guard,
        Err(refusal) => {
            entry.status = 429;
            state.record(entry);
            return limited(&refusal);
        }
    };
    tokio::time::sleep(state.latency()).await;
    drop(guard);
    state.record(entry);
    let data: Vec<Value> = texts
        .iter()
        .enumerate()
        .map(|(index, text)| json!({"object": "embedding", "index": index, "embedding": vector(text)}))
        .collect();
    let usage = json!({"prompt_tokens": tokens, "total_tokens": tokens});
    Json(json!({"object": "list", "model": request.model, "data": data, "usage": usage})).into_response()
}

fn vector(text: &str) -> Vec<f32> {
    let mut vector = vec![0f32; DIMENSIONS];
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let mut hasher = DefaultHasher::new();
        word.to_lowercase().hash(&mut hasher);
        let hash = hasher.finish();
        let place = (hash % DIMENSIONS as u64) as usize;
        if let Some(value) = vector.get_mut(place) {
            *value += if hash >> 63 == 0 { 1.0 } else { -1.0 };
        }
    }
    let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(1.0);
    vector.iter().map(|value| value / length).collect()
}
