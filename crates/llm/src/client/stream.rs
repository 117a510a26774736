//! An answer as server-sent events.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use reqwest::Response;

use super::exchange::{bad, reason};
use super::wire::{self, ChatAnswer};
use crate::{ChatEvent, ChatResponse, FinishReason, LlmError, Permit, Settings, Usage, count_tokens};

/// Pieces of an answer, then [`ChatEvent::Done`]; after an error nothing more comes.
pub struct ChatStream(Pin<Box<dyn Stream<Item = Result<ChatEvent, LlmError>> + Send>>);

impl ChatStream {
    pub(super) fn new(response: Response, permit: Permit, settings: &Settings, prompt_tokens: u64) -> Self {
        let reading = Reading {
            body: response,
            permit: Some(permit),
            lines: Lines { buffer: BytesMut::new(), limit: settings.max_body_bytes },
            silence: settings.timeout,
            limit: settings.max_body_bytes,
            answer: ChatResponse {
                text: String::new(),
                usage: Usage { prompt_tokens, completion_tokens: 0 },
                model: settings.model.clone(),
                finish_reason: FinishReason::Stop,
            },
            usage: None,
        };
        let events = stream::unfold(Some(reading), |reading| async {
            let mut reading = reading?;
            match reading.next().await {
                Ok(ChatEvent::Delta(text)) => Some((Ok(ChatEvent::Delta(text)), Some(reading))),
                end => Some((end, None)),
            }
        });
        Self(events.boxed())
    }
}

impl Stream for ChatStream {
    type Item = Result<ChatEvent, LlmError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.as_mut().poll_next(cx)
    }
}

/// Where the reading of a stream stands.
struct Reading {
    body: Response,
    /// Held until the stream ends, since the call is in flight so long.
    permit: Option<Permit>,
    lines: Lines,
    /// The longest wait for the next piece.
    silence: Duration,
    /// The longest text.
    limit: usize,
    /// What has come so far.
    answer: ChatResponse,
    usage: Option<Usage>,
}

impl Reading {
    async fn next(&mut self) -> Result<ChatEvent, LlmError> {
        loop {
            let Some(line) = self.line().await? else {
                return Err(cut("the stream ended before [DONE]"));
            };
            let Some(data) = line.strip_prefix(b"data:".as_slice()) else { continue };
            let data = data.trim_ascii();
            if data == b"[DONE]" {
                return Ok(ChatEvent::Done(self.finish()));
            }
            if let Some(text) = self.take(data)? {
                return Ok(ChatEvent::Delta(text));
            }
        }
    }

    /// Reads one event; gives its text if it has any.
    fn take(&mut self, data: &[u8]) -> Result<Option<String>, LlmError> {
        let piece: ChatAnswer =
            serde_json::from_slice(data).map_err(|error| bad(format!("a piece of the stream: {error}")))?;
        if let Some(error) = piece.error {
            return Err(bad(wire::shorten(&format!("the stream holds an error: {error}"))));
        }
        self.usage = piece.usage.map(Usage::from).or(self.usage);
        if let Some(model) = piece.model.filter(|model| !model.is_empty()) {
            self.answer.model = model;
        }
        let Some(choice) = piece.choices.into_iter().next() else { return Ok(None) };
        match choice.finish_reason.as_deref() {
            Some("content_filter") => {
                return Err(LlmError::Filtered { message: "finish_reason is content_filter".into() });
            }
            Some(word) => self.answer.finish_reason = wire::finish_reason(Some(word)),
            None => {}
        }
        let text = choice.message.and_then(|message| message.content).filter(|text| !text.is_empty());
        if let Some(text) = &text {
            if self.answer.text.len() + text.len() > self.limit {
                return Err(bad(format!("it is longer than {} bytes", self.limit)));
            }
            self.answer.text.push_str(text);
        }
        Ok(text)
    }

    fn finish(&mut self) -> ChatResponse {
        self.answer.usage = self.usage.unwrap_or_else(|| Usage {
            completion_tokens: count_tokens(&self.answer.text) as u64,
            ..self.answer.usage
        });
        if let Some(permit) = self.permit.take() {
            permit.settle(self.answer.usage);
        }
        self.answer.clone()
    }

    async fn line(&mut self) -> Result<Option<Bytes>, LlmError> {
        loop {
            if let Some(line) = self.lines.next()? {
                return Ok(Some(line));
            }
            match tokio::time::timeout(self.silence, self.body.chunk()).await {
                Err(_) => return Err(LlmError::Timeout { after: self.silence, attempts: 1 }),
                Ok(Err(error)) => return Err(cut(&reason(error))),
                Ok(Ok(None)) => return Ok(None),
                Ok(Ok(Some(chunk))) => self.lines.buffer.extend_from_slice(&chunk),
            }
        }
    }
}

fn cut(reason: &str) -> LlmError {
    LlmError::Truncated { attempts: 1, reason: reason.to_owned() }
}

/// Cuts what arrives into lines.
struct Lines {
    buffer: BytesMut,
    limit: usize,
}

impl Lines {
    fn next(&mut self) -> Result<Option<Bytes>, LlmError> {
        match self.buffer.iter().position(|byte| *byte == b'\n') {
            Some(end) => {
                let line = self.buffer.split_to(end).freeze();
                self.buffer.advance(1);
                Ok(Some(line))
            }
            None if self.buffer.len() > self.limit => {
                Err(bad(format!("a line of the stream is longer than {} bytes", self.limit)))
            }
            None => Ok(None),
        }
    }
}
