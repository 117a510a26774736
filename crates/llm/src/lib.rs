//! A client for OpenAI-compatible providers that fills their limits and never passes them.
//!
//! A [`Client`] speaks to one provider about one model. Every request first takes a [`Permit`] of
//! the [`Governor`], which counts requests and tokens in exact sliding windows; usage as reported
//! settles what was reserved. Failures come back as [`LlmError`], which says what to do. Readers
//! depend on the trait [`ChatModel`] alone.

mod chat;
mod client;
mod error;
mod governor;
mod model;
mod secret;
mod settings;
mod tokens;
mod window;

pub use chat::{ChatEvent, ChatRequest, ChatResponse, FinishReason, Message, ResponseFormat, Role, Usage};
pub use client::{ChatStream, Check, Client};
pub use error::LlmError;
pub use governor::{Governor, LimitState, LocalLimits, Permit, SentMark};
pub use model::ChatModel;
pub use secret::Secret;
pub use settings::{Limits, Price, Retries, Settings};
pub use tokens::{count_tokens, estimate_tokens};
pub use window::{Admission, Ticket, Window, WindowLimits};
