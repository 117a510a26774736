//! Which parts of the API this provider understands, learnt from its refusals.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// How the schema of an answer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(super) enum JsonMode {
    /// `response_format: json_schema`: the provider enforces it.
    Schema = 0,
    /// `response_format: json_object`, the schema in words.
    Object = 1,
    /// In words only.
    Words = 2,
}

/// What one request is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accent {
    pub json: JsonMode,
    /// `max_completion_tokens` in place of `max_tokens`.
    pub completion_tokens: bool,
    /// The model takes no temperature but its own.
    pub no_temperature: bool,
    /// `stream_options` are not understood.
    pub no_stream_usage: bool,
}

/// What is known so far; kept for the life of the client.
#[derive(Debug, Default)]
pub(super) struct Dialect {
    json: AtomicU8,
    completion_tokens: AtomicBool,
    no_temperature: AtomicBool,
    no_stream_usage: AtomicBool,
}

impl Dialect {
    pub(super) fn accent(&self) -> Accent {
        Accent {
            json: match self.json.load(Ordering::Relaxed) {
                0 => JsonMode::Schema,
                1 => JsonMode::Object,
                _ => JsonMode::Words,
            },
            completion_tokens: self.completion_tokens.load(Ordering::Relaxed),
            no_temperature: self.no_temperature.load(Ordering::Relaxed),
            no_stream_usage: self.no_stream_usage.load(Ordering::Relaxed),
        }
    }

    /// Remembers the accent that was understood.
    pub(super) fn learn(&self, accent: Accent) {
        self.json.fetch_max(accent.json as u8, Ordering::Relaxed);
        self.completion_tokens.fetch_or(accent.completion_tokens, Ordering::Relaxed);
        self.no_temperature.fetch_or(accent.no_temperature, Ordering::Relaxed);
        self.no_stream_usage.fetch_or(accent.no_stream_usage, Ordering::Relaxed);
    }
}

impl Accent {
    /// The next accent to try after a 400 or 422 with this message; `None` when it is not about how
    /// the question was put.
    pub(super) fn simpler(self, message: &str, wants_json: bool, streams: bool) -> Option<Self> {
        let message = message.to_ascii_lowercase();
        if message.contains("max_completion_tokens") && !self.completion_tokens {
            return Some(Self { completion_tokens: true, ..self });
        }
        if message.contains("temperature") && !self.no_temperature {
            return Some(Self { no_temperature: true, ..self });
        }
        if streams && message.contains("stream_options") && !self.no_stream_usage {
            return Some(Self { no_stream_usage: true, ..self });
        }
        match self.json {
            JsonMode::Schema if wants_json => Some(Self { json: JsonMode::Object, ..self }),
            JsonMode::Object if wants_json => Some(Self { json: JsonMode::Words, ..self }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_leads_to_simpler_words_until_there_are_none() {
        let dialect = Dialect::default();
        let mut accent = dialect.accent();
        let mut tried = Vec::new();
        while let Some(next) = accent.simpler("response_format is not supported", true, false) {
            tried.push(next.json);
            accent = next;
        }
        assert_eq!(tried, [JsonMode::Object, JsonMode::Words]);
        dialect.learn(accent);
        assert_eq!(dialect.accent().json, JsonMode::Words);
        assert_eq!(dialect.accent().simpler("bad", false, false), None);
    }

    #[test]
    fn a_refusal_that_names_a_parameter_changes_that_one() {
        let accent = Dialect::default().accent();
        let next = accent.simpler("Use 'max_completion_tokens' instead.", true, false).unwrap();
        assert!(next.completion_tokens && next.json == JsonMode::Schema);
    }
}
