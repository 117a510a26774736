//! Answers, computed from what the prompt shows.
//!
//! [`Prompt`] finds numbered source, the list of symbols, a page and citations in the text;
//! `structured` fills a JSON schema with them, `page` writes Markdown that cites them.

mod faulty;
mod page;
mod prompt;
mod structured;

use serde_json::Value;

pub use faulty::faulty;
pub use prompt::{Place, Prompt, ShownFile, ShownSymbol};

/// The form that was asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Form {
    /// Text.
    Text,
    /// A JSON object; its schema is told in words, if at all.
    Object,
    /// JSON that follows this schema.
    Schema(Value),
}

/// The answer to the prompt.
pub fn answer(prompt: &str, form: &Form) -> String {
    let shown = Prompt::read(prompt);
    match form {
        Form::Schema(schema) => structured::fill(schema, &shown).to_string(),
        Form::Object | Form::Text => match schema_in(prompt) {
            Some(schema) => structured::fill(&schema, &shown).to_string(),
            None if *form == Form::Object => "{}".into(),
            None => page::write(&shown),
        },
    }
}

/// A JSON schema told in words: what follows a line that ends in `JSON schema:`.
fn schema_in(prompt: &str) -> Option<Value> {
    let (_, after) = prompt.rsplit_once("JSON schema:\n")?;
    serde_json::Deserializer::from_str(after).into_iter().next()?.ok()
}
